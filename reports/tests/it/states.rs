//! Events in states, and moves: a trial in a line of words, and the same trial
//! as the grid and the diagram see it.

use rstest::rstest;
use tcpspec_record::trace::Taken;
use tcpspec_record::{CaseId, Event, IpVersion, Log, StepInfo, TraceEvent, Trial, Verdict};
use tcpspec_reports::Report;
use tcpspec_reports::model::{MOVES, Met, Moment, Steps, Stimulus, facets};
use tcpspec_wire::State;

use crate::fixture::{app, came, case, delta, ended, event, id, sent, state};

/// A trial of one step a word: calls in small letters, `S:` what the stack
/// sends, `X:` what breaks it, `>` a state, `~` a wait, else what the peer sends.
fn trial(words: &str, verdict: Verdict) -> Trial {
    let mut trial = ended(id("a/b", "", "one", IpVersion::V4), verdict, "");
    let words = words.split_whitespace().enumerate();
    trial.trace = words.map(|(at, word)| traced(at + 1, word)).collect();
    trial
}

fn traced(step: usize, word: &str) -> TraceEvent {
    let text = word.replace('_', " ");
    match text.split_at(1) {
        (">", name) => state(0, step, name),
        ("~", _) => event(
            0,
            step,
            Event::Wait {
                nanos: 1,
                leap: false,
            },
        ),
        _ if text.starts_with("S:") => came(0, step, &text[2..], Taken::Matched),
        _ if text.starts_with("X:") => came(0, step, &text[2..], Taken::Refused),
        _ if text.starts_with(char::is_lowercase) => app(0, step, &text, "ok"),
        _ => sent(0, step, &text),
    }
}

/// Steps of which the first ones are those of a prelude.
fn steps(prelude: &str, count: usize) -> Vec<StepInfo> {
    let step = StepInfo {
        text: String::new(),
        place: String::new(),
        from: Some(CaseId(format!("preludes/{prelude}"))),
        prelude: true,
        why: None,
        claim: None,
    };
    vec![step; count]
}

#[rstest]
#[case::handshake(
    "listen SYN >SYN-RECEIVED S:SYN+ACK ACK >ESTABLISHED",
    ("", 0),
    "CLOSED/OPEN>LISTEN LISTEN/SYN>SYN-RECEIVED SYN-RECEIVED/ACK>ESTABLISHED"
)]
#[case::two_moves_of_one_event(
    "FIN+ACK >FIN-WAIT-2 >TIME-WAIT",
    ("fin-wait-1", 0),
    "CLOSED/FIN>FIN-WAIT-2>TIME-WAIT"
)]
#[case::prelude_is_not_counted(
    "SYN >SYN-RECEIVED ACK >ESTABLISHED FIN+ACK >CLOSE-WAIT",
    ("established", 4),
    "ESTABLISHED/FIN>CLOSE-WAIT"
)]
#[case::where_nothing_is_reported_the_prelude_tells(
    "SYN ACK RST ACK",
    ("established-active", 2),
    "ESTABLISHED/RST"
)]
#[case::time_alone_changes_nothing(
    "~ ~ RST",
    ("closing", 0),
    "CLOSED/time CLOSED/time CLOSED/RST"
)]
#[case::text_and_icmp(
    ">ESTABLISHED ACK_seq=1_len=10 ICMP_host_unreachable URG+ACK_seq=1_len=1 PSH_seq=1 SYN+FIN",
    ("", 0),
    "ESTABLISHED/text ESTABLISHED/ICMP ESTABLISHED/text ESTABLISHED/other ESTABLISHED/other"
)]
#[case::what_only_looks_is_no_event(">ESTABLISHED accept expect_eof info", ("", 0), "")]
fn trial_is_a_row_of_events_in_states(
    #[case] words: &str,
    #[case] (prelude, count): (&str, usize),
    #[case] expected: &str,
) {
    let mut info = case("a/b", "", "", &[], steps(prelude, count));
    if count == 0 {
        info.steps.clear();
    }
    let moments = Moment::all(&trial(words, Verdict::Pass), Steps::of(&info));
    let shown = moments.iter().map(|moment| {
        let next = moment.next.iter().map(|state| format!(">{state}"));
        format!(
            "{}/{}{}",
            moment.state,
            moment.event,
            next.collect::<String>()
        )
    });
    assert_eq!(shown.collect::<Vec<_>>().join(" "), expected);
}

#[test]
fn call_comes_before_what_it_did() {
    let mut trial = trial(">ESTABLISHED S:FIN+ACK >FIN-WAIT-1 close", Verdict::Pass);
    // A call is traced when it returns, as of the step that makes it.
    for (at, step) in [(1, 3), (2, 2), (3, 2)] {
        trial.trace[at].step = step;
    }
    let info = case("a/b", "", "", &[], Vec::new());
    let moments = Moment::all(&trial, Steps::of(&info));
    assert_eq!(moments.len(), 1);
    assert_eq!(moments[0].event, Stimulus::Close);
    assert_eq!(moments[0].next, [State::FinWait1]);
}

#[rstest]
#[case::last_before_what_is_refused(">ESTABLISHED ACK RST X:ACK", Verdict::Fail, Some(1))]
#[case::not_what_came_after(">ESTABLISHED ACK X:RST RST", Verdict::Fail, Some(0))]
#[case::last_of_all_where_it_died(">ESTABLISHED ACK RST", Verdict::Crash, Some(1))]
#[case::none_of_a_pass(">ESTABLISHED ACK RST", Verdict::Pass, None)]
#[case::none_if_the_state_is_unknown("connect X:RST", Verdict::Blocked, None)]
fn broken_is_the_event_before_the_break(
    #[case] words: &str,
    #[case] verdict: Verdict,
    #[case] expected: Option<usize>,
) {
    let info = case("a/b", "", "", &[], Vec::new());
    let moments = Moment::all(&trial(words, verdict), Steps::of(&info));
    assert_eq!(moments.iter().position(|moment| moment.broken), expected);
}

fn log(trials: Vec<Trial>) -> Log {
    let mut log = crate::fixture::empty();
    log.cases = vec![case("a/b", "", "", &[], Vec::new())];
    log.trials = trials;
    log
}

#[test]
fn trial_counts_once_for_each_cell_and_each_move() {
    let words = ">ESTABLISHED ACK ACK RST >CLOSED";
    let (good, bad) = (trial(words, Verdict::Pass), trial(words, Verdict::Crash));
    let mut known = bad.clone();
    known.known = Some("documented".to_owned());
    let log = log(vec![good, bad, known]);
    let report = Report::from_log(&log);
    let states = &report.states[0];
    let met = |broken, known, well| Met {
        broken,
        known,
        well,
        open: 0,
    };
    let cell = |event| states.met[&(State::Established, event)];
    assert_eq!(cell(Stimulus::Ack), met(0, 0, 3));
    assert_eq!(cell(Stimulus::Rst), met(1, 1, 1));
    assert_eq!(states.of_state(State::Established), met(1, 1, 4));
    let others = states.others();
    assert_eq!(others, [(State::Established, State::Closed, met(1, 1, 1))]);
}

#[test]
fn move_that_is_due_and_not_made_is_broken() {
    let mut failing = trial(">CLOSING ACK >CLOSED", Verdict::Fail);
    let mut failure = crate::fixture::log().trials[4].failure.clone().unwrap();
    failure.delta = vec![delta("state", "TIME-WAIT", "CLOSED", "")];
    failing.failure = Some(failure);
    let log = log(vec![failing]);
    let report = Report::from_log(&log);
    let states = &report.states[0];
    assert_eq!(states.of_move(State::Closing, State::TimeWait).broken, 1);
    assert_eq!(states.of_move(State::Closing, State::Closed).broken, 1);
}

#[test]
fn diagram_reaches_every_state_by_different_moves() {
    for state in State::ALL {
        assert!(MOVES.iter().any(|each| each.to == state), "{state}");
    }
    for (at, one) in MOVES.iter().enumerate() {
        let same = |other: &&_| {
            let other: &tcpspec_reports::model::Move = other;
            (other.from, other.to) == (one.from, one.to)
        };
        assert_eq!(MOVES.iter().position(|other| same(&other)), Some(at));
    }
}

#[test]
fn sweep_makes_a_finer_grid() {
    let mut log = log(Vec::new());
    let mut info = case(
        "states/closing",
        "event=rst-exact",
        "RST at the expected number, in CLOSING",
        &[],
        steps("closing", 2),
    );
    let mut blocked = trial("", Verdict::Blocked);
    blocked.id = id("states/closing", "event=rst-exact", "one", IpVersion::V4);
    let mut passed = trial("SYN ACK RST >CLOSED", Verdict::Pass);
    passed.id = blocked.id.clone();
    assert_eq!(
        Vec::from_iter(facets(&passed, &info)),
        ["CLOSING/RST", "CLOSING/rst-exact", "CLOSING~CLOSED"]
    );
    info.steps.extend(steps("closing", 0));
    log.cases = vec![info];
    log.trials = vec![passed, blocked];
    let report = Report::from_log(&log);
    let states = &report.states[0];
    let words = (
        "rst-exact".to_owned(),
        "RST at the expected number".to_owned(),
    );
    assert_eq!(states.sweeps, [words]);
    let cell = states.swept[&(State::Closing, "rst-exact".to_owned())];
    assert_eq!((cell.well, cell.open, cell.seen()), (1, 1, 1));
}

//! What the ladder makes of a trace, whatever order the events came in.

use rstest::rstest;
use tcpspec_record::trace::Did;
use tcpspec_record::{Event, Side, TraceEvent, Trial, Verdict};
use tcpspec_reports::Report;
use tcpspec_reports::ladder::{Act, Ladder, span, stamp};

use crate::fixture;

/// The rows of a ladder in short: `app close`, `< FIN+ACK`, `> ACK CLOSING`.
fn rows(ladder: &Ladder<'_>) -> Vec<String> {
    let row = |row: &tcpspec_reports::ladder::Row<'_>| {
        let act = match &row.what.act {
            Act::Prelude { name, packets } => format!("prelude {name} {packets}"),
            Act::Packet { from, text, .. } => {
                let sign = if *from == Side::Peer { '>' } else { '<' };
                format!("{sign} {}", text.split(' ').next().unwrap_or_default())
            }
            Act::Expected { .. } => "expected".to_owned(),
            Act::Broken(text) => format!("broken {text}"),
            Act::App { call, .. } => format!("app {call}"),
            Act::Wait(_) => "wait".to_owned(),
            Act::State => "state".to_owned(),
            Act::Step { text, .. } => format!("step {text}"),
        };
        [act, row.what.states.join(" ")]
            .join(" ")
            .trim_end()
            .to_owned()
    };
    ladder.rows.iter().map(row).collect()
}

#[track_caller]
fn check(verdict: Verdict, edit: impl FnOnce(&mut Trial), expected: &[&str]) {
    let mut log = fixture::log();
    let mut trials = log.trials.iter_mut();
    edit(
        trials
            .find(|trial| trial.verdict == verdict)
            .expect("a trial"),
    );
    let report = Report::from_log(&log);
    let trial = fixture::trial(&log, verdict);
    let variant = report.variant_of(trial).expect("a variant");
    assert_eq!(rows(&Ladder::of(trial, variant.steps())), expected);
}

#[rstest]
#[case::wait(false, None)]
#[case::leap(true, Some("in one leap"))]
fn leap_is_told_beside_the_time_that_passes(#[case] leaps: bool, #[case] told: Option<&str>) {
    let mut log = fixture::log();
    for traced in log.trials.iter_mut().flat_map(|trial| &mut trial.trace) {
        if let Event::Wait { leap, .. } = &mut traced.event {
            *leap = leaps;
        }
    }
    let report = Report::from_log(&log);
    let notes = log.trials.iter().flat_map(|trial| {
        let variant = report.variant_of(trial).expect("a variant");
        let rows = Ladder::of(trial, variant.steps()).rows;
        let waits = rows.into_iter().map(|row| row.what);
        waits.filter(|what| matches!(what.act, Act::Wait(_)))
    });
    let notes: Vec<Option<&str>> = notes.map(|what| what.note).collect();
    assert!(!notes.is_empty());
    assert!(notes.iter().all(|note| *note == told), "{notes:?}");
}

#[test]
fn preludes_fold_and_states_stand_by_their_cause() {
    check(
        Verdict::Fail,
        |_| (),
        &[
            "prelude established 3 ESTABLISHED",
            "app close",
            "< FIN+ACK FIN-WAIT-1",
            "> FIN+ACK",
            "< ACK CLOSING",
            "> FIN+ACK",
            "expected",
            "< RST CLOSED",
            "< RST",
        ],
    );
}

#[test]
fn trial_that_broke_in_its_prelude_shows_the_prelude() {
    let cut = |trial: &mut Trial| {
        trial.trace.truncate(3);
        trial.steps.clear();
        trial.failure.as_mut().expect("a failure").step = 2;
    };
    let expected = ["app connect", "< SYN SYN-SENT", "broken flags: RST"];
    check(Verdict::Fail, cut, &expected);
}

#[test]
fn call_stands_above_what_it_caused() {
    let returned_late = |trial: &mut Trial| {
        trial.trace.swap(6, 7);
        trial.trace[7].at += 40_000;
        trial.trace.truncate(8);
        trial.steps.clear();
        trial.failure = None;
    };
    let expected = [
        "prelude established 3 ESTABLISHED",
        "app close",
        "< FIN+ACK",
    ];
    check(Verdict::Fail, returned_late, &expected);
}

/// The reasons of the rows that have one, if the stack gave these two at the
/// last packet of the peer.
#[track_caller]
fn check_reasons(edit: impl FnOnce(&mut Trial), expected: &[(&str, &str)]) {
    let mut log = fixture::log();
    let mut trials = log.trials.iter_mut();
    let trial = trials.find(|trial| trial.verdict == Verdict::Fail);
    let trial = trial.expect("a trial");
    for (did, why) in [(Did::Dropped, "OLD"), (Did::Reset, "NO_SOCKET")] {
        let (at, why) = (trial.trace[12].at + 1000, why.to_owned());
        let event = Event::Reason { did, why };
        trial.trace.insert(13, TraceEvent { at, step: 9, event });
    }
    edit(trial);
    let trial = trial.clone();
    let report = Report::from_log(&log);
    let variant = report.variant_of(&trial).expect("a variant");
    let ladder = Ladder::of(&trial, variant.steps());
    let with_reason = ladder.rows.iter().filter_map(|row| {
        let Act::Packet { text, .. } = &row.what.act else {
            return None;
        };
        Some((text.to_string(), row.reason?.to_string()))
    });
    let expected = expected
        .iter()
        .map(|(text, reason)| (text.to_string(), reason.to_string()));
    assert_eq!(
        with_reason.collect::<Vec<_>>(),
        expected.collect::<Vec<_>>()
    );
}

#[test]
fn reasons_stand_by_what_was_dropped_and_by_the_rst() {
    let expected = [
        ("FIN+ACK seq=1 ack=1", "the stack dropped it: OLD"),
        ("RST seq=2", "the stack's reason: NO_SOCKET"),
    ];
    check_reasons(|_| (), &expected);
}

#[test]
fn nobody_asks_for_reasons_of_a_trial_that_passed() {
    check_reasons(|trial| trial.verdict = Verdict::Pass, &[]);
}

#[test]
fn reason_for_nothing_that_is_seen_is_left_out() {
    let late = |trial: &mut Trial| {
        trial.trace[13].at += 40_000_000;
        trial.trace[14].at += 40_000_000;
        trial.trace.truncate(15);
    };
    check_reasons(late, &[]);
}

#[test]
fn empty_trace_has_no_rows() {
    let clear = |trial: &mut Trial| {
        trial.trace.clear();
        trial.steps.clear();
    };
    check(Verdict::Fail, clear, &[]);
}

#[rstest]
#[case::zero(0, "+0.000", "0 us")]
#[case::below_a_millisecond(158_776, "+0.000", "158.776 us")]
#[case::milliseconds(10_000_000, "+0.010", "10 ms")]
#[case::seconds(61_500_000_000, "+61.500", "61.5 s")]
#[case::the_end_of_time(u64::MAX, "+18446744073.709", "18446744073.71 s")]
fn times_are_written_for_people(#[case] nanos: u64, #[case] at: &str, #[case] long: &str) {
    assert_eq!(stamp(nanos), at);
    assert_eq!(span(nanos), long);
}

//! A small log, made by hand: every verdict, two stacks and one that could
//! not run, both versions of IP.

use tcpspec_record::log::{CatalogueCount, FORMAT, MutantScore};
use tcpspec_record::trace::Taken;
use tcpspec_record::{
    CaseId, CaseInfo, Event, Failure, FieldDelta, Footer, Header, Health, IpVersion, Isn, Level,
    Log, Requirement, RequirementId, Side, StackInfo, StepInfo, StepOutcome, StepResult, Tally,
    TraceEvent, Trial, TrialId, Verdict, World,
};

const MS: u64 = 1_000_000;

/// The whole log.
pub(crate) fn log() -> Log {
    let trials = trials();
    let mut tally = Tally::default();
    for trial in &trials {
        tally.add(trial.verdict, trial.known.is_some());
    }
    tally.stale = 1;
    Log {
        header: header(trials.len()),
        cases: cases(),
        trials,
        footer: Some(Footer {
            tally,
            stale: vec!["close/half-close".to_owned()],
            health: Some(Health {
                again: 1,
                late: [(100, 3), (10_000, 1)].into(),
                connectors: vec!["exec:./toy: it boasts".to_owned()],
                at_once: 4,
            }),
            exit: 1,
        }),
    }
}

/// A log of a run in which nothing was selected.
pub(crate) fn empty() -> Log {
    Log {
        header: Header {
            stacks: Vec::new(),
            requirements: Vec::new(),
            catalogue: Vec::new(),
            mutants: None,
            ..header(0)
        },
        cases: Vec::new(),
        trials: Vec::new(),
        footer: Some(Footer {
            tally: Tally::default(),
            stale: Vec::new(),
            health: None,
            exit: 4,
        }),
    }
}

/// A log of `count` cases that all pass.
pub(crate) fn many(count: usize) -> Log {
    let (info, model) = (cases().swap_remove(0), log());
    let mut log = empty();
    log.header = header(4 * count);
    for number in 0..count {
        let id = CaseId(format!("textbook/three-way-handshake-{number}"));
        log.cases.push(CaseInfo {
            id: id.clone(),
            ..info.clone()
        });
        for trial in model.trials.iter().filter(|trial| trial.id.case == info.id) {
            let mut trial = trial.clone();
            trial.id.case = id.clone();
            log.trials.push(trial);
        }
    }
    log
}

/// A log of `count` cases that fail, each in so many `ways`, with one case
/// behind them all that crashes.
pub(crate) fn crowded(count: usize, ways: usize) -> Log {
    let (model, mut crowded) = (log(), many(count));
    let fail = trial(&model, Verdict::Fail);
    crowded.trials = Vec::new();
    for case in &crowded.cases {
        for way in 0..ways {
            let mut trial = fail.clone();
            trial.id = id(&case.id.0, "", "bundled", IpVersion::V4);
            trial.id.seed = way as u64;
            trial.reason = format!("{} This is way {way}.", fail.reason);
            crowded.trials.push(trial);
        }
    }
    crowded.trials.push(Trial {
        id: id("last/crash", "", "bundled", IpVersion::V4),
        trace: fail.trace.clone(),
        ..trial(&model, Verdict::Crash).clone()
    });
    crowded.header.planned = crowded.trials.len();
    crowded
}

/// The first trial with this verdict.
pub(crate) fn trial(log: &Log, verdict: Verdict) -> &Trial {
    let mut trials = log.trials.iter();
    trials
        .find(|trial| trial.verdict == verdict)
        .expect("the fixture holds every verdict")
}

fn header(planned: usize) -> Header {
    Header {
        format: FORMAT,
        tool: "tcpspec 0.1.0".to_owned(),
        seed: 7,
        selection: Vec::new(),
        strict: false,
        shard: None,
        worlds: vec![World {
            ip: IpVersion::V4,
            isn: Isn::Random,
        }],
        planned,
        stacks: vec![
            stack("bundled", "virtual", ""),
            stack("linux", "real", ""),
            stack(
                "exec:./mystack",
                "virtual",
                "the program `./mystack` does not exist",
            ),
        ],
        requirements: vec![
            rule(
                "9293:MUST-13",
                Level::Must,
                "3.6.1",
                "After closing actively, a connection lingers in TIME-WAIT for twice the MSL.",
            ),
            rule(
                "9293:3.10.7.4-1-seq-check/CLOSING",
                Level::Step,
                "3.10.7.4",
                "In CLOSING a segment outside the window draws an ACK and is dropped.",
            ),
            rule(
                "9293:3.5-handshake",
                Level::Step,
                "3.5",
                "Three segments open a connection: SYN, SYN with ACK, ACK.",
            ),
            rule(
                "9293:SHLD-2",
                Level::Should,
                "3.10.1",
                "A stack should do what this rule of the fixture asks for.",
            ),
            rule(
                "5961:3.2-1",
                Level::Must,
                "3.2",
                "A RST inside the window that is not the next octet draws a challenge ACK.",
            ),
        ],
        catalogue: vec![
            count("9293", "3.5", Level::Step, 30),
            count("9293", "3.6.1", Level::Must, 62),
            count("9293", "3.10.1", Level::Should, 30),
            count("9293", "3.10.7.4", Level::Step, 210),
            count("5961", "3.2", Level::Must, 12),
            count("7413", "4.1", Level::May, 5),
        ],
        mutants: Some(MutantScore {
            listed: 544,
            killed: 60,
            survived: 2,
            equivalent: 1,
        }),
    }
}

fn stack(name: &str, clock: &str, unavailable: &str) -> StackInfo {
    StackInfo {
        name: name.to_owned(),
        version: "1.2".to_owned(),
        clock: clock.to_owned(),
        capabilities: vec!["app-close".to_owned(), "introspection".to_owned()],
        profile: vec![
            ("msl".to_owned(), "30 s".to_owned()),
            ("rto".to_owned(), "1 s to 60 s".to_owned()),
        ],
        unavailable: unavailable.to_owned(),
        declared: serde_json::Value::Null,
    }
}

fn rule(id: &str, level: Level, section: &str, summary: &str) -> Requirement {
    Requirement {
        id: claim(id),
        level,
        section: section.to_owned(),
        topic: "close".to_owned(),
        summary: summary.to_owned(),
    }
}

fn count(rfc: &str, section: &str, level: Level, count: usize) -> CatalogueCount {
    CatalogueCount {
        rfc: rfc.to_owned(),
        section: section.to_owned(),
        level,
        count,
        restated: 0,
        unjudged: 1,
    }
}

fn claim(id: &str) -> RequirementId {
    RequirementId(id.to_owned())
}

fn cases() -> Vec<CaseInfo> {
    vec![
        case(
            "textbook/three-way-handshake",
            "",
            "Three segments open a connection",
            &["9293:3.5-handshake"],
            handshake_steps(),
        ),
        case(
            "closing/fin-retransmitted",
            "",
            "Simultaneous close; the peer repeats its FIN in CLOSING",
            &["9293:3.10.7.4-1-seq-check/CLOSING", "9293:MUST-13"],
            closing_steps(),
        ),
        case(
            "reset/in-closing",
            "at=exact",
            "RST received in CLOSING, by sequence position",
            &["5961:3.2-1"],
            reset_steps(),
        ),
        case(
            "reset/in-closing",
            "at=inside",
            "RST received in CLOSING, by sequence position",
            &["5961:3.2-1"],
            reset_steps(),
        ),
        case(
            "close/half-close",
            "",
            "Half-close: data still flows to the closer",
            &["9293:SHLD-2"],
            reset_steps(),
        ),
    ]
}

pub(crate) fn case(
    id: &str,
    variant: &str,
    title: &str,
    claims: &[&str],
    steps: Vec<StepInfo>,
) -> CaseInfo {
    CaseInfo {
        id: CaseId(id.to_owned()),
        variant: variant.to_owned(),
        title: title.to_owned(),
        purpose: "Shows what the title says, in a sentence or two that tell the reader why anybody should care.\n".to_owned(),
        level: Level::Must,
        claims: claims.iter().map(|id| claim(id)).collect(),
        steps,
        disputed: None,
    }
}

fn step(text: &str, from: Option<&str>, why: Option<&str>) -> StepInfo {
    StepInfo {
        text: text.to_owned(),
        place: "cases/closing/fin-retransmitted.yaml:12".to_owned(),
        prelude: from.is_some(),
        from: from.map(|from| CaseId(from.to_owned())),
        why: why.map(str::to_owned),
        claim: None,
    }
}

fn handshake_steps() -> Vec<StepInfo> {
    vec![
        step("app: listen", None, None),
        step(
            "peer: SYN seq=1000 <mss=1460>",
            None,
            Some("The client picks its initial sequence number, 1000, and asks to open."),
        ),
        step(
            "sut: SYN+ACK seq=8000 ack=1001 <mss=1024>",
            None,
            Some(
                "The server picks its own, 8000. ACK 1001 says: the SYN took one number, 1001 is what I expect next.",
            ),
        ),
        step(
            "peer: ACK seq=1001 ack=8001",
            None,
            Some(
                "The client confirms the server's number in the same way; both sides now know that both directions work.",
            ),
        ),
        step("state: ESTABLISHED", None, None),
        step(
            "app: accept, expect ok",
            None,
            Some("The listening application gets the connection."),
        ),
        step("quiet: 200ms", None, None),
        step(
            "never: [RST]",
            None,
            Some("And nobody takes any of it back."),
        ),
    ]
}

fn closing_steps() -> Vec<StepInfo> {
    let prelude = Some("preludes/established");
    let mut steps = vec![
        step("app: connect", prelude, None),
        step("peer: SYN+ACK", prelude, None),
        step("sut: ACK", prelude, None),
        step("app: close", None, None),
        step("sut: FIN+ACK seq=1 ack=1", None, None),
        step("peer: FIN+ACK seq=1 ack=1", None, None),
        step("sut: ACK seq=2 ack=2", None, None),
        step("peer: FIN+ACK seq=1 ack=1", None, None),
        step(
            "sut: ACK seq=2 ack=2",
            None,
            Some("out of the window, so an empty ACK and no change of state"),
        ),
        step("quiet: 200ms", None, None),
    ];
    steps[8].claim = Some(claim("9293:3.10.7.4-1-seq-check/CLOSING"));
    steps
}

fn reset_steps() -> Vec<StepInfo> {
    vec![
        step("use: closing", Some("preludes/closing"), None),
        step("peer: RST seq=1", None, None),
        step("state: CLOSED", None, None),
    ]
}

fn trials() -> Vec<Trial> {
    let mut all = Vec::new();
    let handshake = "textbook/three-way-handshake";
    for (stack, ip, jitter) in [
        ("bundled", IpVersion::V4, 0),
        ("bundled", IpVersion::V6, 0),
        ("linux", IpVersion::V4, 31_007),
        ("linux", IpVersion::V6, 52_801),
    ] {
        all.push(handshake_trial(id(handshake, "", stack, ip), jitter));
    }
    all.push(closing_fail(id(
        "closing/fin-retransmitted",
        "",
        "bundled",
        IpVersion::V4,
    )));
    all.push(closing_fail(id(
        "closing/fin-retransmitted",
        "",
        "bundled",
        IpVersion::V6,
    )));
    all.push(closing_deviates(id(
        "closing/fin-retransmitted",
        "",
        "linux",
        IpVersion::V4,
    )));
    all.push(ended(
        id("reset/in-closing", "at=exact", "bundled", IpVersion::V4),
        Verdict::Crash,
        "The stack's process died of signal 11 (SIGSEGV).",
    ));
    all.push(ended(
        id("reset/in-closing", "at=inside", "bundled", IpVersion::V4),
        Verdict::Stuck,
        "The stack did not answer for 10 s.",
    ));
    all.push(ended(
        id("reset/in-closing", "at=exact", "linux", IpVersion::V4),
        Verdict::Blocked,
        "prelude preludes/closing failed: no FIN came",
    ));
    all.push(ended(
        id("reset/in-closing", "at=inside", "linux", IpVersion::V4),
        Verdict::Inconclusive,
        "the machine was too slow: 1 of 3 timers came late",
    ));
    all.push(state_known(id(
        "close/half-close",
        "",
        "linux",
        IpVersion::V4,
    )));
    for case in ["close/half-close", "reset/in-closing"] {
        let variant = if case == "reset/in-closing" {
            "at=exact"
        } else {
            ""
        };
        all.push(ended(
            id(case, variant, "exec:./mystack", IpVersion::V4),
            Verdict::Skip,
            "the program `./mystack` does not exist",
        ));
    }
    all
}

pub(crate) fn id(case: &str, variant: &str, stack: &str, ip: IpVersion) -> TrialId {
    TrialId {
        case: CaseId(case.to_owned()),
        variant: variant.to_owned(),
        stack: stack.to_owned(),
        ip,
        isn: Isn::Random,
        faults: String::new(),
        seed: 7,
    }
}

pub(crate) fn ended(id: TrialId, verdict: Verdict, reason: &str) -> Trial {
    Trial {
        id,
        verdict,
        reason: reason.to_owned(),
        known: None,
        tags: Vec::new(),
        failure: None,
        steps: Vec::new(),
        trace: Vec::new(),
        link: std::collections::BTreeMap::new(),
        elapsed: 0,
        transcript: None,
    }
}

fn outcomes(results: &[StepResult]) -> Vec<StepOutcome> {
    let numbered = results.iter().enumerate();
    numbered
        .map(|(index, result)| StepOutcome {
            step: index + 1,
            result: *result,
            claim: None,
        })
        .collect()
}

fn handshake_trial(id: TrialId, jitter: u64) -> Trial {
    use StepResult::{Done, Met};
    let later = 10 * MS + jitter;
    Trial {
        tags: vec!["ack-at-once".to_owned()],
        steps: outcomes(&[Done, Done, Met, Done, Met, Met, Met, Met]),
        trace: vec![
            app(0, 1, "listen", "ok"),
            state(0, 1, "LISTEN"),
            sent(0, 2, "SYN seq=1000 win=65535 <mss=1460>"),
            came(
                jitter,
                3,
                "SYN+ACK seq=8000 ack=1001 win=65535 <mss=1024>",
                Taken::Matched,
            ),
            state(jitter, 3, "SYN-RECEIVED"),
            sent(later, 4, "ACK seq=1001 ack=8001 win=65535"),
            state(later, 4, "ESTABLISHED"),
            app(later, 6, "accept", "ok"),
            event(
                later,
                7,
                Event::Wait {
                    nanos: 200 * MS,
                    leap: false,
                },
            ),
        ],
        link: std::collections::BTreeMap::new(),
        elapsed: later + 200 * MS,
        transcript: None,
        ..ended(id, Verdict::Pass, "")
    }
}

fn closing_trace() -> Vec<TraceEvent> {
    let fin = "FIN+ACK seq=1 ack=1 win=65535";
    vec![
        app(0, 1, "connect", "pending"),
        came(0, 1, "SYN seq=0 win=65535 <mss=1460>", Taken::Matched),
        state(0, 1, "SYN-SENT"),
        sent(10 * MS, 2, "SYN+ACK seq=0 ack=1 win=65535 <mss=1460>"),
        came(10 * MS, 3, "ACK seq=1 ack=1 win=65535", Taken::Matched),
        state(10 * MS, 3, "ESTABLISHED"),
        app(10 * MS, 4, "close", "ok"),
        came(10 * MS, 5, fin, Taken::Matched),
        state(10 * MS, 5, "FIN-WAIT-1"),
        noted(
            sent(20 * MS, 6, fin),
            "crosses the stack's FIN, so it does not cover it",
        ),
        came(20 * MS, 7, "ACK seq=2 ack=2 win=65535", Taken::Matched),
        state(20 * MS, 7, "CLOSING"),
        noted(
            sent(30 * MS, 8, fin),
            "our FIN again, as if the ACK was lost",
        ),
    ]
}

fn closing_fail(id: TrialId) -> Trial {
    use StepResult::{Broken, Done, Met};
    let mut trace = closing_trace();
    trace.push(came(30 * MS, 9, "RST seq=2 win=0", Taken::Refused));
    trace.push(event(
        30 * MS,
        9,
        Event::Expected {
            text: "ACK seq=2 ack=2".to_owned(),
            when: "within 500 ms".to_owned(),
        },
    ));
    trace.push(state(30 * MS, 9, "CLOSED"));
    trace.push(came(1030 * MS, 9, "RST seq=2 win=0", Taken::After));
    let mut steps = outcomes(&[Done, Done, Met, Done, Met, Done, Met, Done, Broken]);
    steps[8].claim = Some(claim("9293:3.10.7.4-1-seq-check/CLOSING"));
    Trial {
        failure: Some(Failure {
            step: 9,
            claim: Some(claim("9293:3.10.7.4-1-seq-check/CLOSING")),
            expected: vec!["ACK seq=2 ack=2".to_owned()],
            got: "RST seq=2 win=0".to_owned(),
            delta: vec![
                delta("flags", "ACK", "RST", ""),
                delta("ack", "2", "none", "the peer has used 0 (SYN) and 1 (FIN)"),
            ],
            tried: Vec::new(),
            states: Some(("CLOSING".to_owned(), "CLOSED".to_owned())),
            hint: Some(
                "a stack that looks the connection up by state may have forgotten it already"
                    .to_owned(),
            ),
        }),
        steps,
        trace,
        link: std::collections::BTreeMap::new(),
        elapsed: 1030 * MS,
        transcript: None,
        ..ended(
            id,
            Verdict::Fail,
            "The stack answered a repeated FIN in CLOSING with RST; only an empty ACK is allowed.",
        )
    }
}

fn closing_deviates(id: TrialId) -> Trial {
    use StepResult::{Deviates, Done, Met};
    let mut trace = closing_trace();
    trace.push(came(
        31 * MS,
        9,
        "ACK seq=2 ack=2 win=65535",
        Taken::Matched,
    ));
    trace.push(noted(
        came(
            40 * MS,
            10,
            "FIN+ACK seq=1 ack=2 win=65535",
            Taken::Tolerated,
        ),
        "a repeat of a segment already seen",
    ));
    let mut steps = outcomes(&[Done, Done, Met, Done, Met, Done, Met, Done, Deviates, Met]);
    steps[8].claim = Some(claim("9293:3.10.7.4-1-seq-check/CLOSING"));
    Trial {
        tags: vec!["repeats-its-fin".to_owned()],
        steps,
        trace,
        link: std::collections::BTreeMap::new(),
        elapsed: 240 * MS,
        transcript: None,
        ..ended(
            id,
            Verdict::Deviates,
            "The stack acknowledged late, which is tolerated.",
        )
    }
}

/// Broken by a state and not by a packet, as the baseline says.
fn state_known(id: TrialId) -> Trial {
    Trial {
        known: Some("the kernel keeps no half-closed orphan; documented".to_owned()),
        failure: Some(Failure {
            step: 3,
            claim: None,
            expected: vec!["CLOSED".to_owned()],
            got: "CLOSING".to_owned(),
            delta: vec![delta("state", "CLOSED", "CLOSING", "")],
            tried: Vec::new(),
            states: None,
            hint: None,
        }),
        trace: vec![state(0, 1, "CLOSING"), sent(10 * MS, 2, "RST seq=1 win=0")],
        link: std::collections::BTreeMap::new(),
        elapsed: 10 * MS,
        transcript: None,
        ..ended(
            id,
            Verdict::Fail,
            "After RST the stack is in CLOSING; CLOSED is required.",
        )
    }
}

/// A trial in which nothing came where an ACK was expected; with `silence`,
/// one in which an ACK came where nothing was.
pub(crate) fn closing_timeout(silence: bool) -> Log {
    let mut log = log();
    let trial = log
        .trials
        .iter_mut()
        .find(|trial| trial.verdict == Verdict::Fail);
    let trial = trial.expect("the fixture holds a failure");
    trial.trace.truncate(13);
    let (text, when) = if silence {
        trial
            .trace
            .push(came(40 * MS, 9, "ACK seq=2 ack=2 win=1", Taken::Refused));
        ("nothing for 200 ms", "")
    } else {
        ("ACK seq=2 ack=2", "within 500 ms")
    };
    let expected = Event::Expected {
        text: text.to_owned(),
        when: when.to_owned(),
    };
    trial.trace.push(event(530 * MS, 9, expected));
    let failure = trial.failure.as_mut().expect("a failure has its parts");
    failure.got = if silence {
        "ACK seq=2 ack=2".to_owned()
    } else {
        String::new()
    };
    failure.delta.clear();
    log
}

pub(crate) fn delta(field: &str, expected: &str, got: &str, why: &str) -> FieldDelta {
    FieldDelta {
        field: field.to_owned(),
        expected: expected.to_owned(),
        got: got.to_owned(),
        why: why.to_owned(),
    }
}

pub(crate) fn event(at: u64, step: usize, event: Event) -> TraceEvent {
    TraceEvent { at, step, event }
}

fn packet(at: u64, step: usize, from: Side, text: &str, taken: Option<Taken>) -> TraceEvent {
    let packet = Event::Packet {
        from,
        text: text.to_owned(),
        octets: "4500".to_owned(),
        taken,
        note: None,
        late: false,
    };
    event(at, step, packet)
}

pub(crate) fn sent(at: u64, step: usize, text: &str) -> TraceEvent {
    packet(at, step, Side::Peer, text, None)
}

pub(crate) fn came(at: u64, step: usize, text: &str, taken: Taken) -> TraceEvent {
    packet(at, step, Side::Sut, text, Some(taken))
}

fn noted(mut event: TraceEvent, remark: &str) -> TraceEvent {
    if let Event::Packet { note, .. } = &mut event.event {
        *note = Some(remark.to_owned());
    }
    event
}

pub(crate) fn app(at: u64, step: usize, call: &str, result: &str) -> TraceEvent {
    let app = Event::App {
        call: call.to_owned(),
        result: result.to_owned(),
        octets: None,
    };
    event(at, step, app)
}

pub(crate) fn state(at: u64, step: usize, state: &str) -> TraceEvent {
    let state = Event::State {
        state: state.to_owned(),
        exact: true,
    };
    event(at, step, state)
}

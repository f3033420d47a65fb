//! What the ladder makes of a trace, whatever order the events came in.

use rstest::rstest;
use tcpspec_record::{Side, Trial, Verdict};
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

//! Whatever the verdicts, every output counts what the log counts.

use proptest::prelude::*;
use serde_json::Value;
use tcpspec_record::{IpVersion, Log, Tally, Trial, Verdict};
use tcpspec_reports::terminal::{self, Style};
use tcpspec_reports::{Format, Report};

use crate::fixture;

/// A log of trials with these verdicts, and whether a baseline expects them.
fn log(verdicts: &[(usize, bool)]) -> Log {
    let mut log = fixture::empty();
    for (number, (verdict, known)) in verdicts.iter().enumerate() {
        let verdict = Verdict::ALL[*verdict];
        let ip = [IpVersion::V4, IpVersion::V6][number % 2];
        let stack = ["one", "two", "three"][number % 3];
        let case = format!("group-{}/case-{}", number % 4, number / 7);
        let mut id = fixture::id(&case, "", stack, ip);
        id.seed = number as u64;
        let mut trial = Trial::unplayed(id, verdict, format!("because of {}", number % 5));
        let fails = verdict.is_failure(false);
        trial.known = (*known && fails).then(|| "known".to_owned());
        log.trials.push(trial);
    }
    log.header.planned = log.trials.len();
    log
}

fn tally(log: &Log) -> Tally {
    let mut tally = Tally::default();
    for trial in &log.trials {
        tally.add(trial.verdict, trial.known.is_some());
    }
    tally
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// The value of an attribute of JUnit's outermost element.
fn attribute(xml: &str, name: &str) -> usize {
    let root = xml.split("<testsuites ").nth(1).unwrap();
    let value = root.split(&format!("{name}=\"")).nth(1).unwrap();
    value.split('"').next().unwrap().parse().unwrap()
}

fn check(log: &Log) {
    let report = Report::from_log(log);
    let tally = tally(log);
    let render = |format: Format| format.render(&report).unwrap();
    let headline = format!("{} of {} trials executed", tally.executed(), tally.total());
    assert!(render(Format::Html).contains(&headline));
    assert!(render(Format::Markdown).contains(&headline));
    assert!(terminal::summary(&report, Style::Plain).contains(&headline));

    let document = json(&render(Format::Json));
    let sarif = json(&render(Format::Sarif));
    let properties = &sarif["runs"][0]["properties"]["tally"];
    for verdict in Verdict::ALL {
        let count = tally.of(verdict);
        assert_eq!(document["counts"]["verdicts"][verdict.word()], count);
        assert_eq!(properties[verdict.word()], count);
    }
    assert_eq!(document["trials"].as_array().unwrap().len(), tally.total());
    let of_stacks = document["stacks"].as_array().unwrap().iter();
    let executed: u64 = of_stacks
        .map(|stack| stack["counts"]["executed"].as_u64().unwrap())
        .sum();
    assert_eq!(executed, tally.executed() as u64);

    let tap = render(Format::Tap);
    assert!(tap.contains(&format!("\n1..{}\n", tally.total())));
    let starts = |start: &str| tap.lines().filter(|line| line.starts_with(start)).count();
    assert_eq!(starts("ok "), tally.pass + tally.skip + tally.deviates);
    assert_eq!(tap.matches(" # SKIP").count(), tally.skip);
    assert_eq!(tap.matches(" # TODO").count(), tally.known);

    let xml = render(Format::Junit);
    let errors = tally.crash + tally.stuck + tally.blocked + tally.inconclusive;
    let failures = attribute(&xml, "failures") + attribute(&xml, "errors");
    // A stack without trials has one case that says so.
    let empty = tally.total() == 0;
    assert!(empty || attribute(&xml, "tests") == tally.total());
    assert_eq!(failures, tally.fail + errors - tally.known);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_output_counts_what_the_log_counts(
        verdicts in prop::collection::vec((0..Verdict::ALL.len(), any::<bool>()), 0..60)
    ) {
        check(&log(&verdicts));
    }
}

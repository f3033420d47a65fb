//! Causes: which failures stand together, and how few lines they make.

use rstest::rstest;
use tcpspec_record::{Failure, IpVersion, Level, Log, Requirement, RequirementId, Trial, Verdict};
use tcpspec_reports::Report;

use crate::fixture::{case, delta, empty, ended, id, log};

/// A failing trial of a case of its own: the rule, the fields that differ,
/// what came.
fn add(log: &mut Log, rule: &str, fields: &str, got: &str) {
    let name = format!("a/case-{}", log.trials.len());
    let id = id(&name, "", "one", IpVersion::V4);
    log.cases.push(case(&name, "", "", &[rule], Vec::new()));
    log.trials.push(Trial {
        failure: Some(Failure {
            step: 1,
            claim: Some(RequirementId(rule.to_owned())),
            expected: vec!["ACK".to_owned()],
            got: got.to_owned(),
            delta: fields
                .split(' ')
                .map(|field| delta(field, "1", "2", ""))
                .collect(),
            tried: Vec::new(),
            states: None,
            hint: None,
        }),
        ..ended(id, Verdict::Fail, "It failed.")
    });
}

fn ids(log: &Log) -> Vec<String> {
    let report = Report::from_log(log);
    let causes = report.causes.iter();
    causes
        .map(|cause| format!("{} {}", cause.trials, cause.id))
        .collect()
}

#[rstest]
#[case::same(("9293:A", "ack", "ACK"), &["2 fail~ack~closed~9293:A"])]
#[case::other_state_of_the_same_rule(("9293:A/CLOSING", "ack", "ACK"), &["2 fail~ack~closed~9293:A"])]
#[case::other_rule(("9293:B", "ack", "ACK"), &["1 fail~ack~closed~9293:A", "1 fail~ack~closed~9293:B"])]
#[case::other_field(("9293:A", "seq ack", "ACK"), &["1 fail~ack~closed~9293:A", "1 fail~ack+seq~closed~9293:A"])]
#[case::nothing_came(("9293:A", "segment", ""), &["1 fail~missing~closed~9293:A", "1 fail~ack~closed~9293:A"])]
#[case::something_came(("9293:A", "segment", "RST"), &["1 fail~unasked~closed~9293:A", "1 fail~ack~closed~9293:A"])]
fn trials_share_a_cause_by_field_rule_and_state(
    #[case] (rule, fields, got): (&str, &str, &str),
    #[case] expected: &[&str],
) {
    let mut log = empty();
    add(&mut log, "9293:A", "ack", "ACK");
    add(&mut log, rule, fields, got);
    assert_eq!(ids(&log), expected);
}

/// 200 failures of 100 rules in 20 sections: one field, hence one line for
/// each RFC, because the lines by section would be too many.
#[test]
fn hundreds_of_failures_make_few_lines() {
    let mut log = empty();
    for number in 0..200 {
        let rfc = ["9293", "5961"][number % 2];
        let rule = format!("{rfc}:rule-{}", number % 100);
        log.header.requirements.push(Requirement {
            id: RequirementId(rule.clone()),
            level: Level::Must,
            section: format!("3.{}", number % 20),
            topic: String::new(),
            summary: String::new(),
        });
        add(&mut log, &rule, "flags", "RST");
    }
    let expected = [
        "100 fail~flags~closed~RFC-5961",
        "100 fail~flags~closed~RFC-9293",
    ];
    assert_eq!(ids(&log), expected);
}

#[test]
fn fixture_has_its_causes_the_blocked_behind_and_the_expected_last() {
    let expected = [
        "2 fail~ack+flags~closing~9293:3.10.7.4-1-seq-check",
        "1 crash~unknown~closing~5961:3.2-1",
        "1 stuck~unknown~closing~5961:3.2-1",
        "1 inconclusive~unknown~closing~5961:3.2-1",
        "1 blocked~unknown~preludes/closing",
        "1 fail~state~closing~9293:SHLD-2~expected",
        "1 deviates~choice~open~9293:3.10.7.4-1-seq-check~expected",
    ];
    assert_eq!(ids(&log()), expected);
}

#[test]
fn every_trial_that_did_not_pass_has_one_cause() {
    let log = log();
    let report = Report::from_log(&log);
    let mut found = 0;
    for variant in report.variants() {
        for trial in variant.trials() {
            let cause = report.cause_of(variant, trial);
            let ailing = !matches!(trial.verdict, Verdict::Pass | Verdict::Skip);
            assert_eq!(cause.is_some(), ailing, "{}", variant.id());
            found += usize::from(cause.is_some());
        }
    }
    let counted: usize = report.causes.iter().map(|cause| cause.trials).sum();
    assert_eq!(found, counted);
}

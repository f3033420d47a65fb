//! The report as JUnit XML: a suite for each stack and group.
//!
//! `failure` is a fail; `error` is a crash, a hang, or a trial that says
//! nothing (blocked, inconclusive); what a baseline expects is skipped with
//! the baseline's reason. The `time` of a case is the stack's own time, so the
//! output of a deterministic run is deterministic. Left out: time stamps.

use std::collections::BTreeMap;
use std::time::Duration;

use quick_junit::{NonSuccessKind, SerializeError, TestCase, TestCaseStatus, TestSuite};
use tcpspec_record::{Trial, Verdict};

use crate::model::{Group, Report, StackReport};

/// Renders the report.
///
/// # Errors
///
/// Those of the XML writer.
pub fn render(report: &Report<'_>) -> Result<String, SerializeError> {
    let mut xml = quick_junit::Report::new("tcpspec");
    if let Some(notice) = report.incomplete_notice() {
        xml.add_test_suite(run_suite("the run came to its end", &notice));
    }
    for variant in report.stale {
        let notice = format!("stale baseline: {variant} is no longer known to deviate");
        xml.add_test_suite(run_suite("the baseline holds", &notice));
    }
    for stack in &report.stacks {
        let groups = report.groups.iter();
        let suites = groups.filter_map(|group| suite(stack, group, report.header.strict));
        let mut suites: Vec<_> = suites.collect();
        if suites.is_empty() {
            suites.push(empty_suite(stack));
        }
        xml.add_test_suites(suites);
    }
    xml.to_string()
}

/// A suite with one error: something is wrong with the run as a whole.
fn run_suite(name: &str, notice: &str) -> TestSuite {
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
    status.set_message(notice);
    let mut suite = TestSuite::new("tcpspec");
    suite.add_test_case(TestCase::new(name, status));
    suite
}

/// What stands for a stack that has no trials.
fn empty_suite(stack: &StackReport<'_>) -> TestSuite {
    let mut status = TestCaseStatus::skipped();
    status.set_message(match stack.info.unavailable.as_str() {
        "" => "no trials",
        reason => reason,
    });
    let mut suite = TestSuite::new(&*stack.info.name);
    suite.add_test_case(TestCase::new("the stack is available", status));
    suite
}

/// One group on one stack; `None` without trials.
fn suite(stack: &StackReport<'_>, group: &Group<'_>, strict: bool) -> Option<TestSuite> {
    let variants = group.cases.iter().flat_map(|case| &case.variants);
    let trials = variants.flat_map(|variant| variant.trials());
    let trials = trials.filter(|trial| trial.id.stack == stack.info.name);
    let mut trials: Vec<&Trial> = trials.collect();
    trials.sort_by_key(|trial| &trial.id);
    let mut seen = BTreeMap::<_, usize>::new();
    for trial in &trials {
        *seen.entry(name(trial)).or_default() += 1;
    }
    let mut suite = TestSuite::new(format!("{}/{}", stack.info.name, group.name));
    for trial in &trials {
        let mut name = name(trial);
        if seen.get(&name).is_some_and(|count| *count > 1) {
            name.push_str(&format!(" seed={}", trial.id.seed));
        }
        suite.add_test_case(test_case(name, trial, strict));
    }
    (!trials.is_empty()).then_some(suite)
}

fn name(trial: &Trial) -> String {
    format!("{} {}", trial.id.variant_id(), trial.id.dimensions())
}

fn test_case(name: String, trial: &Trial, strict: bool) -> TestCase {
    let mut case = TestCase::new(name, status(trial, strict));
    case.set_classname(format!("{}.{}", trial.id.stack, trial.id.case.group()));
    case.set_time(Duration::from_nanos(trial.elapsed));
    case
}

fn status(trial: &Trial, strict: bool) -> TestCaseStatus {
    if let Some(reason) = &trial.known {
        let mut status = TestCaseStatus::skipped();
        status.set_type("known");
        status.set_message(format!("known {}: {reason}", trial.verdict));
        return status;
    }
    let mut status = match trial.verdict {
        Verdict::Pass => return TestCaseStatus::success(),
        Verdict::Deviates if !strict => return TestCaseStatus::success(),
        Verdict::Fail | Verdict::Deviates => TestCaseStatus::non_success(NonSuccessKind::Failure),
        Verdict::Crash | Verdict::Stuck | Verdict::Blocked | Verdict::Inconclusive => {
            TestCaseStatus::non_success(NonSuccessKind::Error)
        }
        Verdict::Skip => TestCaseStatus::skipped(),
    };
    status.set_type(trial.verdict.word());
    status.set_message(&*trial.reason);
    if let Some(description) = description(trial) {
        status.set_description(description);
    }
    status
}

/// What a reader of the XML needs besides the sentence.
fn description(trial: &Trial) -> Option<String> {
    let failure = trial.failure.as_ref()?;
    let mut lines = Vec::new();
    lines.extend(
        failure
            .claim
            .as_ref()
            .map(|claim| format!("requirement {claim}")),
    );
    let expected = failure.expected.iter();
    lines.extend(expected.map(|text| format!("expected {text}")));
    let got = if failure.got.is_empty() {
        "nothing"
    } else {
        &failure.got
    };
    lines.push(format!("got {got}"));
    lines.extend(failure.hint.as_ref().map(|hint| format!("hint: {hint}")));
    Some(lines.join("\n"))
}

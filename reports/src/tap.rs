//! The report by the Test Anything Protocol, version 14: a line for each trial.
//!
//! What a baseline expects is `not ok` with `# TODO`, which no consumer counts
//! as a failure; what was not run is `# SKIP`. A run without an end bails out.

use tcpspec_record::{Trial, Verdict};

use crate::model::Report;
use crate::text::clean;

/// Renders the report.
#[must_use]
pub fn render(report: &Report<'_>) -> String {
    let strict = report.header.strict;
    let trials = report.variants().flat_map(|variant| variant.trials());
    let mut tests: Vec<Test> = trials.map(|trial| test(trial, strict)).collect();
    tests.extend(report.stale.iter().map(|variant| stale(variant)));
    let mut lines = vec!["TAP version 14".to_owned(), format!("1..{}", tests.len())];
    for (number, test) in (1..).zip(&tests) {
        let word = if test.ok { "ok" } else { "not ok" };
        let name = escaped(&test.name);
        lines.push(format!("{word} {number} - {name}{}", test.directive));
        lines.extend(test.detail.iter().map(|line| format!("  {line}")));
    }
    if let Some(notice) = report.incomplete_notice() {
        lines.push(format!("Bail out! {notice}"));
    }
    lines.join("\n") + "\n"
}

/// One line, and what stands below it.
struct Test {
    ok: bool,
    name: String,
    directive: String,
    detail: Vec<String>,
}

fn test(trial: &Trial, strict: bool) -> Test {
    let ok = match trial.verdict {
        Verdict::Pass | Verdict::Skip => true,
        Verdict::Deviates => !strict,
        Verdict::Crash
        | Verdict::Stuck
        | Verdict::Fail
        | Verdict::Blocked
        | Verdict::Inconclusive => false,
    };
    let directive = match (&trial.known, trial.verdict) {
        (Some(reason), verdict) => format!(" # TODO known {verdict}: {}", escaped(reason)),
        (None, Verdict::Skip) => format!(" # SKIP {}", escaped(&trial.reason)),
        (None, _) => String::new(),
    };
    let (stack, dimensions) = (&trial.id.stack, trial.id.dimensions());
    let is_told = !trial.reason.is_empty() && trial.verdict != Verdict::Skip;
    Test {
        ok,
        name: format!("{} {stack} {dimensions}", trial.id.variant_id()),
        directive,
        detail: if is_told { detail(trial) } else { Vec::new() },
    }
}

fn stale(variant: &str) -> Test {
    Test {
        ok: false,
        name: format!("the baseline holds: {variant}"),
        directive: String::new(),
        detail: Vec::new(),
    }
}

/// A block of YAML. Every JSON string is one of YAML.
fn detail(trial: &Trial) -> Vec<String> {
    let quoted = |text: &str| serde_json::Value::from(clean(text)).to_string();
    let mut lines = vec![
        "---".to_owned(),
        format!("message: {}", quoted(&trial.reason)),
        format!("severity: {}", trial.verdict),
    ];
    let claim = trial.failure.iter().flat_map(|failure| &failure.claim);
    lines.extend(claim.map(|claim| format!("requirement: {}", quoted(&claim.0))));
    lines.push("...".to_owned());
    lines
}

/// A text in which nothing begins a directive.
fn escaped(text: &str) -> String {
    clean(text).replace('\\', "\\\\").replace('#', "\\#")
}

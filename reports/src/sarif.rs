//! The report as SARIF 2.1.0, the format of code scanning: the requirements are
//! the rules, what needs an explanation is a result, what a baseline expects is
//! a suppressed one.
//!
//! A result lies where the step stands that was broken, in the case's file. The
//! tally of the whole run is a property of the run, since SARIF knows failures
//! alone.

use serde_json::{Value, json};
use tcpspec_record::{Requirement, Trial, Verdict};

use crate::model::{Report, Variant};
use crate::text::clean;

/// Renders the report.
///
/// # Errors
///
/// Those of the JSON writer.
pub fn render(report: &Report<'_>) -> Result<String, serde_json::Error> {
    let plays = report.attention();
    let results: Vec<Value> = plays
        .iter()
        .flat_map(|(variant, play)| play.trials.iter().map(move |trial| (variant, trial)))
        .map(|(variant, trial)| result(report, variant, trial))
        .collect();
    let (name, version) = tool(&report.header.tool);
    let rules: Vec<Value> = report.header.requirements.iter().map(rule).collect();
    let log = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {"name": name, "version": version, "rules": rules}},
            "invocations": [{"executionSuccessful": !report.incomplete}],
            "columnKind": "unicodeCodePoints",
            "results": results,
            "properties": {"planned": report.planned(), "tally": report.tally},
        }],
    });
    Ok(serde_json::to_string_pretty(&log)? + "\n")
}

fn tool(text: &str) -> (String, String) {
    let text = clean(text);
    let (name, version) = text.split_once(' ').unwrap_or((&text, "0"));
    (name.to_owned(), version.to_owned())
}

fn rule(rule: &Requirement) -> Value {
    json!({
        "id": clean(&rule.id.0),
        "shortDescription": {"text": clean(&rule.summary)},
        "properties": {"level": rule.level.keyword(), "section": clean(&rule.section)},
    })
}

fn result(report: &Report<'_>, variant: &Variant<'_>, trial: &Trial) -> Value {
    let failure = trial.failure.as_ref();
    let claim = failure.and_then(|failure| failure.claim.as_ref());
    let claim = claim.or_else(|| variant.info.claims.first());
    let (stack, dimensions) = (clean(&trial.id.stack), trial.id.dimensions());
    let id = clean(&variant.id());
    let (kind, level) = kind_and_level(trial.verdict, report.header.strict);
    let mut result = json!({
        "message": {"text": format!("{stack} {dimensions}: {}", clean(&trial.reason))},
        "kind": kind,
        "level": level,
        "locations": [location(&id, place(variant, trial))],
        "partialFingerprints": {"trial/v1": format!("{id} {stack} {dimensions}")},
        "properties": {"verdict": trial.verdict.word(), "stack": stack},
    });
    if let Some(claim) = claim {
        result["ruleId"] = clean(&claim.0).into();
    }
    if let Some(reason) = &trial.known {
        result["suppressions"] = json!([{"kind": "external", "justification": clean(reason)}]);
    }
    result
}

/// SARIF gives a level to a failure only.
const fn kind_and_level(verdict: Verdict, strict: bool) -> (&'static str, &'static str) {
    match verdict {
        Verdict::Crash | Verdict::Stuck | Verdict::Fail => ("fail", "error"),
        Verdict::Deviates if strict => ("fail", "error"),
        Verdict::Deviates => ("fail", "note"),
        Verdict::Blocked | Verdict::Inconclusive => ("review", "none"),
        Verdict::Skip => ("notApplicable", "none"),
        Verdict::Pass => ("pass", "none"),
    }
}

/// File and line of the step that was broken, or of the case's first.
fn place<'v>(variant: &'v Variant<'_>, trial: &Trial) -> Option<(&'v str, usize)> {
    let steps = &variant.info.steps;
    let broken = trial.failure.as_ref().map_or(1, |failure| failure.step);
    let step = steps.get(broken.saturating_sub(1))?;
    let (file, line) = step.place.rsplit_once(':')?;
    Some((file, line.parse().ok().filter(|line| *line > 0)?))
}

fn location(id: &str, place: Option<(&str, usize)>) -> Value {
    let mut location = json!({
        "logicalLocations": [{"fullyQualifiedName": id, "kind": "test"}],
    });
    if let Some((file, line)) = place {
        location["physicalLocation"] = json!({
            "artifactLocation": {"uri": uri(file), "uriBaseId": "CASES"},
            "region": {"startLine": line},
        });
    }
    location
}

/// A path as a reference within a URI.
fn uri(path: &str) -> String {
    let plain = |octet: u8| octet.is_ascii_alphanumeric() || b"/-_.~".contains(&octet);
    let octets = path.bytes().map(|octet| match octet {
        octet if plain(octet) => char::from(octet).to_string(),
        octet => format!("%{octet:02X}"),
    });
    octets.collect()
}

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

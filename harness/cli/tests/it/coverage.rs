//! `tcpspec coverage`, and the page in the repository that it makes.

use std::collections::BTreeSet;
use std::fs;

use crate::common::{Scratch, printed, root, tcpspec};

/// Prints coverage as one format.
#[track_caller]
fn coverage(args: &[&str]) -> String {
    let output = tcpspec(&["coverage"]).args(args).output().unwrap();
    assert!(output.status.success(), "{}", printed(&output));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn page_of_coverage_is_what_the_cases_cover() {
    let page = fs::read_to_string(root().join("cases/COVERAGE.md")).unwrap_or_default();
    assert!(
        page == coverage(&["--format", "md"]),
        "cases/COVERAGE.md is stale: run `make coverage`, and look what changed"
    );
}

#[test]
fn every_requirement_is_in_exactly_one_column() {
    let all: serde_json::Value = serde_json::from_str(&coverage(&["--format", "json"])).unwrap();
    let all = all.as_array().unwrap();
    let text = coverage(&[]);
    let totals = text.lines().last().unwrap();
    let totals = totals.split_whitespace();
    let totals = totals.filter_map(|word| word.parse::<usize>().ok());
    assert_eq!(totals.sum::<usize>(), all.len(), "{text}");
    let missing = coverage(&["--missing"]);
    let is_open = |entry: &&serde_json::Value| {
        ["nothing", "cited only"]
            .iter()
            .any(|word| entry["standing"] == *word)
    };
    let open = all.iter().filter(is_open).count();
    assert_eq!(missing.lines().count(), open + 1, "{missing}");
}

/// What coverage says of one requirement, where a file of the catalogue says so.
#[track_caller]
fn entry_of(id: &str, groups: &[&str], file: (&str, &str)) -> serde_json::Value {
    let scratch = Scratch::with_groups(groups);
    scratch.write(file.0, file.1);
    let cases = scratch.cases().display().to_string();
    let shown = coverage(&["--format", "json", "--cases", &cases]);
    let all: serde_json::Value = serde_json::from_str(&shown).unwrap();
    let mut all = all.as_array().unwrap().iter();
    all.find(|entry| entry["id"] == id).unwrap().clone()
}

#[test]
fn reason_makes_a_requirement_untested() {
    let file = ("requirements/untested.yaml", "\"9293:MUST-1\": because\n");
    let entry = entry_of("9293:MUST-1", &[], file);
    assert_eq!(entry["standing"], "untested");
    assert_eq!(entry["reason"], "because");
}

#[track_caller]
fn check_restated(groups: &[&str], by: &str, standing: &str) {
    let old = "1122:4.2.2.6-4";
    let text = format!("\"{old}\": {by}\n");
    let entry = entry_of(old, groups, ("requirements/restated.yaml", &text));
    assert_eq!(entry["standing"], standing, "{by}: {entry}");
}

#[test]
fn restated_requirement_stands_as_the_least_of_the_others_does() {
    check_restated(&["mss"], "\"9293:MUST-15\"", "restated");
    check_restated(&["mss"], "[\"9293:MUST-15\", \"9293:MUST-10\"]", "nothing");
    check_restated(&[], "\"9293:MUST-15\"", "nothing");
}

#[test]
fn unknown_rfc_is_an_error() {
    let output = tcpspec(&["coverage", "--rfc", "1"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", printed(&output));
}

#[test]
fn grid_has_a_cell_for_every_event_in_every_state() {
    let cells: serde_json::Value =
        serde_json::from_str(&coverage(&["--grid", "--format", "json"])).unwrap();
    let cells = cells.as_array().unwrap();
    let names = |key: &str| -> BTreeSet<String> {
        let name = |cell: &serde_json::Value| cell[key].as_str().unwrap().to_owned();
        cells.iter().map(name).collect()
    };
    assert_eq!(names("state").len(), 11, "a sweep for each state");
    assert_eq!(cells.len(), names("sweep").len() * names("event").len());
    let text = coverage(&["--grid"]);
    for event in names("event") {
        let lines = text
            .lines()
            .filter(|line| line.split(' ').next() == Some(&event));
        assert_eq!(lines.count(), 2, "{event} in both tables");
    }
    let total = text.lines().last().unwrap();
    let counts = total
        .split(' ')
        .filter_map(|word| word.parse::<usize>().ok());
    assert_eq!(counts.sum::<usize>(), cells.len(), "{total}");
}

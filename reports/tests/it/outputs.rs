//! Outputs for other programs: whole, hostile, and by their schemas.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use rstest::rstest;
use serde_json::Value;
use tcpspec_record::{CaseId, Line, Log, Verdict, log};
use tcpspec_reports::{Format, Report, github, json, markdown};

use crate::fixture;

fn render(log: &Log, format: Format) -> String {
    format.render(&Report::from_log(log)).unwrap()
}

/// The fixture with texts that would break an output which trusts them.
fn hostile() -> Log {
    let mut log = fixture::log();
    let text = "</script>]]>\x1b[31m\u{202e}| # SKIP\n1..1\nok 99\n::error::gotcha\n\"'`%0A@all";
    for trial in &mut log.trials {
        trial.reason = text.repeat(300);
        trial.id.stack = text.to_owned();
        trial.id.case = CaseId(format!("a/{text}"));
        trial.known = trial.known.as_ref().map(|_| text.to_owned());
    }
    log.header.tool = text.to_owned();
    for rule in &mut log.header.requirements {
        rule.summary = text.to_owned();
    }
    log
}

#[rstest]
#[case(Format::Tap)]
#[case(Format::Markdown)]
#[case(Format::Sarif)]
#[case(Format::Json)]
#[case(Format::Badge)]
fn whole_output_is_as_it_was(#[case] format: Format) {
    let text = render(&fixture::log(), format);
    insta::assert_snapshot!(format!("whole_{format}"), text);
}

#[test]
fn annotations_are_as_they_were() {
    let log = fixture::log();
    let lines = github::annotations(&Report::from_log(&log));
    insta::assert_snapshot!(lines.join("\n"));
}

#[rstest]
fn no_output_has_a_control_character_of_a_stack(
    #[values(
        Format::Html,
        Format::Junit,
        Format::Tap,
        Format::Markdown,
        Format::Sarif,
        Format::Json,
        Format::Badge
    )]
    format: Format,
) {
    let text = render(&hostile(), format);
    assert!(!text.contains('\x1b'), "{text}");
}

#[test]
fn hostile_text_adds_no_line_to_tap() {
    let log = hostile();
    let text = render(&log, Format::Tap);
    let tests = text
        .lines()
        .filter(|line| line.contains("ok ") && !line.starts_with(' '));
    assert_eq!(tests.count(), log.trials.len() + 1, "{text}");
    let skipped = text
        .lines()
        .filter(|line| !line.starts_with(' ') && line.contains(" # SKIP "));
    let in_log = log
        .trials
        .iter()
        .filter(|trial| trial.verdict == Verdict::Skip);
    assert_eq!(skipped.count(), in_log.count());
}

#[test]
fn hostile_text_is_no_annotation_of_its_own() {
    let log = hostile();
    for line in github::annotations(&Report::from_log(&log)) {
        assert_eq!(line.lines().count(), 1, "{line}");
        let title = line.split_once(" title=").unwrap().1;
        let title = title.split("::").next().unwrap();
        assert!(!title.contains([':', ',']), "{title}");
        assert!(!line.contains("%0A"), "{line}");
    }
}

#[test]
fn hostile_text_is_neither_markup_nor_mention_in_markdown() {
    let text = render(&hostile(), Format::Markdown);
    let outside: String = text.split('`').step_by(2).collect();
    assert!(!outside.contains("</script>"), "{outside}");
    assert!(!outside.contains("@all"), "{outside}");
}

#[rstest]
#[case::fixture(fixture::log())]
#[case::hostile(hostile())]
#[case::long(crowded())]
fn markdown_is_at_most_60_lines(#[case] log: Log) {
    let text = markdown::render(&Report::from_log(&log));
    assert!(text.lines().count() <= 60, "{}", text.lines().count());
}

#[test]
fn annotations_are_at_most_ten() {
    let log = crowded();
    let lines = github::annotations(&Report::from_log(&log));
    assert_eq!(lines.len(), github::ANNOTATIONS);
}

/// Hundreds of failures, on dozens of stacks, without an end.
fn crowded() -> Log {
    let mut log = fixture::log();
    let (trials, cases) = (log.trials.clone(), log.cases.clone());
    for number in 0..40 {
        for trial in &trials {
            let mut trial = trial.clone();
            trial.id.case.0 += &number.to_string();
            trial.id.stack += &number.to_string();
            trial.reason += &number.to_string();
            log.trials.push(trial);
        }
        for case in &cases {
            let mut case = case.clone();
            case.id.0 += &number.to_string();
            log.cases.push(case);
        }
    }
    log.footer = None;
    log
}

#[test]
fn json_is_what_its_types_say() {
    let log = fixture::log();
    let text = render(&log, Format::Json);
    let document: json::Document = serde_json::from_str(&text).unwrap();
    assert_eq!(document, json::Document::of(&Report::from_log(&log)));
}

#[test]
fn schema_in_the_repository_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../schema/report-v1.json");
    let schema = serde_json::to_string_pretty(&json::schema()).unwrap() + "\n";
    if std::env::var_os("TCPSPEC_BLESS").is_some() {
        fs::write(&path, &schema).unwrap();
    }
    let stored = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        stored == schema,
        "schema/report-v1.json is not what the types say; write it anew by\n    \
         TCPSPEC_BLESS=1 cargo test -p tcpspec-reports"
    );
}

/// The properties that SARIF 2.1.0 has on an object, of those that we write:
/// it allows no other.
#[track_caller]
fn keys(value: &Value, required: &[&str], allowed: &[&str]) {
    let present: BTreeSet<&str> = value
        .as_object()
        .unwrap()
        .keys()
        .map(|key| &**key)
        .collect();
    let required: BTreeSet<&str> = required.iter().copied().collect();
    let known: BTreeSet<&str> = required.iter().chain(allowed).copied().collect();
    assert!(required.is_subset(&present), "{present:?} lacks one");
    assert!(present.is_subset(&known), "{present:?} has one too many");
}

#[rstest]
#[case::fixture(fixture::log())]
#[case::hostile(hostile())]
#[case::empty(fixture::empty())]
fn sarif_has_the_shape_of_its_standard(#[case] log: Log) {
    let sarif: Value = serde_json::from_str(&render(&log, Format::Sarif)).unwrap();
    keys(&sarif, &["version", "runs"], &["$schema"]);
    let run = &sarif["runs"][0];
    keys(
        run,
        &["tool"],
        &["invocations", "columnKind", "results", "properties"],
    );
    let driver = &run["tool"]["driver"];
    keys(driver, &["name"], &["version", "rules"]);
    let rules = driver["rules"].as_array().unwrap();
    let ids: BTreeSet<&str> = rules
        .iter()
        .map(|rule| rule["id"].as_str().unwrap())
        .collect();
    assert_eq!(ids.len(), rules.len(), "a rule's id is unique");
    for result in run["results"].as_array().unwrap() {
        let optional = [
            "kind",
            "level",
            "locations",
            "partialFingerprints",
            "properties",
            "ruleId",
            "suppressions",
        ];
        keys(result, &["message"], &optional);
        assert!(result["message"]["text"].is_string());
        let fails = result["kind"] == "fail";
        assert_eq!(
            fails,
            result["level"] != "none",
            "only a failure has a level"
        );
        let rule = result["ruleId"].as_str();
        assert!(rule.is_none_or(|rule| ids.contains(rule)), "{rule:?}");
        let place = &result["locations"][0]["physicalLocation"];
        if place.is_object() {
            keys(place, &["artifactLocation", "region"], &[]);
            assert!(place["region"]["startLine"].as_u64().unwrap() > 0);
        }
    }
}

/// Leaves a log with its outputs in Cargo's directory for temporary files: for
/// `reports/tests/readers`, where others read them by their own schemas.
#[rstest]
#[case::every_verdict("every-verdict", fixture::log())]
#[case::hostile("hostile", crate::html::hostile())]
#[case::hostile_lines("hostile-lines", hostile())]
#[case::empty("empty", fixture::empty())]
#[case::incomplete("incomplete", Log { footer: None, ..fixture::log() })]
#[case::big("big", fixture::crowded(100, 100))]
fn outputs_are_left_for_their_readers(#[case] name: &str, #[case] log: Log) {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("outputs");
    let directory = directory.join(name);
    fs::create_dir_all(&directory).unwrap();
    let written = lines(&log);
    fs::write(directory.join("log.jsonl"), &written).unwrap();
    for format in [Format::Junit, Format::Sarif, Format::Json] {
        fs::write(directory.join(format.file_name()), render(&log, format)).unwrap();
    }
    assert_eq!(Log::read(&mut &*written).unwrap(), log);
}

/// The log as a run writes it.
fn lines(whole: &Log) -> Vec<u8> {
    let log = whole.clone();
    let header = [Line::Header(log.header)].into_iter();
    let cases = log.cases.into_iter().map(Line::Case);
    let trials = log
        .trials
        .into_iter()
        .map(|trial| Line::Trial(Box::new(trial)));
    let footer = log.footer.into_iter().map(Line::Footer);
    let mut text = Vec::new();
    for line in header.chain(cases).chain(trials).chain(footer) {
        log::write(&mut text, &line).unwrap();
    }
    text
}

//! Whatever a stack says, and however long, no text output is broken by it: no
//! control character gets out, none grows beyond measure, and what has a
//! syntax keeps it.

use rstest::rstest;
use tcpspec_record::Log;
use tcpspec_reports::model::Comparison;
use tcpspec_reports::terminal::{self, Context, Style};
use tcpspec_reports::{Format, Report, compare, github};

use crate::html::hostile;

/// Characters that no output may hold as they are.
const CONTROL: [char; 3] = ['\x1b', '\0', '\u{202e}'];

/// Octets that the texts of one trial take at most: they are a megabyte each.
const ROOM: usize = 64 << 10;

#[track_caller]
fn check(log: &Log, what: &str, text: &str) {
    assert!(
        !text.contains(CONTROL),
        "{what} lets a control character out"
    );
    let room = ROOM * log.trials.len();
    assert!(text.len() < room, "{what} takes {} octets", text.len());
}

#[rstest]
fn formats_hold(#[values(Format::Tap, Format::Markdown, Format::Badge)] format: Format) {
    let log = hostile();
    check(
        &log,
        format.name(),
        &format.render(&Report::from_log(&log)).unwrap(),
    );
}

/// What shows a text the wrong way round is for whoever shows it to mend; these
/// files are for programs.
const UNWRITABLE: [char; 2] = ['\x1b', '\0'];

#[test]
fn xml_stays_xml() {
    let log = hostile();
    let text = Format::Junit.render(&Report::from_log(&log)).unwrap();
    assert!(!text.contains(UNWRITABLE), "a control character gets out");
    assert!(!text.contains("<img"), "an element gets in");
}

#[rstest]
fn json_stays_json(#[values(Format::Json, Format::Sarif)] format: Format) {
    let log = hostile();
    let text = format.render(&Report::from_log(&log)).unwrap();
    assert!(
        !text.contains(UNWRITABLE),
        "{format} lets a control character out"
    );
    let read: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert!(read.is_object());
}

#[test]
fn terminal_and_annotations_hold() {
    let log = hostile();
    let report = Report::from_log(&log);
    for trial in &log.trials {
        let context = Context {
            full: true,
            ..Context::default()
        };
        let screen = terminal::failure(&report, trial, &context, Style::Plain);
        check(&log, "a screen", &screen);
    }
    check(
        &log,
        "the summary",
        &terminal::summary(&report, Style::Plain),
    );
    for line in github::annotations(&report) {
        check(&log, "an annotation", &line);
        assert!(!line.contains('\n'), "an annotation is one line");
    }
}

#[test]
fn comparison_holds() {
    let log = hostile();
    let name = log.trials[0].id.stack.clone();
    let comparison = Comparison::of_runs(&[(&name, &log), ("other", &log)]);
    let (text, page) = (
        compare::text(&comparison, Style::Plain),
        compare::markdown(&comparison),
    );
    check(&log, "text", &text);
    check(&log, "Markdown", &page);
    assert!(
        !page.lines().any(|line| line.starts_with("</script>")),
        "{page}"
    );
    let json = compare::json(&comparison);
    assert!(serde_json::from_str::<serde_json::Value>(&json).is_ok());
}

//! JUnit XML, whole and hostile.

use tcpspec_reports::{Report, junit};

use crate::fixture;

#[test]
fn every_verdict_has_its_element() {
    let log = fixture::log();
    insta::assert_snapshot!(junit::render(&Report::from_log(&log)).unwrap());
}

#[test]
fn run_without_footer_is_an_error() {
    let mut log = fixture::log();
    log.footer = None;
    let xml = junit::render(&Report::from_log(&log)).unwrap();
    assert!(xml.contains("Incomplete run"), "{xml}");
}

#[test]
fn empty_log_is_an_empty_report() {
    let log = fixture::empty();
    let xml = junit::render(&Report::from_log(&log)).unwrap();
    assert!(xml.contains(r#"tests="0""#), "{xml}");
}

#[test]
fn deviation_fails_under_strict() {
    let mut log = fixture::log();
    log.header.strict = true;
    let xml = junit::render(&Report::from_log(&log)).unwrap();
    assert!(
        xml.contains(r#"<failure message="The stack acknowledged late"#),
        "{xml}"
    );
}

#[test]
fn hostile_text_stays_text() {
    let mut log = fixture::log();
    for trial in &mut log.trials {
        trial.reason = "\x1b[0m\"/></testcase><x a=']]>".to_owned();
    }
    let xml = junit::render(&Report::from_log(&log)).unwrap();
    assert!(!xml.contains("<x"), "{xml}");
    assert!(!xml.contains('\x1b'), "{xml}");
    let cases = xml.matches("<testcase ").count();
    let stale = 1;
    assert_eq!(cases, log.trials.len() + stale);
}

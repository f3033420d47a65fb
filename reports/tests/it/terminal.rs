//! The failure screen and the summary, as they look.

use rstest::rstest;
use tcpspec_record::{IpVersion, Isn, Trial, Verdict};
use tcpspec_reports::Report;
use tcpspec_reports::model::repro;
use tcpspec_reports::terminal::{self, Context, Style};

use crate::fixture;

fn screen(verdict: Verdict, style: Style) -> String {
    let log = fixture::log();
    let trial = fixture::trial(&log, verdict);
    let context = Context {
        repro: repro(trial),
        full: false,
        capture: "target/tcpspec/run/captures/closing.pcapng".to_owned(),
        log: "target/tcpspec/run/log.jsonl".to_owned(),
    };
    terminal::failure(&Report::from_log(&log), trial, &context, style)
}

#[rstest]
fn every_verdict_has_its_screen(
    #[values(
        Verdict::Crash,
        Verdict::Stuck,
        Verdict::Fail,
        Verdict::Deviates,
        Verdict::Blocked,
        Verdict::Inconclusive,
        Verdict::Skip,
        Verdict::Pass
    )]
    verdict: Verdict,
) {
    let screen = screen(verdict, Style::Plain);
    assert!(screen.lines().count() <= 30, "more than a screen");
    for line in screen.lines() {
        assert!(line.chars().count() <= 80, "wider than a screen: {line}");
    }
    insta::assert_snapshot!(format!("screen_{verdict}"), screen);
    let coloured = self::screen(verdict, Style::Colour);
    // As it is typed, so that a reviewer sees what changes.
    let shown = coloured.replace('\x1b', "\\e");
    insta::assert_snapshot!(format!("colour_{verdict}"), shown);
    assert_eq!(without_colour(&coloured), screen);
}

/// A text without its escape codes.
fn without_colour(text: &str) -> String {
    let mut parts = text.split("\x1b[");
    let first = parts.next().unwrap_or_default().to_owned();
    let rest = parts.map(|part| part.split_once('m').unwrap().1);
    first + &rest.collect::<String>()
}

#[rstest]
#[case::nothing_came(false)]
#[case::something_came(true)]
fn what_broke_is_always_in_the_picture(#[case] silence: bool) {
    let log = fixture::closing_timeout(silence);
    let trial = fixture::trial(&log, Verdict::Fail);
    let report = Report::from_log(&log);
    let screen = terminal::failure(&report, trial, &Context::default(), Style::Plain);
    insta::assert_snapshot!(format!("screen_silence_{silence}"), screen);
}

#[test]
fn summary_counts_every_stack() {
    let log = fixture::log();
    insta::assert_snapshot!(terminal::summary(&Report::from_log(&log), Style::Plain));
}

#[test]
fn summary_of_a_run_without_footer_says_so() {
    let mut log = fixture::log();
    log.footer = None;
    log.header.planned = 40;
    let summary = terminal::summary(&Report::from_log(&log), Style::Plain);
    assert!(summary.contains("Incomplete run: it stopped after 14 of 40 trials."));
    assert!(summary.ends_with("10 of 40 trials executed\n"));
}

#[test]
fn summary_of_an_empty_log_is_not_a_success() {
    let log = fixture::empty();
    let summary = terminal::summary(&Report::from_log(&log), Style::Plain);
    assert!(summary.ends_with("0 of 0 trials executed\n"));
}

#[test]
fn control_characters_of_a_stack_do_not_reach_the_terminal() {
    let mut log = fixture::log();
    for trial in &mut log.trials {
        trial.reason = format!("\x1b]0;gotcha\x07\u{202e}{}", "x".repeat(100_000));
        trial.id.stack = "\x1b[2J".to_owned();
    }
    let report = Report::from_log(&log);
    for trial in &log.trials {
        let screen = terminal::failure(&report, trial, &Context::default(), Style::Plain);
        assert!(!screen.contains(['\x1b', '\x07', '\u{202e}']), "{screen:?}");
        assert!(screen.len() < 5_000);
    }
    let summary = terminal::summary(&report, Style::Plain);
    assert!(!summary.contains('\x1b'), "{summary:?}");
}

#[test]
fn command_that_repeats_a_trial_says_where_numbers_begin() {
    let mut trial = Trial::unplayed(
        fixture::id("close/active", "", "bundled", IpVersion::V6),
        Verdict::Pass,
        String::new(),
    );
    let plain = repro(&trial);
    trial.id.isn = Isn::Wrap;
    let wrapping = repro(&trial);
    assert!(plain.contains("--ip 6 --seed"), "{plain}");
    assert!(wrapping.contains("--ip 6 --isn wrap --seed"), "{wrapping}");
}

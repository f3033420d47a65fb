//! The page: whole, well formed, self-contained, and hard to break.

use std::collections::BTreeSet;
use std::io::Read as _;

use flate2::read::ZlibDecoder;
use tcpspec_record::{Event, Log, RequirementId, Trial, Verdict};
use tcpspec_reports::{Report, html};

use crate::fixture;

fn page(log: &Log) -> String {
    html::render(&Report::from_log(log))
}

/// Leaves a page in Cargo's directory for temporary files: to be looked at,
/// and for the tests in a browser.
fn keep(name: &str, page: &str) {
    std::fs::write(format!("{}/{name}.html", env!("CARGO_TARGET_TMPDIR")), page).unwrap();
}

/// The page without style sheet, script and arrow shapes, one element a line:
/// so a change shows as a small diff.
#[test]
fn whole_page_is_as_approved() {
    let page = page(&fixture::log());
    keep("report", &page);
    let body = page.split_once("</svg>").unwrap().1;
    let body = body.split_once("<script>").unwrap().0;
    insta::assert_snapshot!(body.replace("><", ">\n<"));
}

#[test]
fn every_page_is_well_formed() {
    let mut incomplete = fixture::log();
    incomplete.footer = None;
    for log in [fixture::log(), fixture::empty(), incomplete, hostile()] {
        check_well_formed(&page(&log));
    }
}

#[test]
fn page_loads_nothing() {
    // A shape of the page itself is no request.
    let page = page(&fixture::log()).replace("url(#", "");
    for request in [
        "src=", "http:", "https:", "url(", "@import", "<link", "<img",
    ] {
        assert!(!page.contains(request), "{request}");
    }
}

#[test]
fn every_link_has_its_target() {
    let page = page(&fixture::log());
    let ids: Vec<&str> = attributes(&page, " id=\"");
    let unique: BTreeSet<&str> = ids.iter().copied().collect();
    assert_eq!(ids.len(), unique.len(), "an id stands twice: {ids:?}");
    for link in attributes(&page, "href=\"#") {
        let link = link.split('?').next().unwrap();
        assert!(unique.contains(link), "{link} leads nowhere");
    }
}

#[test]
fn run_without_footer_says_so_at_the_top() {
    let mut log = fixture::log();
    log.footer = None;
    let page = page(&log);
    assert!(page.contains("(incomplete) - TCP compliance report</title>"));
    assert!(page.contains("Incomplete run: it stopped after 14 of 14 trials."));
}

#[test]
fn empty_log_claims_nothing() {
    let page = page(&fixture::empty());
    assert!(page.contains("0 of 0 trials executed"));
    assert!(page.contains("Nothing was judged."));
    assert!(!page.contains("Nothing unexpected."));
}

#[test]
fn hostile_text_cannot_break_out() {
    let page = page(&hostile());
    keep("hostile", &page);
    for own in ["<script>", "</script>", "<style>", "</style>"] {
        assert_eq!(page.matches(own).count(), 1, "{own}");
    }
    for foreign in ["<img", "-->", "]]>", "\x1b", "\0", "\u{202e}", "=\"\"'"] {
        assert!(!page.contains(foreign), "{foreign:?}");
    }
    assert!(page.len() < 1_000_000, "{} octets", page.len());
}

/// 1,000 cases, each with a handshake's ladder shared by two stacks and both
/// versions of IP.
#[test]
fn page_of_a_thousand_cases_keeps_to_its_budget() {
    let page = page(&fixture::many(1_000));
    keep("many", &page);
    assert!(page.len() < 2_000_000, "{} octets", page.len());
}

/// 1,200 ways to fail in 20 cases: more than a page has room for.
#[test]
fn page_without_room_says_what_it_leaves_out_and_tells_the_worst_in_full() {
    let page = page(&fixture::crowded(20, 60));
    assert!(page.len() < 1_000_000, "{} octets", page.len());
    assert!(page.contains("Not all is told here"));
    assert!(page.contains("1201 of 1201 trials executed"));
    let (_, worst) = page.split_once("id=\"case-last/crash\"").unwrap();
    let (worst, _) = worst.split_once("</section>").unwrap();
    assert!(worst.contains("<pre class=\"trace\">"));
    assert!(packed(&page)[0].contains("Transcript: "));
    check_well_formed(&page);
}

/// 600 cases of hostile texts, in which one in twenty deviates: what passed is
/// packed, and as markup no worse than the page.
#[test]
fn what_passed_is_packed_where_room_is_short() {
    let log = hostile_crowd(600);
    let page = page(&log);
    keep("packed", &page);
    assert!(page.len() < 1_200_000, "{} octets", page.len());
    assert!(!page.contains("Not all is told here"));
    let pieces = packed(&page);
    let of_cases = pieces
        .iter()
        .filter(|piece| piece.contains("class=\"play v-pass\""));
    assert_eq!(of_cases.count(), 570);
    for piece in pieces {
        assert!(!piece.contains("<img") && !piece.contains(['\x1b', '\0', '\u{202e}']));
        check_well_formed(&format!("<!DOCTYPE html>{piece}"));
    }
    check_well_formed(&page);
}

/// The cases of [`hostile`] that passed or deviated, so many times.
fn hostile_crowd(count: usize) -> Log {
    let model = hostile();
    let mut log = Log {
        cases: Vec::new(),
        trials: Vec::new(),
        ..model.clone()
    };
    log.header.planned = 0;
    for number in 0..count {
        let wanted = if number % 20 == 0 {
            Verdict::Deviates
        } else {
            Verdict::Pass
        };
        let trial = fixture::trial(&model, wanted);
        let case = model
            .cases
            .iter()
            .find(|case| case.id == trial.id.case && case.variant == trial.id.variant);
        let (mut case, mut trial) = (case.unwrap().clone(), trial.clone());
        trial.reason.truncate(200);
        for id in [&mut case.id, &mut trial.id.case] {
            id.0 += &number.to_string();
        }
        log.cases.push(case);
        log.trials.push(trial);
    }
    log
}

/// What a page has packed, piece by piece, without their places.
fn packed(page: &str) -> Vec<String> {
    let (_, text) = page.split_once("<template id=\"packed\">").unwrap();
    let (text, _) = text.split_once('<').unwrap();
    let mut pieces = String::new();
    ZlibDecoder::new(&*from_base64(text))
        .read_to_string(&mut pieces)
        .unwrap();
    let pieces = pieces.split('\u{1e}').skip(1);
    pieces
        .map(|piece| piece.split_once('\u{1f}').unwrap().1.to_owned())
        .collect()
}

fn from_base64(text: &str) -> Vec<u8> {
    const DIGITS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut octets, mut bits, mut held) = (Vec::new(), 0_u32, 0);
    for digit in text.chars().filter_map(|digit| DIGITS.find(digit)) {
        (bits, held) = (bits << 6 | digit as u32, held + 6);
        if held >= 8 {
            held -= 8;
            octets.push((bits >> held) as u8);
        }
    }
    octets
}

#[test]
fn trial_without_its_trace_stands_with_those_that_ended_like_it() {
    let mut log = fixture::many(1);
    log.trials[3].trace = Vec::new();
    let page = page(&log);
    assert!(page.contains("Of 1 trials only the end is known here."));
    assert_eq!(page.matches("<pre class=\"trace\">").count(), 1);
    assert!(page.contains("bundled IPv4 IPv6, linux IPv4 IPv6"));
}

/// A log in which every text tries to become markup, and one is endless.
pub(crate) fn hostile() -> Log {
    const ATTACK: &str =
        "</script></style></pre>--> ]]>\"'><img src=x onerror=alert(1)>\x1b[2J\0\u{202e}\t|\n&lt;";
    let text = || ATTACK.to_owned();
    let mut log = fixture::log();
    log.header.tool = text();
    log.header.selection = vec![text()];
    for stack in &mut log.header.stacks {
        stack.version = text();
        stack.unavailable = text();
        stack.profile = vec![(text(), text())];
        stack.capabilities = vec![text()];
    }
    for rule in &mut log.header.requirements {
        (rule.section, rule.summary) = (text(), text());
    }
    for case in &mut log.cases {
        (case.title, case.purpose, case.disputed) = (text(), text(), Some(text()));
        case.id.0 += ATTACK;
        case.variant += ATTACK;
        case.claims.push(RequirementId(text()));
        for step in &mut case.steps {
            (step.text, step.why) = (format!("sut: {ATTACK}"), Some(text()));
        }
    }
    log.trials
        .iter_mut()
        .for_each(|trial| attack(trial, ATTACK));
    log
}

fn attack(trial: &mut Trial, attack: &str) {
    let text = || attack.to_owned();
    trial.id.stack = text();
    trial.id.case.0 += attack;
    trial.id.variant += attack;
    trial.reason = attack.repeat(1_000_000 / attack.len());
    trial.known = trial.known.as_ref().map(|_| text());
    trial.tags = vec![text()];
    if let Some(failure) = &mut trial.failure {
        failure.hint = Some(attack.repeat(1_000_000 / attack.len()));
        (failure.got, failure.states) = (text(), Some((text(), text())));
        for field in &mut failure.delta {
            (field.field, field.expected) = (text(), text());
            (field.got, field.why) = (text(), text());
        }
    }
    for event in &mut trial.trace {
        match &mut event.event {
            Event::Packet { text, note, .. } => {
                *text = attack.to_owned();
                *note = Some(attack.to_owned());
            }
            Event::Wire {
                text, did, note, ..
            } => {
                (*text, *did) = (attack.to_owned(), attack.to_owned());
                *note = Some(attack.to_owned());
            }
            Event::Expected { text, when } => {
                (*text, *when) = (attack.to_owned(), attack.to_owned())
            }
            Event::App { call, result, .. } => {
                (*call, *result) = (attack.to_owned(), attack.to_owned())
            }
            Event::State { state, .. } => attack.clone_into(state),
            Event::Reason { why, .. } => attack.clone_into(why),
            Event::Wait { .. } => (),
        }
    }
}

fn attributes<'p>(page: &'p str, start: &str) -> Vec<&'p str> {
    let rest = page.split(start).skip(1);
    rest.filter_map(|rest| rest.split('"').next()).collect()
}

/// Holds every element to be closed by its own kind, in order; those aside
/// that have no end tag, or need none.
#[track_caller]
fn check_well_formed(page: &str) {
    const NO_END: [&str; 11] = [
        "meta", "input", "td", "th", "tr", "li", "dt", "dd", "p", "thead", "tbody",
    ];
    let mut open: Vec<&str> = Vec::new();
    let mut rest = page.strip_prefix("<!DOCTYPE html>").expect("no doctype");
    while let Some((_, tag)) = rest.split_once('<') {
        let (tag, after) = tag.split_once('>').expect("a tag without end");
        rest = after;
        let name = tag
            .split([' ', '/'])
            .find(|part| !part.is_empty())
            .unwrap_or_default();
        if tag.starts_with('/') && !NO_END.contains(&name) {
            assert_eq!(open.pop(), Some(name), "closed out of order");
        } else if !tag.starts_with('/') && !tag.ends_with('/') && !NO_END.contains(&name) {
            open.push(name);
        }
        if matches!(open.last(), Some(&("script" | "style"))) {
            let end = rest.find("</").expect("a script without end");
            rest = &rest[end..];
        }
    }
    assert!(open.is_empty(), "left open: {open:?}");
}

#[test]
fn what_changed_since_an_earlier_run_stands_on_the_page() {
    let (mut before, after) = (fixture::log(), fixture::log());
    let crashed = before.trials.iter_mut();
    for trial in crashed.filter(|trial| trial.verdict == Verdict::Crash) {
        trial.verdict = Verdict::Pass;
    }
    let report = Report::from_log(&after);
    assert!(!html::render(&report).contains("Since the earlier run"));
    let page = html::render(&report.against(&before, &after));
    assert!(page.contains("<h2>Since the earlier run</h2>"));
    assert!(page.contains("\u{25bc} <b>1</b> worse"));
    check_well_formed(&page);
    let same = Report::from_log(&after).against(&after, &after);
    assert!(html::render(&same).contains("every trial ended as before."));
}

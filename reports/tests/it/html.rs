//! The page: whole, well formed, self-contained, and hard to break.

use std::collections::BTreeSet;

use tcpspec_record::{Log, Verdict};
use tcpspec_reports::{Report, html};

use crate::fixture;

fn page(log: &Log) -> String {
    html::render(&Report::from_log(log))
}

/// The page without style sheet, script and arrow shapes, one element a line:
/// so a change shows as a small diff. The page itself is left in Cargo's
/// directory for temporary files, to be looked at.
#[test]
fn whole_page_is_as_approved() {
    let page = page(&fixture::log());
    std::fs::write(concat!(env!("CARGO_TARGET_TMPDIR"), "/report.html"), &page).unwrap();
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
    assert_eq!(page.matches("<script>").count(), 1);
    assert_eq!(page.matches("</script>").count(), 1);
    assert!(!page.contains("<img"));
    assert!(!page.contains('\x1b'));
    assert!(page.len() < 1_000_000, "{} octets", page.len());
}

/// 1,000 cases, each with a handshake's ladder shared by two stacks and both
/// versions of IP.
#[test]
fn page_of_a_thousand_cases_keeps_to_its_budget() {
    let page = page(&fixture::many(1_000));
    assert!(page.len() < 2_000_000, "{} octets", page.len());
}

/// A log in which every text of a stack tries to become markup.
fn hostile() -> Log {
    const ATTACK: &str = "</script></style>\"'><img onerror=x>\x1b[2J";
    let mut log = fixture::log();
    for stack in &mut log.header.stacks {
        stack.version = ATTACK.to_owned();
        stack.unavailable = ATTACK.to_owned();
        stack.profile = vec![(ATTACK.to_owned(), ATTACK.to_owned())];
        stack.capabilities = vec![ATTACK.to_owned()];
    }
    for trial in &mut log.trials {
        trial.id.stack = ATTACK.to_owned();
        trial.reason = ATTACK.repeat(30_000);
        trial.tags = vec![ATTACK.to_owned()];
        for event in &mut trial.trace {
            if let tcpspec_record::Event::Packet { text, note, .. } = &mut event.event {
                *text = ATTACK.to_owned();
                *note = Some(ATTACK.to_owned());
            }
        }
    }
    log
}

fn attributes<'p>(page: &'p str, start: &str) -> Vec<&'p str> {
    let rest = page.split(start).skip(1);
    rest.filter_map(|rest| rest.split('"').next()).collect()
}

/// Holds every element to be closed by its own kind, in order; those aside
/// that need no end tag.
#[track_caller]
fn check_well_formed(page: &str) {
    const NO_END: [&str; 6] = ["meta", "input", "td", "th", "tr", "li"];
    let mut open: Vec<&str> = Vec::new();
    let mut rest = page.strip_prefix("<!DOCTYPE html>").expect("no doctype");
    while let Some((_, tag)) = rest.split_once('<') {
        let (tag, after) = tag.split_once('>').expect("a tag without end");
        rest = after;
        let name = tag
            .split([' ', '/'])
            .find(|part| !part.is_empty())
            .unwrap_or_default();
        if tag.starts_with('/') {
            assert_eq!(open.pop(), Some(name), "closed out of order");
        } else if !tag.ends_with('/') && !NO_END.contains(&name) {
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
    assert!(html::render(&same).contains("Every trial ended as before."));
}

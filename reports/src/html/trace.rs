//! A ladder as lines of text: a line for each row, its columns parted by tabs.
//!
//! Without scripts this is what is read. With them, `ladder.js` draws arrows,
//! the timing strip and the fields of a segment from the same lines, so no
//! picture is in the page that nobody opens: a report of thousands of ladders
//! stays small. The columns are named in both files.

use std::fmt::Write as _;

use tcpspec_record::Side;

use crate::ladder::{Act, Ladder, Mark, Row, span, stamp};
use crate::model::Steps;
use crate::text::clean;

/// The ladder. `teach` adds what the case says of its steps.
pub(super) fn lines(ladder: &Ladder<'_>, steps: Steps<'_>, teach: bool) -> String {
    let mut text = String::new();
    let mut before = None;
    let rows = ladder.rows.iter();
    for row in rows.filter(|row| teach || row.what.act.is_seen()) {
        let first = before.replace(row.what.step) != Some(row.what.step);
        let columns = columns(row, steps, first, teach);
        let used = columns.iter().rposition(|column| !column.is_empty());
        let columns = &columns[..used.map_or(0, |last| last + 1)];
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{}", columns.join("\t"));
    }
    text
}

/// Step, time, sign, text, states, words, claim, allowed.
fn columns(row: &Row<'_>, steps: Steps<'_>, first: bool, teach: bool) -> [String; 8] {
    let number = steps.number(row.what.step);
    let step = steps.get(row.what.step).filter(|_| number.is_some());
    let number = number.filter(|_| first);
    let claim = step.filter(|_| first && teach);
    let claim = claim.and_then(|step| step.claim.as_ref());
    [
        number.map_or_else(String::new, |number| number.to_string()),
        time(row),
        sign(&row.what.act).to_owned(),
        clean(&what(row)),
        clean(&row.what.states.join(", ")),
        words(row, steps, first && teach),
        claim.map_or_else(String::new, |claim| clean(&claim.0)),
        allowed(row, steps),
    ]
}

fn time(row: &Row<'_>) -> String {
    match &row.what.act {
        Act::Expected { .. } | Act::Step { .. } | Act::Broken(_) => String::new(),
        Act::Prelude { .. } | Act::Packet { .. } | Act::App { .. } | Act::Wait(_) | Act::State => {
            stamp(row.at)
        }
    }
}

/// What kind of row it is; `ladder.js` goes by this.
const fn sign(act: &Act<'_>) -> &'static str {
    match act {
        Act::Packet { from, mark, .. } => match (from, mark) {
            (Side::Peer, Mark::Met) => "\u{2192}\u{00d7}",
            (Side::Peer, _) => "\u{2192}",
            (Side::Sut, Mark::Met) => "\u{00d7}\u{2190}",
            (Side::Sut, Mark::Plain) => "\u{2190}",
            (Side::Sut, Mark::Tolerated) => "\u{2248}\u{2190}",
            (Side::Sut, Mark::Refused) => "\u{2717}\u{2190}",
            (Side::Sut, Mark::After) => "\u{00b7}\u{2190}",
        },
        Act::Expected { silence: false, .. } => "\u{21e0}",
        Act::Expected { silence: true, .. } => "\u{21e0}\u{2205}",
        Act::Broken(_) => "\u{2717}",
        Act::App { .. } => "app",
        Act::Prelude { .. } => "from",
        Act::Wait(_) => "wait",
        Act::State => "state",
        Act::Step { .. } => "step",
    }
}

fn what(row: &Row<'_>) -> String {
    match &row.what.act {
        Act::Packet { .. } => row.full.to_owned(),
        Act::Expected { text, .. } => text.to_string(),
        Act::Broken(what) => what.clone(),
        Act::App { call, result } => format!("{call} \u{2192} {result}"),
        Act::Prelude { name, packets } => {
            let plural = if *packets == 1 { "" } else { "s" };
            format!("prelude {name}: {packets} segment{plural}")
        }
        Act::Wait(nanos) => format!("{} pass", span(*nanos)),
        Act::State => String::new(),
        Act::Step { text, .. } => text.clone(),
    }
}

/// What the case allowed where this came and was taken: nothing if that is what
/// a ladder shows of it anyway, `-` if no pattern says it.
fn allowed(row: &Row<'_>, steps: Steps<'_>) -> String {
    let Act::Packet {
        from: Side::Sut,
        mark: Mark::Plain,
        text,
    } = &row.what.act
    else {
        return String::new();
    };
    let step = steps.get(row.what.step);
    match step.and_then(|step| step.text.strip_prefix("sut: ")) {
        Some(pattern) if pattern == text => String::new(),
        Some(pattern) => clean(pattern),
        None => "-".to_owned(),
    }
}

/// What there is to say of a row: the mark in words, its remark, the stack's
/// reason, the case's sentence.
fn words(row: &Row<'_>, steps: Steps<'_>, teach: bool) -> String {
    let is_own = steps.number(row.what.step).is_some();
    let step = steps.get(row.what.step).filter(|_| teach && is_own);
    let mark = match &row.what.act {
        Act::Expected { .. } => Some(format!("Expected {}.", row.until)),
        act => mark_in_words(act).map(str::to_owned),
    };
    let note = row.what.note.map(str::to_owned);
    let reason = row.reason.map(|reason| reason.to_string());
    let why = step.and_then(|step| step.why.clone());
    let all: Vec<String> = [mark, note, reason, why].into_iter().flatten().collect();
    clean(&all.join(" "))
}

const fn mark_in_words(act: &Act<'_>) -> Option<&'static str> {
    match act {
        Act::Packet { mark, .. } => match mark {
            Mark::Plain => None,
            Mark::Tolerated => Some("tolerated:"),
            Mark::Refused => Some("Got this instead."),
            Mark::After => Some("After the verdict."),
            Mark::Met => Some("The link:"),
        },
        Act::Broken(_) => Some("Here it broke."),
        Act::Step {
            unobserved: true, ..
        } => Some("Cannot be seen on this stack."),
        Act::Expected { .. }
        | Act::Prelude { .. }
        | Act::App { .. }
        | Act::Wait(_)
        | Act::State
        | Act::Step { .. } => None,
    }
}

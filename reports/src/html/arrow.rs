//! A ladder as a table: each row a step with its arrow, time, state and words.
//!
//! The arrows are four SVG shapes, drawn once and used by every row: pages
//! stay small, and the sentences beside the arrows keep their place whatever
//! the width.

use maud::{Markup, PreEscaped, html};
use tcpspec_record::Side;

use super::bits::{anchor, text};
use crate::ladder::{Act, Ladder, Mark, Row, span, stamp};
use crate::model::Steps;

/// The shapes: to the right, to the left, and to the left as expected,
/// refused, and after the verdict.
pub(super) fn shapes() -> Markup {
    PreEscaped(include_str!("arrows.svg").to_owned())
}

/// Draws a ladder. `teach` adds what the case says of its steps.
pub(super) fn ladder(ladder: &Ladder<'_>, steps: Steps<'_>, teach: bool) -> Markup {
    let rows = ladder
        .rows
        .iter()
        .filter(|row| teach || row.what.act.is_seen());
    let rows: Vec<&Row<'_>> = rows.collect();
    html! {
        table.ladder {
            thead { tr { th {} th { span { "peer" } span { "stack" } } } }
            tbody {
                @for (index, row) in rows.iter().enumerate() {
                    @let before = index.checked_sub(1).and_then(|before| rows.get(before));
                    @let first = before.is_none_or(|before| before.what.step != row.what.step);
                    (line(row, steps, first, teach))
                }
            }
        }
    }
}

fn line(row: &Row<'_>, steps: Steps<'_>, first: bool, teach: bool) -> Markup {
    let what = &row.what;
    let number = steps.number(what.step).filter(|_| first);
    html! {
        tr class=[class(&what.act)] {
            td { @if let Some(number) = number { (number) } }
            td { (act(row)) }
            td { (time(row)) }
            td { (what.states.join(", ")) }
            td { (words(row, steps, first && teach)) }
        }
    }
}

const fn class(act: &Act<'_>) -> Option<&'static str> {
    match act {
        Act::Packet { mark, .. } => match mark {
            Mark::Plain => None,
            Mark::Tolerated => Some("tolerated"),
            Mark::Refused => Some("refused"),
            Mark::After => Some("after"),
        },
        Act::Expected { .. } => Some("expected"),
        Act::Broken(_) => Some("refused"),
        Act::App { .. } => Some("app"),
        Act::Prelude { .. } | Act::Wait(_) | Act::State | Act::Step { .. } => Some("aside"),
    }
}

fn act(row: &Row<'_>) -> Markup {
    match &row.what.act {
        Act::Packet { from, text, mark } => {
            let text = format!("{text}{}", row.mss_suffix());
            packet(*from, &text, *mark)
        }
        Act::Expected {
            text: label,
            silence: true,
            ..
        } => text(label),
        Act::Expected { text, .. } => arrow("e", text),
        Act::Broken(what) => text(what),
        Act::App { call, result } => html! { b { (call) } " \u{2192} " (text(result)) },
        Act::Prelude { name, packets } => html! {
            "prelude " b { (name) } ": " (packets)
            @if *packets == 1 { " segment" } @else { " segments" }
        },
        Act::Wait(nanos) => html! { (span(*nanos)) " pass" },
        Act::State => html! {},
        Act::Step { text, .. } => html! { (text) },
    }
}

fn packet(from: Side, text: &str, mark: Mark) -> Markup {
    let shape = match (from, mark) {
        (Side::Peer, _) => "r",
        (Side::Sut, Mark::Plain | Mark::Tolerated) => "l",
        (Side::Sut, Mark::Refused) => "x",
        (Side::Sut, Mark::After) => "a",
    };
    arrow(shape, text)
}

fn arrow(shape: &str, label: &str) -> Markup {
    html! { (text(label)) svg { use href={"#" (shape)} {} } }
}

fn time(row: &Row<'_>) -> Markup {
    match &row.what.act {
        Act::Expected { .. } => html! { "expected " (row.until) },
        Act::Step { .. } | Act::Broken(_) => html! {},
        Act::Prelude { .. } | Act::Packet { .. } | Act::App { .. } | Act::Wait(_) | Act::State => {
            html! { (stamp(row.at)) }
        }
    }
}

/// What there is to say of a row: the case's sentence, its remark, the mark in
/// words.
fn words(row: &Row<'_>, steps: Steps<'_>, teach: bool) -> Markup {
    let is_own = steps.number(row.what.step).is_some();
    let step = steps.get(row.what.step).filter(|_| teach && is_own);
    html! {
        @if let Some(mark) = mark_in_words(&row.what.act) { b { (mark) } " " }
        @if let Some(note) = row.what.note { (text(note)) " " }
        @if let Some(reason) = row.reason { b { (reason.to_string()) } " " }
        @if let Some(why) = step.and_then(|step| step.why.as_deref()) { (why) " " }
        @if let Some(claim) = step.and_then(|step| step.claim.as_ref()) {
            a.cite href={"#" (anchor("req", &claim.0))} { (claim) }
        }
    }
}

const fn mark_in_words(act: &Act<'_>) -> Option<&'static str> {
    match act {
        Act::Packet { mark, .. } => match mark {
            Mark::Plain => None,
            Mark::Tolerated => Some("tolerated:"),
            Mark::Refused => Some("got this instead"),
            Mark::After => Some("after the verdict"),
        },
        Act::Broken(_) => Some("here it broke"),
        Act::Step {
            unobserved: true, ..
        } => Some("cannot be seen on this stack"),
        Act::Expected { .. }
        | Act::Prelude { .. }
        | Act::App { .. }
        | Act::Wait(_)
        | Act::State
        | Act::Step { .. } => None,
    }
}

//! The ladder in characters.
//!
//! ```text
//!       peer                                          sut            state
//!   1    |<--------- FIN+ACK seq=1 ack=1 --------------|  +0.000  FIN-WAIT-1
//! ```
//!
//! Dashes with gaps are what was expected, `!!` and `=` what was refused, dots
//! what came after the verdict.

use std::cmp::Ordering;

use tcpspec_record::Side;

use super::ink::{Ink, Style, clean};
use crate::ladder::{Act, Ladder, Mark, Row, span, stamp};
use crate::model::Steps;

/// Columns between the two lifelines.
const INNER: usize = 45;
/// Columns of states.
const STATES: usize = 15;
/// Columns of an arrow before its text.
const LEAD: usize = 11;
/// Rows shown before what broke the trial.
const ROWS_BEFORE: usize = 11;
/// Rows shown after it.
const ROWS_AFTER: usize = 2;

/// The lines of the picture, heading included.
pub(super) fn draw(ladder: &Ladder<'_>, steps: Steps<'_>, style: Style) -> Vec<String> {
    let rows: Vec<&Row<'_>> = ladder.rows.iter().filter(|row| is_drawn(row)).collect();
    let (window, before, after) = window(&rows);
    let mut lines = vec![heading(style)];
    lines.extend(left_out(before, "earlier", style));
    for row in window {
        lines.extend(line(row, steps, style));
        lines.extend(note(row, style));
        lines.extend(row.reason.map(|reason| {
            let text = clean(&format!("  ({reason})"));
            style.paint(Ink::Bad, &format!("       |{text:INNER$}|"))
        }));
    }
    lines.extend(left_out(after, "later", style));
    lines
}

/// A step without an event is for teaching, not for this screen.
const fn is_drawn(row: &Row<'_>) -> bool {
    !matches!(row.what.act, Act::Step { .. })
}

/// The rows around the one that broke the trial, or the last ones; and how
/// many are left out before and after.
fn window<'r, 'a>(rows: &'r [&'a Row<'a>]) -> (&'r [&'a Row<'a>], usize, usize) {
    let broke = rows.iter().position(|row| row.what.act.is_refused());
    let to = broke.map_or(rows.len(), |at| at + 1 + ROWS_AFTER);
    let to = to.min(rows.len());
    let from = to.saturating_sub(ROWS_BEFORE + 1 + ROWS_AFTER);
    (&rows[from..to], from, rows.len() - to)
}

fn left_out(count: usize, which: &str, style: Style) -> Option<String> {
    let rows = if count == 1 { "row" } else { "rows" };
    (count > 0).then(|| style.paint(Ink::Faint, &format!("        ... {count} {which} {rows}")))
}

fn heading(style: Style) -> String {
    let gap = INNER - 3;
    let text = format!("      peer{:gap$}sut            state", "");
    style.paint(Ink::Faint, &text)
}

fn line(row: &Row<'_>, steps: Steps<'_>, style: Style) -> Vec<String> {
    let what = &row.what;
    let (marker, ink) = marker(&what.act);
    let number = match (&what.act, steps.number(what.step)) {
        (Act::Prelude { .. } | Act::State, _) | (_, None) => String::new(),
        (_, Some(number)) => number.to_string(),
    };
    let (body, time) = match &what.act {
        Act::Prelude { name, packets } => (prelude(name, *packets), stamp(row.at)),
        Act::Packet { from, text, mark } => {
            let text = format!("{text}{}", row.mss_suffix());
            (packet(*from, &text, *mark), stamp(row.at))
        }
        Act::Expected { text, silence } => (
            expected(text, *silence),
            format!("expected {}", clean(row.until)),
        ),
        Act::Broken(text) => (
            lifelines(&format!("{:LEAD$}{}", "", clean(text))),
            String::new(),
        ),
        Act::App { call, result } => (app(call, result), stamp(row.at)),
        Act::Wait(nanos) => (wait(*nanos), stamp(row.at)),
        Act::State | Act::Step { .. } => (lifelines(""), stamp(row.at)),
    };
    let mut lines = Vec::new();
    for (at, states) in states(&what.states).into_iter().enumerate() {
        let got = if what.act.is_refused() && at == 0 {
            "got  "
        } else {
            ""
        };
        let text = match at {
            0 => format!("{number:>3} {marker:2} {body}  {time:<8}  {got}{states}"),
            _ => format!("       {}  {:8}  {states}", lifelines(""), ""),
        };
        let text = text.trim_end();
        lines.push(ink.map_or_else(|| text.to_owned(), |ink| style.paint(ink, text)));
    }
    lines
}

/// The states a connection went through, in as many lines as their column needs.
fn states(states: &[&str]) -> Vec<String> {
    let mut lines = vec![String::new()];
    for (at, state) in states.iter().enumerate() {
        let comma = if at + 1 < states.len() { "," } else { "" };
        let state = format!("{}{comma}", clean(state));
        let last = lines.len() - 1;
        let line = &mut lines[last];
        if line.is_empty() {
            *line = state;
        } else if line.chars().count() + 1 + state.chars().count() <= STATES {
            line.push_str(&format!(" {state}"));
        } else {
            lines.push(state);
        }
    }
    lines
}

const fn marker(act: &Act<'_>) -> (&'static str, Option<Ink>) {
    match act {
        Act::Packet { mark, .. } => match mark {
            Mark::Plain => ("", None),
            Mark::Tolerated => ("~", None),
            Mark::Refused => ("!!", Some(Ink::Bad)),
            Mark::After | Mark::Met => ("", Some(Ink::Faint)),
        },
        Act::Expected { .. } => ("", Some(Ink::Good)),
        Act::Broken(_) => ("!!", Some(Ink::Bad)),
        Act::Prelude { .. } | Act::Wait(_) | Act::State => ("", Some(Ink::Faint)),
        Act::App { .. } | Act::Step { .. } => ("", None),
    }
}

/// A remark takes a line of its own, from lifeline to lifeline.
fn note(row: &Row<'_>, style: Style) -> Option<String> {
    let (text, _) = fit(&clean(row.what.note?), INNER - 4);
    let text = format!("       |{:INNER$}|", format!("  ({text})"));
    Some(style.paint(Ink::Faint, &text))
}

/// A text cut to fit, and how many columns it takes.
fn fit(text: &str, max: usize) -> (String, usize) {
    let len = text.chars().count();
    match len.cmp(&max) {
        Ordering::Less | Ordering::Equal => (text.to_owned(), len),
        Ordering::Greater => {
            let cut: String = text.chars().take(max.saturating_sub(3)).collect();
            (cut + "...", max)
        }
    }
}

fn lifelines(text: &str) -> String {
    let (text, _) = fit(text, INNER);
    format!("|{text:INNER$}|")
}

fn prelude(name: &str, packets: usize) -> String {
    let plural = if packets == 1 { "" } else { "s" };
    lifelines(&format!(
        "  prelude {}: {packets} segment{plural}",
        clean(name)
    ))
}

fn app(call: &str, result: &str) -> String {
    let text = format!("app: {} -> {}", clean(call), clean(result));
    let (text, _) = fit(&text, INNER - 4);
    format!("|{:>INNER$}|", format!("{text} *"))
}

fn wait(nanos: u64) -> String {
    lifelines(&format!("{:LEAD$}: {} pass", "", span(nanos)))
}

fn packet(from: Side, text: &str, mark: Mark) -> String {
    match mark {
        Mark::Plain | Mark::Tolerated => arrow(from, text, "-"),
        Mark::Refused => arrow(from, text, "="),
        Mark::After => arrow(from, text, "."),
        // It does not get there.
        Mark::Met => drawn(from, text, "-", "xx"),
    }
}

fn expected(text: &str, silence: bool) -> String {
    if silence {
        lifelines(&format!("{:LEAD$}({})", "", clean(text)))
    } else {
        arrow(Side::Sut, text, "- ")
    }
}

/// An arrow with its text. `stroke` is repeated to draw it.
fn arrow(from: Side, text: &str, stroke: &str) -> String {
    drawn(from, text, stroke, "<>")
}

/// The same with these heads, the one at the left first.
fn drawn(from: Side, text: &str, stroke: &str, heads: &str) -> String {
    let (text, len) = fit(&aligned(&clean(text)), INNER - 6);
    let lead = LEAD.min(INNER - 3 - len);
    let line: Vec<char> = stroke.chars().cycle().take(INNER).collect();
    let mut line: Vec<char> = line;
    let text = format!(" {text} ");
    for (cell, c) in line[lead - 1..].iter_mut().zip(text.chars()) {
        *cell = c;
    }
    let mut heads = heads.chars();
    match from {
        Side::Peer => line[INNER - 1] = heads.next_back().unwrap_or('>'),
        Side::Sut => line[0] = heads.next().unwrap_or('<'),
    }
    format!("|{}|", line.into_iter().collect::<String>())
}

/// The flags padded, so that the numbers stand below each other.
fn aligned(text: &str) -> String {
    match text.split_once(" seq=") {
        Some((flags, rest)) => format!("{flags:<7} seq={rest}"),
        None => text.to_owned(),
    }
}

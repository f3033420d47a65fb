//! The requirements of an RFC by section and level: decided, cited and untested
//! kept apart, and what was decided by how it stands.

use maud::{Markup, html};

use super::bits::level;
use crate::model::{Judged, MatrixCell, Report, Rfc, SectionRow};

/// A table of sections by levels.
pub(super) fn matrix(report: &Report<'_>, rfc: &Rfc<'_>) -> Markup {
    let many = report.stacks.len() > 1;
    html! {
        div.scroll {
            table.cells.matrix data-rfc=(rfc.number) {
                thead { tr {
                    th scope="col" { "Section" }
                    @for each in &rfc.matrix.levels { th scope="col" { (level(*each)) } }
                } }
                tbody {
                    @for section in &rfc.matrix.sections { (row(report, section, many)) }
                }
            }
        }
    }
}

/// A section. The script makes its cells links to their cases.
fn row(report: &Report<'_>, section: &SectionRow, many: bool) -> Markup {
    html! {
        tr {
            th scope="row" { (section.section) }
            @for found in &section.cells {
                td { @if let Some(found) = found { (cell(report, found, many)) } }
            }
        }
    }
}

fn cell(report: &Report<'_>, cell: &MatrixCell, many: bool) -> Markup {
    html! {
        @for (judged, stacks) in alike(report, cell) {
            span class={"line " (class(&judged))} {
                @if many { b { (stacks) } " " }
                (counts(&judged))
            }
        }
        (rest(cell))
    }
}

/// The stacks on which the requirements stand alike share a line.
fn alike(report: &Report<'_>, cell: &MatrixCell) -> Vec<(Judged, String)> {
    let mut lines: Vec<(Judged, String)> = Vec::new();
    let stacks = cell.stacks.iter().zip(&report.stacks);
    for (judged, stack) in stacks.filter(|(judged, _)| judged.decided() + judged.open > 0) {
        let letter = letter(report, &stack.info.name);
        match lines.iter_mut().find(|(other, _)| other == judged) {
            Some((_, letters)) => letters.push(letter),
            None => lines.push((*judged, letter.to_string())),
        }
    }
    lines
}

/// The worst of what was decided.
const fn class(judged: &Judged) -> &'static str {
    match judged {
        Judged { broken: 1.., .. } => "failed",
        Judged { known: 1.., .. } | Judged { deviates: 1.., .. } => "known",
        Judged { met: 1.., .. } => "seen",
        Judged { .. } => "open",
    }
}

/// How requirements stand, by signs.
pub(super) fn counts(judged: &Judged) -> Markup {
    let departs = judged.known + judged.deviates;
    let parts = [
        ("v-pass", "\u{2713}", judged.met),
        ("v-deviates", "\u{2248}", departs),
        ("v-fail", "\u{2717}", judged.broken),
        ("v-skip", "\u{2013}", judged.open),
    ];
    html! {
        @for (class, sign, count) in parts {
            @if count > 0 { span class=(class) { (sign) "\u{a0}" (count) } " " }
        }
    }
}

/// What no case of the run is about.
pub(super) fn rest(cell: &MatrixCell) -> Markup {
    let parts = [
        ("untested", "\u{2205}", cell.untested()),
        ("restated elsewhere", "\u{21aa}", cell.restated),
        ("not to be seen from outside", "\u{25cb}", cell.unjudged),
    ];
    html! {
        @if cell.untested() + cell.restated + cell.unjudged > 0 {
            span.line.never {
                @for (words, sign, count) in parts {
                    @if count > 0 { span title=(words) { (sign) "\u{a0}" (count) } " " }
                }
            }
        }
    }
}

/// What the signs mean, and which letter is which stack.
pub(super) fn key(report: &Report<'_>) -> Markup {
    html! {
        p.key {
            span.seen { "\u{2713} met" } span.known { "\u{2248} met with a departure, or broken as known" }
            span.failed { "\u{2717} broken" } span { "\u{2013} cited, not decided" } span.never { "\u{2205} untested" }
            span.never { "\u{21aa} restated by others, which are decided" } span.never { "\u{25cb} not to be seen from outside" }
        }
        @if report.stacks.len() > 1 {
            p.key { @for stack in &report.stacks { span { b { (letter(report, &stack.info.name)) } " " (stack.info.name) } } }
        }
    }
}

/// A stack in one letter: `A` is the first.
pub(super) fn letter(report: &Report<'_>, stack: &str) -> char {
    let at = report
        .stacks
        .iter()
        .position(|each| each.info.name == stack);
    at.and_then(|at| ('A'..='Z').nth(at)).unwrap_or('*')
}

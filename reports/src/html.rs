//! The report as one page: no request to anywhere, readable with scripts off,
//! light and dark, on screen and on paper.
//!
//! Every text is escaped by the template engine; only this crate's own style
//! sheet, script and arrow shapes go in as they are. A policy in the page
//! forbids it to load anything. Left out: counting, which is the model's.

mod bits;
mod capabilities;
mod capture;
mod cases;
mod causes;
mod changes;
mod compare;
mod diagram;
mod explain;
mod health;
mod keys;
mod matrix;
mod overview;
mod pack;
mod play;
mod requirements;
mod room;
mod skips;
mod states;
mod trace;
mod transcript;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::model::Report;
use crate::text::is_bidi;

/// What the page may load: nothing. Only what stands in it counts.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'";

/// How the page looks: what all of it shares, and the sections before the cases.
const STYLE: &str = concat!(
    include_str!("html/style.css"),
    include_str!("html/sections.css")
);

/// What makes the page easier to use; it reads well without.
const SCRIPT: &str = concat!(
    "\"use strict\";\n",
    include_str!("html/unpack.js"),
    include_str!("html/ladder.js"),
    include_str!("html/cases.js")
);

/// What arrows are made of.
const SHAPES: &str = include_str!("html/arrows.svg");

/// Octets of a page besides its parts: their tags, its title, what it leaves out.
const FRAME: usize = 2_500;

/// Renders the page.
#[must_use]
pub fn render(report: &Report<'_>) -> String {
    let before = html! {
        (overview::headline(report))
        (overview::stacks(report))
        (causes::section(report))
        (changes::section(report))
        (compare::section(report))
        (requirements::section(report))
        (states::section(report))
        (overview::groups(report))
    };
    let after = html! {
        (skips::section(report))
        (capabilities::section(report))
        (health::section(report))
    };
    let [before, after] = [before, after].map(finished);
    let header = html! { (overview::masthead(report)) (contents(report)) };
    let (style, script) = (terse(STYLE), terse(SCRIPT));
    let frame = style.len() + script.len() + SHAPES.len() + FRAME;
    let rest = frame
        + [&header, &before, &after]
            .map(|part| part.0.len())
            .iter()
            .sum::<usize>();
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            (head(report, &style))
            body {
                (PreEscaped(SHAPES))
                header { (header) }
                main { (before) (cases::section(report, rest)) (after) }
                footer { p { "Written by " (report.header.tool) " from the log of the run alone." } }
                script { (PreEscaped(script)) }
            }
        }
    };
    finished(page).into_string()
}

/// Markup as it stands in the page, or packed in it.
fn finished(markup: Markup) -> Markup {
    PreEscaped(lean(printable(markup.into_string())))
}

fn head(report: &Report<'_>, style: &str) -> Markup {
    let incomplete = if report.incomplete {
        " (incomplete)"
    } else {
        ""
    };
    html! {
        head {
            meta charset="utf-8";
            meta name="viewport" content="width=device-width, initial-scale=1";
            meta name="color-scheme" content="light dark";
            meta http-equiv="Content-Security-Policy" content=(POLICY);
            title { (report.headline()) (incomplete) " - TCP compliance report" }
            style { (PreEscaped(style)) }
        }
    }
}

fn contents(report: &Report<'_>) -> Markup {
    let skips = !(report.skipped.is_empty() && report.blocked.is_empty());
    html! {
        nav aria-label="Contents" {
            a href="#stacks" { "Stacks" }
            @if !report.causes.is_empty() { a href="#causes" { "Why" } }
            @if report.changes.is_some() { a href="#changes" { "Changes" } }
            @if report.comparison.columns.len() > 1 { a href="#compare" { "Side by side" } }
            a href="#requirements" { "Requirements" }
            @if report.states.iter().any(|states| !states.met.is_empty()) { a href="#states" { "States" } }
            a href="#groups" { "Totals" }
            a href="#cases" { "Cases" }
            @if skips { a href="#skips" { "Not run" } }
            @if !report.stacks.is_empty() { a href="#capabilities" { "Declared" } }
            a href="#health" { "Trust" }
        }
    }
}

/// Lines of a style sheet or a script without what is there for its readers:
/// indentation and lines of remarks.
fn terse(text: &str) -> String {
    let lines = text.lines().map(str::trim);
    let said = lines.filter(|line| !line.starts_with("//") && !line.is_empty());
    said.collect::<Vec<_>>().join("\n")
}

/// Control characters have no place in a page, wherever they came from, nor
/// have those that turn round the order of others.
pub(crate) fn printable(page: String) -> String {
    let harmful = |c: char| is_bidi(c) || (c.is_control() && !matches!(c, '\n' | '\t'));
    if page.contains(harmful) {
        page.replace(harmful, "\u{fffd}")
    } else {
        page
    }
}

/// Leaves out the end tags that HTML lets out, where the next tag says as
/// much: ladders are mostly cells, and this is an eighth of the page.
fn lean(page: String) -> String {
    const IMPLIED: [&str; 6] = ["</td>", "</th>", "</tr>", "</li>", "</dt>", "</dd>"];
    let page = IMPLIED.iter().fold(page, |page, tag| page.replace(tag, ""));
    let behind = [
        ("</p></div>", "</div>"),
        ("</p><p", "<p"),
        ("</thead><tbody>", "<tbody>"),
        ("</tbody></table>", "</table>"),
    ];
    behind
        .iter()
        .fold(page, |page, (both, one)| page.replace(both, one))
}

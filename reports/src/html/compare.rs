//! The stacks side by side: where their verdicts differ, which of them stands
//! alone, and what each chose where the RFCs leave a choice.

use std::collections::BTreeSet;

use maud::{Markup, html};
use tcpspec_record::Verdict;

use super::bits::{cases, count, link, sign};
use crate::model::{Choice, Column, Comparison, Pattern, Report, Row};

/// Variants named for one pattern, and choices listed; the others are counted.
const ROWS_MAX: usize = 60;
/// Choices that are open from the beginning.
const OPEN_MAX: usize = 12;
/// Variants that are named without opening anything.
const NAMED: usize = 3;

/// The section; nothing if there are no two stacks to compare.
pub(super) fn section(report: &Report<'_>) -> Markup {
    let comparison = &report.comparison;
    html! {
        @if comparison.columns.len() > 1 {
            section #compare {
                h2 { "Side by side" }
                p {
                    b { (comparison.alike) } " variants ended alike on all stacks that played them, "
                    b { (comparison.differences.len()) } " did not."
                }
                (differences(comparison))
                (fingerprints(comparison))
            }
        }
    }
}

fn heads(columns: &[Column<'_>], last: &str) -> Markup {
    html! {
        thead { tr {
            @for column in columns { th scope="col" { (name(column)) } }
            th scope="col" { (last) }
        } }
    }
}

fn name(column: &Column<'_>) -> String {
    match column.run {
        Some(run) => format!("{run}: {}", column.stack),
        None => column.stack.to_owned(),
    }
}

fn differences(comparison: &Comparison<'_>) -> Markup {
    let patterns = comparison.patterns();
    html! {
        @if !patterns.is_empty() {
            h3 { "Where they differ" }
            p.lead { "A line for each way to differ. A stack that ended otherwise than all others is framed." }
            div.scroll {
                table.cells.compare {
                    (heads(&comparison.columns, "Variants"))
                    tbody { @for pattern in &patterns { (pattern_row(&comparison.columns, pattern)) } }
                }
            }
        }
    }
}

fn pattern_row(columns: &[Column<'_>], pattern: &Pattern<'_, '_>) -> Markup {
    let cells = pattern.verdicts.iter().zip(columns).enumerate();
    html! {
        tr {
            @for (at, (verdict, column)) in cells { (verdict_cell(*verdict, column, pattern.odd == Some(at))) }
            td.variants { (variants(&pattern.rows)) }
        }
    }
}

fn verdict_cell(verdict: Option<(Verdict, bool)>, column: &Column<'_>, odd: bool) -> Markup {
    html! {
        @match verdict {
            Some((verdict, known)) => {
                td class=[odd.then_some("odd")] {
                    span class={"v-" (verdict.word())} title={(name(column)) @if odd { ", unlike all others" }} {
                        (sign(verdict)) " " @if known { "known " } (verdict.word())
                    }
                    @if odd { small { " alone" } }
                }
            }
            None => td { span.v-skip { "not played" } },
        }
    }
}

/// The first by name, all of them behind.
fn variants(rows: &[&Row<'_>]) -> Markup {
    let more = rows.len().saturating_sub(ROWS_MAX);
    let names = |rows: &[&Row<'_>]| html! { @for row in rows { (case(row)) " " } };
    html! {
        @if rows.len() <= NAMED { (names(rows)) }
        @else {
            details {
                summary { b { (count(rows.len(), "variant")) } ", such as " code { (rows[0].id()) } }
                // The script makes them links.
                span.ids { @for row in &rows[..rows.len() - more] { (row.id()) " " } }
                @if more > 0 { "and " (more) " more" }
            }
        }
    }
}

/// A link to the panel of the case; a variant alone has no panel.
fn case(row: &Row<'_>) -> Markup {
    html! {
        @if row.variant.is_empty() { (link("case", &row.case.0)) }
        @else { (link("case", &row.case.0)) small { "@" (row.variant) } }
    }
}

fn fingerprints(comparison: &Comparison<'_>) -> Markup {
    let choices = comparison.fingerprint();
    let (different, same): (Vec<_>, Vec<_>) =
        choices.iter().partition(|choice| choice.is_different());
    let variants = |choices: &[&Choice<'_, '_>]| {
        choices
            .iter()
            .map(|choice| choice.rows.len())
            .sum::<usize>()
    };
    html! {
        @if !choices.is_empty() {
            h3 { "What each chose" }
            p.lead {
                "Where the RFCs leave a choice, a case names what it saw. All of a stack's choices are its fingerprint: "
                "two stacks of one origin choose alike."
            }
            (likeness(comparison))
            @if !different.is_empty() {
                details open[different.len() <= OPEN_MAX] {
                    summary { (count(variants(&different), "variant")) " in which they chose differently" }
                    (table(comparison, &different))
                }
            }
            @if !same.is_empty() {
                details {
                    summary { (count(variants(&same), "variant")) " in which all that were seen to choose agree" }
                    (table(comparison, &same))
                }
            }
        }
    }
}

/// How far each two of them choose alike.
fn likeness(comparison: &Comparison<'_>) -> Markup {
    let columns = &comparison.columns;
    html! {
        div.scroll {
            table.cells {
                thead { tr { td {} @for column in columns { th scope="col" { (name(column)) } } } }
                tbody {
                    @for (one, column) in columns.iter().enumerate() {
                        tr {
                            th scope="row" { (name(column)) }
                            @for other in 0..columns.len() { (likeness_cell(comparison, one, other)) }
                        }
                    }
                }
            }
        }
    }
}

fn likeness_cell(comparison: &Comparison<'_>, one: usize, other: usize) -> Markup {
    let likeness = comparison.likeness(one, other);
    html! {
        @if one == other { td.never { (comparison.choices.iter().filter(|row| row.chosen(one).is_some()).count()) " choices" } }
        @else if likeness.both == 0 { td.never { "none in common" } }
        @else { td { (likeness.same) " of " (likeness.both) " alike" } }
    }
}

fn table(comparison: &Comparison<'_>, choices: &[&Choice<'_, '_>]) -> Markup {
    let more = choices.len().saturating_sub(ROWS_MAX);
    html! {
        div.scroll {
            table.cells.compare {
                (heads(&comparison.columns, "Variants"))
                tbody {
                    @for choice in choices.iter().take(ROWS_MAX) {
                        tr {
                            @for (at, tags) in choice.tags.iter().enumerate() { (chosen(*tags, choice.odd == Some(at))) }
                            td.variants { (variants(&choice.rows)) }
                        }
                    }
                }
            }
        }
        @if more > 0 { p { "And " (more) " more." } }
    }
}

fn chosen(tags: Option<&BTreeSet<&str>>, odd: bool) -> Markup {
    html! {
        td class=[odd.then_some("odd")] {
            @match tags {
                Some(tags) => { @for tag in tags { a.tag href=(cases(&[("tag", tag)])) { (tag) } " " } }
                None => span.v-skip { "\u{2013}" },
            }
            @if odd { small { " alone" } }
        }
    }
}

//! The stacks side by side: where their verdicts differ, which of them stands
//! alone, and what each chose where the RFCs leave a choice.

use maud::{Markup, html};
use tcpspec_record::Verdict;

use super::bits::{cases, count, link, sign};
use crate::model::{Column, Comparison, Pattern, Report, Row};

/// Variants named for one pattern, and choices listed; the others are counted.
const ROWS_MAX: usize = 60;
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
                (names(&rows[..rows.len() - more]))
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
    let (different, same): (Vec<_>, Vec<_>) = comparison
        .choices
        .iter()
        .partition(|row| row.chose_differently());
    html! {
        @if !comparison.choices.is_empty() {
            h3 { "What each chose" }
            p.lead {
                "Where the RFCs leave a choice, a case names what it saw. All of a stack's choices are its fingerprint: "
                "two stacks of one origin choose alike."
            }
            (likeness(comparison))
            (choices(comparison, &different))
            @if !same.is_empty() {
                details {
                    summary { (count(same.len(), "choice")) " in which all that were seen to choose agree" }
                    (choices(comparison, &same))
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
                thead { tr { th {} @for column in columns { th scope="col" { (name(column)) } } } }
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

fn choices(comparison: &Comparison<'_>, rows: &[&Row<'_>]) -> Markup {
    let more = rows.len().saturating_sub(ROWS_MAX);
    html! {
        @if !rows.is_empty() {
            div.scroll {
                table.cells.compare {
                    (heads(&comparison.columns, "Variant"))
                    tbody {
                        @for row in rows.iter().take(ROWS_MAX) {
                            tr {
                                @for at in 0..comparison.columns.len() { (chosen(row, at)) }
                                td.variants { (case(row)) }
                            }
                        }
                    }
                }
            }
            @if more > 0 { p { "And " (more) " more." } }
        }
    }
}

fn chosen(row: &Row<'_>, at: usize) -> Markup {
    let odd = row.odd == Some(at);
    html! {
        td class=[odd.then_some("odd")] {
            @match row.chosen(at) {
                Some(tags) => { @for tag in tags { a.tag href=(cases(&[("tag", tag)])) { (tag) } " " } }
                None => span.v-skip { "\u{2013}" },
            }
            @if odd { small { " alone" } }
        }
    }
}

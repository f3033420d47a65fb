//! The top of the page: masthead, headline, stacks, totals by group.

use maud::{Markup, html};
use tcpspec_record::Tally;

use super::bits::{READING_ORDER, anchor, bar, counts, short_counts, sign};
use crate::model::{Report, StackReport};

/// What this is, and of which run.
pub(super) fn masthead(report: &Report<'_>) -> Markup {
    let header = report.header;
    html! {
        h1 { "TCP compliance report" }
        p.run {
            (header.tool) " · seed " (header.seed) " · "
            @if header.selection.is_empty() { "all cases" }
            @else { "selection " code { (header.selection.join(" ")) } }
            @if header.strict { " · strict: deviations count as failures" }
        }
    }
}

/// The verdict on the run in a few words and one bar.
pub(super) fn headline(report: &Report<'_>) -> Markup {
    let unexpected = report.tally.unexpected(report.header.strict);
    let undecided = report.tally.inconclusive + report.tally.blocked;
    html! {
        section #headline {
            @if let Some(notice) = report.incomplete_notice() {
                p.notice { b { (notice) } " Every number below is of what ran until then." }
            }
            p.big { (report.headline()) }
            p.outcome {
                @if unexpected > 0 { b.v-fail { "\u{2717} " (unexpected) " unexpected" } " failed, crashed or got stuck. " }
                @else if report.tally.executed() > 0 { b.v-pass { "\u{2713} Nothing unexpected." } " " }
                @else { b.v-deviates { "? Nothing was judged." } " " }
                @if undecided > 0 { b.v-deviates { "? " (undecided) " undecided" } " (blocked or inconclusive). " }
            }
            (super::changes::summary(report))
            (bar(&report.tally))
            p.counts { (counts(&report.tally)) }
            @if !report.stale.is_empty() {
                div.notice {
                    b { "The baseline is stale." } " What it says no longer holds of:"
                    ul { @for variant in report.stale { li { code { (variant) } } } }
                }
            }
        }
    }
}

/// Each stack as it declared itself.
pub(super) fn stacks(report: &Report<'_>) -> Markup {
    html! {
        section #stacks {
            h2 { "Stacks" }
            div.cards { @for stack in &report.stacks { (card(stack, report.header.strict)) } }
        }
    }
}

fn card(stack: &StackReport<'_>, strict: bool) -> Markup {
    let info = &stack.info;
    html! {
        article.card id=(anchor("stack", &info.name)) {
            h3 { (info.name) " " small { (info.version) } }
            @if !info.unavailable.is_empty() {
                p.notice { b { "Not available: " } (info.unavailable) }
            }
            p { (outcome(&stack.tally, strict)) b { (stack.tally.executed()) " of " (stack.tally.total()) } " trials executed" }
            (bar(&stack.tally))
            p.counts { (counts(&stack.tally)) }
        }
    }
}

/// Whether that is as it should be.
fn outcome(tally: &Tally, strict: bool) -> Markup {
    let unexpected = tally.unexpected(strict);
    html! {
        @if unexpected > 0 { b.v-fail { "\u{2717} " (unexpected) " unexpected" } " · " }
        @else if tally.inconclusive + tally.blocked > 0 { b.v-deviates { "? undecided" } " · " }
        @else if tally.executed() > 0 { b.v-pass { "\u{2713} nothing unexpected" } " · " }
    }
}

/// Totals: groups down, stacks across.
pub(super) fn groups(report: &Report<'_>) -> Markup {
    html! {
        section #groups {
            h2 { "Totals by group" }
            p.lead { @for verdict in READING_ORDER { span.count { (sign(verdict)) " " (verdict) } } }
            div.scroll {
                table.grid.totals {
                    thead { tr {
                        th { "Group" }
                        @for stack in &report.stacks { th { (stack.info.name) } }
                    } }
                    tbody {
                        @for group in &report.groups {
                            tr {
                                th { a href={"#" (anchor("group", &group.name))} { (group.name) } }
                                @for tally in &group.tallies { td { (short_counts(tally)) } }
                            }
                        }
                    }
                    tfoot { tr {
                        th { "all" }
                        @for stack in &report.stacks { td { (short_counts(&stack.tally)) } }
                    } }
                }
            }
        }
    }
}

//! What was not run, by reason.

use maud::{Markup, html};

use super::bits::text;
use crate::model::{Reason, Report};

/// Variants named for one reason; the others are counted.
const VARIANTS_MAX: usize = 200;

/// The section; nothing if everything ran.
pub(super) fn section(report: &Report<'_>) -> Markup {
    html! {
        @if !(report.skipped.is_empty() && report.blocked.is_empty()) {
            section #skips {
                h2 { "Not run" }
                (table("Blocked: the way there failed", &report.blocked))
                (table("Skipped", &report.skipped))
            }
        }
    }
}

fn table(title: &str, reasons: &[Reason<'_>]) -> Markup {
    html! {
        @if !reasons.is_empty() {
            h3 { (title) }
            table.grid {
                thead { tr { th { "Reason" } th { "Stacks" } th { "Trials" } } }
                tbody { @for reason in reasons { (row(reason)) } }
            }
        }
    }
}

fn row(reason: &Reason<'_>) -> Markup {
    let stacks: Vec<&str> = reason.stacks.iter().copied().collect();
    let more = reason.variants.len().saturating_sub(VARIANTS_MAX);
    html! {
        tr {
            td {
                details {
                    summary { @if reason.text.is_empty() { "no reason given" } @else { (text(reason.text)) } }
                    @for variant in reason.variants.iter().take(VARIANTS_MAX) { code { (variant) } " " }
                    @if more > 0 { "and " (more) " more" }
                }
            }
            td { (stacks.join(", ")) }
            td { (reason.trials) }
        }
    }
}

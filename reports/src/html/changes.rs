//! What changed since an earlier run, what got worse first.

use maud::{Markup, html};
use tcpspec_record::{Trial, TrialId};

use super::bits::{anchor, badge, text};
use crate::model::{Change, ChangeKind, Report};

/// Changes listed of one kind; the others are counted.
const ROWS_MAX: usize = 100;

/// The section; nothing without an earlier run.
pub(super) fn section(report: &Report<'_>) -> Markup {
    let Some(changes) = &report.changes else {
        return html! {};
    };
    html! {
        section #changes {
            h2 { "Since the earlier run" }
            @if changes.all.is_empty() { p { b.v-pass { "\u{2713} Every trial ended as before." } } }
            @else {
                p.counts {
                    @for kind in ChangeKind::ALL {
                        span class={"count " (class(kind))} { (sign(kind)) " " b { (changes.count(kind)) } " " (kind.word()) }
                    }
                }
                @for kind in ChangeKind::ALL {
                    @let of_kind: Vec<&Change<'_>> = changes.all.iter().filter(|change| change.kind == kind).collect();
                    (of_one_kind(report, kind, &of_kind))
                }
            }
        }
    }
}

const fn sign(kind: ChangeKind) -> &'static str {
    match kind {
        ChangeKind::Worse => "\u{25bc}",
        ChangeKind::Other => "\u{2260}",
        ChangeKind::Better => "\u{25b2}",
        ChangeKind::New => "+",
        ChangeKind::Gone => "\u{2212}",
    }
}

const fn class(kind: ChangeKind) -> &'static str {
    match kind {
        ChangeKind::Worse => "v-fail",
        ChangeKind::Other => "v-deviates",
        ChangeKind::Better => "v-pass",
        ChangeKind::New | ChangeKind::Gone => "v-skip",
    }
}

fn of_one_kind(report: &Report<'_>, kind: ChangeKind, changes: &[&Change<'_>]) -> Markup {
    let more = changes.len().saturating_sub(ROWS_MAX);
    html! {
        @if !changes.is_empty() {
            details open[kind == ChangeKind::Worse] {
                summary { span class=(class(kind)) { (sign(kind)) " " (kind.word()) } " " (changes.len()) }
                ul.changes {
                    @for change in changes.iter().take(ROWS_MAX) { li { (line(report, change)) } }
                    @if more > 0 { li { "and " (more) " more" } }
                }
            }
        }
    }
}

fn line(report: &Report<'_>, change: &Change<'_>) -> Markup {
    let verdict = |trial: Option<&Trial>| match trial {
        Some(trial) => badge(trial.verdict, trial.known.is_some()),
        None => html! { "\u{2013}" },
    };
    let reason = change.after.map_or("", |trial| &trial.reason);
    html! {
        (verdict(change.before)) " \u{2192} " (verdict(change.after)) " "
        @if let Some(id) = change.id() { (name(report, id, change.after.is_some())) }
        @if !reason.is_empty() { " " (text(reason)) }
    }
}

/// What is gone has no panel to lead to.
fn name(report: &Report<'_>, id: &TrialId, here: bool) -> Markup {
    let has_panel = here && report.variants().any(|variant| variant.info.id == id.case);
    html! {
        @if has_panel { a href={"#" (anchor("case", &id.case.0))} { (id.variant_id()) } }
        @else { code { (id.variant_id()) } }
        " " small { (id.stack) " " (id.dimensions()) }
    }
}

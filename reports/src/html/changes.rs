//! What changed since an earlier run, what got worse first; trials that changed
//! in the same way share a line.

use maud::{Markup, html};
use tcpspec_record::Verdict;

use super::bits::{anchor, badge, cases, count};
use crate::model::{Change, ChangeGroup, ChangeKind, Report};

/// Groups that are read at once, and trials named for one of them.
const GROUPS: usize = 20;
const NAMED: usize = 200;

/// In one line, for the top of the page; nothing without an earlier run.
pub(super) fn summary(report: &Report<'_>) -> Markup {
    let Some(changes) = &report.changes else {
        return html! {};
    };
    html! {
        p.outcome {
            a href="#changes" { "Since the earlier run" } ": "
            @if changes.all.is_empty() { b.v-pass { "\u{2713} every trial ended as before." } }
            @for kind in ChangeKind::ALL {
                @let number = changes.count(kind);
                @if number > 0 { span class={"count " (class(kind))} { (sign(kind)) " " b { (number) } " " (kind.word()) } }
            }
        }
    }
}

/// The section; nothing if nothing changed.
pub(super) fn section(report: &Report<'_>) -> Markup {
    let groups = report.change_groups();
    let (first, others) = groups.split_at(groups.len().min(GROUPS));
    html! {
        @if report.changes.is_some() {
            section #changes {
                h2 { "Since the earlier run" }
                @if groups.is_empty() { p { "Every trial ended as before." } }
                (rows(report, first))
                @if !others.is_empty() {
                    details { summary { (others.len()) " more ways to have changed" } (rows(report, others)) }
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

fn rows(report: &Report<'_>, groups: &[ChangeGroup<'_, '_>]) -> Markup {
    html! {
        @if !groups.is_empty() { ol.causes { @for group in groups { (row(report, group)) } } }
    }
}

fn row(report: &Report<'_>, group: &ChangeGroup<'_, '_>) -> Markup {
    let verdict = |verdict: Option<(Verdict, bool)>| match verdict {
        Some((verdict, known)) => badge(verdict, known),
        None => html! { "\u{2013}" },
    };
    let class = class(group.kind);
    let more = group.changes.len().saturating_sub(NAMED);
    html! {
        li {
            span class={"number " (class)} { (group.changes.len()) }
            div {
                p {
                    b class=(class) { (sign(group.kind)) " " (group.kind.word()) } ": "
                    (verdict(group.before)) " \u{2192} " (verdict(group.after))
                    @if let Some(cause) = group.cause {
                        " " a href=(cases(&[("cause", &cause.id)])) { (cause.traits.differs) }
                        @if let Some(states) = cause.traits.states { " " (states.words()) }
                    }
                }
                @if let Some(cause) = group.cause { p.example { (super::bits::text(&cause.example.reason)) } }
                details {
                    summary { (count(group.changes.len(), "trial")) }
                    ul.changes {
                        @for change in group.changes.iter().take(NAMED) { li { (name(report, change)) } }
                        @if more > 0 { li { "and " (more) " more" } }
                    }
                }
            }
        }
    }
}

/// What is gone has no panel to lead to.
fn name(report: &Report<'_>, change: &Change<'_>) -> Markup {
    let Some(id) = change.id() else {
        return html! {};
    };
    let here = |id| {
        report
            .groups
            .iter()
            .flat_map(|group| &group.cases)
            .any(|case| case.id == id)
    };
    let has_panel = change.after.is_some() && here(id.case.clone());
    html! {
        @if has_panel { a href={"#" (anchor("case", &id.case.0))} { (id.variant_id()) } }
        @else { code { (id.variant_id()) } }
        " " small { (id.stack) " " (id.dimensions()) }
    }
}

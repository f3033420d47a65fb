//! Every case: what it shows, what it claims, and what happened, step by step.

use maud::{Markup, html};
use tcpspec_record::{CaseInfo, RequirementId};

use super::arrow;
use super::bits::{anchor, level, link, play_badge, short_counts, text, who};
use super::failures::panel_anchor;
use crate::model::{Case, Group, Play, Report, Variant};

/// The section: a panel for each case, group by group.
pub(super) fn section(report: &Report<'_>) -> Markup {
    html! {
        section #cases {
            h2 { "Cases" }
            form #filter hidden {
                input type="search" name="text" placeholder="Filter by id or title" aria-label="Filter by id or title";
                label { input type="checkbox" name="attention"; " only what needs attention" }
                output {}
            }
            (legend())
            @if report.groups.is_empty() { p { "No case was run." } }
            @for group in &report.groups { (group_panel(report, group)) }
        }
    }
}

/// How to read a ladder.
fn legend() -> Markup {
    html! {
        details.legend {
            summary { "How to read a ladder" }
            p {
                "Time runs down. The left line is the peer that tcpspec plays, the right one is the stack. \
                 Numbers are relative to each side's SYN unless the case says otherwise. \
                 A dashed arrow was expected, a double one came instead and broke the trial, a dotted one came after that. \
                 A bar on the right line is a call of the application. \
                 The state is the stack's. Trials that differ in nothing but time, or in the MSS of a SYN, share a ladder, which is that of the first."
            }
        }
    }
}

fn group_panel(report: &Report<'_>, group: &Group<'_>) -> Markup {
    html! {
        section.group id=(anchor("group", &group.name)) {
            h3 {
                (group.name)
                span.marks { @for stack in &report.stacks { small { (stack.info.name) } } }
            }
            @for case in &group.cases { (panel(report, case)) }
        }
    }
}

fn panel(report: &Report<'_>, case: &Case<'_>) -> Markup {
    let Some(first) = case.variants.first() else {
        return html! {};
    };
    let info = &first.info;
    let alone = case.variants.len() == 1;
    html! {
        details.case id=(anchor("case", &case.id.0)) data-attention[case.needs_attention()] {
            summary { b { (info.title) } " " code { (case.id) } " " (level(info.level)) (marks(report, case)) }
            @if !info.purpose.is_empty() { p { (info.purpose.trim()) } }
            @if let Some(disputed) = &info.disputed { p { b { "Disputed: " } (disputed) } }
            (claims(report, info))
            @for variant in &case.variants {
                @if !alone { h4 id=(anchor("case", &variant.id())) { (variant.info.variant) } }
                @if variant.info.title != info.title { p { b { (variant.info.title) } } }
                @if variant.info.claims != info.claims { p.run { @for id in &variant.info.claims { (link("req", &id.0)) " " } } }
                (plays(variant))
            }
        }
    }
}

/// How the trials on each stack ended.
fn marks(report: &Report<'_>, case: &Case<'_>) -> Markup {
    html! {
        span.marks {
            @for stack in &report.stacks {
                span title=(stack.info.name) { (short_counts(&case.tally(&stack.info.name))) }
            }
        }
    }
}

fn claims(report: &Report<'_>, info: &CaseInfo) -> Markup {
    html! {
        @if !info.claims.is_empty() {
            ul.claims { @for id in &info.claims { li { (claim(report, id)) } } }
        }
    }
}

fn claim(report: &Report<'_>, id: &RequirementId) -> Markup {
    html! {
        (link("req", &id.0)) " "
        @if let Some(rule) = report.requirement(id) { (level(rule.level)) " " (rule.summary) }
    }
}

/// What happened. The case's sentences stand beside the first course that ran;
/// a play that is explained above is only pointed at.
fn plays(variant: &Variant<'_>) -> Markup {
    let taught = variant
        .plays
        .iter()
        .position(|play| !play.needs_explanation() && !play.ladder.rows.is_empty());
    html! {
        @for (index, play) in variant.plays.iter().enumerate() {
            (play_panel(variant, play, taught == Some(index)))
        }
        @if variant.plays.is_empty() { p { "No trial." } }
        @if variant.plays.iter().all(|play| play.ladder.rows.is_empty()) { (script(variant)) }
    }
}

/// The steps of a variant of which nothing was seen.
fn script(variant: &Variant<'_>) -> Markup {
    html! {
        ol.script {
            @for (_, step) in variant.steps().own() {
                li { code { (step.text) } @if let Some(why) = &step.why { " " (why) } }
            }
        }
    }
}

fn play_panel(variant: &Variant<'_>, play: &Play<'_>, teach: bool) -> Markup {
    let trial = play.trial();
    html! {
        p.who {
            (play_badge(play)) " " (who(&play.trials))
            @for tag in &trial.tags { " " span.tag { (tag) } }
            @if play.needs_explanation() { " " a href={"#" (panel_anchor(variant, play))} { "explained above" } }
            @else if !trial.reason.is_empty() { " " (text(&trial.reason)) }
        }
        @if !play.needs_explanation() && !play.ladder.rows.is_empty() {
            (arrow::ladder(&play.ladder, variant.steps(), teach))
        }
    }
}

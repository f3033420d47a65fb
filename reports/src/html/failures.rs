//! What needs an explanation, the worst first: sentence, law, picture, delta,
//! hint, how to repeat it.

use maud::{Markup, html};
use tcpspec_record::{Failure, Isn};

use super::arrow;
use super::bits::{anchor, level, link, play_badge, text, who};
use crate::ladder::span;
use crate::model::{Play, Report, Variant, repro};

/// The section; nothing if all is well.
pub(super) fn section(report: &Report<'_>) -> Markup {
    let attention = report.attention();
    html! {
        @if !attention.is_empty() {
            section #explained {
                h2 { "Explained" }
                p.lead { "What did not simply pass, the worst first; what a baseline expects comes last." }
                @for (variant, play) in attention { (panel(report, variant, play)) }
            }
        }
    }
}

/// The anchor of a play's explanation.
pub(super) fn panel_anchor(variant: &Variant<'_>, play: &Play<'_>) -> String {
    let id = &play.trial().id;
    let isn = match id.isn {
        Isn::Random => "",
        Isn::Wrap => ":wrap",
    };
    anchor(
        "why",
        &format!("{}:{}:{}{isn}:{}", variant.id(), id.stack, id.ip, id.seed),
    )
}

fn panel(report: &Report<'_>, variant: &Variant<'_>, play: &Play<'_>) -> Markup {
    let trial = play.trial();
    let steps = variant.steps();
    let failure = trial.failure.as_ref();
    html! {
        article id=(panel_anchor(variant, play)) class={"panel v-" (trial.verdict.word())} {
            h3 {
                (play_badge(play)) " "
                a href={"#" (anchor("case", &variant.info.id.0))} { (variant.id()) }
            }
            p.run {
                (who(&play.trials))
                @if let Some(failure) = failure { " · " (steps.position(failure.step)) }
                @if trial.elapsed > 0 { " · after " (span(trial.elapsed)) }
            }
            p.sentence { (text(&trial.reason)) }
            (law(report, variant, failure))
            @if let Some(known) = &trial.known { p { b { "Known: " } (known) } }
            @if !play.ladder.rows.is_empty() { (arrow::ladder(&play.ladder, steps, true)) }
            @if let Some(failure) = failure { (delta(failure)) }
            p { "Repeat it with " code { (repro(trial)) } }
        }
    }
}

fn law(report: &Report<'_>, variant: &Variant<'_>, failure: Option<&Failure>) -> Markup {
    let claim = failure.and_then(|failure| failure.claim.as_ref());
    let Some(claim) = claim.or_else(|| variant.info.claims.first()) else {
        return html! {};
    };
    html! {
        p.law {
            (link("req", &claim.0)) " "
            @if let Some(rule) = report.requirement(claim) {
                (level(rule.level)) " " (rule.summary) " (RFC " (claim.rfc()) ", section " (rule.section) ")"
            }
        }
    }
}

fn delta(failure: &Failure) -> Markup {
    html! {
        @if !failure.delta.is_empty() {
            table.grid.delta {
                thead { tr { th { "Field" } th { "Allowed" } th { "Got" } th { "Why" } } }
                tbody {
                    @for field in &failure.delta {
                        tr {
                            th { (field.field) }
                            td { (text(&field.expected)) }
                            td.v-fail { (text(&field.got)) }
                            td { (field.why) }
                        }
                    }
                }
            }
        } @else if !failure.expected.is_empty() {
            p {
                "Allowed: "
                @for (index, expected) in failure.expected.iter().enumerate() {
                    @if index > 0 { " or " } code { (text(expected)) }
                }
                ". Got: "
                @if failure.got.is_empty() { "nothing" } @else { code { (text(&failure.got)) } }
                "."
            }
        }
        @if let Some((before, now)) = &failure.states {
            p { "State before: " code { (before) } ", now: " code { (now) } "." }
        }
        @if let Some(hint) = &failure.hint { p.hint { b { "Likely cause: " } (hint) } }
    }
}

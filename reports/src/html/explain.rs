//! Why a play is not a pass: sentence, law, the fields that differ, the
//! alternatives that were tried, states, hint.

use maud::{Markup, html};
use tcpspec_record::{Failure, FieldDelta, RequirementId, Trial};

use super::bits::{level, link, text};
use crate::ladder::span;
use crate::model::{Report, Variant};

/// What was wrong, in one sentence.
pub(super) fn sentence(variant: &Variant<'_>, trial: &Trial) -> Markup {
    let failure = trial.failure.as_ref();
    html! {
        p.sentence { (text(&trial.reason)) }
        @if failure.is_some() || trial.elapsed > 0 {
            p.run {
                @if let Some(failure) = failure { (variant.steps().position(failure.step)) " · " }
                "after " (span(trial.elapsed))
            }
        }
    }
}

/// By which law it is judged, and why it is expected, if it is.
pub(super) fn reasons(report: &Report<'_>, variant: &Variant<'_>, trial: &Trial) -> Markup {
    html! {
        @if let Some(claim) = claim(variant, trial) {
            p.law {
                (link("req", &claim.0)) " "
                @if let Some(rule) = report.requirement(claim) {
                    (level(rule.level)) " " (rule.summary) " (RFC " (claim.rfc()) ", section " (rule.section) ")"
                }
            }
        }
        @if let Some(known) = &trial.known { p { b { "Known: " } (text(known)) } }
    }
}

/// The requirement that a trial is judged by.
pub(super) fn claim<'a>(variant: &'a Variant<'_>, trial: &'a Trial) -> Option<&'a RequirementId> {
    let failure = trial.failure.as_ref();
    let claim = failure.and_then(|failure| failure.claim.as_ref());
    claim.or_else(|| variant.info.claims.first())
}

/// What differs from what was allowed, and what else is known of it.
pub(super) fn delta(trial: &Trial) -> Markup {
    let Some(failure) = &trial.failure else {
        return html! {};
    };
    html! {
        @if !failure.delta.is_empty() { (fields(&failure.delta)) }
        @else if !failure.expected.is_empty() { (allowed(failure)) }
        @if !failure.tried.is_empty() { (tried(failure)) }
        @if let Some((before, now)) = &failure.states {
            p { "State before: " code { (text(before)) } ", now: " code { (text(now)) } "." }
        }
        @if let Some(hint) = &failure.hint { p.hint { b { "Likely cause: " } (text(hint)) } }
    }
}

fn fields(delta: &[FieldDelta]) -> Markup {
    let explained = delta.iter().any(|field| !field.why.is_empty());
    html! {
        table.grid.delta {
            thead { tr { th { "Field" } th { "Allowed" } th { "Got" } @if explained { th { "Why" } } } }
            tbody {
                @for field in delta {
                    tr {
                        th { (text(&field.field)) }
                        td { (text(&field.expected)) }
                        td.v-fail { (text(&field.got)) }
                        @if explained { td { (text(&field.why)) } }
                    }
                }
            }
        }
    }
}

fn allowed(failure: &Failure) -> Markup {
    html! {
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
}

fn tried(failure: &Failure) -> Markup {
    html! {
        details.tried {
            summary { "All " (failure.tried.len()) " alternatives, and why none matched" }
            @for one in &failure.tried {
                p { code { (text(&one.expected)) } }
                (fields(&one.delta))
            }
        }
    }
}

//! One course of events: its verdict, why it is not a pass, its ladder, and
//! how to see it again.

use maud::{Markup, html};

use super::bits::{play_badge, text, who};
use super::keys::PlayKeys;
use super::room::Detail;
use super::{capture, explain, trace, transcript};
use crate::model::{Play, Report, Variant, repro};

/// The play. `teach` adds what the case says of its steps.
pub(super) fn play(
    report: &Report<'_>,
    variant: &Variant<'_>,
    play: &Play<'_>,
    teach: bool,
    detail: Detail,
) -> Markup {
    let keys = PlayKeys::of(report, variant, play);
    let trial = play.trial();
    let explained = play.needs_explanation();
    html! {
        div class={"play v-" (trial.verdict.word())} data-verdict=(keys.verdict) data-stack=[keys.stack] data-ip=[keys.ip]
            data-tag=[keys.tag]
            data-at=[keys.at] data-cause=[keys.cause] {
            p.who {
                (play_badge(play)) " " (who(&play.trials))
                @for tag in &trial.tags { " " span.tag { (tag) } }
                @if !explained && !trial.reason.is_empty() { " " (text(&trial.reason)) }
            }
            @if explained { (explain::sentence(report, variant, trial)) }
            @if detail > Detail::Brief && !play.ladder.rows.is_empty() {
                pre.trace { (trace::lines(&play.ladder, variant.steps(), teach || explained)) }
            }
            @if explained {
                (explain::delta(trial))
                (evidence(report, variant, play, detail == Detail::Full))
            }
        }
    }
}

/// How to repeat it, what crossed the link, what was called.
fn evidence(report: &Report<'_>, variant: &Variant<'_>, play: &Play<'_>, full: bool) -> Markup {
    let trial = play.trial();
    // A variant has one capture of all its trials.
    let mut explained = variant.plays.iter().filter(|play| play.needs_explanation());
    let is_first = explained
        .next()
        .is_some_and(|first| std::ptr::eq(first, play));
    html! {
        p.evidence {
            "Repeat it with " code.copy { (repro(trial)) }
            @if full && is_first { (capture::link(report, variant)) }
        }
        @if full && !trial.trace.is_empty() {
            details.transcript {
                summary { "Transcript: " (trial.trace.len()) " events, preludes included" }
                pre { (transcript::lines(trial)) }
            }
        }
        @if full && let Some(said) = &trial.transcript {
            details.transcript.connector {
                summary { "Connector transcript: " (said.lines.len()) " lines to the stack (>) and from it (<)" }
                pre { (transcript::said(said)) }
            }
        }
    }
}

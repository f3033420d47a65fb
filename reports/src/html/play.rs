//! One course of events: its verdict, why it is not a pass, its ladder, and
//! how to see it again.

use maud::{Markup, html};

use super::bits::{play_badge, text, who};
use super::keys::PlayKeys;
use super::room::Detail;
use super::{capture, explain, trace, transcript};
use crate::model::{Play, Report, Variant, repro};

/// The play. `teach` adds what the case says of its steps. What is packed
/// apart ([`apart`]) is left out of it.
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
            @if explained { (explain::sentence(variant, trial))
                @if !is_told(variant, play) { (explain::reasons(report, variant, trial)) } }
            @if detail > Detail::Brief && (explained || detail != Detail::Apart) { (ladder(variant, play, teach)) }
            @if explained {
                (explain::delta(trial))
                (evidence(report, variant, play, detail))
            }
        }
    }
}

/// What goes at the end of a play of which this stands apart: the transcript of
/// one that explains itself, the ladder of any other.
pub(super) fn apart(variant: &Variant<'_>, play: &Play<'_>, teach: bool) -> Markup {
    html! {
        @if play.needs_explanation() { (transcript(play)) } @else { (ladder(variant, play, teach)) }
    }
}

fn ladder(variant: &Variant<'_>, play: &Play<'_>, teach: bool) -> Markup {
    let teach = teach || play.needs_explanation();
    html! {
        @if !play.ladder.rows.is_empty() {
            pre.trace { (trace::lines(&play.ladder, variant.steps(), teach)) }
        }
    }
}

/// What was called and what crossed the link; and what was said to a stack in
/// another process.
fn transcript(play: &Play<'_>) -> Markup {
    let trial = play.trial();
    html! {
        @if !trial.trace.is_empty() {
            details.transcript {
                summary { "Transcript: " (trial.trace.len()) " events, preludes included" }
                pre { (transcript::lines(trial)) }
            }
        }
        @if let Some(said) = &trial.transcript {
            details.transcript.connector {
                summary { "Connector transcript: " (said.lines.len()) " lines to the stack (>) and from it (<)" }
                pre { (transcript::said(said)) }
            }
        }
    }
}

/// The plays of a variant, the worst first, and beside which of them the case's
/// sentences stand: the first that ran and does not explain itself.
pub(super) fn in_order<'v>(variant: &'v Variant<'_>) -> (Vec<&'v Play<'v>>, Option<usize>) {
    let mut plays: Vec<&Play<'_>> = variant.plays.iter().collect();
    plays.sort_by_key(|play| play.urgency());
    let taught = plays
        .iter()
        .position(|play| !play.needs_explanation() && has_rows(play));
    (plays, taught)
}

pub(super) fn has_rows(play: &Play<'_>) -> bool {
    !play.ladder.rows.is_empty()
}

/// Whether the variant has told before by which law this is judged, and why it
/// is expected.
fn is_told(variant: &Variant<'_>, play: &Play<'_>) -> bool {
    let (plays, _) = in_order(variant);
    let before = plays.iter().take_while(|one| !std::ptr::eq(**one, play));
    let mut explained = before.filter(|one| one.needs_explanation());
    let (claim, known) = (explain::claim(variant, play.trial()), &play.trial().known);
    explained
        .any(|one| explain::claim(variant, one.trial()) == claim && one.trial().known == *known)
}

/// How to repeat it, what crossed the link, what was called.
fn evidence(report: &Report<'_>, variant: &Variant<'_>, play: &Play<'_>, detail: Detail) -> Markup {
    // A variant has one capture of all its trials.
    let mut explained = variant.plays.iter().filter(|play| play.needs_explanation());
    let is_first = explained
        .next()
        .is_some_and(|first| std::ptr::eq(first, play));
    html! {
        p.evidence {
            "Repeat it with " code.copy { (repro(play.trial())) }
            @if is_first && detail > Detail::Brief { (capture::link(report, variant, detail == Detail::Full)) }
        }
        @if detail == Detail::Full { (transcript(play)) }
    }
}

//! Why trials did not pass, a line for each cause: how often, what differs from
//! what is allowed, by which rule, on which stacks.

use maud::{Markup, html};
use tcpspec_record::Verdict;

use super::bits::{badge, cases, count, level, link, text};
use crate::model::{Cause, Report};

/// Causes that are read at once; of each kind. The others are folded.
const SHOWN: usize = 10;

/// The section; nothing if all is well.
pub(super) fn section(report: &Report<'_>) -> Markup {
    let of = |expected: bool, is_blocked: bool| -> Vec<&Cause<'_>> {
        let is_of = |cause: &&Cause<'_>| {
            let traits = &cause.traits;
            traits.expected == expected && (traits.verdict == Verdict::Blocked) == is_blocked
        };
        report.causes.iter().filter(is_of).collect()
    };
    let (unexpected, blocked, expected) = (of(false, false), of(false, true), of(true, false));
    html! {
        @if !report.causes.is_empty() {
            section #causes {
                h2 { "Why" }
                @if !unexpected.is_empty() {
                    h3 { "Not as it should be " (trials(&unexpected)) }
                    p.lead { "Trials that differ in the same way from the same rule share a line." }
                    (lines(report, &unexpected))
                }
                @if !blocked.is_empty() {
                    h3 { "Not reached " (trials(&blocked)) }
                    p.lead { "The way to where these trials begin failed, so they judged nothing." }
                    (lines(report, &blocked))
                }
                @if !expected.is_empty() {
                    details {
                        summary { b { "Expected or tolerated " } (trials(&expected)) }
                        p.lead { "What a baseline says, and departures that are allowed for." }
                        (lines(report, &expected))
                    }
                }
            }
        }
    }
}

fn trials(causes: &[&Cause<'_>]) -> Markup {
    let trials = causes.iter().map(|cause| cause.trials).sum();
    html! { small { (count(trials, "trial")) } }
}

/// The first of them, and the others folded.
fn lines(report: &Report<'_>, causes: &[&Cause<'_>]) -> Markup {
    let (first, others) = causes.split_at(causes.len().min(SHOWN));
    html! {
        (rows(report, first))
        @if !others.is_empty() {
            details { summary { (others.len()) " more, each rarer" } (rows(report, others)) }
        }
    }
}

fn rows(report: &Report<'_>, causes: &[&Cause<'_>]) -> Markup {
    html! {
        ol.causes { @for cause in causes { (row(report, cause)) } }
    }
}

fn row(report: &Report<'_>, cause: &Cause<'_>) -> Markup {
    let traits = &cause.traits;
    let many = cause.stacks.len() > 1;
    html! {
        li {
            a.number href=(cases(&[("cause", &cause.id)])) aria-label=(format!("show {}", count(cause.trials, "trial"))) { (cause.trials) }
            div {
                p {
                    (badge(traits.verdict, cause.example.known.is_some())) " "
                    b { (traits.differs) } @if let Some(states) = traits.states { " " (states.words()) }
                    @if let Some(prelude) = &traits.blocked_by { " on the way through " code { (prelude) } }
                }
                p.example { (text(&cause.example.reason)) }
                p.run {
                    (rules(report, cause)) " "
                    @for (stack, trials) in &cause.stacks {
                        a.chip href=(cases(&[("cause", &cause.id), ("stack", stack)])) { (stack) @if many { " " (trials) } }
                        " "
                    }
                    (count(cause.variants.len(), "variant"))
                }
            }
        }
    }
}

/// The rule that is at stake, or how many there are.
fn rules(report: &Report<'_>, cause: &Cause<'_>) -> Markup {
    let mut rules = cause.rules.iter();
    match (rules.next(), rules.next()) {
        (Some(rule), None) => html! {
            (link("req", &rule.0)) " "
            @if let Some(rule) = report.requirement(rule) { (level(rule.level)) " " (rule.summary) }
        },
        (Some(rule), Some(_)) if cause.traits.rule.is_empty() => html! {
            (count(cause.rules.len(), "requirement")) ", such as " (link("req", &rule.0)) "."
        },
        (Some(rule), Some(_)) => html! {
            (cause.traits.rule) ": " (count(cause.rules.len(), "requirement")) ", such as " (link("req", &rule.0)) "."
        },
        (None, _) => html! {},
    }
}

//! How far the run can be trusted: what the suite notices, whether verdicts are
//! steady, and how the harness kept up with the clock.

use std::time::Duration;

use maud::{Markup, html};
use tcpspec_record::Health;
use tcpspec_record::log::MutantScore;

use super::bits::{anchor, count, sign, text};
use crate::model::{Report, Steadiness, Trouble};

/// Variants named for one stack; the others are counted.
const NAMED: usize = 40;

/// The section.
pub(super) fn section(report: &Report<'_>) -> Markup {
    html! {
        section #health {
            h2 { "How far to trust this run" }
            div.cards {
                @if let Some(score) = &report.header.mutants { (mutants(score)) }
                (steadiness(report))
                @if let Some(health) = report.health {
                    @if !health.late.is_empty() { (lateness(health)) }
                    @if !health.connectors.is_empty() { (connectors(health)) }
                }
                @if !report.trouble.is_empty() { (trouble(&report.trouble)) }
            }
        }
    }
}

/// What the links did to packets: that faults were laid over a case shows nothing
/// unless they happened.
fn trouble(all: &[Trouble<'_>]) -> Markup {
    html! {
        article.card {
            h3 { "Faults on the link" }
            table {
                thead { tr { th scope="col" { "profile" } th scope="col" { "trials" } th scope="col" { "what happened" } } }
                tbody {
                    @for each in all {
                        tr {
                            th scope="row" { (each.profile) }
                            td { (each.trials) }
                            td {
                                (each.told())
                                @if each.gave_up > 0 { "; gave up after R2, as they may: " (each.gave_up) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn mutants(score: &MutantScore) -> Markup {
    let played = score.played();
    html! {
        article.card {
            h3 { "Does the suite bite?" }
            p { b.big-number { (score.percent()) } }
            div.bar aria-hidden="true" {
                i.v-pass style={"flex:" (score.killed)} {}
                @if score.survived > 0 { i.v-fail style={"flex:" (score.survived)} {} }
            }
            p {
                "The bundled stack was broken on purpose in " (played) " ways: the suite noticed " b { (score.killed) }
                ", and " b { (score.survived) } " slipped through."
                @if score.equivalent > 0 { " " (score.equivalent) " cannot be noticed." }
                @if played < score.listed { " They are a sample of " (score.listed) "." }
            }
        }
    }
}

fn steadiness(report: &Report<'_>) -> Markup {
    let clock = |clock: &str| {
        let stacks = report
            .stacks
            .iter()
            .filter(|stack| stack.info.clock == clock);
        stacks.map(|stack| stack.tally.executed()).sum::<usize>()
    };
    let (in_virtual, in_real) = (clock("virtual"), clock("real"));
    html! {
        article.card {
            h3 { "Are verdicts steady?" }
            @if in_virtual > 0 {
                p { b { (count(in_virtual, "trial")) } " in virtual time: seed " (report.header.seed) " gives the same log, octet by octet." }
            }
            @if in_real > 0 { p { b { (count(in_real, "trial")) } " on the real clock." } }
            @for (stack, steadiness) in report.stacks.iter().zip(&report.steadiness) {
                @if steadiness.compared > 0 { (worlds(&stack.info.name, steadiness)) }
            }
        }
    }
}

/// Whether the version of IP, or the place of the numbers, made a difference.
fn worlds(stack: &str, steadiness: &Steadiness) -> Markup {
    let unsteady = &steadiness.unsteady;
    let more = unsteady.len().saturating_sub(NAMED);
    html! {
        @if unsteady.is_empty() {
            p { span.v-pass { "\u{2713}" } " " (stack) ": " (count(steadiness.compared, "variant")) " played in several worlds, each with one verdict." }
        } @else {
            details {
                summary {
                    span.v-deviates { "\u{2248}" } " " (stack) ": " b { (unsteady.len()) } " of " (count(steadiness.compared, "variant"))
                    " ended differently in different worlds."
                }
                ul {
                    @for each in unsteady.iter().take(NAMED) {
                        li {
                            a href={"#" (anchor("case", &each.case.0))} { (each.variant) }
                            @for verdict in &each.verdicts { " " span class={"v-" (verdict.word())} { (sign(*verdict)) " " (verdict) } }
                        }
                    }
                    @if more > 0 { li { "and " (more) " more" } }
                }
            }
        }
    }
}

fn lateness(health: &Health) -> Markup {
    let most = health.late.values().max().copied().unwrap_or(1);
    html! {
        article.card {
            h3 { "Did the harness keep up?" }
            p { "The most by which it was late in a trial on the real clock:" }
            table.late {
                tbody {
                    @for (bound, trials) in &health.late {
                        tr {
                            th scope="row" { (under(*bound)) }
                            td { i style={"width:" (share(*trials, most)) "%"} {} }
                            td { (trials) }
                        }
                    }
                }
            }
            p { b { (health.again) } " played again because it had been late." }
            @if health.at_once > 0 { p { "Up to " b { (health.at_once) } " were under way at once." } }
        }
    }
}

/// Connectors that are not honest.
fn connectors(health: &Health) -> Markup {
    html! {
        article.card {
            h3 { "Are the connectors honest?" }
            ul { @for told in &health.connectors { li { (text(told)) } } }
        }
    }
}

fn under(micros: u64) -> String {
    if micros == u64::MAX {
        return "more".to_owned();
    }
    format!("< {:?}", Duration::from_micros(micros))
}

/// A bar that is there at all can be seen.
fn share(trials: usize, most: usize) -> usize {
    (trials * 100).div_ceil(most.max(1))
}

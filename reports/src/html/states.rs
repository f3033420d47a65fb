//! States: for each stack the diagram, the moves beside it, and the grid of
//! events by states.

use maud::{Markup, html};
use tcpspec_wire::State;

use super::bits::{anchor, cases, count};
use super::diagram::diagram;
use crate::model::{Met, Report, StatesReport, Stimulus};

/// The section; nothing if no state is known.
pub(super) fn section(report: &Report<'_>) -> Markup {
    let stacks = report.stacks.iter().zip(&report.states);
    let known: Vec<_> = stacks
        .filter(|(_, states)| !states.met.is_empty())
        .collect();
    html! {
        @if !known.is_empty() {
            section #states {
                h2 { "States" }
                p.lead {
                    "What met each stack in which state, and the moves it made, in trials of this run; \
                     the ways to where a case begins are not counted. Each number leads to its cases."
                }
                @if report.traceless > 0 {
                    p.notice { "Of " (report.traceless) " trials there was no room for the trace: they are not counted here." }
                }
                p.key {
                    span.seen { "\u{2713} seen, in so many trials" } span.known { "\u{2248} of these known or tolerated" }
                    span.failed { "\u{2717} failed" } span.open { "\u{2013} not reached" } span.never { "\u{2205} never seen" }
                }
                @for (at, (stack, states)) in known.iter().enumerate() { (of_stack(&stack.info.name, states, at == 0)) }
            }
        }
    }
}

/// Only one of the stacks is open at a time.
fn of_stack(stack: &str, states: &StatesReport, open: bool) -> Markup {
    html! {
        details.of-stack id=(anchor("states", stack)) name="states" open[open] {
            summary { b { (stack) } " " small { (moves(states)) } }
            (diagram(stack, states))
            (others(stack, states))
            h3 { "Events in states" }
            (grid(stack, states))
            (sweeps(stack, states))
        }
    }
}

fn moves(states: &StatesReport) -> String {
    let of_diagram = crate::model::MOVES.iter();
    let seen = of_diagram.filter(|each| states.of_move(each.from, each.to).seen() > 0);
    format!(
        "{} of {} moves, {} of {} events in states",
        seen.count(),
        crate::model::MOVES.len(),
        states.met.len(),
        State::ALL.len() * Stimulus::ALL.len()
    )
}

/// Moves that the diagram does not have: most of them to CLOSED, by RST.
fn others(stack: &str, states: &StatesReport) -> Markup {
    let others = states.others();
    html! {
        @if !others.is_empty() {
            details {
                summary { (count(others.len(), "other move")) " seen, which the diagram leaves out" }
                ul.others {
                    @for (from, to, met) in others {
                        li { (from) " \u{2192} " (to) " " a href=(cases(&[("at", &format!("{from}~{to}")), ("stack", stack)])) { (times(met)) } }
                    }
                }
            }
        }
    }
}

/// Events in classes down, states across.
fn grid(stack: &str, states: &StatesReport) -> Markup {
    html! {
        div.scroll {
            table.cells data-stack=(stack) {
                (heads("Event"))
                tbody {
                    @for event in Stimulus::ALL {
                        tr {
                            th scope="row" title=(event.word()) { (event) }
                            @for state in State::ALL { (place(states.met.get(&(state, event)))) }
                        }
                    }
                }
            }
        }
    }
}

/// The same event by event, where sweeps were played.
fn sweeps(stack: &str, states: &StatesReport) -> Markup {
    html! {
        @if !states.swept.is_empty() {
            details {
                summary { "Event by event: " (states.sweeps.len()) " events, each in every state where it can happen" }
                div.scroll {
                    table.cells data-stack=(stack) {
                        (heads("Event"))
                        tbody {
                            @for (event, words) in &states.sweeps {
                                tr {
                                    th scope="row" title=(event) { (words) }
                                    @for state in State::ALL { (place(states.swept.get(&(state, event.clone())))) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn heads(first: &str) -> Markup {
    html! {
        thead { tr {
            th scope="col" { (first) }
            // Long names may break behind their hyphens.
            @for state in State::ALL { th scope="col" { (state) } }
        } }
    }
}

/// A cell. The script makes it a link to its cases, since only a script could
/// follow one: state and event stand at the head of column and row.
fn place(met: Option<&Met>) -> Markup {
    html! {
        @match met {
            Some(met) => { td class=(class(*met)) { (times(*met)) } }
            None => { td.never { "\u{2205}" } }
        }
    }
}

const fn class(met: Met) -> &'static str {
    match met {
        Met { broken: 1.., .. } => "failed",
        Met { known: 1.., .. } => "known",
        Met { well: 1.., .. } => "seen",
        Met { .. } => "open",
    }
}

/// How often: in how many trials, or of how many.
fn times(met: Met) -> String {
    match met {
        Met { broken: 1.., .. } => format!("\u{2717}\u{a0}{}/{}", met.broken, met.seen()),
        Met { known: 1.., .. } => format!("\u{2248}\u{a0}{}/{}", met.known, met.seen()),
        Met { well: 1.., .. } => format!("\u{2713}\u{a0}{}", met.well),
        Met { open, .. } => format!("\u{2013}\u{a0}{open}"),
    }
}

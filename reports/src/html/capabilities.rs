//! What the stacks declare, side by side: versions, times, capabilities. A case
//! that needs what a stack does not declare is skipped on it.

use std::collections::BTreeSet;

use maud::{Markup, html};

use crate::model::{Report, StackReport};

/// The section; nothing without a stack.
pub(super) fn section(report: &Report<'_>) -> Markup {
    let all = capabilities(report);
    let everyone = |name: &&&str| report.stacks.iter().all(|stack| declares(stack, name));
    let (common, others): (Vec<&str>, Vec<&str>) = all.iter().partition(everyone);
    html! {
        @if !report.stacks.is_empty() {
            section #capabilities {
                h2 { "What the stacks declare" }
                @if !common.is_empty() {
                    p.tags { "All of them: " @for name in &common { code { (name) } " " } }
                }
                @if all.is_empty() { p { "No capabilities." } }
                (table(report, &others, has))
                details {
                    summary { "Versions, times and settings" }
                    (table(report, &profile(report), value))
                }
            }
        }
    }
}

fn table(
    report: &Report<'_>,
    names: &[&str],
    cell: fn(&StackReport<'_>, &str) -> Markup,
) -> Markup {
    html! {
        @if !names.is_empty() {
            div.scroll {
                table.grid {
                    thead { tr { td {} @for stack in &report.stacks { th scope="col" { (stack.info.name) } } } }
                    tbody {
                        @for name in names {
                            tr {
                                th scope="row" { (name) }
                                @for stack in &report.stacks { td { (cell(stack, name)) } }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Version and clock, then whatever a stack declares, by name.
fn profile<'r>(report: &'r Report<'_>) -> Vec<&'r str> {
    let all = report.stacks.iter().flat_map(|stack| &stack.info.profile);
    let all: BTreeSet<&str> = all.map(|(name, _)| name.as_str()).collect();
    [VERSION, CLOCK].into_iter().chain(all).collect()
}

const VERSION: &str = "version";
const CLOCK: &str = "clock";

fn value(stack: &StackReport<'_>, name: &str) -> Markup {
    let mut profile = stack.info.profile.iter();
    let value = match name {
        VERSION => Some(&stack.info.version),
        CLOCK => Some(&stack.info.clock),
        _ => profile.find(|(own, _)| own == name).map(|(_, value)| value),
    };
    html! { @if let Some(value) = value { (value) } @else { span.v-skip { "\u{2013}" } } }
}

fn capabilities<'r>(report: &'r Report<'_>) -> BTreeSet<&'r str> {
    let all = report
        .stacks
        .iter()
        .flat_map(|stack| &stack.info.capabilities);
    all.map(String::as_str).collect()
}

fn has(stack: &StackReport<'_>, name: &str) -> Markup {
    html! { @if declares(stack, name) { span.v-pass { "\u{2713} yes" } } @else { span.v-skip { "\u{2013} no" } } }
}

fn declares(stack: &StackReport<'_>, name: &str) -> bool {
    stack.info.capabilities.iter().any(|own| own == name)
}

//! The requirements that the cases cite, RFC by RFC: which are decided on
//! which stack, and how.

use maud::{Markup, html};

use super::bits::{anchor, count, judgement, level};
use super::matrix;
use crate::model::{Judgement, Report, RequirementReport, Rfc, Standing};

/// Cases named beside one requirement; the others are counted.
const CASES_MAX: usize = 6;

/// The section.
pub(super) fn section(report: &Report<'_>) -> Markup {
    html! {
        section #requirements {
            h2 { "Requirements" }
            p.lead {
                "A requirement is decided on a stack when a trial came to its judgement; \
                 a case that cites it and did not come that far leaves it open. Each cell leads to its cases."
            }
            @if !report.rfcs.is_empty() { (matrix::key(report)) }
            @for (at, rfc) in report.rfcs.iter().enumerate() { (rfc_panel(report, rfc, at == 0)) }
            @if report.rfcs.is_empty() { p { "No case cites a requirement." } }
            (uncited(report))
        }
    }
}

fn rfc_panel(report: &Report<'_>, rfc: &Rfc<'_>, open: bool) -> Markup {
    let total = rfc.matrix.total();
    html! {
        details.of-stack id=(anchor("rfc", &rfc.number)) open[open] {
            summary { b { "RFC " (rfc.number) } " " small { (count(total.catalogue, "requirement")) } }
            p.key {
                @for (judged, stack) in total.stacks.iter().zip(&report.stacks) {
                    span.nowrap { b { (stack.info.name) } " " (judged.decided()) " decided: " (matrix::counts(judged)) }
                }
                (matrix::rest(&total))
            }
            (matrix::matrix(report, rfc))
            details {
                summary { "One by one: " (rfc.requirements.len()) " cited" }
                div.scroll {
                    table.grid.reqs {
                        thead { tr {
                            th { "Section" } th { "Requirement" }
                            @for stack in &report.stacks { th { (stack.info.name) } }
                            th { "Cases" }
                        } }
                        tbody { @for entry in &rfc.requirements { (row(entry)) } }
                    }
                }
            }
        }
    }
}

/// What the run says nothing of.
fn uncited(report: &Report<'_>) -> Markup {
    html! {
        @if !report.uncited.is_empty() {
            p {
                "No case of this run cites "
                @for (at, rfc) in report.uncited.iter().enumerate() {
                    @if at > 0 { ", " } "RFC " (rfc.number) " (" (count(rfc.requirements, "requirement")) ")"
                }
                "."
            }
        }
    }
}

fn row(entry: &RequirementReport<'_>) -> Markup {
    let more = entry.cases.len().saturating_sub(CASES_MAX);
    html! {
        tr id=(anchor("req", &entry.id.0)) {
            td { @if let Some(rule) = entry.rule { (rule.section) } }
            td {
                code { (entry.id) } " "
                @match entry.rule {
                    Some(rule) => { (level(rule.level)) " " (rule.summary) }
                    None => "Not in the catalogue.",
                }
            }
            @for standing in &entry.standing { (standing_cell(standing)) }
            // The script makes them links.
            td {
                @for case in entry.cases.iter().take(CASES_MAX) { (case) " " }
                @if more > 0 { "and " (more) " more" }
            }
        }
    }
}

/// Sign, the word where the sign says too little, and how many of the trials
/// came to a judgement.
fn standing_cell(standing: &Standing) -> Markup {
    let worst = standing.judgement();
    let (class, sign, word) = judgement(worst);
    let all = standing.decided() + standing.open;
    html! {
        // What is met, as most is, has no class of its own.
        td class=[(worst != Judgement::Met).then_some(class)] {
            (sign) " "
            @if worst != Judgement::Met { (word) " " }
            @if worst != Judgement::Open { (standing.decided()) "/" (all) }
        }
    }
}

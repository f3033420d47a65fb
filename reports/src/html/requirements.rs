//! The requirements that the cases cite, RFC by RFC: which are decided on
//! which stack, and how.

use maud::{Markup, html};

use super::bits::{anchor, judgement, level, link};
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
                 a case that cites it and did not come that far leaves it open."
            }
            @for rfc in &report.rfcs { (rfc_panel(report, rfc)) }
            @if report.rfcs.is_empty() { p { "No case cites a requirement." } }
        }
    }
}

fn rfc_panel(report: &Report<'_>, rfc: &Rfc<'_>) -> Markup {
    html! {
        h3 id=(anchor("rfc", &rfc.number)) { "RFC " (rfc.number) }
        (levels(report, rfc))
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

fn levels(report: &Report<'_>, rfc: &Rfc<'_>) -> Markup {
    html! {
        div.scroll {
            table.grid {
                thead { tr {
                    th { "Level" } th { "In the catalogue" } th { "Cited" }
                    @for stack in &report.stacks { th { "Decided on " (stack.info.name) } }
                } }
                tbody {
                    @for count in &rfc.levels {
                        tr {
                            th { (level(count.level)) } td { (count.catalogue) } td { (count.cited) }
                            @for (decided, broken) in count.decided.iter().zip(&count.broken) {
                                td {
                                    (decided)
                                    @if *broken > 0 { ", " b.v-fail { (broken) " broken" } }
                                }
                            }
                        }
                    }
                }
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
            @for standing in &entry.standing { td { (standing_cell(standing)) } }
            td {
                @for case in entry.cases.iter().take(CASES_MAX) { (link("case", &case.0)) " " }
                @if more > 0 { "and " (more) " more" }
            }
        }
    }
}

fn standing_cell(standing: &Standing) -> Markup {
    let worst = standing.judgement();
    let (class, sign, word) = judgement(worst);
    let all = standing.decided() + standing.open;
    html! {
        span class=(class) { (sign) " " (word) }
        @if worst != Judgement::Open { " " small { (standing.decided()) " of " (all) } }
    }
}

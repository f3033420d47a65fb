//! The page itself.

use maud::{DOCTYPE, Markup, PreEscaped, html};
use tcpspec_record::{Duel, DuelResult};

use super::summary::{Cell, Pair, Summary};
use super::text::speed;
use crate::html::printable;

/// What the page may load: nothing.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'";

/// Duels told in full; of more a count.
const TOLD: usize = 100;

pub(super) fn render(summary: &Summary<'_>) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                title { (headline(summary)) " - TCP stacks on faulty links" }
                style {
                    (PreEscaped(include_str!("../html/style.css")))
                    (PreEscaped(include_str!("duels.css")))
                }
            }
            body {
                header {
                    h1 { "TCP stacks on faulty links" }
                    p { (headline(summary)) }
                }
                main {
                    (matrix(summary))
                    @for pair in &summary.pairs { (plots(summary, pair)) }
                    (failures(summary))
                }
            }
        }
    };
    printable(page.into_string())
}

fn headline(summary: &Summary<'_>) -> String {
    let (bad, played) = (summary.bad.len(), summary.played);
    match bad {
        0 => format!("All of {played} duels went well"),
        _ => format!("{bad} of {played} duels went wrong"),
    }
}

/// Pairs in rows, profiles in columns.
fn matrix(summary: &Summary<'_>) -> Markup {
    html! {
        section aria-labelledby="matrix" {
            h2 id="matrix" { "Who gets on with whom, over which link" }
            p {
                "A cell: how many duels ended " (mark(DuelResult::Well)) ", "
                (mark(DuelResult::GaveUp)) " (an end tried for as long as it has to), "
                (mark(DuelResult::Badly)) " or " (mark(DuelResult::Broken)) "; below, the median goodput as a "
                "share of that over the same link without faults."
            }
            div.wide tabindex="0" role="region" aria-label="Matrix" {
                table.duels {
                    thead {
                        tr {
                            th scope="col" { "opens" }
                            th scope="col" { "listens" }
                            th scope="col" { "IP" }
                            @for profile in &summary.profiles { th.profile scope="col" { (profile) } }
                        }
                    }
                    tbody { @for pair in &summary.pairs { (row(summary, pair)) } }
                }
            }
        }
    }
}

fn row(summary: &Summary<'_>, pair: &Pair<'_>) -> Markup {
    let [left, right] = pair.stacks;
    html! {
        tr {
            th scope="row" { (left) }
            td { (right) }
            td { (pair.ip) }
            @for profile in &summary.profiles {
                @match pair.cells.get(profile) {
                    Some(cell) => (cell_of(cell)),
                    None => td { "\u{2013}" },
                }
            }
        }
    }
}

fn cell_of(cell: &Cell) -> Markup {
    let class = cell.worst().map_or("", class);
    html! {
        td class=(class) {
            @for result in DuelResult::ALL {
                @let count = cell.count(result);
                @if count > 0 { span { (count) (sign(result)) } " " }
            }
            @if cell.remarks > 0 { span title="remarks of the witness" { (cell.remarks) "!" } }
            @if let Some(share) = cell.share() { br; small { (percent(share)) } }
        }
    }
}

/// Goodput and repeats of one pair as bars, each with its number beside it.
fn plots(summary: &Summary<'_>, pair: &Pair<'_>) -> Markup {
    let [left, right] = pair.stacks;
    let cells = summary
        .profiles
        .iter()
        .filter_map(|profile| Some((*profile, pair.cells.get(profile)?)));
    html! {
        section {
            h2 { (left) " to " (right) ", IPv" (pair.ip) }
            table.plot {
                thead {
                    tr {
                        th scope="col" { "faults" }
                        th scope="col" { "goodput, beside the link without faults" }
                        th scope="col" { "octets sent again, beside those delivered" }
                    }
                }
                tbody {
                    @for (profile, cell) in cells {
                        tr {
                            th scope="row" { (profile) }
                            td { (bar(cell.share(), "good")) @if let Some(rate) = cell.goodput { " " small { (speed(rate)) } } }
                            td { (bar(cell.repeated, "again")) }
                        }
                    }
                }
            }
        }
    }
}

/// A share of one as a bar; what is more fills it.
fn bar(share: Option<f64>, class: &str) -> Markup {
    let Some(share) = share else {
        return html! { "\u{2013}" };
    };
    let width = format!("{:.1}", share.clamp(0.0, 1.0) * 100.0);
    html! {
        svg.share class=(class) viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true" {
            rect.whole width="100" height="8" {}
            rect.part width=(width) height="8" {}
        }
        " " (percent(share))
    }
}

fn failures(summary: &Summary<'_>) -> Markup {
    if summary.bad.is_empty() {
        return Markup::default();
    }
    html! {
        section aria-labelledby="wrong" {
            h2 id="wrong" { "What went wrong" }
            @for duel in summary.bad.iter().take(TOLD) { (failure(duel)) }
            @if summary.bad.len() > TOLD {
                p { (summary.bad.len() - TOLD) " more stand in duels.jsonl." }
            }
        }
    }
}

fn failure(duel: &Duel) -> Markup {
    let [left, right] = &duel.stacks;
    html! {
        details {
            summary {
                (mark(duel.result)) " " (left) " > " (right) ", " (duel.faults) ", IPv" (duel.ip)
                ", seed " (duel.seed) ": " (duel.reason)
            }
            @if !duel.findings.is_empty() {
                ul {
                    @for finding in &duel.findings {
                        li {
                            code { (finding.segment) } " of " (duel.stacks[finding.end.min(1)]) ": " (finding.why)
                            " (" (finding.requirement) @if finding.times > 1 { ", " (finding.times) " times" } ")"
                        }
                    }
                }
            }
            @if !duel.tally.is_empty() { p { "Packets: " @for (word, count) in &duel.tally { (word) " " (count) " " } } }
            p { "Again: " code { (duel.repro()) } }
        }
    }
}

/// A result's sign and word.
fn mark(result: DuelResult) -> Markup {
    html! { span class=(class(result)) { (sign(result)) " " (result.word()) } }
}

const fn sign(result: DuelResult) -> &'static str {
    match result {
        DuelResult::Well => "\u{2713}",
        DuelResult::GaveUp => "\u{2298}",
        DuelResult::Badly => "\u{2717}",
        DuelResult::Broken => "?",
    }
}

const fn class(result: DuelResult) -> &'static str {
    match result {
        DuelResult::Well => "v-pass",
        DuelResult::GaveUp => "v-deviates",
        DuelResult::Badly => "v-fail",
        DuelResult::Broken => "v-inconclusive",
    }
}

fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

//! A badge: of the requirements that bind (MUST, MUST NOT) and were decided,
//! how many are kept. With several stacks one is kept if all of them keep it.
//!
//! A known deviation is one all the same: a baseline makes no requirement kept.

use maud::html;
use tcpspec_record::Level;

use crate::model::{Report, RequirementReport, Standing};

/// Renders the badge as SVG.
#[must_use]
pub fn render(report: &Report<'_>) -> String {
    let (kept, decided) = count(report);
    let value = match (kept * 100).checked_div(decided) {
        Some(percent) => format!("{percent} % {kept}/{decided}"),
        None => "nothing decided".to_owned(),
    };
    let colour = match (kept, decided) {
        (_, 0) => "#6a737d",
        (kept, decided) if kept == decided => "#1a7f37",
        (kept, decided) if kept * 10 >= decided * 9 => "#8a6100",
        _ => "#b42318",
    };
    draw(LABEL, &value, colour)
}

/// Requirements that bind: kept, decided.
fn count(report: &Report<'_>) -> (usize, usize) {
    let all = report.rfcs.iter().flat_map(|rfc| &rfc.requirements);
    let decided = all
        .filter(|requirement| binds(requirement))
        .filter(|requirement| requirement.standing.iter().any(|one| one.decided() > 0));
    let is_kept = |standing: &Standing| standing.broken + standing.known == 0;
    decided.fold((0, 0), |(kept, decided), requirement| {
        let keeps = requirement.standing.iter().all(is_kept);
        (kept + usize::from(keeps), decided + 1)
    })
}

fn binds(requirement: &RequirementReport<'_>) -> bool {
    let level = requirement.rule.map(|rule| rule.level);
    matches!(level, Some(Level::Must | Level::MustNot))
}

fn draw(label: &str, value: &str, colour: &str) -> String {
    let (left, right) = (width(label), width(value));
    let all = left + right;
    let text = format!("{label} {value}");
    let svg = html! {
        svg xmlns="http://www.w3.org/2000/svg" width=(all) height="20" role="img" aria-label=(text) {
            title { (text) }
            rect width=(left) height="20" fill="#24292f" {}
            rect x=(left) width=(right) height="20" fill=(colour) {}
            g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11" {
                text x=(GAP) y="14" textLength=(left - 2 * GAP) { (label) }
                text x=(left + GAP) y="14" textLength=(right - 2 * GAP) { (value) }
            }
        }
    };
    svg.into_string() + "\n"
}

/// Pixels that a text takes, gaps included. The drawing fits the text to it.
fn width(text: &str) -> usize {
    text.chars().count() * 7 + 2 * GAP
}

const LABEL: &str = "TCP MUST";
const GAP: usize = 6;

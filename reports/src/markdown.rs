//! The report as a summary in Markdown, of at most 60 lines whatever the run:
//! what is left out of a list is counted.

use tcpspec_record::{Tally, Verdict};

use crate::model::{LevelCount, Play, Reason, Report, Variant};
use crate::text::clean;

/// Renders the summary. Ends with a line feed.
#[must_use]
pub fn render(report: &Report<'_>) -> String {
    let mut lines = vec![format!("# TCP conformance: {}", report.headline())];
    if let Some(notice) = report.incomplete_notice() {
        lines.extend([String::new(), format!("**{notice}**")]);
    }
    lines.push(String::new());
    lines.extend(stacks(report));
    lines.extend(section("To be explained", attention(report), FAILURES));
    lines.extend(section("Stale baseline", stale(report), STALE));
    lines.extend(section("Blocked", reasons(&report.blocked), REASONS));
    lines.extend(section("Skipped", reasons(&report.skipped), REASONS));
    lines.extend(requirements(report));
    lines.join("\n") + "\n"
}

// 60 lines: headline, notice and blanks 4; a table of stacks 12; failures 17;
// stale 7; blocked and skipped 6 each; requirements 6.
const STACKS: usize = 9;
const FAILURES: usize = 13;
const STALE: usize = 3;
const REASONS: usize = 2;
const LEVELS: usize = 3;

fn stacks(report: &Report<'_>) -> Vec<String> {
    let mut rows = Vec::new();
    for stack in report.stacks.iter().take(STACKS) {
        rows.push(stack_row(&code(&stack.info.name), &stack.tally));
    }
    if report.stacks.len() > 1 {
        let all = format!("all {} stacks", report.stacks.len());
        rows.push(stack_row(&all, &report.tally));
    }
    let words = Verdict::ALL.map(Verdict::word).join(" | ");
    let mut lines = vec![
        format!("| stack | executed | {words} | known |"),
        format!("|---|---{}|---|", "|---:".repeat(Verdict::ALL.len())),
    ];
    lines.extend(rows);
    lines
}

fn stack_row(name: &str, tally: &Tally) -> String {
    let counts = Verdict::ALL.map(|verdict| tally.of(verdict).to_string());
    let (executed, total, known) = (tally.executed(), tally.total(), tally.known);
    let counts = counts.join(" | ");
    format!("| {name} | {executed} of {total} | {counts} | {known} |")
}

/// A heading and a list of which the first so many are shown.
fn section(title: &str, items: Vec<String>, most: usize) -> Vec<String> {
    if items.is_empty() {
        return Vec::new();
    }
    let mut lines = vec![String::new(), format!("## {title}"), String::new()];
    let more = items.len().saturating_sub(most);
    lines.extend(items.into_iter().take(most).map(|item| format!("- {item}")));
    if more > 0 {
        lines.push(format!("- and {more} more"));
    }
    lines
}

fn attention(report: &Report<'_>) -> Vec<String> {
    let unknown = |(_, play): &(&Variant<'_>, &Play<'_>)| play.trial().known.is_none();
    let attention = report.attention().into_iter().filter(unknown);
    let item = |(variant, play): (&Variant<'_>, &Play<'_>)| {
        let trials = play.trials.iter();
        let wheres: Vec<String> = trials
            .take(WORLDS)
            .map(|trial| format!("{} {}", trial.id.stack, trial.id.dimensions()))
            .collect();
        let (id, wheres) = (code(&variant.id()), prose(&wheres.join(", ")));
        let reason = prose(&play.trial().reason);
        format!("**{}** {id} ({wheres}): {reason}", play.verdict())
    };
    attention.map(item).collect()
}

/// Of trials that went the same way, so many are named.
const WORLDS: usize = 4;

fn stale(report: &Report<'_>) -> Vec<String> {
    report.stale.iter().map(|variant| code(variant)).collect()
}

fn reasons(reasons: &[Reason<'_>]) -> Vec<String> {
    let item = |reason: &Reason<'_>| {
        let noun = if reason.trials == 1 {
            "trial"
        } else {
            "trials"
        };
        format!("{} {noun}: {}", reason.trials, prose(reason.text))
    };
    reasons.iter().map(item).collect()
}

/// The requirements of the first RFC, which is the base specification where
/// anything cites it.
fn requirements(report: &Report<'_>) -> Vec<String> {
    let Some(rfc) = report.rfcs.first() else {
        return Vec::new();
    };
    let item = |count: &LevelCount| {
        let per_stack = report.stacks.iter().zip(&count.decided);
        let per_stack: Vec<String> = per_stack
            .take(WORLDS)
            .map(|(stack, decided)| format!("{} {decided}", code(&stack.info.name)))
            .collect();
        let LevelCount {
            level, catalogue, ..
        } = count;
        let decided = per_stack.join(", ");
        format!(
            "- RFC {} {level}, {catalogue} in all; decided: {decided}",
            prose(&rfc.number)
        )
    };
    let lines = rfc.levels.iter().take(LEVELS).map(item);
    let heading = [String::new(), "## Requirements".to_owned(), String::new()];
    heading.into_iter().chain(lines).collect()
}

/// A name in a code span, which nothing in it can end.
pub(crate) fn code(text: &str) -> String {
    format!("`{}`", clean(text).replace('`', "'").replace('|', "\\|"))
}

/// Prose in which nothing is markup, a mention or the end of a cell.
pub(crate) fn prose(text: &str) -> String {
    let mut safe = String::new();
    for c in clean(text).chars() {
        match c {
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '&' => safe.push_str("&amp;"),
            '@' => safe.push_str("&#64;"),
            '`' => safe.push_str("&#96;"),
            '\\' | '*' | '_' | '[' | ']' | '|' | '#' | '!' | '~' => safe.extend(['\\', c]),
            _ => safe.push(c),
        }
    }
    safe
}

//! The summary of a run: the tally by stack, then what it means.

use tcpspec_record::{Tally, Verdict};

use super::ink::{Ink, Style, clean, wrap};
use crate::model::{Reason, Report, Trouble};

/// The columns of the table, in the order of reading.
const COLUMNS: [Verdict; 8] = [
    Verdict::Pass,
    Verdict::Deviates,
    Verdict::Fail,
    Verdict::Crash,
    Verdict::Stuck,
    Verdict::Blocked,
    Verdict::Inconclusive,
    Verdict::Skip,
];

/// Says how a run ended. Ends with a line feed.
#[must_use]
pub fn summary(report: &Report<'_>, style: Style) -> String {
    let mut lines = table(report, style);
    lines.push(String::new());
    lines.extend(unavailable(report, style));
    lines.extend(reasons("skipped", &report.skipped));
    lines.extend(reasons("blocked", &report.blocked));
    lines.extend(report.trouble.iter().flat_map(trouble));
    lines.extend(baseline(report, style));
    if report.health.is_some_and(|health| health.again > 0) {
        lines.extend(report.health_notice());
    }
    if let Some(health) = report.health {
        let dishonest = health.connectors.iter();
        lines.extend(dishonest.map(|told| format!("not honest: {}", clean(told))));
    }
    if let Some(notice) = report.incomplete_notice() {
        lines.push(style.paint(Ink::Bad, &notice));
    }
    lines.push(style.paint(Ink::Strong, &report.headline()));
    lines.join("\n") + "\n"
}

/// One line for each stack, and the sum of several; columns without a count
/// are left out, those of `pass` and `fail` never.
fn table(report: &Report<'_>, style: Style) -> Vec<String> {
    let mut rows: Vec<(String, &Tally)> = Vec::new();
    for stack in &report.stacks {
        rows.push((clean(&stack.info.name), &stack.tally));
    }
    if rows.len() > 1 {
        rows.push(("all stacks".to_owned(), &report.tally));
    }
    let shown = |verdict: &Verdict| {
        matches!(verdict, Verdict::Pass | Verdict::Fail) || report.tally.of(*verdict) > 0
    };
    let columns: Vec<Verdict> = COLUMNS.into_iter().filter(shown).collect();
    let width = rows.iter().map(|(name, _)| name.chars().count()).max();
    let width = width.unwrap_or(0).max("stack".len());
    let mut lines = vec![style.paint(Ink::Faint, &heading(width, &columns))];
    lines.extend(
        rows.iter()
            .map(|(name, tally)| row(name, tally, width, &columns, style)),
    );
    lines
}

fn heading(width: usize, columns: &[Verdict]) -> String {
    let words = columns
        .iter()
        .map(|verdict| format!("  {:>5}", verdict.word()));
    format!(
        "{:width$}  {:>11}{}",
        "stack",
        "executed",
        words.collect::<String>()
    )
}

fn row(name: &str, tally: &Tally, width: usize, columns: &[Verdict], style: Style) -> String {
    let executed = format!("{} of {}", tally.executed(), tally.total());
    let cell = |verdict: &Verdict| {
        let width = verdict.word().len().max(5);
        let count = tally.of(*verdict);
        let text = format!("  {count:>width$}");
        let ink = if count == 0 {
            Ink::Faint
        } else {
            Ink::of(*verdict)
        };
        style.paint(ink, &text)
    };
    let cells: String = columns.iter().map(cell).collect();
    format!("{name:width$}  {executed:>11}{cells}")
}

fn unavailable(report: &Report<'_>, style: Style) -> Vec<String> {
    let stacks = report.stacks.iter();
    let without = stacks.filter(|stack| !stack.info.unavailable.is_empty());
    without
        .flat_map(|stack| {
            wrap(
                &format!(
                    "{} is not available: {}",
                    stack.info.name, stack.info.unavailable
                ),
                0,
            )
        })
        .map(|line| style.paint(Ink::Doubtful, &line))
        .collect()
}

fn reasons(word: &str, reasons: &[Reason<'_>]) -> Vec<String> {
    let line = |reason: &Reason<'_>| {
        let stacks: Vec<&str> = reason.stacks.iter().copied().collect();
        let text = if reason.text.is_empty() {
            "no reason given"
        } else {
            reason.text
        };
        wrap(
            &format!("{word} {} on {}: {text}", reason.trials, stacks.join(", ")),
            0,
        )
    };
    let (shown, rest) = reasons.split_at(reasons.len().min(SHOWN));
    let mut lines: Vec<String> = shown.iter().flat_map(line).collect();
    if !rest.is_empty() {
        let trials: usize = rest.iter().map(|reason| reason.trials).sum();
        let more = rest.len();
        lines.push(format!(
            "{word} {trials} for {more} further reasons, which the report has"
        ));
    }
    lines
}

/// Reasons in full, those of most trials first: a stack that can do little has
/// hundreds.
const SHOWN: usize = 24;

/// What the links did under one fault profile.
fn trouble(trouble: &Trouble<'_>) -> Vec<String> {
    let gave_up = match trouble.gave_up {
        0 => String::new(),
        count => format!("; gave up after R2, as they may: {count}"),
    };
    let (profile, trials, told) = (clean(trouble.profile), trouble.trials, trouble.told());
    wrap(
        &format!("faults {profile} in {trials} trials: {told}{gave_up}"),
        0,
    )
}

fn baseline(report: &Report<'_>, style: Style) -> Vec<String> {
    let mut lines = Vec::new();
    if report.tally.known > 0 {
        lines.push(format!(
            "known {}: expected by the baseline",
            report.tally.known
        ));
    }
    for variant in report.stale {
        let text = format!("stale baseline: {} is no longer as it says", clean(variant));
        lines.push(style.paint(Ink::Bad, &text));
    }
    lines
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::none(0, 0, "")]
    #[case::all(SHOWN, SHOWN, "skipped 3 on s: r")]
    #[case::too_many(
        SHOWN + 2,
        SHOWN + 1,
        "skipped 6 for 2 further reasons, which the report has"
    )]
    fn reasons_are_told_up_to_a_number(
        #[case] count: usize,
        #[case] lines: usize,
        #[case] last: &str,
    ) {
        let reason = Reason {
            text: "r",
            stacks: BTreeSet::from(["s"]),
            variants: BTreeSet::new(),
            trials: 3,
        };
        let told = reasons("skipped", &vec![reason; count]);
        assert_eq!(told.len(), lines);
        assert_eq!(told.last().map_or("", String::as_str), last);
    }
}

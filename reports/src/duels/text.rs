//! Duels at the terminal.

use std::fmt::Write as _;

use tcpspec_record::duel::ENDS;
use tcpspec_record::{Duel, DuelResult};
use tcpspec_wire::Instant;

use super::summary::{Cell, Pair, Summary};
use crate::terminal::Style;
use crate::terminal::ink::Ink;
use crate::text::clean;

/// A duel that went wrong, in full.
#[must_use]
pub fn failure(duel: &Duel, style: Style) -> String {
    let [left, right] = &duel.stacks;
    let (faults, ip, seed) = (&duel.faults, duel.ip, duel.seed);
    let word = duel.result.word().to_uppercase();
    let word = style.paint(Ink::Bad, &word);
    let mut text = format!("{word}  {left} > {right}  {faults}  ip={ip} seed={seed}\n");
    // Writing to a String cannot fail.
    let _ = writeln!(text, "  {}.", clean(&duel.reason));
    for finding in &duel.findings {
        let (end, at) = (ENDS[finding.end.min(1)], Instant::from_nanos(finding.at));
        let weight = if finding.advice { "remark" } else { "wrong" };
        let times = match finding.times {
            1 => String::new(),
            times => format!(", {times} times"),
        };
        let (segment, why) = (clean(&finding.segment), clean(&finding.why));
        let _ = writeln!(text, "  {weight}: {at} {end} {segment}");
        let _ = writeln!(text, "    {why} ({}){times}", finding.requirement);
    }
    if !duel.tally.is_empty() {
        let _ = writeln!(text, "  Packets:  {}", tally(duel));
    }
    let _ = writeln!(text, "  Repro:    {}", duel.repro());
    text
}

/// What became of the packets: `arrived 9, drop 1, sent 10`.
fn tally(duel: &Duel) -> String {
    let counts = duel
        .tally
        .iter()
        .map(|(word, count)| format!("{word} {count}"));
    counts.collect::<Vec<_>>().join(", ")
}

/// A row for each pair and profile.
#[must_use]
pub fn table(duels: &[Duel]) -> String {
    let summary = Summary::of(duels);
    let mut lines = vec![HEAD.map(str::to_owned)];
    for pair in &summary.pairs {
        let cells = summary.profiles.iter();
        let cells = cells.filter_map(|profile| Some((*profile, pair.cells.get(profile)?)));
        lines.extend(cells.map(|(profile, cell)| line(pair, profile, cell)));
    }
    aligned(&lines)
}

const HEAD: [&str; 8] = [
    "duel",
    "faults",
    "ip",
    "well",
    "gave up",
    "wrong",
    "goodput",
    "sent again",
];

fn line(pair: &Pair<'_>, profile: &str, cell: &Cell) -> [String; 8] {
    let [left, right] = pair.stacks;
    let wrong = cell.count(DuelResult::Badly) + cell.count(DuelResult::Broken);
    let goodput = cell.goodput.map_or_else(|| "-".to_owned(), speed);
    let share = cell.share();
    let share = share.map_or_else(String::new, |share| format!(" ({:.0} %)", share * 100.0));
    let again = cell.repeated;
    [
        format!("{left} > {right}"),
        profile.to_owned(),
        pair.ip.to_string(),
        cell.count(DuelResult::Well).to_string(),
        cell.count(DuelResult::GaveUp).to_string(),
        wrong.to_string(),
        format!("{goodput}{share}"),
        again.map_or_else(|| "-".to_owned(), |share| format!("{:.1} %", share * 100.0)),
    ]
}

/// Octets in a second.
pub(super) fn speed(octets: f64) -> String {
    if octets >= 1e6 {
        format!("{:.1} MB/s", octets / 1e6)
    } else {
        format!("{:.1} kB/s", octets / 1e3)
    }
}

/// Columns side by side: words to the left, numbers to the right.
fn aligned(lines: &[[String; 8]]) -> String {
    let width = |column: usize| {
        lines
            .iter()
            .map(|line| line[column].len())
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..8).map(width).collect();
    let mut text = String::new();
    for line in lines {
        let cells = line
            .iter()
            .zip(&widths)
            .enumerate()
            .map(|(column, (cell, width))| {
                if column < 2 {
                    format!("{cell:width$}")
                } else {
                    format!("{cell:>width$}")
                }
            });
        let _ = writeln!(text, "{}", cells.collect::<Vec<_>>().join("  ").trim_end());
    }
    text
}

//! Stacks side by side, for a terminal, in Markdown and in JSON: where their
//! verdicts differ, and what they chose where the RFCs leave a choice.
//!
//! The stacks are the columns; so that any number of them fits, a letter stands
//! for each, and the letters are explained first.

use serde_json::{Value, json};

use crate::markdown::code;
use crate::model::{Cell, Column, Comparison, Row};
use crate::terminal::{Ink, Style};
use crate::text::clean;

/// For a terminal. Ends with a line feed.
#[must_use]
pub fn text(comparison: &Comparison<'_>, style: Style) -> String {
    let mut lines = Vec::new();
    for (letter, column) in letters().zip(&comparison.columns) {
        lines.push(format!(
            "{letter}  {}",
            style.paint(Ink::Strong, &name(column))
        ));
    }
    lines.push(String::new());
    lines.push(differ(comparison));
    if !comparison.differences.is_empty() {
        lines.extend(table(comparison, &comparison.differences, &verdict, style));
    }
    let choices = chosen_differently(comparison);
    if !choices.is_empty() {
        lines.push(String::new());
        lines.push("What they chose, where they chose differently:".to_owned());
        lines.extend(table(comparison, &choices, &tags, style));
    }
    lines.extend(likenesses(comparison));
    lines.join("\n") + "\n"
}

/// In Markdown. Ends with a line feed.
#[must_use]
pub fn markdown(comparison: &Comparison<'_>) -> String {
    let mut lines = vec!["# Stacks side by side".to_owned(), String::new()];
    for (letter, column) in letters().zip(&comparison.columns) {
        lines.push(format!("- {letter}: {}", code(&name(column))));
    }
    lines.extend([String::new(), differ(comparison)]);
    if !comparison.differences.is_empty() {
        lines.extend(markdown_table(
            comparison,
            &comparison.differences,
            &verdict,
        ));
    }
    let choices = chosen_differently(comparison);
    if !choices.is_empty() {
        let title = "What they chose, where they chose differently:";
        lines.extend([String::new(), title.to_owned()]);
        lines.extend(markdown_table(comparison, &choices, &tags));
    }
    let likenesses = likenesses(comparison);
    lines.extend(
        likenesses
            .into_iter()
            .flat_map(|line| match line.is_empty() {
                true => vec![line],
                false => vec![format!("- {line}")],
            }),
    );
    lines.join("\n") + "\n"
}

/// In JSON. Ends with a line feed.
#[must_use]
pub fn json(comparison: &Comparison<'_>) -> String {
    let columns = comparison.columns.iter();
    let columns: Vec<Value> = columns
        .map(|column| json!({ "run": column.run, "stack": column.stack }))
        .collect();
    let rows = |rows: &[Row<'_>]| rows.iter().map(row).collect::<Vec<Value>>();
    let likeness: Vec<Value> = pairs(comparison)
        .map(|(one, other)| {
            let likeness = comparison.likeness(one, other);
            json!({ "columns": [one, other], "both": likeness.both, "same": likeness.same })
        })
        .collect();
    let all = json!({
        "columns": columns,
        "alike": comparison.alike,
        "differences": rows(&comparison.differences),
        "choices": rows(&comparison.choices),
        "likeness": likeness,
    });
    format!("{all:#}\n")
}

fn row(row: &Row<'_>) -> Value {
    let cell = |cell: &Option<Cell<'_>>| {
        cell.as_ref().map(|cell| {
            json!({
                "verdict": cell.worst.verdict,
                "mixed": cell.mixed,
                "reason": cell.worst.reason,
                "tags": cell.tags,
            })
        })
    };
    let cells: Vec<_> = row.cells.iter().map(cell).collect();
    json!({ "variant": row.id(), "cells": cells, "odd": row.odd })
}

/// A, B ... Z, AA, AB ...
fn letters() -> impl Iterator<Item = String> {
    (0..).map(|number: u32| {
        let (mut number, mut letters) = (number, Vec::new());
        loop {
            letters.insert(0, char::from(b'A' + (number % 26) as u8));
            if number < 26 {
                return letters.into_iter().collect();
            }
            number = number / 26 - 1;
        }
    })
}

fn name(column: &Column<'_>) -> String {
    let run = column
        .run
        .map_or(String::new(), |run| format!("{}  ", clean(run)));
    format!("{run}{}", clean(column.stack))
}

fn differ(comparison: &Comparison<'_>) -> String {
    let (differ, alike) = (comparison.differences.len(), comparison.alike);
    let odd = comparison.differences.iter().any(|row| row.odd.is_some());
    let odd = if odd { "; * stands alone" } else { "" };
    let mixed = comparison.differences.iter().flat_map(|row| &row.cells);
    let is_mixed = mixed.flatten().any(|cell| cell.mixed);
    let mixed = if is_mixed {
        "; ~ not in all its trials"
    } else {
        ""
    };
    let s = if differ == 1 { "" } else { "s" };
    format!("They differ in {differ} variant{s} and agree in {alike}{odd}{mixed}")
}

fn verdict(cell: &Cell<'_>) -> String {
    let mixed = if cell.mixed { "~" } else { "" };
    format!("{}{mixed}", cell.worst.verdict)
}

fn tags(cell: &Cell<'_>) -> String {
    let tags: Vec<String> = cell.tags.iter().map(|tag| clean(tag)).collect();
    match tags.is_empty() {
        true => "-".to_owned(),
        false => tags.join("+"),
    }
}

fn chosen_differently<'a>(comparison: &Comparison<'a>) -> Vec<Row<'a>> {
    let choices = comparison.choices.iter();
    choices
        .filter(|row| row.chose_differently())
        .cloned()
        .collect()
}

/// What a cell says, and which column stands alone.
type Say<'f> = &'f dyn Fn(&Cell<'_>) -> String;

fn cells(row: &Row<'_>, say: Say<'_>) -> Vec<String> {
    let cells = row.cells.iter().enumerate();
    cells
        .map(|(at, cell)| {
            let odd = if row.odd == Some(at) { "*" } else { "" };
            let said = cell.as_ref().map_or_else(|| "-".to_owned(), say);
            format!("{said}{odd}")
        })
        .collect()
}

/// Rows of cells as wide as their column asks for, the variant behind them.
fn table(comparison: &Comparison<'_>, rows: &[Row<'_>], say: Say<'_>, style: Style) -> Vec<String> {
    let heads: Vec<String> = letters().take(comparison.columns.len()).collect();
    let said: Vec<Vec<String>> = rows.iter().map(|row| cells(row, say)).collect();
    let width = |column: usize| {
        let cells = said
            .iter()
            .chain([&heads])
            .map(|row| row[column].chars().count());
        cells.max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..heads.len()).map(width).collect();
    let padded = |cells: &[String]| {
        let cells = cells.iter().zip(&widths);
        let cells: Vec<String> = cells
            .map(|(cell, width)| format!("{cell:width$}"))
            .collect();
        cells.join("  ")
    };
    let head = style.paint(Ink::Faint, padded(&heads).trim_end());
    let line =
        |(row, cells): (&Row<'_>, &Vec<String>)| format!("{}  {}", padded(cells), clean(&row.id()));
    std::iter::once(head)
        .chain(rows.iter().zip(&said).map(line))
        .collect()
}

fn markdown_table(comparison: &Comparison<'_>, rows: &[Row<'_>], say: Say<'_>) -> Vec<String> {
    let heads: Vec<String> = letters().take(comparison.columns.len()).collect();
    let mut lines = vec![
        String::new(),
        format!("| variant | {} |", heads.join(" | ")),
        format!("|---{}|", "|---".repeat(heads.len())),
    ];
    lines.extend(rows.iter().map(|row| {
        let cells: Vec<String> = cells(row, say).iter().map(|cell| code(cell)).collect();
        format!("| {} | {} |", code(&row.id()), cells.join(" | "))
    }));
    lines
}

/// A line for each pair of stacks that were both seen to choose.
fn likenesses(comparison: &Comparison<'_>) -> Vec<String> {
    let names: Vec<String> = letters().take(comparison.columns.len()).collect();
    let mut lines = Vec::new();
    for (one, other) in pairs(comparison) {
        let likeness = comparison.likeness(one, other);
        if likeness.both > 0 {
            let (one, other) = (&names[one], &names[other]);
            let (same, both) = (likeness.same, likeness.both);
            lines.push(format!(
                "{one} and {other} chose alike in {same} of {both} variants"
            ));
        }
    }
    if !lines.is_empty() {
        lines.insert(0, String::new());
    }
    lines
}

fn pairs(comparison: &Comparison<'_>) -> impl Iterator<Item = (usize, usize)> {
    let columns = comparison.columns.len();
    (0..columns).flat_map(move |one| (one + 1..columns).map(move |other| (one, other)))
}

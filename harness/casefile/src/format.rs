//! The canonical form of a case file: order of keys, indentation of steps,
//! blank lines. Lines move as they are, comments with the key below them, so
//! nothing that an author chose inside a line is touched: quotes, flow or
//! block, where a list breaks.

use std::sync::Arc;

use crate::diagnostic::Sink;
use crate::document::{Document, Kind, NodeId};

/// Keys of a case in the order in which a reader wants them. Others keep
/// their place behind these.
const ORDER: [&str; 17] = [
    "title",
    "purpose",
    "level",
    "claims",
    "needs",
    "params",
    "numbering",
    "from",
    "matrix",
    "never",
    "strict",
    "lenient",
    "tolerates",
    "tags",
    "disputed",
    "since",
    "with",
];

/// What comes last, after a blank line.
const STEPS: &str = "steps";

/// How far the dash of a step is indented.
const STEP_INDENT: usize = 2;

/// The text of a case or fragment in its canonical form; `None` where that
/// would mean something else, or where the text is not YAML at all.
#[must_use]
pub fn canonical(text: &str) -> Option<String> {
    let mut blocks = blocks(text);
    blocks.sort_by_key(|block| block.rank());
    let mut lines: Vec<String> = Vec::new();
    for block in blocks {
        if block.key == STEPS && !lines.is_empty() {
            lines.push(String::new());
        }
        lines.extend(block.lines());
    }
    lines.dedup_by(|a, b| a.is_empty() && b.is_empty());
    let lines: Vec<String> = trimmed(lines);
    let formatted = lines.join("\n") + "\n";
    is_same(text, &formatted).then_some(formatted)
}

/// A key of the file with the comments above it and all that belongs to it.
#[derive(Default)]
struct Block {
    /// Empty for what stands before the first key.
    key: String,
    lines: Vec<String>,
}

impl Block {
    fn rank(&self) -> usize {
        if self.key.is_empty() {
            return 0;
        }
        let known = ORDER.iter().position(|key| *key == self.key);
        let behind = if self.key == STEPS { 2 } else { 1 };
        known.map_or(ORDER.len() + behind, |at| at + 1)
    }

    fn lines(self) -> Vec<String> {
        if self.key == STEPS {
            trimmed(indented(self.lines))
        } else {
            trimmed(self.lines)
        }
    }
}

fn blocks(text: &str) -> Vec<Block> {
    let mut blocks = vec![Block::default()];
    // Comments that may belong to the key below them.
    let mut pending: Vec<String> = Vec::new();
    for line in text.lines().map(|line| line.trim_end().to_owned()) {
        if let Some(key) = key_of(&line) {
            let mut lines = std::mem::take(&mut pending);
            lines.push(line.clone());
            blocks.push(Block {
                key: key.to_owned(),
                lines,
            });
            continue;
        }
        if line.starts_with('#') && blocks.len() > 1 {
            pending.push(line);
            continue;
        }
        if let Some(block) = blocks.last_mut() {
            block.lines.append(&mut pending);
            block.lines.push(line);
        }
    }
    if let Some(block) = blocks.last_mut() {
        block.lines.append(&mut pending);
    }
    blocks
}

/// The key that begins at the left edge.
fn key_of(line: &str) -> Option<&str> {
    let (key, _) = line.split_once(':')?;
    let is_word = |c: char| c.is_ascii_lowercase() || c == '-';
    (!key.is_empty() && key.chars().all(is_word)).then_some(key)
}

/// The steps with their dashes where they belong: all lines move alike.
fn indented(lines: Vec<String>) -> Vec<String> {
    let first = lines
        .iter()
        .find(|line| line.trim_start().starts_with("- "));
    let now = first.map_or(STEP_INDENT, |line| line.len() - line.trim_start().len());
    let moved = |line: String| {
        if line.is_empty() || key_of(&line).is_some() {
            return line;
        }
        let content = line.trim_start();
        let indent = line.len() - content.len();
        format!(
            "{:1$}{content}",
            "",
            (indent + STEP_INDENT).saturating_sub(now)
        )
    };
    lines.into_iter().map(moved).collect()
}

/// Without blank lines at either end.
fn trimmed(lines: Vec<String>) -> Vec<String> {
    let is_text = |line: &String| !line.is_empty();
    let start = lines.iter().position(is_text).unwrap_or(lines.len());
    let end = lines.iter().rposition(is_text).map_or(start, |at| at + 1);
    lines[start..end].to_vec()
}

/// Whether two texts say the same, whatever the order of their keys.
fn is_same(a: &str, b: &str) -> bool {
    let sink = Sink::default();
    let a = Document::read(Arc::from(""), a, &sink);
    let b = Document::read(Arc::from(""), b, &sink);
    match (a.root(), b.root()) {
        (Some(root_a), Some(root_b)) if sink.len() == 0 => {
            is_same_node(&a, root_a, &b, root_b, true)
        }
        _ => false,
    }
}

fn is_same_node(a: &Document, at: NodeId, b: &Document, bt: NodeId, is_root: bool) -> bool {
    match (a.kind(at), b.kind(bt)) {
        (Kind::Text(a), Kind::Text(b)) => a == b,
        (Kind::Empty, Kind::Empty) => true,
        (Kind::List(one), Kind::List(other)) => {
            one.len() == other.len()
                && one
                    .iter()
                    .zip(other)
                    .all(|(at, bt)| is_same_node(a, *at, b, *bt, false))
        }
        (Kind::Map(one), Kind::Map(other)) if is_root => {
            one.len() == other.len()
                && one.iter().all(|(key, value)| {
                    let found = b.entry(bt, a.text(*key));
                    found.is_some_and(|(_, bt)| is_same_node(a, *value, b, bt, false))
                })
        }
        // The axes of a matrix make the names of variants in their order.
        (Kind::Map(one), Kind::Map(other)) => {
            one.len() == other.len()
                && one
                    .iter()
                    .zip(other)
                    .all(|((key, value), (key_b, value_b))| {
                        a.text(*key) == b.text(*key_b)
                            && is_same_node(a, *value, b, *value_b, false)
                    })
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests;

//! Editing a baseline that people write: lines are taken out, put in and
//! changed, and all others stay as they are, with their comments.
//!
//! Left out: items written in one line (`- {variant: ...}`), which nobody can
//! take a line out of.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::ops::Range;
use std::path::Path;

use tcpspec_record::{Baseline, BaselineEntry, Verdict};

use super::{BaselineError, EntryPlace, LoadError, read_text, read_with_places};

/// A baseline and the text that it was read from.
#[derive(Clone, Debug)]
pub struct BaselineFile {
    /// What it says.
    pub baseline: Baseline,
    lines: Vec<String>,
    places: Vec<EntryPlace>,
}

/// What is to become of a baseline; entries are named by their place among
/// [`Baseline::known`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edits {
    /// Entries to take out.
    pub remove: BTreeSet<usize>,
    /// Entries that expect another verdict now, with what shows it.
    pub judge: BTreeMap<usize, (Verdict, Vec<String>)>,
    /// Entries to put at the end.
    pub add: Vec<BaselineEntry>,
}

/// Why a baseline cannot be edited.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// An item is not written line by line.
    #[error("line {0} holds more than one key, so it has to be changed by hand")]
    Inline(usize),
}

/// The text of a new baseline.
#[must_use]
pub fn new_baseline(stack: &str, entries: &[BaselineEntry]) -> String {
    let items: Vec<String> = entries.iter().flat_map(|entry| item(entry, "  ")).collect();
    let known = if items.is_empty() { " []" } else { "" };
    format!(
        "# Known departures of {stack}. An entry whose trial passes, or that no trial\n\
         # matches, is an error: take it out then.\nstack: {stack}\nknown:{known}\n{}",
        items.concat()
    )
}

impl BaselineFile {
    /// Reads a baseline that is to be edited.
    ///
    /// # Errors
    ///
    /// [`BaselineError`], as of [`load_baseline`](super::load_baseline).
    pub fn read(path: &Path) -> Result<Self, BaselineError> {
        let text = read_text(path).map_err(|source| LoadError {
            path: path.to_owned(),
            source,
        })?;
        let read = Self::from_text(&path.display().to_string(), &text);
        read.map_err(BaselineError::Invalid)
    }

    fn from_text(shown_as: &str, text: &str) -> Result<Self, Vec<crate::Diagnostic>> {
        let (baseline, places) = read_with_places(shown_as, text)?;
        let lines = text.split_inclusive('\n').map(str::to_owned).collect();
        Ok(Self {
            baseline,
            lines,
            places,
        })
    }

    /// The line that names an entry's variant, counted from 1.
    #[must_use]
    pub fn line(&self, entry: usize) -> usize {
        self.places.get(entry).map_or(1, |place| place.variant)
    }

    /// Whether an entry stands by itself, and not in a list of variants.
    #[must_use]
    pub fn is_alone(&self, entry: usize) -> bool {
        self.places.get(entry).is_some_and(|place| place.alone)
    }

    /// The file's text after these edits.
    ///
    /// # Errors
    ///
    /// [`EditError`] if a line would have to be taken apart.
    pub fn edited(&self, edits: &Edits) -> Result<String, EditError> {
        let mut patches = Vec::new();
        for (number, place) in self.places.iter().enumerate() {
            if edits.remove.contains(&number) && !self.is_whole_item_removed(place, edits) {
                patches.push(Patch::removal(self.variant_line(place)?));
            } else if edits.remove.contains(&number) {
                patches.push(Patch::removal(self.with_comments(self.item(place)?)));
            } else if let Some((verdict, observed)) = edits.judge.get(&number) {
                patches.extend(self.judged(place, *verdict, observed)?);
            }
        }
        let first = self.places.first();
        let dash = first.map_or("  ", |place| indentation(&self.lines[place.item - 1]));
        let added = edits.add.iter().flat_map(|entry| item(entry, dash));
        patches.push(Patch {
            lines: self.lines.len()..self.lines.len(),
            with: added.collect(),
        });
        Ok(self.patched(patches, edits))
    }

    /// Whether all variants of an item go.
    fn is_whole_item_removed(&self, place: &EntryPlace, edits: &Edits) -> bool {
        let mut of_item = self.places.iter().enumerate();
        of_item.all(|(number, other)| other.item != place.item || edits.remove.contains(&number))
    }

    /// The lines of an item, from its dash on.
    fn item(&self, place: &EntryPlace) -> Result<Range<usize>, EditError> {
        let start = place.item - 1;
        let line = &self.lines[start];
        let text = line.trim_start();
        if !text.starts_with("- ") || text.contains('{') && text.contains('}') {
            return Err(EditError::Inline(place.item));
        }
        Ok(self.block(start))
    }

    /// A line and all below it that is indented more; blank lines at the end
    /// are not of it.
    fn block(&self, start: usize) -> Range<usize> {
        let indent = indentation(&self.lines[start]).len();
        let is_inside = |line: &&String| line.trim().is_empty() || indentation(line).len() > indent;
        let inside = self.lines[start + 1..].iter().take_while(is_inside);
        let mut end = start + 1 + inside.count();
        while self.lines[end - 1].trim().is_empty() {
            end -= 1;
        }
        start..end
    }

    /// The comments right above belong to an item.
    fn with_comments(&self, item: Range<usize>) -> Range<usize> {
        let above = self.lines[..item.start].iter().rev();
        let comments = above.take_while(|line| line.trim_start().starts_with('#'));
        item.start - comments.count()..item.end
    }

    /// The line of one variant among several.
    fn variant_line(&self, place: &EntryPlace) -> Result<Range<usize>, EditError> {
        let line = place.variant - 1;
        let text = self.lines[line].trim_start();
        if text.starts_with("- ") && place.variant != place.item {
            Ok(line..line + 1)
        } else {
            Err(EditError::Inline(place.variant))
        }
    }

    /// Another verdict, and what shows it in place of what showed the other.
    fn judged(
        &self,
        place: &EntryPlace,
        verdict: Verdict,
        observed: &[String],
    ) -> Result<Vec<Patch>, EditError> {
        let item = self.item(place)?;
        let line = place.verdict - 1;
        let text = self.lines[line].trim_start();
        if !place.alone || !text.trim_start_matches("- ").starts_with("verdict:") {
            return Err(EditError::Inline(place.verdict));
        }
        let before = self.lines[line].find("verdict:").unwrap_or(0);
        let new = format!("{}verdict: {verdict}\n", &self.lines[line][..before]);
        let keys = format!("{}  ", indentation(&self.lines[item.start]));
        let is_observed = |at: &usize| self.lines[*at].starts_with(&format!("{keys}observed:"));
        let old = item.clone().find(is_observed);
        Ok(vec![
            Patch {
                lines: line..line + 1,
                with: vec![new],
            },
            Patch {
                lines: old.map_or(item.end..item.end, |at| self.block(at)),
                with: observed_lines(observed, &keys),
            },
        ])
    }

    /// The lines with all patches, of which no two touch the same one.
    fn patched(&self, mut patches: Vec<Patch>, edits: &Edits) -> String {
        patches.sort_by_key(|patch| (patch.lines.start, patch.lines.end));
        patches.dedup();
        let mut lines = self.lines.clone();
        if let Some(last) = lines.last_mut().filter(|line| !line.ends_with('\n')) {
            last.push('\n');
        }
        for patch in patches.into_iter().rev() {
            lines.splice(patch.lines, patch.with);
        }
        let left = self.places.len() - edits.remove.len() + edits.add.len();
        let has_items = !self.places.is_empty();
        for line in lines.iter_mut().filter(|line| line.starts_with("known:")) {
            match (has_items, left) {
                (true, 0) => *line = "known: []\n".to_owned(),
                (false, 1..) => *line = "known:\n".to_owned(),
                _ => {}
            }
        }
        lines.concat()
    }
}

/// Lines in place of others.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Patch {
    lines: Range<usize>,
    with: Vec<String>,
}

impl Patch {
    const fn removal(lines: Range<usize>) -> Self {
        Self {
            lines,
            with: Vec::new(),
        }
    }
}

fn indentation(line: &str) -> &str {
    &line[..line.len() - line.trim_start_matches(' ').len()]
}

/// An entry as a file writes it, line by line.
fn item(entry: &BaselineEntry, dash: &str) -> Vec<String> {
    let mut text = String::new();
    let keys = format!("{dash}  ");
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{dash}- variant: {}", scalar(&entry.variant));
    let ip = entry.ip.map(|ip| format!("\"{ip}\""));
    let isn = entry.isn.map(|isn| isn.to_string());
    for (key, value) in [
        ("ip", ip),
        ("isn", isn),
        ("faults", entry.faults.as_deref().map(scalar)),
        ("with", entry.with.as_deref().map(scalar)),
        ("verdict", Some(entry.verdict.to_string())),
        ("clause", entry.clause.as_deref().map(scalar)),
        ("deliberate", entry.deliberate.as_deref().map(scalar)),
        ("reason", Some(scalar(entry.reason.trim()))),
    ] {
        if let Some(value) = value {
            let _ = writeln!(text, "{keys}{key}: {value}");
        }
    }
    let mut lines: Vec<String> = text.split_inclusive('\n').map(str::to_owned).collect();
    lines.extend(observed_lines(&entry.observed, &keys));
    lines
}

fn observed_lines(observed: &[String], keys: &str) -> Vec<String> {
    if observed.is_empty() {
        return Vec::new();
    }
    let head = format!("{keys}observed: |\n");
    let line = |line: &String| format!("{keys}  {}\n", line.trim());
    std::iter::once(head)
        .chain(observed.iter().map(line))
        .collect()
}

/// A text on one line: as it stands where YAML takes that for the same text,
/// else in double quotes.
fn scalar(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || " -_./@=,;()<>+*".contains(c);
    let begins = text.starts_with(|c: char| c.is_ascii_alphabetic());
    if begins && text.chars().all(plain) {
        return text.to_owned();
    }
    let escaped: String = text
        .chars()
        .flat_map(|c| match c {
            '"' | '\\' => vec!['\\', c],
            c if c.is_control() => format!("\\u{:04x}", c as u32).chars().collect(),
            c => vec![c],
        })
        .collect();
    format!("\"{escaped}\"")
}

#[cfg(test)]
mod tests;

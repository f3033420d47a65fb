//! What became of each mutant, kept as JSON lines below `target/`, so that an
//! interrupted run goes on where it was and a repeated one does only what has
//! changed.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, OpenOptions};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::manifest::Mutant;

/// What became of a mutant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// These variants failed.
    Killed(BTreeSet<String>),
    /// The run did not come to its end: noticed, but by no case.
    Endless,
    /// Every case passed.
    Survived,
}

/// One line of the results.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Entry {
    /// The mutant, or the control stack.
    pub id: String,
    /// Which tree and which edit this is a result of.
    pub key: String,
    /// What became of it.
    pub outcome: Outcome,
}

/// All results so far; of several for one mutant the last.
#[derive(Debug)]
pub struct Results {
    path: PathBuf,
    entries: BTreeMap<String, Entry>,
}

impl Results {
    /// Reads what an earlier run has left; nothing is no error.
    ///
    /// # Errors
    ///
    /// If the file is there and cannot be read.
    pub fn open(path: &Path) -> io::Result<Self> {
        let text = match fs::read_to_string(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            text => text?,
        };
        // A line that does not read was cut off: its mutant is run again.
        let entries = text
            .lines()
            .filter_map(|line| serde_json::from_str::<Entry>(line).ok())
            .map(|entry| (entry.id.clone(), entry));
        Ok(Self {
            path: path.to_owned(),
            entries: entries.collect(),
        })
    }

    /// Keeps a result.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    pub fn keep(&mut self, entry: Entry) -> io::Result<()> {
        let mut file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&self.path)?;
        writeln!(file, "{}", serde_json::to_string(&entry)?)?;
        self.entries.insert(entry.id.clone(), entry);
        Ok(())
    }

    /// What became of `id`, of whatever tree.
    #[must_use]
    pub fn last(&self, id: &str) -> Option<&Outcome> {
        self.entries.get(id).map(|entry| &entry.outcome)
    }

    /// What became of `id` under `key`.
    #[must_use]
    pub fn get(&self, id: &str, key: &str) -> Option<&Outcome> {
        let entry = self.entries.get(id)?;
        (entry.key == key).then_some(&entry.outcome)
    }
}

/// The key of a mutant's result in a tree with this fingerprint.
#[must_use]
pub fn key(tree: u64, mutant: &Mutant) -> String {
    let mut hasher = DefaultHasher::new();
    for edit in mutant.edits() {
        (edit.file, edit.find, edit.replace).hash(&mut hasher);
    }
    format!("{tree:016x}-{:016x}", hasher.finish())
}

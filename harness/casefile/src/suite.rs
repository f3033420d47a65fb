//! All cases of a directory, what they refer to, and all complaints.

mod baseline;
mod faults;
mod restated;
mod select;
mod untested;

use std::collections::BTreeMap;
use std::fs::{self, DirEntry};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::de::DeserializeOwned;
use tcpspec_record::{CaseId, RequirementId};

use crate::case::Case;
use crate::catalogue::Catalogue;
use crate::check::{Checker, Library, Parsed};
use crate::decode::At;
use crate::diagnostic::{Code, Diagnostic, Fault, Sink};
use crate::document::Document;
use crate::limits::MAX_FILE_LEN;
use crate::raw::read;
use crate::sweep::Sweep;

pub(crate) use baseline::RawBaseline;
pub use baseline::{BaselineError, BaselineFile, EditError, Edits, load_baseline, new_baseline};
pub(crate) use faults::RawProfile;
pub use faults::{ProfileError, load_profile};
pub use select::SelectError;

/// All cases of a directory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Suite {
    /// The valid cases in the order of their ids.
    pub cases: Vec<Case>,
    /// The tables of which the cases under `states/` are made.
    pub sweeps: Vec<Sweep>,
    /// All requirements.
    pub catalogue: Catalogue,
    /// Requirements that no case decides, each with the reason.
    pub untested: BTreeMap<RequirementId, String>,
    /// Requirements that others state again, each with those.
    pub restated: BTreeMap<RequirementId, Vec<RequirementId>>,
    /// What is wrong, in the order of files, lines and columns.
    pub diagnostics: Vec<Diagnostic>,
}

/// A directory or file of cases could not be read.
#[derive(Debug, thiserror::Error)]
#[error("cannot read {path}")]
pub struct LoadError {
    /// The directory or file.
    pub path: PathBuf,
    /// Why.
    #[source]
    pub source: io::Error,
}

/// A file's text and what it is called: its path under the directory of cases.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// The path under the directory of cases, with `/` between its parts.
    pub path: String,
    /// What complaints call it.
    pub shown_as: String,
    /// What it holds.
    pub text: String,
}

impl SourceFile {
    /// A file of the directory of cases, called by its path.
    #[must_use]
    pub fn new(path: &str, text: &str) -> Self {
        Self {
            path: path.to_owned(),
            shown_as: path.to_owned(),
            text: text.to_owned(),
        }
    }
}

/// Reads a directory of cases. What is wrong with a file, or below the
/// directory cannot be read, is a diagnostic, and the cases that are valid come
/// out nevertheless.
///
/// # Errors
///
/// [`LoadError`] if the directory itself cannot be read.
pub fn load(dir: &Path) -> Result<Suite, LoadError> {
    let entries = sorted_entries(dir).map_err(|source| LoadError {
        path: dir.to_owned(),
        source,
    })?;
    let sink = Sink::default();
    let mut files = Vec::new();
    for entry in &entries {
        gather(entry, "", &mut files, &sink);
    }
    Ok(assemble(&files, sink))
}

/// Reads files that are in memory. Their order does not matter.
#[must_use]
pub fn load_files(files: &[SourceFile]) -> Suite {
    assemble(files, Sink::default())
}

fn assemble(files: &[SourceFile], sink: Sink) -> Suite {
    let mut library = Library::default();
    for file in files {
        library.add(file, &sink);
    }
    let (cases, sweeps) = Checker::new(&library, &sink).check_all();
    let untested = untested::read(&library, &cases, &sink);
    let restated = restated::read(&library, &untested, &sink);
    Suite {
        cases,
        sweeps,
        catalogue: library.catalogue,
        untested,
        restated,
        diagnostics: sink.into_sorted(),
    }
}

/// Directories whose files are none of this crate's, and the table of what
/// other suites check.
const OTHERS: [&str; 5] = [
    "baselines",
    "invalid",
    "faults",
    "peers.yaml",
    "choices.yaml",
];

/// Reads what may be a case, or a directory of such files. A link to a
/// directory is not followed: it may lead back.
fn gather(entry: &DirEntry, prefix: &str, files: &mut Vec<SourceFile>, sink: &Sink) {
    let path = entry.path();
    let name = entry.file_name().to_string_lossy().into_owned();
    let complain = |error: &io::Error| sink.push(Diagnostic::unreadable(&path, error));
    if prefix.is_empty() && OTHERS.contains(&name.as_str()) {
        return;
    }
    if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
        if name.starts_with('.') {
            return;
        }
        match sorted_entries(&path) {
            Ok(entries) => {
                let prefix = format!("{prefix}{name}/");
                for entry in &entries {
                    gather(entry, &prefix, files, sink);
                }
            }
            Err(error) => complain(&error),
        }
    } else if matches!(extension(&name), Some("yaml" | "yml")) {
        match read_text(&path) {
            Ok(text) => files.push(SourceFile {
                path: format!("{prefix}{name}"),
                shown_as: path.display().to_string(),
                text,
            }),
            Err(error) => complain(&error),
        }
    }
}

fn sorted_entries(dir: &Path) -> io::Result<Vec<DirEntry>> {
    let mut entries = fs::read_dir(dir)?.collect::<io::Result<Vec<_>>>()?;
    entries.sort_by_key(DirEntry::file_name);
    Ok(entries)
}

fn extension(name: &str) -> Option<&str> {
    name.rsplit_once('.').map(|(_, extension)| extension)
}

/// A file's text. Octets that are not UTF-8 show as U+FFFD, and a file too
/// long to be a case is cut off: both end in a complaint with a place.
fn read_text(path: &Path) -> io::Result<String> {
    let mut octets = Vec::new();
    let file = fs::File::open(path)?;
    file.take(MAX_FILE_LEN + 1).read_to_end(&mut octets)?;
    Ok(String::from_utf8_lossy(&octets).into_owned())
}

impl Library {
    fn add(&mut self, file: &SourceFile, sink: &Sink) {
        let name: Arc<str> = Arc::from(file.shown_as.as_str());
        let before = sink.len();
        let document = Document::read(name, &file.text, sink);
        check_file(file, &document, sink);
        let Some(id) = file.path.strip_suffix(".yaml") else {
            return;
        };
        if id == "requirements/untested" {
            self.untested = Some(parse(document, before, sink));
        } else if id == "requirements/restated" {
            self.restated = Some(parse(document, before, sink));
        } else if id.starts_with("requirements/") {
            self.catalogue.add(&document, sink);
        } else if let Some(name) = id.strip_prefix("fragments/") {
            let parsed = parse(document, before, sink);
            self.fragments.insert(name.to_owned(), parsed);
        } else if id == "states/events" {
            self.events = Some(parse(document, before, sink));
        } else if id.starts_with("states/") {
            let parsed = parse(document, before, sink);
            self.sweeps.insert(CaseId(id.to_owned()), parsed);
        } else {
            let parsed = parse(document, before, sink);
            self.cases.insert(CaseId(id.to_owned()), parsed);
        }
    }
}

fn parse<T: DeserializeOwned>(document: Document, before: usize, sink: &Sink) -> Parsed<T> {
    let at = |node| At {
        document: &document,
        node,
        sink,
    };
    let raw = document.root().and_then(|root| read(at(root)));
    Parsed {
        sound: sink.len() == before,
        raw,
        document,
    }
}

/// Complains of a file that cannot be a case where it lies.
fn check_file(file: &SourceFile, document: &Document, sink: &Sink) {
    let complain = |message: &str, help: &str| {
        let fault = Fault::new(Code::File, 0..0, message);
        document.complain_of_file(fault.help(help), sink);
    };
    if file.path.ends_with(".yml") {
        complain("a case's file ends in .yaml", "rename it");
    }
    if u64::try_from(file.text.len()).is_ok_and(|len| len > MAX_FILE_LEN) {
        complain("this is too long for a case", "4 MiB are the most");
    }
    if file.text.contains('\u{fffd}') {
        complain("this is not UTF-8 throughout", "save it as UTF-8");
    }
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/');
    if !file.path.chars().all(fits) {
        complain(
            "the path is the case's id, and this one cannot be",
            "name it by letters, digits, `-` and `_`",
        );
    }
    if document.root().is_none() && file.text.trim().is_empty() {
        complain("the file is empty", "write `title:` first");
    }
}

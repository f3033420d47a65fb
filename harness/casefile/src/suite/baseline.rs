//! Baselines: YAML -> [`Baseline`].

use std::path::Path;
use std::sync::Arc;

use serde::Deserialize;
use tcpspec_record::{Baseline, BaselineEntry, Verdict};

use super::{LoadError, parse, read_text};
use crate::check::{Parsed, require};
use crate::diagnostic::{Code, Diagnostic, Fault, Sink};
use crate::document::Document;
use crate::raw::{Field, Items, Placed, Text};

/// Why a baseline cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BaselineError {
    /// The file cannot be read.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// What it says cannot be used.
    #[error("the baseline is not valid: complaints: {}", .0.len())]
    Invalid(Vec<Diagnostic>),
}

/// Reads a stack's known deviations.
///
/// # Errors
///
/// [`BaselineError`] if the file cannot be read, or if anything in it is wrong.
pub fn load_baseline(path: &Path) -> Result<Baseline, BaselineError> {
    let text = read_text(path).map_err(|source| LoadError {
        path: path.to_owned(),
        source,
    })?;
    read_baseline(&path.display().to_string(), &text).map_err(BaselineError::Invalid)
}

/// Reads a baseline that is in memory.
fn read_baseline(shown_as: &str, text: &str) -> Result<Baseline, Vec<Diagnostic>> {
    let sink = Sink::default();
    let document = Document::read(Arc::from(shown_as), text, &sink);
    let parsed: Parsed<RawBaseline> = parse(document, 0, &sink);
    let reader = Reader {
        document: &parsed.document,
        sink: &sink,
    };
    let baseline = parsed.raw.as_ref().map(|raw| reader.baseline(raw));
    if baseline.is_none() && sink.len() == 0 {
        let fault = Fault::new(Code::File, 0..0, "the file is empty");
        let fault = fault.help("write `stack:` and `known:`");
        parsed.document.complain_of_file(fault, &sink);
    }
    match baseline {
        Some(baseline) if sink.len() == 0 => Ok(baseline),
        _ => Err(sink.into_sorted()),
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawBaseline {
    stack: Field<Text>,
    known: Field<Items<Placed<RawEntry>>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawEntry {
    variant: Field<Text>,
    ip: Field<Text>,
    verdict: Field<Text>,
    reason: Field<Text>,
}

struct Reader<'a> {
    document: &'a Document,
    sink: &'a Sink,
}

impl Reader<'_> {
    fn baseline(&self, raw: &RawBaseline) -> Baseline {
        require(self.document, &["stack", "known"], self.sink);
        let entries = raw.known.get().map_or(&[][..], |Items(entries)| entries);
        Baseline {
            stack: self.text(&raw.stack).unwrap_or_default().to_owned(),
            known: entries
                .iter()
                .filter_map(|entry| self.entry(entry))
                .collect(),
        }
    }

    fn entry(&self, entry: &Placed<RawEntry>) -> Option<BaselineEntry> {
        let Placed { node, value: raw } = entry;
        for key in ["variant", "verdict", "reason"] {
            if self.document.entry(*node, key).is_none() {
                let fault = Fault::new(Code::MissingKey, 0..0, format!("`{key}` is missing"));
                self.document.complain_at(*node, fault, self.sink);
            }
        }
        let ip = self.text(&raw.ip).map(str::parse);
        if let (Some(Err(_)), Some(at)) = (&ip, raw.ip.get()) {
            let fault = Fault::new(Code::Word, 0..0, "this is not a version of IP");
            self.complain(*at, fault.help("write 4 or 6, or leave the key out"));
        }
        Some(BaselineEntry {
            variant: self.text(&raw.variant)?.to_owned(),
            ip: ip.and_then(Result::ok),
            verdict: self.verdict(*raw.verdict.get()?)?,
            reason: self.text(&raw.reason)?.to_owned(),
        })
    }

    fn verdict(&self, text: Text) -> Option<Verdict> {
        let word = self.document.text(text.0);
        let verdict = Verdict::ALL.into_iter().find(|known| known.word() == word);
        if verdict.is_none() {
            let message = format!("`{word}` is not a verdict");
            let fault = Fault::new(Code::Word, 0..0, message);
            self.complain(text, fault.suggest(word, Verdict::ALL.map(Verdict::word)));
        }
        verdict
    }

    fn text(&self, field: &Field<Text>) -> Option<&str> {
        field.get().map(|text| self.document.text(text.0))
    }

    fn complain(&self, text: Text, fault: Fault) {
        self.document.complain_at(text.0, fault, self.sink);
    }
}

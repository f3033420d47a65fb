//! Baselines: YAML -> [`Baseline`].

mod edit;

use std::path::Path;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;
use tcpspec_record::{Baseline, BaselineEntry, Verdict};

use super::{LoadError, parse, read_text};
use crate::check::{Parsed, require};
use crate::diagnostic::{Code, Diagnostic, Fault, Sink};
use crate::document::{Document, NodeId};
use crate::raw::{Field, Items, OneOrMany, Placed, Text};

pub use edit::{BaselineFile, EditError, Edits, new_baseline};

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

/// Where an entry stands in its file: an item may be about several variants,
/// each of which is an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct EntryPlace {
    /// Lines, counted from 1: where the item begins, where it names the
    /// variant, and where it says the verdict.
    item: usize,
    variant: usize,
    verdict: usize,
    /// Whether the item is about no other variant.
    alone: bool,
}

/// Reads a baseline that is in memory.
fn read_baseline(shown_as: &str, text: &str) -> Result<Baseline, Vec<Diagnostic>> {
    read_with_places(shown_as, text).map(|(baseline, _)| baseline)
}

fn read_with_places(
    shown_as: &str,
    text: &str,
) -> Result<(Baseline, Vec<EntryPlace>), Vec<Diagnostic>> {
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
        Some(baseline) if sink.len() == 0 => {
            let places = parsed.raw.as_ref().map(|raw| reader.places(raw));
            Ok((baseline, places.unwrap_or_default()))
        }
        _ => Err(sink.into_sorted()),
    }
}

/// The known departures of one stack from the RFCs.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawBaseline {
    /// The stack, as in `--stack`, without options.
    stack: Field<Text>,
    /// What is known.
    known: Field<Items<Placed<RawEntry>>>,
}

/// One known departure.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RawEntry {
    /// The variant, as in `reset/in-closing@at=left`, or a list of them.
    variant: Field<OneOrMany>,
    /// On this version of IP alone, 4 or 6; both if left out.
    #[serde(default)]
    ip: Field<Text>,
    /// With these initial sequence numbers alone, random or wrap; all if left out.
    #[serde(default)]
    isn: Field<Text>,
    /// Under this fault profile alone, or `all` of them; only without faults if left
    /// out.
    #[serde(default)]
    faults: Field<Text>,
    /// Where the stack has this option alone, as `dual` of `linux:dual`.
    #[serde(default)]
    with: Field<Text>,
    /// The verdict to expect.
    verdict: Field<Text>,
    /// Why the stack does this, and who says so.
    reason: Field<Text>,
    /// The clause of the RFC that it departs from.
    #[serde(default)]
    clause: Field<Text>,
    /// Where the stack says that it means to.
    #[serde(default)]
    deliberate: Field<Text>,
    /// The segments that show it, `>` the peer's and `<` the stack's.
    #[serde(default)]
    observed: Field<Text>,
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
                .filter_map(|entry| Some((entry, self.entry(entry)?)))
                .flat_map(|(raw, entry)| self.each(raw, entry))
                .collect(),
        }
    }

    /// One entry for each variant that it names.
    fn each(
        &self,
        raw: &Placed<RawEntry>,
        entry: BaselineEntry,
    ) -> impl Iterator<Item = BaselineEntry> {
        let variants = raw.value.variant.get().map_or(&[][..], OneOrMany::as_slice);
        variants.iter().map(move |variant| BaselineEntry {
            variant: self.document.text(variant.0).to_owned(),
            ..entry.clone()
        })
    }

    /// Where the entries stand, in their order.
    fn places(&self, raw: &RawBaseline) -> Vec<EntryPlace> {
        let line = |node: NodeId| self.document.place(node).line;
        let entries = raw.known.get().map_or(&[][..], |Items(entries)| entries);
        let of_item = |Placed { node, value }: &Placed<RawEntry>| {
            let variants = value.variant.get().map_or(&[][..], OneOrMany::as_slice);
            let verdict = value.verdict.get().map_or(*node, |text| text.0);
            let place = EntryPlace {
                item: line(*node),
                variant: 0,
                verdict: line(verdict),
                alone: variants.len() == 1,
            };
            let lines = variants.iter().map(|text| line(text.0));
            let places = lines.map(|variant| EntryPlace { variant, ..place });
            places.collect::<Vec<_>>()
        };
        entries.iter().flat_map(of_item).collect()
    }

    /// What it says, whatever variant it is about.
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
        let isn = self.text(&raw.isn).map(str::parse);
        if let (Some(Err(_)), Some(at)) = (&isn, raw.isn.get()) {
            let fault = Fault::new(Code::Word, 0..0, "this is not a place for sequence numbers");
            self.complain(
                *at,
                fault.help("write random or wrap, or leave the key out"),
            );
        }
        if let Some(at) = raw.reason.get()
            && self.document.text(at.0).trim().is_empty()
        {
            let fault = Fault::new(Code::Empty, 0..0, "there is no reason here");
            self.complain(
                *at,
                fault.help("say why the stack does this, and who says so"),
            );
        }
        Some(BaselineEntry {
            variant: String::new(),
            ip: ip.and_then(Result::ok),
            isn: isn.and_then(Result::ok),
            faults: self.text(&raw.faults).map(str::to_owned),
            with: self.text(&raw.with).map(str::to_owned),
            verdict: self.verdict(*raw.verdict.get()?)?,
            reason: self.text(&raw.reason)?.to_owned(),
            clause: self.text(&raw.clause).map(str::to_owned),
            deliberate: self.text(&raw.deliberate).map(str::to_owned),
            observed: lines(self.text(&raw.observed).unwrap_or_default()),
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

fn lines(text: &str) -> Vec<String> {
    text.lines().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use tcpspec_record::{IpVersion, Isn};

    use super::*;

    #[track_caller]
    fn check_refused(text: &str, expected: &[(Code, usize, &str)]) {
        let found = read_baseline("stack.yaml", text).expect_err(text);
        let found: Vec<(Code, usize, &str)> = found
            .iter()
            .map(|d| (d.code, d.line, d.message.as_str()))
            .collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn baseline_with_and_without_ip_is_read() {
        let text = "stack: linux\nknown:\n\
            - {variant: reset/border@at=left, ip: 6, verdict: deviates, reason: by design}\n\
            - {variant: close/active, isn: wrap, verdict: fail, reason: a defect, clause: here, \
               deliberate: there, observed: \"> SYN\\n< RST\"}\n";
        let baseline = read_baseline("stack.yaml", text).expect("it is valid");
        assert_eq!(baseline.stack, "linux");
        let [first, second] = baseline.known.as_slice() else {
            panic!("two entries, not {:?}", baseline.known);
        };
        assert_eq!(first.variant, "reset/border@at=left");
        assert_eq!(
            (first.ip, first.verdict),
            (Some(IpVersion::V6), Verdict::Deviates)
        );
        assert_eq!((second.ip, second.verdict), (None, Verdict::Fail));
        assert_eq!((first.isn, second.isn), (None, Some(Isn::Wrap)));
        assert_eq!(second.reason, "a defect");
        assert_eq!(second.clause.as_deref(), Some("here"));
        assert_eq!(second.deliberate.as_deref(), Some("there"));
        assert_eq!(second.observed, ["> SYN", "< RST"]);
        assert_eq!((&first.clause, first.observed.len()), (&None, 0));
    }

    #[test]
    fn entry_of_several_variants_is_one_of_each() {
        let text = "stack: linux\nknown:\n- {variant: [a/b, c/d], verdict: fail, reason: r}\n";
        let baseline = read_baseline("stack.yaml", text).expect("it is valid");
        let variants = baseline.known.iter().map(|entry| entry.variant.as_str());
        assert_eq!(variants.collect::<Vec<_>>(), ["a/b", "c/d"]);
        let same = |entry: &BaselineEntry| entry.verdict == Verdict::Fail && entry.reason == "r";
        assert!(baseline.known.iter().all(same));
    }

    #[test]
    fn baseline_without_entries_is_read() {
        let baseline = read_baseline("stack.yaml", "stack: linux\nknown: []\n");
        assert_eq!(baseline.map(|baseline| baseline.known), Ok(Vec::new()));
    }

    #[test]
    fn baseline_that_is_wrong_is_refused_with_every_reason() {
        check_refused("", &[(Code::File, 1, "the file is empty")]);
        check_refused(
            "stack: linux\n",
            &[(Code::MissingKey, 1, "`known` is missing")],
        );
        check_refused(
            "stack: linux\nknown:\n- {variant: a/b, verdict: failed, reason: ''}\n\
             - {variant: a/b, verdict: fail}\n- {variant: c, ip: 5, isn: 7, verdict: fail, reason: r, why: w}\n",
            &[
                (Code::Word, 3, "`failed` is not a verdict"),
                (Code::Empty, 3, "there is no reason here"),
                (Code::MissingKey, 4, "`reason` is missing"),
                (Code::Word, 5, "this is not a version of IP"),
                (Code::Word, 5, "this is not a place for sequence numbers"),
                (Code::UnknownKey, 5, "`why` is not a key here"),
            ],
        );
    }
}

//! `sut:` and `gone:`: all forms come down to a list of ways.

use super::bounds::{bounds, duration};
use super::words::{states, tag, verdict_deviates};
use crate::diagnostic::{Code, Fault};
use crate::document::NodeId;
use crate::grammar::{Labels, Reading, read_pattern};
use crate::limits::MAX_ALL_OF;
use crate::phrase::Texts;
use crate::raw::{Branch, BranchMap, Expectation, Field, Gone, Items, Placed, Text};
use crate::segment::SegmentPattern;
use crate::step::{Alternative, GoneBranch};

use super::reach::Reach;

/// What the readers of expectations go by.
#[derive(Clone, Copy)]
pub(super) struct Expecting<'a> {
    pub(super) labels: &'a Labels,
    pub(super) reach: Reach,
    pub(super) texts: Texts<'a>,
}

impl Expecting<'_> {
    /// The ways in which a `sut:` step can be met.
    pub(super) fn alternatives(self, expectation: &Expectation) -> Vec<Alternative> {
        match expectation {
            Expectation::Text(text) => vec![Alternative::plain(vec![self.pattern(*text)])],
            Expectation::Map(ways) => {
                let Placed { node, value } = ways;
                self.exactly_one(*node, &["one_of", "all_of", "sequence"]);
                let mut all: Vec<Alternative> = Vec::new();
                for branch in items(&value.one_of) {
                    all.extend(self.branch(branch));
                }
                all.extend(self.all_of(*node, &value.all_of));
                all.extend(self.sequence(&value.sequence));
                let lists = [
                    value.one_of.get().map(|list| list.0.len()),
                    value.all_of.get().map(|list| list.0.len()),
                    value.sequence.get().map(|list| list.0.len()),
                ];
                self.not_empty(*node, &lists);
                all
            }
        }
    }

    /// The ways in which a `gone:` step can be met.
    pub(super) fn gone(self, gone: &Gone) -> Vec<GoneBranch> {
        let texts = self.texts;
        match gone {
            Gone::Text(text) => {
                let phrase = texts.phrase(*text);
                if phrase.text != "now" {
                    let message = format!("the connection is gone when? not `{}`", phrase.text);
                    let fault = Fault::new(Code::Word, 0..phrase.text.len(), message);
                    texts.complain(
                        &phrase,
                        fault.help(
                            "write `now`, `{at: T}`, `{within: [lo, hi]}` or `{one_of: [...]}`",
                        ),
                    );
                }
                vec![GoneBranch::default()]
            }
            Gone::Map(Placed { node, value }) => {
                self.exactly_one(*node, &["at", "within", "one_of"]);
                if value.one_of.get().is_none() {
                    return vec![GoneBranch {
                        bounds: bounds(&value.within, &value.at, self.labels, texts),
                        ..GoneBranch::default()
                    }];
                }
                let branches = items(&value.one_of);
                self.not_empty(*node, &[Some(branches.len())]);
                branches
                    .iter()
                    .map(|branch| self.gone_branch(branch))
                    .collect()
            }
        }
    }

    /// A segment, with the check of its acknowledgment number.
    pub(super) fn pattern(self, text: Text) -> SegmentPattern {
        let phrase = self.texts.phrase(text);
        let mut reading = Reading::new(self.labels);
        let pattern = read_pattern(&phrase.text, &mut reading);
        let faults = reading.faults.into_iter();
        for fault in faults.chain(self.reach.check(&pattern, &phrase.text)) {
            self.texts.complain(&phrase, fault);
        }
        pattern
    }

    fn gone_branch(self, branch: &Placed<crate::raw::GoneBranchMap>) -> GoneBranch {
        let Placed { node, value } = branch;
        self.exactly_one(*node, &["at", "within"]);
        GoneBranch {
            bounds: bounds(&value.within, &value.at, self.labels, self.texts),
            tag: value.tag.get().map(|name| tag(*name, self.texts)),
            deviates: verdict_deviates(&value.verdict, self.texts),
        }
    }

    fn branch(self, branch: &Branch) -> Vec<Alternative> {
        let (node, map) = match branch {
            Branch::Text(text) => return vec![Alternative::plain(vec![self.pattern(*text)])],
            Branch::Map(Placed { node, value }) => (*node, value),
        };
        self.exactly_one_of_branch(node, map);
        let mut all = Vec::new();
        if let Some(text) = map.segment.get() {
            all.push(Alternative::plain(vec![self.pattern(*text)]));
        }
        all.extend(self.sequence(&map.sequence));
        all.extend(self.all_of(node, &map.all_of));
        let quiet = map.quiet.get();
        let quiet = quiet.map(|text| duration(*text, self.labels, self.texts));
        if all.is_empty() {
            all.push(Alternative::plain(Vec::new()));
        }
        let state = states(&map.state, self.texts);
        let name = map.tag.get().map(|name| tag(*name, self.texts));
        let deviates = verdict_deviates(&map.verdict, self.texts);
        for alternative in &mut all {
            alternative.quiet.clone_from(&quiet);
            alternative.state.clone_from(&state);
            alternative.tag.clone_from(&name);
            alternative.deviates = deviates;
        }
        all
    }

    fn sequence(self, segments: &Field<Items<Text>>) -> Option<Alternative> {
        segments.get()?;
        let segments = items(segments).iter().map(|text| self.pattern(*text));
        Some(Alternative::plain(segments.collect()))
    }

    fn all_of(self, node: NodeId, segments: &Field<Items<Text>>) -> Vec<Alternative> {
        let segments = items(segments);
        if segments.len() > MAX_ALL_OF {
            let message = format!("{} segments in any order", segments.len());
            let fault = Fault::new(Code::AllOf, 0..0, message)
                .help(format!("write {MAX_ALL_OF} at most, or a `sequence`"));
            self.complain_of_key(node, "all_of", fault);
            return Vec::new();
        }
        let segments: Vec<SegmentPattern> =
            segments.iter().map(|text| self.pattern(*text)).collect();
        if segments.is_empty() {
            return Vec::new();
        }
        orders(&segments)
            .into_iter()
            .map(Alternative::plain)
            .collect()
    }

    /// Complains of a list that stands there, but holds nothing.
    fn not_empty(self, node: NodeId, lists: &[Option<usize>]) {
        if lists.contains(&Some(0)) {
            let fault = Fault::new(Code::Empty, 0..0, "there is nothing to expect here");
            let document = self.texts.document;
            document.complain_at(node, fault.help("list at least one"), self.texts.sink);
        }
    }

    fn exactly_one_of_branch(self, node: NodeId, map: &BranchMap) {
        let keys = ["segment", "sequence", "all_of", "quiet"];
        self.exactly_one(node, &keys);
        let sequence = map.sequence.get().map(|list| list.0.len());
        let all_of = map.all_of.get().map(|list| list.0.len());
        self.not_empty(node, &[sequence, all_of]);
    }

    /// Complains unless exactly one of the keys stands in the map.
    fn exactly_one(self, node: NodeId, keys: &[&str]) {
        let document = self.texts.document;
        let found = keys
            .iter()
            .filter(|key| document.entry(node, key).is_some());
        let message = match found.count() {
            1 => return,
            0 => format!("one of {} is missing", list(keys)),
            _ => format!("only one of {} can stand here", list(keys)),
        };
        let fault = Fault::new(Code::OneAction, 0..0, message);
        document.complain_at(node, fault, self.texts.sink);
    }

    fn complain_of_key(self, node: NodeId, key: &str, fault: Fault) {
        let document = self.texts.document;
        let at = document.entry(node, key).map_or(node, |(key, _)| key);
        document.complain_at(at, fault, self.texts.sink);
    }
}

impl Alternative {
    fn plain(segments: Vec<SegmentPattern>) -> Self {
        Self {
            segments,
            quiet: None,
            state: None,
            tag: None,
            deviates: false,
        }
    }
}

fn items<T>(field: &Field<Items<T>>) -> &[T] {
    field.get().map_or(&[], |Items(items)| items)
}

/// Keys as a sentence lists them.
pub(super) fn list(keys: &[&str]) -> String {
    let quoted: Vec<String> = keys.iter().map(|key| format!("`{key}`")).collect();
    quoted.join(", ")
}

/// Every order of the segments.
fn orders(segments: &[SegmentPattern]) -> Vec<Vec<SegmentPattern>> {
    if segments.len() <= 1 {
        return vec![segments.to_vec()];
    }
    let mut all = Vec::new();
    for first in 0..segments.len() {
        let mut rest = segments.to_vec();
        let head = rest.remove(first);
        for mut tail in orders(&rest) {
            tail.insert(0, head.clone());
            all.push(tail);
        }
    }
    all
}

//! The catalogue: every requirement that a case can cite.

use std::collections::BTreeMap;

use serde::Deserialize;
use tcpspec_record::{Level, Requirement, RequirementId};

use crate::decode::At;
use crate::diagnostic::{Code, Fault, Sink, closest};
use crate::document::Document;
use crate::raw::{Field, Items, OneOrMany, Text, read};

/// All requirements by id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Catalogue {
    requirements: BTreeMap<RequirementId, Requirement>,
    /// How strictly each is judged; those that nobody can judge from outside
    /// are not here.
    judged_as: BTreeMap<RequirementId, Level>,
}

impl Catalogue {
    /// The requirement of this id.
    #[must_use]
    pub fn get(&self, id: &RequirementId) -> Option<&Requirement> {
        self.requirements.get(id)
    }

    /// The requirement of this id, or a complaint that there is none.
    pub(crate) fn find(&self, id: &RequirementId) -> Result<&Requirement, Fault> {
        self.get(id).ok_or_else(|| {
            let fault = Fault::new(
                Code::UnknownRequirement,
                0..0,
                format!("there is no `{id}`"),
            );
            match self.closest(&id.0) {
                Some(near) => fault.help(format!("did you mean `{near}`?")),
                None => fault,
            }
        })
    }

    /// Every requirement in the order of ids.
    pub fn iter(&self) -> impl Iterator<Item = &Requirement> {
        self.requirements.values()
    }

    /// Whether a case can decide it: it shows outside of the stack, and the
    /// catalogue does not say to pass it over.
    #[must_use]
    pub fn can_be_judged(&self, id: &RequirementId) -> bool {
        self.judged_as.contains_key(id)
    }

    /// How much a requirement binds: as it is judged, or as it is worded.
    pub(crate) fn binds_as(&self, requirement: &Requirement) -> Level {
        let judged_as = self.judged_as.get(&requirement.id).copied();
        judged_as.unwrap_or(requirement.level)
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.requirements.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.requirements.is_empty()
    }

    /// The id that `wrong` was probably meant to be.
    #[must_use]
    pub fn closest(&self, wrong: &str) -> Option<&RequirementId> {
        let ids = self.requirements.keys().map(|id| id.0.as_str());
        let near = closest(wrong, ids)?;
        self.requirements.keys().find(|id| id.0 == near)
    }

    /// Takes in a file of requirements.
    pub(crate) fn add(&mut self, document: &Document, sink: &Sink) {
        let Some(node) = document.root() else {
            return;
        };
        let at = At {
            document,
            node,
            sink,
        };
        let Some(Items(entries)) = read::<Items<RawRequirement>>(at) else {
            return;
        };
        for entry in entries {
            self.add_entry(&entry, document, sink);
        }
    }

    fn add_entry(&mut self, raw: &RawRequirement, document: &Document, sink: &Sink) {
        let text = |field: &Field<Text>| {
            let text = field.get().map(|text| document.text(text.0));
            text.unwrap_or_default().to_owned()
        };
        let Some(id) = raw.id.get() else {
            let fault = Fault::new(Code::MissingKey, 0..0, "a requirement without `id`");
            return document.complain_of_file(fault, sink);
        };
        let complain = |fault| document.complain_at(id.0, fault, sink);
        let level = text(&raw.level);
        let known = Level::ALL.into_iter().find(|l| l.keyword() == level);
        let Some(level) = known else {
            let message = format!("`{level}` is not a level");
            let keywords = Level::ALL.map(Level::keyword);
            return complain(Fault::new(Code::Word, 0..0, message).suggest(&level, keywords));
        };
        let requirement = Requirement {
            id: RequirementId(text(&raw.id)),
            level,
            section: text(&raw.section),
            topic: text(&raw.topic),
            summary: text(&raw.summary),
        };
        let judge_as = text(&raw.judge_as);
        if text(&raw.observable) != "internal" && judge_as != "skip" {
            let as_said = Level::ALL.into_iter().find(|l| l.keyword() == judge_as);
            let judged_as = as_said.unwrap_or(level);
            self.judged_as.insert(requirement.id.clone(), judged_as);
        }
        let message = format!("the catalogue holds `{}` twice", requirement.id);
        let id = requirement.id.clone();
        if self.requirements.insert(id, requirement).is_some() {
            complain(Fault::new(Code::DuplicateRequirement, 0..0, message));
        }
    }
}

/// An entry as it is written. What the harness does not use is read for its
/// shape alone: it is there for who writes cases.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRequirement {
    id: Field<Text>,
    level: Field<Text>,
    section: Field<Text>,
    topic: Field<Text>,
    summary: Field<Text>,
    judge_as: Field<Text>,
    observable: Field<Text>,
    #[serde(rename = "also")]
    _also: Field<OneOrMany>,
    #[serde(rename = "when")]
    _when: Field<Text>,
    #[serde(rename = "how")]
    _how: Field<Text>,
    #[serde(rename = "alternatives")]
    _alternatives: Field<OneOrMany>,
    #[serde(rename = "errata")]
    _errata: Field<OneOrMany>,
    #[serde(rename = "see")]
    _see: Field<OneOrMany>,
    #[serde(rename = "note")]
    _note: Field<Text>,
    #[serde(rename = "source")]
    _source: Field<Text>,
}

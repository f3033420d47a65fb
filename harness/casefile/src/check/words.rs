//! Words that stand alone: levels, states, capabilities, ids, names.

use std::collections::BTreeSet;

use tcpspec_link::Kind;
use tcpspec_record::{Level, RequirementId};
use tcpspec_wire::{Capability, Need, State};

use crate::catalogue::Catalogue;
use crate::diagnostic::{Code, Fault};
use crate::phrase::{Phrase, Texts};
use crate::raw::{Field, OneOrMany, Text};

/// Levels as cases write them.
pub(crate) const LEVELS: [(&str, Level); 8] = [
    ("must", Level::Must),
    ("must-not", Level::MustNot),
    ("step", Level::Step),
    ("should", Level::Should),
    ("should-not", Level::ShouldNot),
    ("recommended", Level::Recommended),
    ("may", Level::May),
    ("info", Level::Info),
];

pub(super) fn level(text: Option<Text>, texts: Texts<'_>) -> Level {
    let Some(text) = text else {
        return Level::Must;
    };
    let phrase = texts.phrase(text);
    let known = LEVELS.iter().find(|(word, _)| *word == phrase.text);
    if known.is_none() {
        let words = LEVELS.iter().map(|(word, _)| *word);
        let message = format!("`{}` is not a level", phrase.text);
        complain(texts, &phrase, Code::Word, message, words);
    }
    known.map_or(Level::Must, |(_, level)| *level)
}

pub(super) fn switch(field: &Field<Text>, texts: Texts<'_>) -> bool {
    let Some(text) = field.get() else {
        return false;
    };
    let phrase = texts.phrase(*text);
    if !matches!(phrase.text.as_str(), "true" | "false") {
        let message = format!("`{}` is neither true nor false", phrase.text);
        let fault = Fault::new(Code::Word, 0..phrase.text.len(), message);
        texts.complain(&phrase, fault.help("write `true` or `false`"));
    }
    phrase.text == "true"
}

pub(super) fn verdict_deviates(field: &Field<Text>, texts: Texts<'_>) -> bool {
    let Some(text) = field.get() else {
        return false;
    };
    let phrase = texts.phrase(*text);
    if phrase.text != "deviates" {
        let message = format!("`{}` is no verdict for one of several ways", phrase.text);
        let fault = Fault::new(Code::Word, 0..phrase.text.len(), message);
        texts.complain(
            &phrase,
            fault.help("write `deviates`, or leave the key out"),
        );
    }
    true
}

pub(super) fn needs(names: Option<&[Text]>, texts: Texts<'_>) -> BTreeSet<Need> {
    let mut needs = BTreeSet::new();
    for name in names.unwrap_or_default() {
        let phrase = texts.phrase(*name);
        match phrase.text.parse() {
            Ok(need) => {
                needs.insert(need);
            }
            Err(_) => {
                let known = Capability::ALL.iter().map(|(_, name)| *name);
                let message = format!("`{}` is not a capability", phrase.text);
                complain(texts, &phrase, Code::UnknownCapability, message, known);
            }
        }
    }
    needs
}

pub(super) fn requirements<'a>(
    ids: impl Iterator<Item = &'a Text>,
    catalogue: &Catalogue,
    texts: Texts<'_>,
) -> Vec<RequirementId> {
    let mut claims = Vec::new();
    for id in ids {
        let id = requirement(*id, catalogue, texts);
        claims.extend(id.filter(|id| !claims.contains(id)));
    }
    claims
}

pub(super) fn requirement(
    id: Text,
    catalogue: &Catalogue,
    texts: Texts<'_>,
) -> Option<RequirementId> {
    let phrase = texts.phrase(id);
    let id = RequirementId(phrase.text.clone());
    if catalogue.get(&id).is_some() {
        return Some(id);
    }
    let message = format!("the catalogue holds no `{id}`");
    let fault = Fault::new(Code::UnknownRequirement, 0..phrase.text.len(), message);
    let help = catalogue.closest(&id.0).map_or_else(
        || "cases/requirements lists them by RFC".to_owned(),
        |near| format!("did you mean `{near}`?"),
    );
    texts.complain(&phrase, fault.help(help));
    None
}

pub(super) fn states(field: &Field<OneOrMany>, texts: Texts<'_>) -> Option<Vec<State>> {
    let names = field.get()?.as_slice();
    let mut states = Vec::new();
    for name in names {
        let phrase = texts.phrase(*name);
        match phrase.text.parse() {
            Ok(state) => states.push(state),
            Err(_) => {
                let known = State::ALL.iter().map(|state| state.name());
                let message = format!("`{}` is not a state", phrase.text);
                complain(texts, &phrase, Code::UnknownState, message, known);
            }
        }
    }
    Some(states)
}

pub(super) fn faults(field: &Field<OneOrMany>, texts: Texts<'_>) -> BTreeSet<Kind> {
    let names = field.get().map_or(&[][..], OneOrMany::as_slice);
    let mut faults = BTreeSet::new();
    for name in names {
        let phrase = texts.phrase(*name);
        if let Ok(kind) = phrase.text.parse() {
            faults.insert(kind);
        } else {
            let known = Kind::ALL.iter().map(|(_, word)| *word);
            let message = format!("`{}` is no trouble of a link", phrase.text);
            complain(texts, &phrase, Code::Word, message, known);
        }
    }
    faults
}

/// Names of the author's own: tags.
pub(super) fn names(field: &Field<OneOrMany>, texts: Texts<'_>) -> Vec<String> {
    let names = field.get().map_or(&[][..], OneOrMany::as_slice);
    names.iter().map(|name| tag(*name, texts)).collect()
}

pub(super) fn tag(text: Text, texts: Texts<'_>) -> String {
    let phrase = texts.phrase(text);
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if !phrase.text.chars().all(fits) {
        let message = format!("`{}` cannot be a tag", phrase.text);
        let fault = Fault::new(Code::Name, 0..phrase.text.len(), message);
        texts.complain(
            &phrase,
            fault.help("write letters, digits, `-`, `_` and `.`"),
        );
    }
    phrase.text
}

fn complain<'a>(
    texts: Texts<'_>,
    phrase: &Phrase,
    code: Code,
    message: String,
    known: impl IntoIterator<Item = &'a str> + Clone,
) {
    let fault = Fault::new(code, 0..phrase.text.len(), message);
    texts.complain(phrase, fault.suggest(&phrase.text, known));
}

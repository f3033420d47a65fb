//! `use:`: finding a fragment, and giving it values.

use std::collections::BTreeMap;

use super::{Parsed, require};
use crate::diagnostic::{Code, Fault};
use crate::document::Document;
use crate::limits::MAX_NESTING;
use crate::phrase::{Binding, Phrase, Texts, Value};
use crate::raw::{Entries, FragmentFile, Items, OneOrMany, Placed, RawStep, Text, Use};

/// A fragment with values for its names.
pub(super) struct Fragment<'a> {
    pub(super) name: String,
    pub(super) document: &'a Document,
    pub(super) steps: &'a [Placed<RawStep>],
    pub(super) bindings: Vec<Binding>,
}

/// The fragment that a step refers to; complains if there is no such thing.
pub(super) fn find<'a>(
    reference: &Use,
    under: &str,
    fragments: &'a BTreeMap<String, Parsed<FragmentFile>>,
    nesting: &[String],
    texts: Texts<'_>,
) -> Option<Fragment<'a>> {
    let (name, with) = name_and_values(reference, texts)?;
    let phrase = texts.phrase(name);
    let name = format!("{under}{}", phrase.text);
    let complain = |fault: Fault| {
        let span = 0..phrase.text.len();
        texts.complain(&phrase, Fault { span, ..fault });
    };
    let Some(file) = fragments.get(&name) else {
        let message = format!("there is no cases/fragments/{name}.yaml");
        let known = fragments.keys().filter_map(|name| name.strip_prefix(under));
        let fault = Fault::new(Code::UnknownFragment, 0..0, message);
        complain(fault.suggest(&phrase.text, known));
        return None;
    };
    if nesting.contains(&name) || nesting.len() >= MAX_NESTING {
        let message = format!("fragment `{name}` leads back to itself");
        complain(Fault::new(Code::Cycle, 0..0, message));
        return None;
    }
    let Some(raw) = file.raw.as_ref().filter(|_| file.sound) else {
        let message = format!("fragment `{name}` is not valid itself");
        let fault = Fault::new(Code::BadPrelude, 0..0, message);
        complain(fault.help("see what is said of that file"));
        return None;
    };
    require(&file.document, &["steps"], texts.sink);
    Some(Fragment {
        bindings: bind(&phrase, with, raw, &file.document, texts)?,
        steps: raw.steps.get().map_or(&[], |Items(steps)| steps),
        document: &file.document,
        name,
    })
}

fn name_and_values<'a>(reference: &'a Use, texts: Texts<'_>) -> Option<(Text, &'a [(Text, Text)])> {
    match reference {
        Use::Text(name) => Some((*name, &[])),
        Use::Map(Placed { node, value }) => {
            let with = value.with.get().map_or(&[][..], |Entries(with)| with);
            if value.fragment.get().is_none() && texts.document.entry(*node, "fragment").is_none() {
                let fault = Fault::new(Code::MissingKey, 0..0, "`fragment` is missing")
                    .help("write `use: {fragment: NAME, with: {name: value}}`");
                texts.document.complain_at(*node, fault, texts.sink);
            }
            value.fragment.get().map(|name| (*name, with))
        }
    }
}

/// Gives the fragment's names their values; complains of those that are
/// missing (there are no bindings then), and of values that no name takes.
fn bind(
    used_as: &Phrase,
    with: &[(Text, Text)],
    fragment: &FragmentFile,
    document: &Document,
    texts: Texts<'_>,
) -> Option<Vec<Binding>> {
    let declared = fragment.with.get().map_or(&[][..], OneOrMany::as_slice);
    let declared: Vec<&str> = declared.iter().map(|name| document.text(name.0)).collect();
    let given = |name: &str| {
        let mut given = with.iter();
        given.find(|(key, _)| texts.document.text(key.0) == name)
    };
    for (key, _) in with {
        let name = texts.document.text(key.0);
        if !declared.contains(&name) {
            let message = format!("fragment `{}` takes no `{name}`", used_as.text);
            let fault = Fault::new(Code::FragmentArguments, 0..0, message);
            texts.complain_of(*key, fault.suggest(name, declared.iter().copied()));
        }
    }
    let mut bindings = Vec::new();
    for name in &declared {
        let Some((_, value)) = given(name) else {
            let message = format!("fragment `{}` needs a value for `{name}`", used_as.text);
            let fault = Fault::new(Code::FragmentArguments, 0..used_as.text.len(), message);
            let help = format!(
                "write `use: {{fragment: {}, with: {{{name}: ...}}}}`",
                used_as.text
            );
            texts.complain(used_as, fault.help(help));
            continue;
        };
        bindings.push(Binding {
            name: (*name).to_owned(),
            chosen: String::new(),
            value: Value::Text(texts.text(*value)),
        });
    }
    (bindings.len() == declared.len()).then_some(bindings)
}

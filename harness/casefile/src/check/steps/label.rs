//! Names that a step has: its label, `as:` or the one that an event of a sweep
//! has without it, and that of its connection, `on:`.

use super::{Inherited, StepReader};
use crate::check::rules::label_kind;
use crate::diagnostic::{Code, Fault};
use crate::document::NodeId;
use crate::expr::Symbol;
use crate::grammar::LabelKind;
use crate::phrase::{Texts, is_name};
use crate::raw::{Field, Text};
use crate::step::Action;

impl StepReader<'_> {
    /// Gives the last segment of the peer, if it is a step of the case's own, a
    /// label where it has none.
    pub(in crate::check) fn label_last_segment(&mut self, name: &str) {
        let last = self.steps.iter_mut().rev().find(|step| !step.prelude);
        let last = last.filter(|step| matches!(step.action, Action::Peer(_)));
        if let Some(step) = last.filter(|step| step.label.is_none()) {
            step.label = Some(name.to_owned());
            let kind = label_kind(&step.action);
            self.labels.insert(name.to_owned(), kind);
        }
    }

    pub(super) fn label(
        &mut self,
        field: &Field<Text>,
        kind: LabelKind,
        step: NodeId,
        texts: Texts<'_>,
    ) -> Option<String> {
        let phrase = texts.phrase(*field.get()?);
        let name = phrase.text.as_str();
        let is_symbol = Symbol::ALL
            .iter()
            .any(|(_, symbol)| symbol.split('.').next() == Some(name));
        let whole = 0..name.len();
        if !is_name(name) || is_symbol {
            let message = format!("`{name}` cannot be a label");
            let fault = Fault::new(Code::Name, whole, message).help(
                "begin with a letter, go on with letters, digits and `_`; names of symbols are taken",
            );
            texts.complain(&phrase, fault);
        } else if self.labels.insert(name.to_owned(), kind).is_some()
            && !self.is_again(name, step, texts)
        {
            let message = format!("an earlier step is labelled `{name}`, too");
            let fault = Fault::new(Code::DuplicateLabel, whole, message);
            texts.complain(&phrase, fault.help("find another name"));
        }
        Some(phrase.text)
    }

    /// The connection that a step is about, if it is not the first one.
    pub(super) fn on(
        &self,
        field: &Field<Text>,
        texts: Texts<'_>,
        inherited: &Inherited,
    ) -> Option<String> {
        let Some(name) = field.get() else {
            return inherited.on.clone();
        };
        let phrase = texts.phrase(*name);
        if !is_name(&phrase.text) {
            let message = format!("`{}` cannot name a connection", phrase.text);
            let fault = Fault::new(Code::Name, 0..phrase.text.len(), message);
            let help = "begin with a letter, go on with letters, digits and `_`";
            texts.complain(&phrase, fault.help(help));
        }
        Some(phrase.text)
    }
}

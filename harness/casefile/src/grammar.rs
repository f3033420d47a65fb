//! The small languages inside a case's texts: expressions, segments, calls.
//!
//! Readers never stop at a fault: it goes to a list, something stands in for
//! the part, and reading goes on. Whoever calls them drops the result if there
//! were faults. Places are octets of the text that is read.

mod app;
mod expr;
mod field;
mod icmp;
mod kind;
mod options;
mod route;
mod segment;
#[cfg(test)]
mod tests;
mod wire;
mod words;

use std::collections::BTreeMap;

use crate::diagnostic::{Code, Fault};
use crate::expr::{Expr, LabelField, Symbol};

pub(crate) use app::read_app;
pub(crate) use expr::{Wanted, literal_duration, read_duration, read_expr, read_integer};
pub(crate) use field::read_match;
pub(crate) use icmp::read_icmp;
pub(crate) use segment::{read_pattern, read_template};
pub(crate) use wire::{read_wire, suffix_of};

/// What a label stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LabelKind {
    /// A segment of the peer and its moment.
    Peer,
    /// A segment of the stack and its moment.
    Sut,
    /// A moment alone.
    Moment,
}

/// The labels of the steps so far.
pub(crate) type Labels = BTreeMap<String, LabelKind>;

/// What the readers share: names they know, faults they found.
pub(crate) struct Reading<'a> {
    pub(crate) labels: &'a Labels,
    pub(crate) faults: Vec<Fault>,
}

impl<'a> Reading<'a> {
    pub(crate) const fn new(labels: &'a Labels) -> Self {
        Self {
            labels,
            faults: Vec::new(),
        }
    }

    fn fault(&mut self, fault: Fault) {
        self.faults.push(fault);
    }

    /// Reads a part that begins `by` octets in.
    fn part<T>(&mut self, by: usize, read: impl FnOnce(&mut Self) -> T) -> T {
        let mut inner = Reading::new(self.labels);
        let value = read(&mut inner);
        self.faults
            .extend(inner.faults.into_iter().map(|fault| fault.shifted(by)));
        value
    }

    /// What `name` is: a symbol, a label, or something of a label.
    fn name(&mut self, name: &str, at: usize) -> Option<Expr> {
        if let Some((symbol, _)) = Symbol::ALL.iter().find(|(_, text)| *text == name) {
            return Some(Expr::Symbol(*symbol));
        }
        let (label, field) = name.split_once('.').unwrap_or((name, ""));
        let span = at..at + name.len();
        let Some(kind) = self.labels.get(label) else {
            self.fault(self.unknown(name, label).at(span));
            return None;
        };
        let Some((field, _)) = LABEL_FIELDS.iter().find(|(_, text)| *text == field) else {
            let message = format!("a label has no `{field}`");
            let known = LABEL_FIELDS.iter().map(|(_, text)| *text);
            let known: Vec<&str> = known.filter(|text| !text.is_empty()).collect();
            let span = at + label.len() + 1..span.end;
            let fault = Fault::new(Code::UnknownSymbol, span, message).suggest(field, known);
            self.fault(fault);
            return None;
        };
        if *kind == LabelKind::Moment && is_of_segment(*field) {
            let message = format!("`{label}` is a moment and no segment");
            let fault = Fault::new(Code::UnknownLabel, span, message)
                .label("its step sends and expects no single segment")
                .help(format!("write `{label}` for the moment"));
            self.fault(fault);
            return None;
        }
        Some(Expr::Label(label.to_owned(), *field))
    }

    fn unknown(&self, name: &str, label: &str) -> Fault {
        let symbols = Symbol::ALL.iter().map(|(_, text)| *text);
        let like_a_label = name == label
            || LABEL_FIELDS
                .iter()
                .any(|(_, field)| !field.is_empty() && name.ends_with(&format!(".{field}")));
        let like_a_symbol = crate::diagnostic::closest(name, symbols.clone());
        if like_a_label && like_a_symbol.is_none() {
            let message = format!("no step before this one is labelled `{label}`");
            let labels: Vec<&str> = self.labels.keys().map(String::as_str).collect();
            let fault = Fault::new(Code::UnknownLabel, 0..0, message);
            return if labels.is_empty() {
                fault.help(format!("give an earlier step `as: {label}`"))
            } else {
                fault.suggest(label, labels)
            };
        }
        let message = format!("`{name}` is not a symbol");
        Fault::new(Code::UnknownSymbol, 0..0, message).suggest(name, symbols)
    }
}

impl Fault {
    /// The same fault elsewhere.
    fn at(self, span: std::ops::Range<usize>) -> Self {
        Self { span, ..self }
    }
}

/// What stands behind a label.
const LABEL_FIELDS: [(LabelField, &str); 9] = [
    (LabelField::Time, ""),
    (LabelField::First, "first"),
    (LabelField::Last, "last"),
    (LabelField::Seq, "seq"),
    (LabelField::End, "end"),
    (LabelField::Ack, "ack"),
    (LabelField::Len, "len"),
    (LabelField::TsVal, "tsval"),
    (LabelField::TsEcr, "tsecr"),
];

const fn is_of_segment(field: LabelField) -> bool {
    match field {
        LabelField::Time | LabelField::First | LabelField::Last => false,
        LabelField::Seq
        | LabelField::End
        | LabelField::Ack
        | LabelField::Len
        | LabelField::TsVal
        | LabelField::TsEcr => true,
    }
}

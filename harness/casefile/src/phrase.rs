//! `$axis`, `$axis.field` and `$name` in texts: values put in, and places kept,
//! so that a complaint about the outcome points at what was written.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::ops::Range;

use crate::diagnostic::{Code, Fault, Sink};
use crate::document::Document;
use crate::raw::Text;

/// What a name stands for.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    /// `$name`
    Text(String),
    /// `$name.field`, each with its value; `$name` is the name of the choice.
    Fields(Vec<(String, String)>),
}

/// A name and what it stands for.
#[derive(Clone, Debug)]
pub(crate) struct Binding {
    pub(crate) name: String,
    /// The value's own name; empty in a fragment.
    pub(crate) chosen: String,
    pub(crate) value: Value,
}

/// Names used so far, as written: `at`, `at.seq`.
pub(crate) type Used = RefCell<BTreeSet<String>>;

/// Texts of one document under one choice of values.
#[derive(Clone, Copy)]
pub(crate) struct Texts<'a> {
    pub(crate) document: &'a Document,
    pub(crate) bindings: &'a [Binding],
    pub(crate) used: &'a Used,
    pub(crate) sink: &'a Sink,
}

/// A text with its values in place.
#[derive(Clone, Debug)]
pub(crate) struct Phrase {
    pub(crate) text: String,
    source: Text,
    holes: Vec<Hole>,
    /// Whether a name in it stands for nothing: what is wrong with the outcome
    /// says nothing then.
    broken: bool,
}

/// A value put into a text.
#[derive(Clone, Debug)]
struct Hole {
    /// Where it stands in the outcome.
    filled: Range<usize>,
    /// Where its name stands in what was written.
    written: Range<usize>,
}

impl Texts<'_> {
    /// The text with its values in place.
    pub(crate) fn phrase(self, source: Text) -> Phrase {
        let written = self.document.text(source.0);
        let mut phrase = Phrase {
            text: String::with_capacity(written.len()),
            source,
            holes: Vec::new(),
            broken: false,
        };
        let mut at = 0;
        while let Some(dollar) = written[at..].find('$') {
            phrase.text.push_str(&written[at..at + dollar]);
            at += dollar;
            let behind = &written[at + 1..];
            let (value, taken) = match &behind[..name_len(behind)] {
                "" => ("$", usize::from(behind.starts_with('$'))),
                name => self.value(name).unwrap_or_else(|| {
                    self.unknown(name, source, at);
                    phrase.broken = true;
                    ("0", name.len())
                }),
            };
            let start = phrase.text.len();
            phrase.text.push_str(value);
            phrase.holes.push(Hole {
                filled: start..phrase.text.len(),
                written: at..at + 1 + taken,
            });
            at += 1 + taken;
        }
        phrase.text.push_str(&written[at..]);
        phrase
    }

    /// The text with its values in place, and nothing else.
    pub(crate) fn text(self, source: Text) -> String {
        self.phrase(source).text
    }

    /// Complains about a part of a phrase.
    pub(crate) fn complain(self, phrase: &Phrase, fault: Fault) {
        if phrase.broken {
            return;
        }
        let part = phrase.written(&fault.span);
        let span = self.document.span(phrase.source.0, part);
        self.document.complain(Fault { span, ..fault }, self.sink);
    }

    /// Complains about a whole scalar.
    pub(crate) fn complain_of(self, text: Text, fault: Fault) {
        self.document.complain_at(text.0, fault, self.sink);
    }

    /// The value of `name`, and how much of it is name: of `$at.end` that is
    /// `at` alone, if the values of the axis have no fields.
    fn value(&self, name: &str) -> Option<(&str, usize)> {
        let (head, field) = name.split_once('.').unwrap_or((name, ""));
        let bound = self.bindings.iter().find(|bound| bound.name == head)?;
        let (value, taken) = match &bound.value {
            Value::Text(value) => (value, head),
            Value::Fields(_) if field.is_empty() => (&bound.chosen, head),
            Value::Fields(fields) => {
                let (_, value) = fields.iter().find(|(known, _)| known == field)?;
                (value, name)
            }
        };
        let is_new = !self.used.borrow().contains(taken);
        if is_new {
            self.used.borrow_mut().insert(taken.to_owned());
        }
        Some((value, taken.len()))
    }

    fn unknown(&self, name: &str, source: Text, at: usize) {
        let span = self.document.span(source.0, at..at + 1 + name.len());
        let axis = name.split_once('.').map(|(axis, _)| axis);
        let bound = self.bindings.iter().find(|b| Some(b.name.as_str()) == axis);
        let names = self.names();
        let fault = if let Some(bound) = bound {
            let message = format!(
                "`{}` of axis `{}` lacks `${name}`",
                bound.chosen, bound.name
            );
            Fault::new(Code::MissingField, span, message)
        } else {
            let message = format!("`${name}` stands for nothing");
            Fault::new(Code::UnknownVariable, span, message)
        };
        let fault = if names.is_empty() {
            fault.help("declare it as an axis of `matrix`, or write `$$` for the sign")
        } else {
            fault.suggest(name, names.iter().map(String::as_str))
        };
        self.document.complain(fault, self.sink);
    }

    fn names(&self) -> Vec<String> {
        let of = |bound: &Binding| match &bound.value {
            Value::Text(_) => vec![bound.name.clone()],
            Value::Fields(fields) => fields
                .iter()
                .map(|(field, _)| format!("{}.{field}", bound.name))
                .collect(),
        };
        self.bindings.iter().flat_map(of).collect()
    }
}

impl Phrase {
    /// The part of what was written that `part` of the outcome comes from: the
    /// whole of a name where it cuts through its value.
    fn written(&self, part: &Range<usize>) -> Range<usize> {
        let behind = |hole: &Hole, at: usize| hole.written.end + (at - hole.filled.end);
        let mut holes = self.holes.iter().rev();
        let start = match holes.find(|hole| hole.filled.start <= part.start) {
            Some(hole) if part.start < hole.filled.end => hole.written.start,
            Some(hole) => behind(hole, part.start),
            None => part.start,
        };
        let mut holes = self.holes.iter().rev();
        let end = match holes.find(|hole| hole.filled.start < part.end) {
            Some(hole) if part.end <= hole.filled.end => hole.written.end,
            Some(hole) => behind(hole, part.end),
            None => part.end,
        };
        start..end.max(start)
    }
}

/// Octets of the name behind a `$`: letters, digits, `_`, and one dot
/// with more of the same behind it.
fn name_len(text: &str) -> usize {
    let head = word_len(text);
    let field = text[head..].strip_prefix('.').map_or(0, word_len);
    if head == 0 || field == 0 {
        head
    } else {
        head + 1 + field
    }
}

fn word_len(text: &str) -> usize {
    if !text.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return 0;
    }
    let stop = |c: char| !(c.is_ascii_alphanumeric() || c == '_');
    text.find(stop).unwrap_or(text.len())
}

/// Whether `$name` can stand for something called so.
pub(crate) fn is_name(text: &str) -> bool {
    !text.is_empty() && word_len(text) == text.len()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn bindings() -> Vec<Binding> {
        let fields = [("seq", "rcv.nxt-1"), ("then", "CLOSING")];
        let fields = fields.map(|(field, value)| (field.to_owned(), value.to_owned()));
        vec![
            Binding {
                name: "at".to_owned(),
                chosen: "left".to_owned(),
                value: Value::Fields(fields.to_vec()),
            },
            Binding {
                name: "n".to_owned(),
                chosen: "few".to_owned(),
                value: Value::Text("2".to_owned()),
            },
        ]
    }

    /// Fills a text, complains of `part` of the outcome, and looks what of the
    /// text that points at.
    #[track_caller]
    fn check(written: &str, filled: &str, part: &str, pointed_at: &str) {
        let sink = Sink::default();
        let document = Document::read(Arc::from("a.yaml"), written, &sink);
        let bindings = bindings();
        let texts = Texts {
            document: &document,
            bindings: &bindings,
            used: &Used::default(),
            sink: &sink,
        };
        let source = Text(document.root().expect("a scalar"));
        let phrase = texts.phrase(source);
        assert_eq!(phrase.text, filled, "{written}");
        let start = filled.find(part).expect("a part of the outcome");
        let span = start..start + part.len();
        texts.complain(&phrase, Fault::new(Code::Word, span, "wrong"));
        let complaints = sink.into_sorted();
        let pointed: Vec<&str> = complaints
            .iter()
            .map(|d| &written[d.span.clone()])
            .collect();
        assert_eq!(pointed, [pointed_at], "{written}");
    }

    #[test]
    fn values_are_put_in_and_complaints_point_at_what_was_written() {
        check("RST seq=5", "RST seq=5", "seq", "seq");
        check(
            "RST seq=$at.seq win=1",
            "RST seq=rcv.nxt-1 win=1",
            "rcv.nxt-1",
            "$at.seq",
        );
        check(
            "RST seq=$at.seq win=1",
            "RST seq=rcv.nxt-1 win=1",
            "nxt",
            "$at.seq",
        );
        check(
            "RST seq=$at.seq win=1",
            "RST seq=rcv.nxt-1 win=1",
            "win=1",
            "win=1",
        );
        check(
            "RST seq=$at.seq win=1",
            "RST seq=rcv.nxt-1 win=1",
            "RST",
            "RST",
        );
        check(
            "$n$n then $at.then",
            "22 then CLOSING",
            "CLOSING",
            "$at.then",
        );
        check("$$n and $at", "$n and left", "left", "$at");
        check(
            "price: $ 5".replace(": ", " ").as_str(),
            "price $ 5",
            "5",
            "5",
        );
        check("'$n octets'", "2 octets", "2", "$n");
        check("é$n é", "é2 é", "é", "é");
        check("$n.yaml", "2.yaml", ".yaml", ".yaml");
    }
}

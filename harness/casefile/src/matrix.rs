//! Axes with named values, and the variants that are all their combinations.

use crate::diagnostic::{Code, Fault, Sink};
use crate::document::Document;
use crate::limits::MAX_VARIANTS;
use crate::phrase::{Binding, Used, Value, is_name};
use crate::raw::{AxisValue, Entries, OneOrMany, Text};

/// One combination of axis values.
#[derive(Clone, Debug, Default)]
pub(crate) struct Choice {
    /// `axis=value,axis=value`
    pub(crate) name: String,
    pub(crate) bindings: Vec<Binding>,
    /// What the chosen values add to the variant's needs.
    pub(crate) needs: Vec<Text>,
    /// What the chosen values add to the variant's claims.
    pub(crate) claims: Vec<Text>,
    /// The variant's level, where a chosen value says one.
    pub(crate) level: Option<Text>,
}

/// The axes of a case.
pub(crate) struct Matrix<'a> {
    pub(crate) document: &'a Document,
    pub(crate) axes: &'a Entries<Entries<AxisValue>>,
    pub(crate) sink: &'a Sink,
}

/// Fields of a value that belong to the variant itself.
const OWN_FIELDS: [&str; 3] = ["needs", "claims", "level"];

impl Matrix<'_> {
    /// All combinations, the last axis turning fastest.
    pub(crate) fn choices(&self) -> Vec<Choice> {
        let mut choices = vec![Choice::default()];
        for (axis, values) in &self.axes.0 {
            self.check_axis(*axis, values);
            let len = choices.len().saturating_mul(values.0.len());
            if len > MAX_VARIANTS {
                let message = format!("this axis makes {len} variants of the case");
                let fault = Fault::new(Code::TooManyVariants, 0..0, message)
                    .help(format!("split the case: {MAX_VARIANTS} are the most"));
                self.complain(*axis, fault);
                return Vec::new();
            }
            let with_each = |choice: &Choice| {
                let one = |(name, value)| self.chosen(choice, *axis, name, value);
                values
                    .0
                    .iter()
                    .map(|(n, v)| (*n, v))
                    .map(one)
                    .collect::<Vec<_>>()
            };
            choices = choices.iter().flat_map(with_each).collect();
        }
        choices
    }

    /// Complains of axes and fields that nothing uses.
    pub(crate) fn check_used(&self, used: &Used) {
        let used = used.borrow();
        for (axis, values) in &self.axes.0 {
            let name = self.text(*axis);
            let is_used = |text: &str| used.contains(text);
            let fields = values.0.iter().filter_map(|(_, value)| match value {
                AxisValue::Map(Entries(fields)) => Some(fields),
                AxisValue::Text(_) => None,
            });
            for (field, _) in fields.clone().flatten() {
                let text = self.text(*field);
                if !OWN_FIELDS.contains(&text) && !is_used(&format!("{name}.{text}")) {
                    let message = format!("nothing uses `${name}.{text}`");
                    let fault = Fault::new(Code::UnusedAxis, 0..0, message);
                    self.complain(*field, fault.help("use it in a step, or take it out"));
                }
            }
            if fields.flatten().next().is_none() && !values.0.is_empty() && !is_used(name) {
                let message = format!("nothing uses `${name}`");
                let fault = Fault::new(Code::UnusedAxis, 0..0, message);
                self.complain(*axis, fault.help("use it in a step, or take the axis out"));
            }
        }
    }

    fn text(&self, text: Text) -> &str {
        self.document.text(text.0)
    }

    fn complain(&self, text: Text, fault: Fault) {
        self.document.complain_at(text.0, fault, self.sink);
    }

    fn check_axis(&self, axis: Text, values: &Entries<AxisValue>) {
        self.check_name(axis);
        if values.0.is_empty() {
            let message = format!("axis `{}` has no values", self.text(axis));
            let fault = Fault::new(Code::EmptyAxis, 0..0, message);
            self.complain(
                axis,
                fault.help("give each value a name: `left: rcv.nxt-1`"),
            );
        }
        for (value, fields) in &values.0 {
            let text = self.text(*value);
            let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
            if text.is_empty() || !text.chars().all(fits) {
                let message = format!("`{text}` cannot name a value");
                let fault = Fault::new(Code::Name, 0..0, message);
                self.complain(
                    *value,
                    fault.help("write letters, digits, `-`, `_` and `.`"),
                );
            }
            if let AxisValue::Map(Entries(fields)) = fields {
                fields.iter().for_each(|(field, _)| self.check_name(*field));
            }
        }
    }

    fn check_name(&self, name: Text) {
        let text = self.text(name);
        if !is_name(text) {
            let message = format!("`{text}` cannot stand behind `$`");
            let fault = Fault::new(Code::Name, 0..0, message);
            self.complain(
                name,
                fault.help("begin with a letter, go on with letters, digits and `_`"),
            );
        }
    }

    fn chosen(&self, before: &Choice, axis: Text, name: Text, value: &AxisValue) -> Choice {
        let mut choice = before.clone();
        if !choice.name.is_empty() {
            choice.name.push(',');
        }
        choice.name.push_str(self.text(axis));
        choice.name.push('=');
        choice.name.push_str(self.text(name));
        let value = match value {
            AxisValue::Text(text) => Value::Text(self.text(*text).to_owned()),
            AxisValue::Map(Entries(fields)) => {
                let add = |(field, value)| self.field(&mut choice, field, value);
                Value::Fields(
                    fields
                        .iter()
                        .map(|(f, v)| (*f, v))
                        .filter_map(add)
                        .collect(),
                )
            }
        };
        choice.bindings.push(Binding {
            name: self.text(axis).to_owned(),
            chosen: self.text(name).to_owned(),
            value,
        });
        choice
    }

    /// Takes a field to where it belongs; the variant's own are none to put
    /// into texts.
    fn field(
        &self,
        choice: &mut Choice,
        field: Text,
        value: &OneOrMany,
    ) -> Option<(String, String)> {
        match (self.text(field), value) {
            ("needs", value) => choice.needs.extend(value.as_slice()),
            ("claims", value) => choice.claims.extend(value.as_slice()),
            ("level", OneOrMany::Text(level)) => choice.level = Some(*level),
            (name, OneOrMany::Text(value)) => {
                return Some((name.to_owned(), self.text(*value).to_owned()));
            }
            (name, OneOrMany::List(_)) => {
                let message = format!("`{name}` takes one value");
                self.complain(field, Fault::new(Code::Shape, 0..0, message));
            }
        }
        None
    }
}

//! The words that may stand at certain places, for the JSON Schema alone: the
//! checker takes them from where they belong.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use tcpspec_wire::{Capability, State};

use crate::check::{FAULTS, LEVELS};

/// One of certain words.
macro_rules! words {
    ($($(#[doc = $doc:literal])+ $name:ident => $words:expr;)+) => {$(
        $(#[doc = $doc])+
        pub(crate) struct $name;

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                let words: Vec<&str> = $words;
                json_schema!({ "type": "string", "enum": words })
            }
        }
    )+};
}

words! {
    /// A level.
    LevelWord => LEVELS.iter().map(|(word, _)| *word).collect();
    /// A capability.
    CapabilityWord => Capability::ALL.iter().map(|(_, name)| *name).collect();
    /// A state.
    StateWord => State::ALL.iter().map(|state| state.name()).collect();
    /// A fault on the link.
    FaultWord => FAULTS.to_vec();
    /// `deviates`
    VerdictWord => vec!["deviates"];
    /// `now`
    NowWord => vec!["now"];
}

/// One word, a list of words, or a text with `$axis` in it.
pub(crate) struct OneOrMany<T>(std::marker::PhantomData<T>);

impl<T: JsonSchema> JsonSchema for OneOrMany<T> {
    fn schema_name() -> Cow<'static, str> {
        format!("OneOrMany{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let word = generator.subschema_for::<T>();
        let variable = json_schema!({ "type": "string", "pattern": r"\$" });
        let one = json_schema!({ "anyOf": [word, variable] });
        json_schema!({ "anyOf": [one, { "type": "array", "items": one }] })
    }
}

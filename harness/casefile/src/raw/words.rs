//! The words that may stand at certain places, for the JSON Schema alone: the
//! checker takes them from where they belong.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use tcpspec_wire::{Capability, State};

use tcpspec_link::Kind;

use crate::check::LEVELS;

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
                let words: Vec<String> = $words;
                json_schema!({ "type": "string", "enum": words })
            }
        }
    )+};
}

words! {
    /// A level.
    LevelWord => LEVELS.iter().map(|(word, _)| (*word).to_owned()).collect();
    /// A capability, or that there be none.
    NeedWord => ["", "no-"].iter().flat_map(named).collect();
    /// A state.
    StateWord => State::ALL.iter().map(|state| state.name().to_owned()).collect();
    /// A fault on the link.
    FaultWord => Kind::ALL.map(|(_, word)| word.to_owned()).to_vec();
    /// `deviates`
    VerdictWord => vec!["deviates".to_owned()];
    /// `now`
    NowWord => vec!["now".to_owned()];
}

/// Every capability with this before its name.
fn named(prefix: &&'static str) -> impl Iterator<Item = String> + use<> {
    let prefix = *prefix;
    Capability::ALL
        .iter()
        .map(move |(_, name)| format!("{prefix}{name}"))
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

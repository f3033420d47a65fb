//! A sweep as it is written, and the vocabulary of events that all sweeps
//! share.

use schemars::JsonSchema;
use serde::Deserialize;

use super::value::{Entries, Field, Items, Placed, Text};
use super::{OneOrMany, Params, RawStep, words};

/// What every event does in one state: a row for each.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SweepFile {
    /// What the state is about, in a few sentences.
    pub(crate) purpose: Field<Text>,
    /// The state.
    #[schemars(with = "words::StateWord")]
    pub(crate) state: Field<Text>,
    /// How strongly a row binds the stack that does not say otherwise.
    #[schemars(with = "words::LevelWord")]
    pub(crate) level: Field<Text>,
    /// The prelude that leads there.
    #[serde(default)]
    pub(crate) from: Field<Text>,
    /// Values of the names that the vocabulary uses: `$ack`, `$seq`.
    #[serde(default)]
    pub(crate) with: Field<Entries<Text>>,
    /// What the application is told in rows that do not say otherwise.
    #[serde(default)]
    pub(crate) app: Field<OneOrMany>,
    /// The fragment that shows, where the state stays, that all goes on.
    #[serde(default)]
    pub(crate) then: Field<Text>,
    /// Words to select the sweep by.
    #[serde(default)]
    pub(crate) tags: Field<OneOrMany>,
    /// By the names of events.
    pub(crate) rows: Field<Entries<Placed<Row>>>,
}

/// What an event does: `reply` and what goes with it, the case that shows it,
/// or why there is none.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[derive(Default)]
pub(crate) struct Row {
    /// The reply: a fragment of cases/fragments/reply.
    pub(crate) reply: Field<Text>,
    /// The next state, or one of several; the state stays if not given.
    #[schemars(with = "words::OneOrMany<words::StateWord>")]
    pub(crate) next: Field<OneOrMany>,
    /// What the application is told: calls with what they bring; `none`.
    pub(crate) app: Field<OneOrMany>,
    /// What the call returns, where the event is one: `$returns`.
    pub(crate) returns: Field<Text>,
    /// The requirement that this decides.
    pub(crate) claim: Field<Text>,
    /// How strongly it binds.
    #[schemars(with = "words::LevelWord")]
    pub(crate) level: Field<Text>,
    /// What the stack has to be able to do.
    #[schemars(with = "words::OneOrMany<words::NeedWord>")]
    pub(crate) needs: Field<OneOrMany>,
    /// Steps of a fragment that come last; `none`.
    pub(crate) then: Field<Text>,
    /// Why this has to be so.
    pub(crate) why: Field<Text>,
    /// The case, or the variant of one, that shows it.
    pub(crate) by: Field<Text>,
    /// The event cannot happen in this state: why.
    pub(crate) impossible: Field<Text>,
    /// The row has still to be written: why.
    pub(crate) todo: Field<Text>,
}

/// The vocabulary: `cases/states/events.yaml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EventsFile {
    /// By their names, in the order in which the grid shows them.
    pub(crate) events: Field<Entries<Placed<Event>>>,
}

/// An event: what happens to the stack. One that only `by` rows tell of says
/// in words what it is.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Event {
    /// In words: `RST at the expected number`.
    pub(crate) what: Field<Text>,
    /// The peer sends this segment.
    pub(crate) peer: Field<Text>,
    /// The application makes this call.
    pub(crate) app: Field<Text>,
    /// How the peer behaves in the prelude, too.
    pub(crate) params: Field<Params>,
    /// What the stack has to be able to do.
    pub(crate) needs: Field<OneOrMany>,
    /// More than one step.
    pub(crate) steps: Field<Items<Placed<RawStep>>>,
}

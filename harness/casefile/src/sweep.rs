//! A sweep: what every event of the vocabulary does in one state. To whoever
//! runs it, it is a case with one variant for each cell; this is the table that
//! a reader sees.

use tcpspec_record::{CaseId, RequirementId};
use tcpspec_wire::State;

/// A file of `cases/states/`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sweep {
    /// The case that its cells are variants of.
    pub id: CaseId,
    /// The state in which each event meets the stack.
    pub state: State,
    /// One for each event, in the order of the vocabulary.
    pub cells: Vec<Cell>,
}

/// An event and what comes of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    /// The event's name.
    pub event: String,
    /// The event in words.
    pub what: String,
    /// What comes of it.
    pub kind: CellKind,
}

/// What comes of an event in a state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CellKind {
    /// A variant shows it.
    Tested {
        /// The reply: a name under `fragments/reply/`.
        reply: String,
        /// The states that may follow; empty where the state stays.
        next: Vec<State>,
        /// What the application is told, call by call.
        app: Vec<String>,
        /// The requirement that is decided.
        claim: Option<RequirementId>,
    },
    /// Another case shows it, by its id or that of its variant.
    Elsewhere(String),
    /// The event cannot happen in this state, and why.
    Impossible(String),
    /// Nobody has written it, and why.
    Todo(String),
}

//! Why a trial ends before its last step.

use std::time::Duration;

use tcpspec_connector::StackError;
use tcpspec_record::{FieldDelta, Tried};
use tcpspec_wire::State;

/// What ended a trial.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Halt {
    /// The stack did not do what the step allows.
    Broken(Box<Broken>),
    /// The stack gives no reply any more.
    Stack(StackError),
    /// The stack cannot do what a step needs, and never said that it could.
    Unsupported(String),
    /// The link let nothing through for so long that the stack may give up.
    GaveUp(Duration),
    /// Nothing can be said about the stack: the harness or the case is at
    /// fault, as the sentence says.
    Unclear(String),
}

/// What was allowed, and what came instead.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Broken {
    /// One sentence: what the stack did, and what is required.
    pub(crate) sentence: String,
    /// What was allowed, one text for each alternative.
    pub(crate) expected: Vec<String>,
    /// Until when, in words; empty if time is not at stake.
    pub(crate) when: String,
    /// What came; empty if nothing did.
    pub(crate) got: String,
    /// The fields that differ.
    pub(crate) delta: Vec<FieldDelta>,
    /// Each alternative and what differs from it, where there were several.
    pub(crate) tried: Vec<Tried>,
    /// Whether it is about what came while the harness waited, or did not: that
    /// the wait ended late has changed nothing of it.
    pub(crate) waited: bool,
    /// State before the step and now, where a state is at stake.
    pub(crate) states: Option<(State, State)>,
}

impl From<Broken> for Halt {
    fn from(broken: Broken) -> Self {
        Self::Broken(Box::new(broken))
    }
}

impl From<StackError> for Halt {
    fn from(error: StackError) -> Self {
        Self::Stack(error)
    }
}

/// A difference in one field.
pub(crate) fn delta(
    field: &str,
    expected: impl Into<String>,
    got: impl Into<String>,
) -> FieldDelta {
    FieldDelta {
        field: field.to_owned(),
        expected: expected.into(),
        got: got.into(),
        why: String::new(),
    }
}

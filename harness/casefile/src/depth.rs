//! How deep a case reaches into a stack: from packets alone to what only its
//! own calls can do. A stack of which nothing but packets is at hand plays the
//! first rungs, by a service that listens; each verb more unlocks the next.

use std::fmt;

use crate::case::Variant;
use crate::step::{Action, AppCall};

/// What a case asks of the stack's application at most. Each rung holds those
/// before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Depth {
    /// Nothing: nobody listens.
    Packets,
    /// `listen`
    Listen,
    /// `accept`
    Accept,
    /// `send`, `recv`, `expect`
    Data,
    /// `shutdown`, `close`, `abort`
    Close,
    /// `connect`
    Connect,
    /// `setopt`
    Options,
    /// `urgent`, `report`, `die`, and what a stack shows of itself.
    More,
}

impl Depth {
    /// Every depth, its name, and what the application does there.
    pub const ALL: [(Self, &'static str, &'static str); 8] = [
        (Self::Packets, "packets", "nothing: nobody listens"),
        (Self::Listen, "listen", "listens, as any service does"),
        (Self::Accept, "accept", "accepts, as any service does"),
        (Self::Data, "data", "sends and receives"),
        (Self::Close, "close", "closes, shuts down, aborts"),
        (Self::Connect, "connect", "opens actively"),
        (Self::Options, "options", "sets options of its sockets"),
        (
            Self::More,
            "more",
            "urgent text, reports, counters, sudden death",
        ),
    ];

    /// How deep a step reaches.
    fn of(action: &Action) -> Self {
        match action {
            Action::App(call, _) => Self::of_call(call),
            Action::SutInfo(_) => Self::More,
            Action::Peer(_)
            | Action::Icmp(_)
            | Action::Wire(_)
            | Action::Sut(_)
            | Action::Quiet(_)
            | Action::Wait(_)
            | Action::Leap(_)
            | Action::Gone(_)
            | Action::Check => Self::Packets,
        }
    }

    const fn of_call(call: &AppCall) -> Self {
        match call {
            AppCall::Listen => Self::Listen,
            AppCall::Accept => Self::Accept,
            AppCall::SendLen(_) | AppCall::SendData(_) | AppCall::Recv(_) | AppCall::Look => {
                Self::Data
            }
            AppCall::Shutdown | AppCall::Close | AppCall::CloseListener | AppCall::Abort => {
                Self::Close
            }
            AppCall::Connect { .. } => Self::Connect,
            AppCall::SetOption(_) => Self::Options,
            AppCall::SendUrgent(_) | AppCall::Urgent | AppCall::Report | AppCall::Die => Self::More,
        }
    }
}

impl fmt::Display for Depth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (_, name, _) = Self::ALL[*self as usize];
        f.write_str(name)
    }
}

impl Variant {
    /// How deep it reaches: as deep as the deepest of its steps.
    #[must_use]
    pub fn depth(&self) -> Depth {
        let steps = self.steps.iter().map(|step| Depth::of(&step.action));
        steps.max().unwrap_or(Depth::Packets)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depths_stand_in_their_order() {
        let places = Depth::ALL.map(|(depth, ..)| depth as usize);
        assert_eq!(places, [0, 1, 2, 3, 4, 5, 6, 7]);
    }
}

//! A link between two TCPs, and what goes wrong on it.
//!
//! | module | holds |
//! |---|---|
//! | [`fault`] | [`Fault`]: what is done to one packet |
//! | [`conditions`] | [`Conditions`]: how good one direction is: rates, delay, capacity, size |
//! | [`rule`] | [`Rule`]: faults by predicate: "the 2nd data segment", "every repeat" |
//! | [`link`] | [`Link`]: two directions, and the packets under way |
//! | [`kind`] | [`Kind`]: the kinds of trouble that a profile makes |
//! | [`shrink`] | [`least`]: the few faults of a schedule that matter |
//! | [`passage`] | [`Passage`]: what becomes of a packet as it is sent |
//! | [`reassembly`] | [`Reassembly`]: what an end makes of fragments |
//! | [`tally`] | [`Tally`]: how often which fault really happened |
//!
//! Packets go in by [`Link::send`] and come out by [`Link::receive`] when their
//! time has come; [`Link::next_arrival`] says when that is. Nothing here reads a
//! clock, and what is left to chance is drawn from a seed: the same packets at
//! the same times meet the same fate. Whatever was drawn is kept as a list
//! ([`Link::happened`]) that can be played again, whole or in part, without any
//! chance ([`Link::replay`]).
//!
//! Left out: more than two ends, routes, and what a link does to packets that
//! are not IP.

pub mod conditions;
pub mod fault;
pub mod kind;
pub mod link;
pub mod passage;
pub mod reassembly;
pub mod rule;
pub mod shrink;
pub mod tally;

mod chance;
mod damage;
mod way;

pub use conditions::{Conditions, Loss, Outage, Profile, Rate, Reordering};
pub use fault::{Fault, Happened};
pub use kind::Kind;
pub use link::Link;
pub use passage::{Arrival, Origin, Passage, Sent};
pub use reassembly::Reassembly;
pub use rule::{Rule, Times, Which};
pub use shrink::least;
pub use tally::{Fate, Tally};

/// One end of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum End {
    /// The first.
    Left,
    /// The second.
    Right,
}

impl End {
    /// Both, in order.
    pub const BOTH: [Self; 2] = [Self::Left, Self::Right];

    /// The end on the other side.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Left => Self::Right,
            Self::Right => Self::Left,
        }
    }
}

//! What came of driving a stack.

use std::time::Duration;

use tcpspec_wire::{Instant, State};

use crate::call::CallResult;

/// A stack's answer to one request: all that happened since the last one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The stack's time at the end of the request.
    pub now: Instant,
    /// When the stack will do something by itself.
    pub next: Next,
    /// Packets it emitted, in order.
    pub tx: Vec<Emitted>,
    /// State changes, in order.
    pub states: Vec<StateChange>,
    /// Why the stack dropped packets and sent RSTs, in order, by its own
    /// account. A stack that gives no account of itself leaves this empty;
    /// nothing is judged by it.
    pub reasons: Vec<Reason>,
    /// What the application was told; only on `call`.
    pub ret: Option<CallResult>,
    /// How late the harness was, on a real clock. Where it was to act: how long
    /// after the last reply it had done so. Where it was to wait: how long after
    /// the time that it waited for, or after what ended its wait, it came round
    /// to saying so.
    pub late: Duration,
}

/// When a stack will do something without input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// At this time, and not before.
    At(Instant),
    /// Never.
    Never,
    /// It cannot say.
    Unknown,
}

/// A packet from the stack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Emitted {
    /// When it left.
    pub at: Instant,
    /// Its octets, from the IP header on.
    pub octets: Vec<u8>,
}

/// A connection between the stack and the peer, by its two ports: a trial has
/// one address on each side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Connection {
    /// The stack's port.
    pub local: u16,
    /// The peer's port.
    pub remote: u16,
}

/// A connection's change of state.
///
/// A connection that begins at a listener starts in LISTEN, and goes back to
/// it if it ends in SYN-RECEIVED while the listener lives; every other
/// connection starts and ends in CLOSED.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StateChange {
    /// Which connection.
    pub connection: Connection,
    /// Its state from now on.
    pub state: State,
    /// Since when.
    pub at: Instant,
}

/// Something the stack did, and why, by its own account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// What it did.
    pub did: Did,
    /// Why, in the stack's own words: `TCP_INVALID_SEQUENCE`.
    pub why: String,
    /// When.
    pub at: Instant,
}

/// What a stack gives a reason for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Did {
    /// It dropped a packet.
    Dropped,
    /// It sent a RST.
    Reset,
}

impl Reply {
    /// A reply in which nothing happened.
    #[must_use]
    pub const fn nothing(now: Instant) -> Self {
        Self {
            now,
            next: Next::Never,
            tx: Vec::new(),
            states: Vec::new(),
            reasons: Vec::new(),
            ret: None,
            late: Duration::ZERO,
        }
    }
}

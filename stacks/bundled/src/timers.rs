//! The two timers of a connection's life that more than one state has: the
//! sender's (retransmission or persist, never both) and the delayed ACK.
//! TIME-WAIT's own timer lives in that state.

use std::time::Duration;

use tcpspec_wire::Instant;

/// The sender's timer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SendTimer {
    /// Nothing in flight and nothing held back.
    Off,
    /// Something is in flight and must be repeated at `at` (RFC 6298).
    Retransmit {
        at: Instant,
        /// When the peer last made progress; R2 counts from here.
        since: Instant,
    },
    /// Something is held back by the peer's window, which must be probed at
    /// `at` (RFC 9293 section 3.8.6.1).
    Persist {
        at: Instant,
        /// When the peer last answered; R2 counts from here, so that probing
        /// goes on for ever while probes are answered.
        since: Instant,
        /// Time to the next probe; doubles.
        interval: Duration,
    },
}

impl SendTimer {
    /// When the timer fires next, given R2: the give-up is an event of its own.
    pub(crate) fn deadline(self, r2: Duration) -> Option<Instant> {
        match self {
            Self::Off => None,
            Self::Retransmit { at, since } | Self::Persist { at, since, .. } => {
                Some(at.min(since + r2))
            }
        }
    }
}

/// An acknowledgment that is owed to the peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AckDue {
    /// None.
    No,
    /// One for in-order data, by this time at the latest.
    Delayed(Instant),
    /// One at once.
    Now,
}

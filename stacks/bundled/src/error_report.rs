//! What the user is told without having asked (RFC 9293 section 3.9.1.8,
//! MUST-47): soft errors, trouble on the way, urgent data. None of it changes
//! what the calls return.

use std::time::Duration;

use tcpspec_wire::Instant;

use crate::connection::ConnectionId;

/// One ERROR_REPORT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ErrorReport {
    /// The connection it is about.
    pub connection: ConnectionId,
    /// Why.
    pub reason: Reason,
    /// When.
    pub at: Instant,
}

/// Why the user is told something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The urgent pointer moved ahead of what was read (MUST-32).
    Urgent {
        /// Octets to read up to it.
        ahead: u32,
    },
    /// R1 is reached: the same segment was repeated so often that something
    /// must be wrong, yet R2 is still to come (SHLD-9).
    Retransmissions,
    /// The peer has told its user timeout (RFC 5482). Whether it changes ours is
    /// a matter of [`UserTimeouts`](crate::UserTimeouts).
    UserTimeout {
        /// How long the peer goes on.
        theirs: Duration,
    },
    /// An ICMP error that does not end the connection (SHLD-25).
    Icmp {
        /// Whether it is ICMPv6.
        v6: bool,
        /// Its type.
        kind: u8,
        /// Its code.
        code: u8,
    },
}

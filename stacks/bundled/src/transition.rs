//! The log of state changes.

use std::fmt;
use std::net::SocketAddr;

use tcpspec_wire::{Instant, State};

use crate::connection::ConnectionId;

/// One change of state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transition {
    /// The connection; `None` for a listening port.
    pub connection: Option<ConnectionId>,
    /// The local port.
    pub local_port: u16,
    /// The remote socket; `None` for a listening port.
    pub remote: Option<SocketAddr>,
    /// The state entered. A connection that a listener made, and whose
    /// handshake comes to nothing (RST, SYN, R2), enters LISTEN and is gone;
    /// any other that is deleted enters CLOSED.
    pub state: State,
    /// When.
    pub at: Instant,
}

/// `+1.000 80 192.0.2.2:40000 ESTABLISHED`.
impl fmt::Display for Transition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} ", self.at, self.local_port)?;
        match self.remote {
            Some(remote) => write!(f, "{remote}")?,
            None => f.write_str("*")?,
        }
        write!(f, " {}", self.state)
    }
}

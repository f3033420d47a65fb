//! STATUS (RFC 9293 section 3.10.6): what a connection looks like at the moment.

use std::net::SocketAddr;
use std::time::Duration;

use tcpspec_wire::State;

use super::Host;
use crate::connection::ConnectionId;
use crate::receive::Receiver;
use crate::send::Sender;

/// What STATUS tells of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status {
    /// Our socket.
    pub local: SocketAddr,
    /// The peer's socket.
    pub remote: SocketAddr,
    /// The state.
    pub state: State,
    /// RCV.WND: octets that the peer may still send.
    pub receive_window: u32,
    /// SND.WND: octets that we may have in flight, as far as the peer goes.
    pub send_window: u32,
    /// Octets of the send buffer, sent or not, that await acknowledgment.
    pub unacknowledged: usize,
    /// Octets in order that the user has not read.
    pub unread: usize,
    /// Octets to read up to the urgent pointer.
    pub urgent_ahead: u32,
    /// The Differentiated Services field of what we send.
    pub dscp: u8,
    /// USER TIMEOUT, while there is something to wait for.
    pub user_timeout: Option<Duration>,
}

impl Host {
    /// STATUS of a connection; none if it does not exist (any more).
    #[must_use]
    pub fn status(&self, id: ConnectionId) -> Option<Status> {
        let connection = self.connections.get(&id)?;
        let phase = &connection.phase;
        let window = phase.receive_space().map(|space| space.wnd.octets());
        let (snd, rcv) = (phase.sender(), phase.receiver());
        Some(Status {
            local: connection.tuple.local,
            remote: connection.tuple.remote,
            state: connection.state(),
            receive_window: window.unwrap_or_default(),
            send_window: snd.map_or(0, |snd| snd.window().octets()),
            unacknowledged: snd.map_or(0, Sender::buffered),
            unread: phase.unread(),
            urgent_ahead: rcv.map_or(0, Receiver::urgent_ahead),
            dscp: connection.dscp,
            user_timeout: snd.map(Sender::user_timeout),
        })
    }
}

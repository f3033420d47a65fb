//! What the application can set per connection, or per listening port.

use std::time::Duration;

use tcpspec_wire::Instant;

use super::Host;
use crate::connection::ConnectionId;
use crate::error::Error;
use crate::limits::{MAX_DSCP, MIN_TIMER};

impl Host {
    /// Switches the Nagle algorithm of a connection.
    ///
    /// # Errors
    ///
    /// [`Error::Closed`] if there is no such connection.
    pub fn set_nagle(&mut self, now: Instant, id: ConnectionId, on: bool) -> Result<(), Error> {
        self.call(now, id, |connection, cx| {
            if let Some(snd) = connection.phase.sender_mut() {
                snd.set_nagle(on);
            }
            connection.output(cx);
            Ok(())
        })
    }

    /// Sets the receive buffer of a connection to so many octets. A window
    /// that the peer was promised already stays open.
    ///
    /// # Errors
    ///
    /// [`Error::Closed`] if there is no such connection.
    pub fn set_receive_buffer(
        &mut self,
        now: Instant,
        id: ConnectionId,
        octets: u32,
    ) -> Result<(), Error> {
        self.call(now, id, |connection, _| {
            connection.set_receive_buffer(octets);
            Ok(())
        })
    }

    /// Sets the receive buffer of the connections that a listening port will
    /// make from here on.
    ///
    /// # Errors
    ///
    /// [`Error::Closed`] if the port does not listen.
    pub fn set_listener_receive_buffer(&mut self, port: u16, octets: u32) -> Result<(), Error> {
        let listener = self.listeners.get_mut(&port).ok_or(Error::Closed)?;
        listener.receive_buffer = octets;
        Ok(())
    }

    /// Switches the keep-alives of a connection: after `idle` without a word
    /// from the peer it is probed, by the intervals of
    /// [`Config::keepalive`](crate::Config::keepalive). `None` switches them
    /// off.
    ///
    /// # Errors
    ///
    /// [`Error::Closed`] if there is no such connection.
    pub fn set_keepalive(
        &mut self,
        now: Instant,
        id: ConnectionId,
        idle: Option<Duration>,
    ) -> Result<(), Error> {
        self.call(now, id, |connection, cx| {
            connection.set_keepalive(cx, idle);
            Ok(())
        })
    }

    /// How long a peer must be silent before it is probed where the user names
    /// no time: at least two hours (MUST-28), unless
    /// [`Config::keepalive`](crate::Config::keepalive) says other.
    #[must_use]
    pub fn keepalive_idle(&self) -> Duration {
        self.config.keepalive.idle
    }

    /// Sets the Differentiated Services field of what a connection sends from
    /// here on (RFC 9293 MUST-48, SHLD-21); 63 is the largest.
    ///
    /// # Errors
    ///
    /// [`Error::Closed`] if there is no such connection.
    pub fn set_dscp(&mut self, now: Instant, id: ConnectionId, dscp: u8) -> Result<(), Error> {
        self.call(now, id, |connection, _| {
            connection.dscp = dscp.min(MAX_DSCP);
            Ok(())
        })
    }

    /// Sets the time to live (IPv6: hop limit) of what a connection sends from
    /// here on (RFC 9293 MUST-49). Zero, with which nothing arrives, counts as
    /// one.
    ///
    /// # Errors
    ///
    /// [`Error::Closed`] if there is no such connection.
    pub fn set_ttl(&mut self, now: Instant, id: ConnectionId, ttl: u8) -> Result<(), Error> {
        self.call(now, id, |connection, _| {
            connection.ttl = ttl.max(1);
            Ok(())
        })
    }

    /// Sets the USER TIMEOUT of a connection, which is R2: how long what was
    /// sent may stay unacknowledged (RFC 9293 MUST-21). With RFC 5482 switched
    /// on it is held to the limits of [`UserTimeouts`](crate::UserTimeouts) and
    /// the peer is told with the next segment.
    ///
    /// # Errors
    ///
    /// [`Error::Closed`] if there is no such connection.
    pub fn set_user_timeout(
        &mut self,
        now: Instant,
        id: ConnectionId,
        timeout: Duration,
    ) -> Result<(), Error> {
        self.call(now, id, |connection, _| {
            connection.set_user_timeout(timeout.max(MIN_TIMER));
            Ok(())
        })
    }
}

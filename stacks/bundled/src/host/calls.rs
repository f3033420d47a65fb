//! The user calls (RFC 9293 section 3.10.1 to 3.10.6).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use tcpspec_wire::{Instant, SourceRoute, State};

use super::Host;
use super::listen::Listener;
use crate::connection::{Connection, ConnectionId, Context, Owner};
use crate::error::Error;
use crate::options::Options;
use crate::route::Routing;
use crate::transition::Transition;

impl Host {
    /// Passive OPEN on a port of all our addresses. `backlog` bounds the
    /// connections that are not accepted yet, established or not.
    ///
    /// # Errors
    ///
    /// [`Error::InUse`] if the port already listens.
    pub fn listen(&mut self, now: Instant, port: u16, backlog: usize) -> Result<(), Error> {
        self.listen_at(now, (Ipv4Addr::UNSPECIFIED, port).into(), backlog)
    }

    /// [`listen`](Self::listen) on one of our addresses (MUST-43); an
    /// unspecified one means all of them, of both versions of IP. A port
    /// listens once: not on two addresses apart.
    ///
    /// # Errors
    ///
    /// As [`listen`](Self::listen), and [`Error::NoAddress`] if the address is
    /// not ours.
    pub fn listen_at(
        &mut self,
        now: Instant,
        local: SocketAddr,
        backlog: usize,
    ) -> Result<(), Error> {
        let (address, port) = (local.ip(), local.port());
        let address = (!address.is_unspecified()).then_some(address);
        if address.is_some_and(|address| !self.addresses.contains(&address)) {
            return Err(Error::NoAddress);
        }
        if self.listeners.contains_key(&port) {
            return Err(Error::InUse);
        }
        let listener = Listener::new(address, backlog, self.config.receive_buffer);
        self.listeners.insert(port, listener);
        self.log_listener(now, port, State::Listen);
        Ok(())
    }

    /// CLOSE of a listening port. Connections that nobody accepted are
    /// aborted; accepted ones live on.
    ///
    /// # Errors
    ///
    /// [`Error::Closed`] if the port does not listen.
    pub fn close_listener(&mut self, now: Instant, port: u16) -> Result<(), Error> {
        let listener = self.listeners.remove(&port).ok_or(Error::Closed)?;
        self.log_listener(now, port, State::Closed);
        for id in listener.into_pending() {
            self.drive(now, id, |connection, cx| {
                connection.owner = Owner::Nobody;
                connection.abort(cx);
            });
        }
        Ok(())
    }

    fn log_listener(&mut self, now: Instant, port: u16, state: State) {
        self.log.push_back(Transition {
            connection: None,
            local_port: port,
            remote: None,
            state,
            at: now,
        });
    }

    /// Active OPEN, from a port of our choice if `local_port` is 0. Returns at
    /// once; whether the peer accepts shows in [`send`](Self::send) and
    /// [`recv`](Self::recv): [`Error::Again`] for as long as it is open, then
    /// success, [`Error::Refused`] or [`Error::Timeout`].
    ///
    /// # Errors
    ///
    /// [`Error::BadAddress`] if the remote cannot be a host (MUST-46),
    /// [`Error::NoAddress`] if we have no address of its IP version,
    /// [`Error::InUse`] if this pair of sockets has a connection (one in
    /// TIME-WAIT too), or no port is free.
    pub fn connect(
        &mut self,
        now: Instant,
        local_port: u16,
        remote: SocketAddr,
    ) -> Result<ConnectionId, Error> {
        let any: IpAddr = match remote {
            SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
            SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
        };
        self.connect_from(now, (any, local_port).into(), remote)
    }

    /// [`connect`](Self::connect) from one of our addresses (MUST-43); an
    /// unspecified one leaves the choice to us.
    ///
    /// # Errors
    ///
    /// As [`connect`](Self::connect), and [`Error::NoAddress`] if the address
    /// is not ours.
    pub fn connect_from(
        &mut self,
        now: Instant,
        local: SocketAddr,
        remote: SocketAddr,
    ) -> Result<ConnectionId, Error> {
        self.open(now, local, remote, Routing::of_user(None))
    }

    /// [`connect_from`](Self::connect_from), with a source route that all packets
    /// of the connection take (MUST-51). One by which the peer's packets come
    /// does not change it (MUST-52).
    ///
    /// # Errors
    ///
    /// As [`connect_from`](Self::connect_from), and [`Error::BadRoute`] if the
    /// remote is of IPv6, which has no such routes, or not all routers can be
    /// hosts.
    pub fn connect_via(
        &mut self,
        now: Instant,
        local: SocketAddr,
        remote: SocketAddr,
        route: SourceRoute,
    ) -> Result<ConnectionId, Error> {
        if remote.is_ipv6() || !self.has_sound_routers(&route) {
            return Err(Error::BadRoute);
        }
        let routing = Routing::of_user(Some(route.with_passed(0)));
        self.open(now, local, remote, routing)
    }

    fn open(
        &mut self,
        now: Instant,
        local: SocketAddr,
        remote: SocketAddr,
        routing: Routing,
    ) -> Result<ConnectionId, Error> {
        let tuple = self.free_tuple(local, remote)?;
        let iss = self.isn.next(now, &tuple);
        let offset = self.isn.timestamp_offset(&tuple);
        let options = Options::offer(&self.config, self.config.receive_buffer, offset);
        Ok(self.enter(now, tuple, |id, cx| {
            Connection::open(id, tuple, iss, (options, routing), cx)
        }))
    }

    /// The next established connection of a listening port.
    ///
    /// # Errors
    ///
    /// [`Error::Again`] if there is none yet, [`Error::Closed`] if the port
    /// does not listen.
    pub fn accept(&mut self, port: u16) -> Result<ConnectionId, Error> {
        let listener = self.listeners.get_mut(&port).ok_or(Error::Closed)?;
        let id = listener.ready.pop_front().ok_or(Error::Again)?;
        if let Some(connection) = self.connections.get_mut(&id) {
            connection.owner = Owner::Application;
        }
        Ok(id)
    }

    /// SEND: takes as many octets as the send buffer has room for.
    ///
    /// # Errors
    ///
    /// [`Error::Again`] if there is no room, or the connection is still being
    /// opened; [`Error::Closing`] after [`shutdown`](Self::shutdown); else how
    /// the connection ended.
    pub fn send(&mut self, now: Instant, id: ConnectionId, octets: &[u8]) -> Result<usize, Error> {
        self.call(now, id, |connection, cx| connection.send(cx, octets))
    }

    /// SEND with the URGENT flag: what waits to be sent is urgent up to the last
    /// of these octets. New applications should not use it (SHLD-13).
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    pub fn send_urgent(
        &mut self,
        now: Instant,
        id: ConnectionId,
        octets: &[u8],
    ) -> Result<usize, Error> {
        self.call(now, id, |connection, cx| connection.send_urgent(cx, octets))
    }

    /// RECEIVE: up to `max` octets that arrived in order.
    ///
    /// # Errors
    ///
    /// As [`recv_into`](Self::recv_into).
    pub fn recv(&mut self, now: Instant, id: ConnectionId, max: usize) -> Result<Vec<u8>, Error> {
        let connection = self.connections.get(&id);
        let unread = connection.map_or(0, |connection| connection.phase.unread());
        let mut octets = vec![0; unread.min(max)];
        self.recv_into(now, id, &mut octets)?;
        Ok(octets)
    }

    /// RECEIVE into the user's memory: octets that arrived in order, as many as
    /// there are and fit. Says how many, at least one.
    ///
    /// # Errors
    ///
    /// [`Error::Again`] if nothing is there; [`Error::Eof`] behind the peer's
    /// FIN; else how the connection ended. A RST takes with it what was not
    /// read before.
    pub fn recv_into(
        &mut self,
        now: Instant,
        id: ConnectionId,
        octets: &mut [u8],
    ) -> Result<usize, Error> {
        self.call(now, id, |connection, cx| connection.recv(cx, octets))
    }

    /// CLOSE as the RFC has it, and as sockets shut down for writing: what was
    /// sent goes out, then a FIN; receiving goes on.
    ///
    /// # Errors
    ///
    /// [`Error::Closing`] if that was done before; else how the connection
    /// ended.
    pub fn shutdown(&mut self, now: Instant, id: ConnectionId) -> Result<(), Error> {
        self.call(now, id, Connection::shutdown)
    }

    /// `close`: the application lets go; `id` is void from here on. What was
    /// sent goes out, then a FIN. [`CloseKind`](crate::CloseKind) says what
    /// becomes of data that was not read.
    ///
    /// # Errors
    ///
    /// [`Error::Closed`] if there is no such connection.
    pub fn close(&mut self, now: Instant, id: ConnectionId) -> Result<(), Error> {
        self.call(now, id, |connection, cx| {
            connection.close(cx);
            Ok(())
        })
    }

    /// ABORT: RST, and the connection is gone; `id` is void from here on.
    ///
    /// # Errors
    ///
    /// [`Error::Closed`] if there is no such connection.
    pub fn abort(&mut self, now: Instant, id: ConnectionId) -> Result<(), Error> {
        self.call(now, id, |connection, cx| {
            connection.owner = Owner::Nobody;
            connection.abort(cx);
            Ok(())
        })
    }

    /// STATUS: the state of a connection, CLOSED if it does not exist (any
    /// more).
    #[must_use]
    pub fn state(&self, id: ConnectionId) -> State {
        self.connections
            .get(&id)
            .map_or(State::Closed, Connection::state)
    }

    /// The state of a listening port: LISTEN or CLOSED.
    #[must_use]
    pub fn listener_state(&self, port: u16) -> State {
        if self.listeners.contains_key(&port) {
            State::Listen
        } else {
            State::Closed
        }
    }

    /// Octets that the user has still to read up to the peer's urgent pointer.
    #[must_use]
    pub fn urgent_ahead(&self, id: ConnectionId) -> u32 {
        self.connections
            .get(&id)
            .and_then(|connection| connection.phase.receiver())
            .map_or(0, crate::receive::Receiver::urgent_ahead)
    }

    /// A call by the application, which must hold the connection.
    pub(super) fn call<R>(
        &mut self,
        now: Instant,
        id: ConnectionId,
        act: impl FnOnce(&mut Connection, &mut Context<'_>) -> Result<R, Error>,
    ) -> Result<R, Error> {
        self.try_drive(now, id, |connection, cx| {
            if connection.owner != Owner::Application {
                return Err(Error::Closed);
            }
            act(connection, cx)
        })
    }
}

//! Listening ports and the connections that wait on them.

use std::collections::{BTreeSet, VecDeque};
use std::net::{IpAddr, SocketAddr};

use tcpspec_wire::{Instant, SeqNumber, State, WindowScale};

use super::Host;
use crate::arrives::effective_mss;
use crate::config::FullBacklog;
use crate::connection::{Answer, Arrival, Connection, ConnectionId, FourTuple, Owner, own_mss};
use crate::options::Options;
use crate::phase::Event;
use crate::receive::Receiver;
use crate::route::Routing;
use crate::send::Sender;

/// A listening port.
#[derive(Debug)]
pub(super) struct Listener {
    /// The one address it listens on; all of ours if none was named.
    address: Option<IpAddr>,
    backlog: usize,
    /// Octets of the receive buffer of connections to come.
    pub(super) receive_buffer: u32,
    /// Connections in SYN-RECEIVED.
    handshakes: BTreeSet<ConnectionId>,
    /// Connections to accept, in the order in which they were established.
    pub(super) ready: VecDeque<ConnectionId>,
}

impl Listener {
    /// A listener with room for at least one connection.
    pub(super) fn new(address: Option<IpAddr>, backlog: usize, receive_buffer: u32) -> Self {
        Self {
            address,
            backlog: backlog.max(1),
            receive_buffer,
            handshakes: BTreeSet::new(),
            ready: VecDeque::new(),
        }
    }

    fn is_full(&self) -> bool {
        self.handshakes.len() + self.ready.len() >= self.backlog
    }

    /// Every connection that nobody has accepted.
    pub(super) fn into_pending(self) -> impl Iterator<Item = ConnectionId> {
        self.handshakes.into_iter().chain(self.ready)
    }
}

impl Host {
    /// Whether somebody listens at this socket of ours.
    pub(super) fn listens(&self, local: SocketAddr) -> bool {
        let listener = self.listeners.get(&local.port());
        listener.is_some_and(|on| on.address.is_none_or(|address| address == local.ip()))
    }

    /// A SYN for a listener makes a connection in SYN-RECEIVED. Text and FIN
    /// that come with it are left for the peer to send again. With a full
    /// backlog [`FullBacklog`] decides.
    ///
    /// The ISS is above `used`, which an earlier connection of this pair of
    /// sockets got to.
    pub(super) fn answer(
        &mut self,
        now: Instant,
        tuple: FourTuple,
        arrival: &Arrival<'_>,
        used: Option<SeqNumber>,
    ) -> Option<ConnectionId> {
        let syn = arrival.segment;
        let port = tuple.local.port();
        self.make_room(now, port);
        let listener = self.listeners.get(&port).filter(|on| !on.is_full())?;
        let receive_buffer = listener.receive_buffer;
        let own_mss = own_mss(tuple.local.ip(), &self.config);
        let iss = self.isn.next(now, &tuple);
        let iss = used.map_or(iss, |used| iss.latest(used + 1));
        let mut snd = Sender::new(iss, &self.config);
        let offset = self.isn.timestamp_offset(&tuple);
        let mut options = Options::offer(&self.config, receive_buffer, offset);
        options.agree(now, syn);
        if let Some(timeout) = &mut options.user_timeout
            && let Some(field) = syn.options.user_timeout()
        {
            timeout.hear(field);
        }
        let routing = Routing::of_peer(*arrival.way_back);
        snd.set_ip_options(routing.overhead());
        let mss = effective_mss(syn, own_mss, tuple.local.is_ipv4());
        snd.agree(mss, &options);
        // A SYN's window is never scaled, and there is no SEG.ACK for SND.WL2.
        snd.set_window(syn.seq, iss, syn.window.unscale(WindowScale::NONE));
        let rcv = Receiver::new(syn.seq, own_mss, receive_buffer, options.own_scale());
        let answer = Answer {
            snd,
            rcv,
            options,
            routing,
        };
        Some(self.enter(now, tuple, |id, cx| {
            Connection::answer(id, tuple, answer, cx)
        }))
    }

    /// Ends the oldest handshake of a full backlog, if that is what to do.
    fn make_room(&mut self, now: Instant, port: u16) {
        let oldest = self
            .listeners
            .get(&port)
            .filter(|listener| listener.is_full())
            .filter(|_| self.config.full_backlog == FullBacklog::DropOldest)
            .and_then(|listener| listener.handshakes.first().copied());
        if let Some(oldest) = oldest {
            self.drive(now, oldest, |connection, cx| {
                connection.transition(cx, Event::Refused);
            });
        }
    }

    /// Keeps the listener's lists true to a connection's state.
    pub(super) fn settle_listener(&mut self, id: ConnectionId, owner: Owner, state: State) {
        let Owner::Handshake(port) = owner else {
            return;
        };
        let Some(listener) = self.listeners.get_mut(&port) else {
            return;
        };
        if state == State::SynReceived {
            listener.handshakes.insert(id);
        } else if listener.handshakes.remove(&id) && state.is_synchronized() {
            listener.ready.push_back(id);
        }
    }
}

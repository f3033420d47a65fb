//! A host: addresses, ports, listeners and connections, and which of them a
//! packet is for. IP fragments and forwarding are left out.

mod addresses;
mod calls;
mod listen;
mod options;
mod status;
mod time_wait;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::{IpAddr, SocketAddr};

use tcpspec_wire::{Body, Flags, IcmpError, Instant, IpHeader, PacketRef, SegmentRef, State};

use crate::arrives;
use crate::config::Config;
use crate::connection::{Arrival, Connection, ConnectionId, Context, FourTuple, Owner};
use crate::ecn::CE;
use crate::error::Error;
use crate::error_report::ErrorReport;
use crate::icmp;
use crate::isn::IsnGenerator;
use crate::reply;
use crate::transition::Transition;
use addresses::way_back;
use listen::Listener;
pub use status::Status;
pub use time_wait::TimeWaitPolicy;

/// A TCP host without I/O and without a clock.
///
/// The caller moves packets and time; every method that can need the time
/// takes it as `now`, which must never go backwards. The methods come in four
/// families:
///
/// * **from the network**: [`deliver`](Self::deliver) hands in one IP packet;
/// * **time**: [`poll_at`](Self::poll_at) is the next deadline, and
///   [`on_time`](Self::on_time), called then, does what is due;
/// * **out**: [`poll_transmit`](Self::poll_transmit) gives the packets to send,
///   [`poll_transition`](Self::poll_transition) the changes of state and
///   [`poll_error_report`](Self::poll_error_report) what the user may want to
///   know, each in order and until `None`;
/// * **user calls**: [`listen`](Self::listen), [`connect`](Self::connect),
///   [`accept`](Self::accept), [`send`](Self::send), [`recv`](Self::recv),
///   [`shutdown`](Self::shutdown), [`close`](Self::close),
///   [`abort`](Self::abort), [`state`](Self::state) and a few more. None of
///   them blocks: [`Error::Again`](crate::Error::Again) says "not yet".
///
/// After any of the first, second or fourth family, drain the third.
#[derive(Debug)]
pub struct Host {
    config: Config,
    addresses: Vec<IpAddr>,
    isn: IsnGenerator,
    connections: BTreeMap<ConnectionId, Connection>,
    /// The connections that a packet can be for.
    tuples: BTreeMap<FourTuple, ConnectionId>,
    listeners: BTreeMap<u16, Listener>,
    /// The connections in TIME-WAIT.
    time_wait: BTreeSet<ConnectionId>,
    /// By a connection in SYN-RECEIVED, the one in TIME-WAIT whose place it took.
    predecessors: BTreeMap<ConnectionId, ConnectionId>,
    /// Every connection's next deadline, in order.
    deadlines: BTreeSet<(Instant, ConnectionId)>,
    out: VecDeque<Vec<u8>>,
    log: VecDeque<Transition>,
    reports: VecDeque<ErrorReport>,
    next_id: u64,
}

impl Host {
    /// A host with these addresses. Same seed, same calls: same packets. The
    /// seed keeps outsiders from guessing our numbers, so draw it at random
    /// where runs need not repeat (RFC 6528).
    #[must_use]
    pub fn new(config: Config, addresses: &[IpAddr], seed: u128) -> Self {
        Self {
            isn: IsnGenerator::new(config.isn, seed),
            config,
            addresses: addresses.to_vec(),
            connections: BTreeMap::new(),
            tuples: BTreeMap::new(),
            listeners: BTreeMap::new(),
            time_wait: BTreeSet::new(),
            predecessors: BTreeMap::new(),
            deadlines: BTreeSet::new(),
            out: VecDeque::new(),
            log: VecDeque::new(),
            reports: VecDeque::new(),
            next_id: 0,
        }
    }

    /// Takes one IP packet from the network. What is not a sound TCP segment
    /// for one of our addresses is dropped silently.
    pub fn deliver(&mut self, now: Instant, packet: &[u8]) {
        let Ok(packet) = PacketRef::decode(packet) else {
            return;
        };
        if !self.admits(&packet) {
            return;
        }
        let way_back = if packet.has_route() {
            way_back(&packet)
        } else {
            None
        };
        match packet.body {
            Body::Tcp(segment) => {
                let tuple = FourTuple {
                    local: SocketAddr::new(packet.ip.dst, segment.dst_port),
                    remote: SocketAddr::new(packet.ip.src, segment.src_port),
                };
                let is_marked = packet.ip.traffic_class & CE == CE;
                let arrival = Arrival {
                    segment: &segment,
                    is_marked,
                    way_back: &way_back,
                };
                self.segment_arrives(now, tuple, &arrival);
            }
            Body::Icmp(error) => self.error_arrives(now, &error),
            Body::Fragment { .. } | Body::Other { .. } => {}
        }
    }

    fn segment_arrives(&mut self, now: Instant, tuple: FourTuple, arrival: &Arrival<'_>) {
        if let Some(id) = self.tuples.get(&tuple).copied() {
            if self.reopen(now, id, tuple, arrival) {
                return;
            }
            self.drive(now, id, |connection, cx| {
                arrives::segment_arrives(connection, cx, arrival);
            });
        } else if self.listens(tuple.local) {
            self.arrives_in_listen(now, tuple, arrival);
        } else {
            self.refuse(tuple, arrival.segment);
        }
    }

    /// An ICMP error is for the connection whose segment it quotes (MUST-54).
    fn error_arrives(&mut self, now: Instant, error: &IcmpError) {
        let Some(quoted) = error.quoted() else {
            return;
        };
        let tuple = FourTuple {
            local: SocketAddr::new(quoted.src, quoted.src_port),
            remote: SocketAddr::new(quoted.dst, quoted.dst_port),
        };
        if let Some(id) = self.tuples.get(&tuple).copied() {
            self.drive(now, id, |connection, cx| {
                icmp::error_arrives(connection, cx, error, quoted.seq);
            });
        }
    }

    /// IP layer checks: checksums, header length, addresses, source route.
    fn admits(&self, packet: &PacketRef<'_>) -> bool {
        let ip = &packet.ip;
        packet.defects.is_empty()
            && self.addresses.contains(&ip.dst)
            && self.is_peer(ip.src)
            && (!packet.has_route() || self.leads_here(packet))
    }

    /// SEGMENT ARRIVES in CLOSED (RFC 9293 section 3.10.7.1).
    fn refuse(&mut self, tuple: FourTuple, segment: &SegmentRef<'_>) {
        if let Some(rst) = reply::refusing(segment, self.config.timestamps) {
            let ip = IpHeader {
                ttl: self.config.ttl,
                ..IpHeader::new(tuple.local.ip(), tuple.remote.ip())
            };
            self.out.push_back(ip.encode_tcp(&rst));
        }
    }

    /// SEGMENT ARRIVES in LISTEN (RFC 9293 section 3.10.7.2).
    fn arrives_in_listen(&mut self, now: Instant, tuple: FourTuple, arrival: &Arrival<'_>) {
        let segment = arrival.segment;
        if segment.flags.contains(Flags::RST) {
            // Nothing here that could be reset.
        } else if segment.flags.contains(Flags::ACK) {
            self.refuse(tuple, segment);
        } else if segment.flags.contains(Flags::SYN) {
            self.answer(now, tuple, arrival, None);
        }
    }

    /// The next deadline; `None` if no timer runs.
    #[must_use]
    pub fn poll_at(&self) -> Option<Instant> {
        self.deadlines.first().map(|(at, _)| *at)
    }

    /// Fires every timer that is due.
    pub fn on_time(&mut self, now: Instant) {
        if self.poll_at().is_none_or(|at| at > now) {
            return;
        }
        let due: Vec<ConnectionId> = self
            .deadlines
            .iter()
            .take_while(|(at, _)| *at <= now)
            .map(|(_, id)| *id)
            .collect();
        for id in due {
            self.drive(now, id, Connection::on_time);
        }
    }

    /// The next packet to transmit.
    pub fn poll_transmit(&mut self) -> Option<Vec<u8>> {
        self.out.pop_front()
    }

    /// The next change of state.
    pub fn poll_transition(&mut self) -> Option<Transition> {
        self.log.pop_front()
    }

    /// The next thing that a user did not ask for and may want to know.
    pub fn poll_error_report(&mut self) -> Option<ErrorReport> {
        self.reports.pop_front()
    }

    /// Does something to a connection, if there is one, and then what follows
    /// for the host.
    fn drive(
        &mut self,
        now: Instant,
        id: ConnectionId,
        act: impl FnOnce(&mut Connection, &mut Context<'_>),
    ) {
        let act = |connection: &mut Connection, cx: &mut Context<'_>| {
            act(connection, cx);
            Ok(())
        };
        // The only error is that there is none.
        let _ = self.try_drive(now, id, act);
    }

    /// The same with something that can fail, and then changes nothing.
    fn try_drive<R>(
        &mut self,
        now: Instant,
        id: ConnectionId,
        act: impl FnOnce(&mut Connection, &mut Context<'_>) -> Result<R, Error>,
    ) -> Result<R, Error> {
        let mark = self.log.len();
        let connection = self.connections.get_mut(&id).ok_or(Error::Closed)?;
        let before = connection.standing();
        let mut cx = Context {
            now,
            config: &self.config,
            out: &mut self.out,
            log: &mut self.log,
            reports: &mut self.reports,
        };
        let result = act(connection, &mut cx)?;
        schedule(&mut self.deadlines, &self.config, connection);
        // Most segments change neither.
        if connection.standing() != before {
            self.settle(now, id);
            self.settle_predecessor(now, id, mark);
        }
        Ok(result)
    }

    /// Enters a new connection, made by `open`.
    fn enter(
        &mut self,
        now: Instant,
        tuple: FourTuple,
        open: impl FnOnce(ConnectionId, &mut Context<'_>) -> Connection,
    ) -> ConnectionId {
        let id = ConnectionId(self.next_id);
        self.next_id += 1;
        let mut cx = Context {
            now,
            config: &self.config,
            out: &mut self.out,
            log: &mut self.log,
            reports: &mut self.reports,
        };
        let mut connection = open(id, &mut cx);
        schedule(&mut self.deadlines, &self.config, &mut connection);
        self.connections.insert(id, connection);
        self.tuples.insert(tuple, id);
        self.settle(now, id);
        id
    }

    /// What follows for the host from a connection's state and owner: the
    /// four-tuple, the listener's queue and the list of TIME-WAIT.
    fn settle(&mut self, now: Instant, id: ConnectionId) {
        let Some(connection) = self.connections.get_mut(&id) else {
            return;
        };
        let ((state, owner), tuple) = (connection.standing(), connection.tuple);
        if let (Owner::Handshake(port), true) = (owner, state.is_synchronized()) {
            connection.owner = Owner::Queue(port);
        }
        self.settle_listener(id, owner, state);
        self.settle_time_wait(now, id, state);
        if matches!(state, State::Closed | State::Listen) {
            // The four-tuple may have a new connection by now.
            if self.tuples.get(&tuple) == Some(&id) {
                self.tuples.remove(&tuple);
            }
            // One that waits to be accepted is kept: its user learns of the
            // end by accepting it.
            if matches!(owner, Owner::Handshake(_) | Owner::Nobody) {
                self.connections.remove(&id);
            }
        }
    }
}

/// Lists a connection under its next deadline.
fn schedule(
    deadlines: &mut BTreeSet<(Instant, ConnectionId)>,
    config: &Config,
    connection: &mut Connection,
) {
    let deadline = connection.deadline(config);
    if deadline == connection.listed {
        return;
    }
    // First in, then out: a set of one keeps its memory.
    deadlines.extend(deadline.map(|at| (at, connection.id)));
    if let Some(at) = connection.listed {
        deadlines.remove(&(at, connection.id));
    }
    connection.listed = deadline;
}

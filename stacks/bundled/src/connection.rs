//! One connection: its four-tuple, its state, the user who holds it, and what
//! all states share - output, timers and the change of state.

mod output;

use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};

use tcpspec_wire::{Instant, SegmentRef, SeqNumber, SourceRoute, State};

use crate::challenge::Challenges;
use crate::config::Config;
use crate::error::End;
use crate::error_report::{ErrorReport, Reason};
use crate::keepalive::Watch;
use crate::limits::{HEADERS_V4, HEADERS_V6, MAX_DSCP, MIN_TIMER};
use crate::options::Options;
use crate::path_mtu::PathMtu;
use crate::phase::{Event, Origin, Phase};
use crate::receive::Receiver;
use crate::route::Routing;
use crate::send::{SendSpace, Sender, Timeout};
use crate::timers::AckDue;
use crate::transition::Transition;

/// Names a connection for as long as the [`Host`](crate::Host) lives; never
/// given out twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(pub(crate) u64);

/// The pair of sockets that names a connection on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct FourTuple {
    pub(crate) local: SocketAddr,
    pub(crate) remote: SocketAddr,
}

/// Who holds a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    /// The listener on this port, while the handshake goes on.
    Handshake(u16),
    /// The listener on this port, until somebody accepts it.
    Queue(u16),
    /// The application.
    Application,
    /// Nobody: the application has closed it.
    Nobody,
}

/// What a connection needs of its host for the length of one call.
pub(crate) struct Context<'a> {
    pub(crate) now: Instant,
    pub(crate) config: &'a Config,
    /// Packets to transmit.
    pub(crate) out: &'a mut VecDeque<Vec<u8>>,
    pub(crate) log: &'a mut VecDeque<Transition>,
    pub(crate) reports: &'a mut VecDeque<ErrorReport>,
}

/// What a SYN for a listener was made into.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) snd: Sender,
    pub(crate) rcv: Receiver,
    pub(crate) options: Options,
    pub(crate) routing: Routing,
}

/// A segment that has come, with what its IP header tells.
#[derive(Debug)]
pub(crate) struct Arrival<'a> {
    pub(crate) segment: &'a SegmentRef<'a>,
    /// Its packet experienced congestion (RFC 3168).
    pub(crate) is_marked: bool,
    /// The source route that leads back to its source.
    pub(crate) way_back: &'a Option<SourceRoute>,
}

/// The transmission control block.
#[derive(Clone, Debug)]
pub(crate) struct Connection {
    pub(crate) id: ConnectionId,
    pub(crate) tuple: FourTuple,
    pub(crate) owner: Owner,
    pub(crate) phase: Phase,
    pub(crate) ack: AckDue,
    /// Octets of the receive buffer, also before there is one.
    pub(crate) receive_buffer: u32,
    pub(crate) options: Options,
    /// Last.ACK.sent.
    pub(crate) last_ack: SeqNumber,
    /// SND.UP, while anything before it is unacknowledged.
    pub(crate) urgent: Option<SeqNumber>,
    /// The Differentiated Services field of what we send.
    pub(crate) dscp: u8,
    /// The time to live of what it sends.
    pub(crate) ttl: u8,
    pub(crate) challenges: Challenges,
    pub(crate) path: PathMtu,
    pub(crate) routing: Routing,
    /// When the peer was heard, or the user let go, whichever came later.
    pub(crate) quiet_since: Instant,
    /// Keep-alives, where they are on.
    pub(crate) watch: Option<Watch>,
    /// Repeats of what begins at this number.
    repeats: (SeqNumber, u32),
    /// The deadline under which the host has it listed.
    pub(crate) listed: Option<Instant>,
}

impl Connection {
    /// Opens actively: sends a SYN.
    pub(crate) fn open(
        id: ConnectionId,
        tuple: FourTuple,
        iss: SeqNumber,
        (options, routing): (Options, Routing),
        cx: &mut Context<'_>,
    ) -> Self {
        let mut snd = Box::new(Sender::new(iss, cx.config));
        snd.set_ip_options(routing.overhead());
        let phase = Phase::SynSent { snd };
        let parts = (phase, options, routing);
        Self::begin(id, tuple, Owner::Application, parts, cx)
    }

    /// Opens passively: answers a SYN.
    pub(crate) fn answer(
        id: ConnectionId,
        tuple: FourTuple,
        answer: Answer,
        cx: &mut Context<'_>,
    ) -> Self {
        let phase = Phase::SynReceived {
            origin: Origin::Passive,
            snd: Box::new(answer.snd),
            rcv: Box::new(answer.rcv),
        };
        let owner = Owner::Handshake(tuple.local.port());
        let parts = (phase, answer.options, answer.routing);
        Self::begin(id, tuple, owner, parts, cx)
    }

    fn begin(
        id: ConnectionId,
        tuple: FourTuple,
        owner: Owner,
        (phase, options, routing): (Phase, Options, Routing),
        cx: &mut Context<'_>,
    ) -> Self {
        let mut connection = Self {
            id,
            tuple,
            owner,
            phase,
            ack: AckDue::No,
            receive_buffer: cx.config.receive_buffer,
            options,
            last_ack: SeqNumber::default(),
            urgent: None,
            ttl: cx.config.ttl,
            dscp: cx.config.dscp.min(MAX_DSCP),
            challenges: Challenges::default(),
            path: PathMtu::new(cx.config.mtu, tuple.local.is_ipv4()),
            routing,
            quiet_since: cx.now,
            watch: None,
            repeats: (SeqNumber::default(), 0),
            listed: None,
        };
        connection.begin_keepalive(cx);
        connection.adapt_user_timeout();
        connection.log(cx);
        connection.output(cx);
        connection
    }

    pub(crate) const fn state(&self) -> State {
        self.phase.state()
    }

    /// What the host's books depend on.
    pub(crate) const fn standing(&self) -> (State, Owner) {
        (self.state(), self.owner)
    }

    /// The change of state; the only place where one happens.
    pub(crate) fn transition(&mut self, cx: &mut Context<'_>, event: Event) {
        let before = self.state();
        // The placeholder is never seen: `after` takes no other part of `self`.
        self.phase = std::mem::replace(&mut self.phase, Phase::Listen).after(event);
        if self.state() != before {
            self.log(cx);
        }
    }

    fn log(&self, cx: &mut Context<'_>) {
        cx.log.push_back(Transition {
            connection: Some(self.id),
            local_port: self.tuple.local.port(),
            remote: Some(self.tuple.remote),
            state: self.state(),
            at: cx.now,
        });
    }

    /// Tells the application something that it did not ask for.
    pub(crate) fn report(&self, cx: &mut Context<'_>, reason: Reason) {
        if cx.config.error_reports && self.owner == Owner::Application {
            cx.reports.push_back(ErrorReport {
                connection: self.id,
                reason,
                at: cx.now,
            });
        }
    }

    /// Changes the size of the receive buffer.
    pub(crate) fn set_receive_buffer(&mut self, octets: u32) {
        self.receive_buffer = octets;
        if let Some(rcv) = self.phase.receiver_mut() {
            rcv.set_capacity(octets);
        }
    }

    /// When TIME-WAIT would end if it began, or began again, now.
    pub(crate) fn time_wait_end(cx: &Context<'_>) -> Instant {
        cx.now + (cx.config.msl * 2).max(MIN_TIMER)
    }

    /// A segment has come in a packet that was marked or not.
    pub(crate) fn note_mark(&mut self, segment: &SegmentRef<'_>, is_marked: bool) {
        if let Some(ecn) = &mut self.options.ecn {
            ecn.arrived(segment, is_marked);
        }
    }

    /// Keeps in mind text that came twice, for SACK to report.
    pub(crate) fn note_duplicate(&mut self, seq: SeqNumber, len: usize) {
        let Some(sack) = &mut self.options.sack else {
            return;
        };
        if len == 0 {
            return;
        }
        let len = len as u32;
        sack.note_duplicate(match self.phase.receiver() {
            Some(rcv) => rcv.duplicate(seq, len),
            // Behind the peer's FIN there is nothing new.
            None => {
                let space = self.phase.receive_space();
                space
                    .filter(|space| (seq + len).before(space.nxt))
                    .map(|_| (seq, seq + len))
            }
        });
    }

    /// The window of a SYN is narrower than the buffer may be. The peer learns
    /// of the rest with the next ACK.
    pub(crate) fn open_whole_window(&mut self) {
        if let Some(rcv) = self.phase.receiver_mut() {
            rcv.open_window();
        }
    }

    /// The MSS we offer: what fits our own link.
    pub(crate) fn own_mss(&self, config: &Config) -> u16 {
        own_mss(self.tuple.local.ip(), config)
    }

    /// The next time at which [`on_time`](Self::on_time) has work.
    pub(crate) fn deadline(&self, config: &Config) -> Option<Instant> {
        let ack = match self.ack {
            AckDue::Delayed(at) => Some(at),
            AckDue::No | AckDue::Now => None,
        };
        let state = match &self.phase {
            // Whatever was owed before, to nobody is it owed now.
            Phase::Closed { .. } | Phase::Listen => return None,
            Phase::TimeWait { until, .. } => Some(*until),
            phase => phase.sender().and_then(Sender::deadline),
        };
        let keepalive = self.keepalive_deadline();
        let orphan = self.orphan_deadline(config);
        let deadlines = [ack, state, keepalive, orphan];
        let first = deadlines
            .map(|at| at.unwrap_or(Instant::MAX))
            .into_iter()
            .min()?;
        (first < Instant::MAX).then_some(first)
    }

    /// Counts a repeat of what begins at SND.UNA, and reports R1 (RFC 9293
    /// section 3.8.3).
    fn count_repeat(&mut self, cx: &mut Context<'_>) {
        let Some(SendSpace { una, .. }) = self.phase.send_space() else {
            return;
        };
        let (number, count) = self.repeats;
        let count = if number == una { count + 1 } else { 1 };
        self.repeats = (una, count);
        if count == cx.config.r1 {
            self.report(cx, Reason::Retransmissions);
        }
    }

    /// Does what is due now: delayed ACK, TIME-WAIT, retransmission, probe.
    pub(crate) fn on_time(&mut self, cx: &mut Context<'_>) {
        if matches!(self.ack, AckDue::Delayed(at) if at <= cx.now) {
            self.send_ack(cx);
        }
        if matches!(self.phase, Phase::TimeWait { until, .. } if until <= cx.now) {
            self.transition(cx, Event::TimeWaitOver);
        }
        let fin = self.phase.fin_follows();
        let due = |snd: &&mut Sender| snd.deadline().is_some_and(|at| at <= cx.now);
        let timeout = self
            .phase
            .sender_mut()
            .filter(due)
            .and_then(|snd| snd.on_timeout(cx.now, fin));
        match timeout {
            None => {}
            Some(Timeout::GiveUp) => self.transition(cx, Event::Delete(End::Timeout)),
            Some(Timeout::Probe(chunk)) => self.send_chunk(cx, chunk),
            Some(Timeout::Resend) => {
                self.count_repeat(cx);
                self.believe_doubted_mtu(cx.now);
                self.output(cx);
            }
        }
        self.keepalive_on_time(cx);
        self.orphan_on_time(cx);
    }
}

/// The MSS to offer from this address.
pub(crate) fn own_mss(local: IpAddr, config: &Config) -> u16 {
    config.mtu.saturating_sub(headers(local)).max(1)
}

/// Octets of IP and TCP header, without options, from this address.
pub(crate) const fn headers(local: IpAddr) -> u16 {
    match local {
        IpAddr::V4(_) => HEADERS_V4,
        IpAddr::V6(_) => HEADERS_V6,
    }
}

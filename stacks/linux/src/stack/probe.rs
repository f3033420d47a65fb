//! What the kernel that runs really does: its tick, its timeouts, its
//! TIME-WAIT. Nothing is waited for: the kernel is asked how it has set its
//! timers, on a connection that is opened, used and closed for that.

use std::sync::OnceLock;
use std::time::Duration;

use rustix::time::{ClockId, clock_getres};
use tcpspec_connector::{Call, Connection, Handle, Reply, Setup, StackError, StackUnderTest};
use tcpspec_wire::{Flags, Packet, Segment, SeqNumber, State, WindowField};

use super::LinuxStack;
use crate::info::TcpInfo;
use crate::netns::Inside;
use crate::sysctl;

/// What was found out about the kernel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Probed {
    /// Time between two ticks: no timer is finer.
    pub(crate) tick: Duration,
    /// When the first SYN is sent again.
    pub(crate) rto_initial: Duration,
    /// When text is sent again, where the round trip takes no time.
    pub(crate) rto: Duration,
    /// How long an ACK is held back at first.
    pub(crate) ack_delay: Duration,
    /// How long TIME-WAIT lasts.
    pub(crate) time_wait: Duration,
    /// Settings that a reader may want to know; a kernel may lack some.
    pub(crate) settings: Vec<Shown>,
}

/// A setting, as it reads in a lane and outside of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Shown {
    pub(crate) name: &'static str,
    pub(crate) lane: String,
    pub(crate) host: Option<String>,
}

impl Probed {
    /// The value of a setting as a number.
    pub(crate) fn number(&self, name: &str) -> Option<u64> {
        let found = self.settings.iter().find(|shown| shown.name == name)?;
        found.lane.parse().ok()
    }
}

/// The kernel's answers. It is asked until it has answered once.
///
/// # Errors
///
/// Why it cannot be asked.
pub(super) fn probed(stack: &mut LinuxStack) -> Result<&'static Probed, StackError> {
    static PROBED: OnceLock<Probed> = OnceLock::new();
    if let Some(probed) = PROBED.get() {
        return Ok(probed);
    }
    let probed = probe(stack)?;
    Ok(PROBED.get_or_init(|| probed))
}

fn probe(stack: &mut LinuxStack) -> Result<Probed, StackError> {
    let mut peer = Peer {
        stack,
        setup: setup(),
        seq: SeqNumber::new(1),
        ack: SeqNumber::new(0),
    };
    peer.stack.open(&peer.setup)?;
    peer.connect()?;
    let opening = peer.timeouts()?;
    peer.send(Flags::SYN | Flags::ACK, &[])?;
    peer.send(Flags::PSH | Flags::ACK, b"?")?;
    let open = peer.timeouts()?;
    let shutdown = Call::Shutdown { handle: handle() };
    let fin = peer.stack.call(&shutdown)?;
    peer.note(&fin)?;
    peer.send(Flags::FIN | Flags::ACK, &[])?;
    let tick = clock_getres(ClockId::MonotonicCoarse);
    Ok(Probed {
        tick: Duration::new(
            u64::try_from(tick.tv_sec).unwrap_or(0),
            u32::try_from(tick.tv_nsec).unwrap_or(0),
        ),
        rto_initial: opening.rto(),
        rto: open.rto(),
        ack_delay: open.ato(),
        time_wait: peer.time_wait()?,
        settings: peer.settings()?,
    })
}

/// The peer of the connection that is used to ask.
struct Peer<'a> {
    stack: &'a mut LinuxStack,
    setup: Setup,
    seq: SeqNumber,
    ack: SeqNumber,
}

impl Peer<'_> {
    fn connect(&mut self) -> Result<(), StackError> {
        let connect = Call::Connect {
            handle: handle(),
            port: CONNECTION.local,
            to: (self.setup.peer, CONNECTION.remote).into(),
            route: None,
        };
        let syn = self.stack.call(&connect)?;
        self.note(&syn)
    }

    fn send(&mut self, flags: Flags, payload: &[u8]) -> Result<(), StackError> {
        let segment = Segment {
            src_port: CONNECTION.remote,
            dst_port: CONNECTION.local,
            seq: self.seq,
            ack: self.ack,
            flags,
            window: WindowField::new(u16::MAX),
            payload: payload.to_vec(),
            ..Segment::default()
        };
        self.seq = segment.end();
        let packet = Packet::tcp(self.setup.peer, self.setup.stack, segment);
        self.stack.deliver(&[packet.encode()]).map(drop)
    }

    /// Takes notice of the one segment that must have come.
    fn note(&mut self, reply: &Reply) -> Result<(), StackError> {
        let sent = reply.tx.first().ok_or_else(|| unlike("nothing"))?;
        let packet = Packet::decode(&sent.octets).map_err(unlike)?.packet;
        let segment = packet.segment().ok_or_else(|| unlike("no segment"))?;
        self.ack = segment.end();
        Ok(())
    }

    fn timeouts(&mut self) -> Result<TcpInfo, StackError> {
        let application = &self.stack.running()?.trial.application;
        let socket = application.socket(&handle());
        let socket = socket.ok_or_else(|| unlike("no socket"))?;
        TcpInfo::of(socket).map_err(unlike)
    }

    fn time_wait(&mut self) -> Result<Duration, StackError> {
        let running = self.stack.running()?;
        let found = running.lane.look_up(running.trial.addresses, CONNECTION)?;
        let waiting = found.filter(|found| found.state == State::TimeWait);
        let left = waiting.and_then(|found| found.timer);
        // The kernel says what is left of it, which is a little less already.
        let left = left.ok_or_else(|| unlike("no TIME-WAIT"))?;
        Ok(Duration::from_secs_f64(left.as_secs_f64().round()))
    }

    fn settings(&mut self) -> Result<Vec<Shown>, StackError> {
        let lane = self.stack.running()?.lane;
        let read = |_: &Inside<'_>| SHOWN.map(sysctl::read);
        let inside = SHOWN.into_iter().zip(lane.within(read)?);
        let shown = inside.filter_map(|(name, lane)| {
            let (lane, host) = (lane?, sysctl::read(name));
            Some(Shown { name, lane, host })
        });
        Ok(shown.collect())
    }
}

pub(super) fn setup() -> Setup {
    Setup {
        stack: [192, 0, 2, 1].into(),
        prefix: 24,
        peer: [192, 0, 2, 2].into(),
        mtu: 1500,
        iss: None,
        seed: 0,
    }
}

fn handle() -> Handle {
    Handle("probe".to_owned())
}

fn unlike(what: impl std::fmt::Display) -> StackError {
    StackError::Environment(format!("while the kernel's times were asked for: {what}"))
}

const CONNECTION: Connection = Connection {
    local: 5000,
    remote: 40_000,
};

/// The settings that a reader of a report may want to know.
const SHOWN: [&str; 6] = [
    RTO_MIN,
    RTO_MAX,
    "ipv4/tcp_congestion_control",
    "ipv4/tcp_challenge_ack_limit",
    "ipv4/tcp_invalid_ratelimit",
    "ipv4/tcp_fin_timeout",
];
/// In microseconds.
pub(crate) const RTO_MIN: &str = "ipv4/tcp_rto_min_us";
/// In milliseconds.
pub(crate) const RTO_MAX: &str = "ipv4/tcp_rto_max_ms";

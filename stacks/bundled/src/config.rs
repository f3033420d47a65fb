//! What can be chosen about a host, with the RFC's values as defaults.

use std::time::Duration;

use tcpspec_wire::SeqNumber;

use crate::challenge::{BlindAttacks, ChallengeLimit};
use crate::host::TimeWaitPolicy;
use crate::icmp::IcmpPolicy;
use crate::keepalive::KeepAlive;
use crate::user_timeout::UserTimeouts;

/// The settings of one [`Host`](crate::Host).
///
/// ```
/// use std::time::Duration;
/// use tcpspec_bundled::Config;
///
/// let quick = Config { msl: Duration::from_secs(1), ..Config::default() };
/// assert_eq!(quick.receive_buffer, 65_535);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Largest IP packet to send; the MSS we offer follows from it.
    pub mtu: u16,
    /// Octets of the receive buffer, which is the largest window. Without
    /// window scaling no more than 65,535 are ever announced.
    pub receive_buffer: u32,
    /// Octets of the send buffer.
    pub send_buffer: usize,
    /// Maximum Segment Lifetime; TIME-WAIT lasts twice as long.
    pub msl: Duration,
    /// Lower bound of the retransmission timeout (RFC 6298 rule 2.4).
    pub rto_min: Duration,
    /// Upper bound of the retransmission timeout (RFC 6298 rule 2.5: 60 s or more).
    pub rto_max: Duration,
    /// R2 of a SYN: how long to go on repeating it (RFC 9293: 3 minutes or more).
    pub r2_syn: Duration,
    /// R2 of everything else (RFC 9293: 100 seconds or more).
    pub r2_data: Duration,
    /// How long a connection that its user has let go of stays in FIN-WAIT-2
    /// while its peer is silent. The RFC sets no limit.
    pub fin_wait_2: Duration,
    /// How long an ACK may wait for a segment to ride on (RFC 9293: below 500
    /// ms); zero for not at all.
    pub ack_delay: Duration,
    /// Whether small segments wait while data is in flight (RFC 9293 section 3.7.4).
    pub nagle: bool,
    /// R1: repeats of one segment after which the user is told of trouble (RFC
    /// 9293 SHLD-10: 3 or more).
    pub r1: u32,
    /// Keep-alives (RFC 9293 section 3.8.4), off unless switched on.
    pub keepalive: KeepAlive,
    /// What is questioned by a challenge ACK (RFC 5961).
    pub blind_attacks: BlindAttacks,
    /// The limit on challenge ACKs (RFC 5961 section 7); `None` for no limit.
    pub challenge_limit: Option<ChallengeLimit>,
    /// Whether users are told what they did not ask for (RFC 9293 SHLD-20).
    pub error_reports: bool,
    /// What is done about ICMP errors.
    pub icmp: IcmpPolicy,
    /// What is done about a SYN that finds the backlog full.
    pub full_backlog: FullBacklog,
    /// What is done about connections in TIME-WAIT.
    pub time_wait: TimeWaitPolicy,
    /// Length of our IPv4 network's prefix, whose broadcast address is no
    /// peer's; 32 if that is not known.
    pub ipv4_prefix: u8,
    /// Time to live, or hop limit, of what we send (RFC 9293 MUST-49).
    pub ttl: u8,
    /// Differentiated Services field of what new connections send (RFC 9293
    /// MUST-48), 0 to 63.
    pub dscp: u8,
    /// Whether packets that came by a source route are taken, and a connection
    /// that was opened by one goes back by it (RFC 9293 MUST-53). RFC 7126 would
    /// have them dropped.
    pub source_routes: bool,
    /// Whether window scale is offered and taken (RFC 7323 section 2).
    pub window_scale: bool,
    /// Whether timestamps are offered and taken (RFC 7323 section 3), with
    /// their protection against wrapped sequence numbers.
    pub timestamps: bool,
    /// Whether selective acknowledgments are offered and taken (RFC 2018), and
    /// guide the repair of losses (RFC 6675).
    pub sack: bool,
    /// Whether SACK reports duplicates too (RFC 2883).
    pub duplicate_sack: bool,
    /// Whether explicit congestion notification is offered and taken (RFC
    /// 3168).
    pub ecn: bool,
    /// How much a connection sends before the first ACK of data.
    pub initial_window: InitialWindow,
    /// Whether losses that show in duplicate ACKs are repaired before the timer
    /// runs out (RFC 5681 section 3.2, RFC 6582; with SACK RFC 6675).
    pub fast_retransmit: bool,
    /// Whether the first duplicate ACKs let new segments go (RFC 3042).
    pub limited_transmit: bool,
    /// What is done about user timeouts (RFC 5482).
    pub user_timeouts: UserTimeouts,
    /// What `close` means.
    pub close: CloseKind,
    /// Where initial sequence numbers come from.
    pub isn: Isn,
}

/// What becomes of the receiving direction when the application calls `close`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CloseKind {
    /// As sockets do it (RFC 9293 section 3.6.1, MAY-1): the application is
    /// gone. Data left unread at that moment, and data that arrives
    /// afterwards, resets the connection, so that the peer learns of the loss.
    HalfDuplex,
    /// As the RFC's CLOSE: the peer may go on sending until its own FIN. There
    /// is nobody left to read; what arrives is acknowledged and thrown away.
    FullDuplex,
}

/// How much a connection may send before the first ACK of data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InitialWindow {
    /// Two to four segments, by their size (RFC 5681 section 3.1).
    Rfc5681,
    /// Ten segments, 14,600 octets of large ones (RFC 6928).
    Rfc6928,
}

impl InitialWindow {
    /// The window in octets for segments of `mss` octets.
    pub(crate) fn octets(self, mss: u32) -> u32 {
        match self {
            Self::Rfc5681 if mss > 2190 => 2 * mss,
            Self::Rfc5681 if mss > 1095 => 3 * mss,
            Self::Rfc5681 => 4 * mss,
            Self::Rfc6928 => (10 * mss).min((2 * mss).max(14_600)),
        }
    }
}

/// What becomes of a SYN that finds a listener's backlog full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FullBacklog {
    /// It is dropped: the peer's next one may find room.
    DropSyn,
    /// It takes the place of the oldest connection in SYN-RECEIVED, if there is
    /// one (RFC 4987 section 3.4). In a flood of SYNs that lead nowhere, a peer
    /// who means it gets through if it answers before its turn comes.
    DropOldest,
}

/// Where initial sequence numbers come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Isn {
    /// A clock plus a keyed function of the four-tuple (RFC 6528).
    Keyed,
    /// Always this number: for tests near the wrap-around and for teaching.
    Fixed(SeqNumber),
    /// As [`Keyed`](Self::Keyed), but moved so that the first connection gets this
    /// number: for tests near the wrap-around that open more than one.
    From(SeqNumber),
}

impl Config {
    /// The retransmission timeout before the first measurement (RFC 6298 rule
    /// 2.1: one second), brought within the bounds.
    #[must_use]
    pub fn rto_initial(&self) -> Duration {
        let max = self.rto_max.max(self.rto_min);
        Duration::from_secs(1).max(self.rto_min).min(max)
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            mtu: 1500,
            receive_buffer: 65_535,
            send_buffer: 65_536,
            msl: Duration::from_secs(120),
            rto_min: Duration::from_secs(1),
            rto_max: Duration::from_secs(60),
            r2_syn: Duration::from_secs(180),
            r2_data: Duration::from_secs(100),
            fin_wait_2: Duration::from_secs(60),
            ack_delay: Duration::from_millis(200),
            nagle: true,
            r1: 3,
            keepalive: KeepAlive::default(),
            blind_attacks: BlindAttacks::default(),
            challenge_limit: Some(ChallengeLimit::default()),
            error_reports: true,
            icmp: IcmpPolicy::default(),
            full_backlog: FullBacklog::DropSyn,
            time_wait: TimeWaitPolicy::default(),
            ipv4_prefix: 32,
            ttl: 64,
            dscp: 0,
            source_routes: true,
            window_scale: true,
            timestamps: true,
            sack: true,
            duplicate_sack: true,
            ecn: false,
            initial_window: InitialWindow::Rfc5681,
            fast_retransmit: true,
            limited_transmit: true,
            user_timeouts: UserTimeouts::default(),
            close: CloseKind::HalfDuplex,
            isn: Isn::Keyed,
        }
    }
}

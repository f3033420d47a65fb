//! The sending direction, from the SYN to the acknowledged FIN (RFC 9293
//! sections 3.4, 3.7, 3.8): the SND variables, the send buffer and what an ACK
//! does to them. It deals in [`Chunk`]s of sequence space and knows no headers.
//!
//! What to send next is in `send/next`, what the timer does in `send/timeout`,
//! how losses show and are repaired in `send/recovery`.

use std::collections::VecDeque;
use std::time::Duration;

use tcpspec_wire::option::SackBlocks;
use tcpspec_wire::{Instant, SeqNumber, WindowSize};

use crate::config::Config;
use crate::congestion::Congestion;
use crate::options::Options;
use crate::rtt::RttEstimator;
use crate::scoreboard::Scoreboard;
use crate::timers::SendTimer;

mod ecn;
mod next;
mod recovery;
mod timeout;

use ecn::Echoes;
use recovery::Recovery;
pub(crate) use timeout::Timeout;

/// A piece of the sending sequence space, to be put into one segment. Its text
/// stays in the send buffer: see [`Sender::text`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Chunk {
    pub(crate) seq: SeqNumber,
    pub(crate) syn: bool,
    /// Octets of text.
    pub(crate) len: u32,
    /// The send buffer is empty behind this chunk.
    pub(crate) push: bool,
    pub(crate) fin: bool,
    /// Nothing in it was sent before.
    pub(crate) is_new: bool,
    /// It is to tell that cwnd was lowered (RFC 3168).
    pub(crate) cwr: bool,
}

impl Chunk {
    pub(crate) fn end(&self) -> SeqNumber {
        self.seq + self.len + u32::from(self.syn) + u32::from(self.fin)
    }
}

/// The sending direction while anything in it can still be unacknowledged.
///
/// Whether a FIN ends the stream is not kept here: the state says it, and
/// methods that need to know are told (`fin`).
#[derive(Clone, Debug)]
pub(crate) struct Sender {
    iss: SeqNumber,
    /// SND.UNA.
    una: SeqNumber,
    /// SND.NXT: everything before it was sent at least once.
    nxt: SeqNumber,
    /// Where to send from: SND.NXT, or further left after a timeout.
    cursor: SeqNumber,
    /// SND.WND, and the largest it ever was (RFC 5961 section 5).
    wnd: WindowSize,
    max_wnd: WindowSize,
    /// SND.WL1 and SND.WL2.
    wl1: SeqNumber,
    wl2: SeqNumber,
    /// The effective send MSS without the options of every segment: the
    /// largest piece of text, SMSS.
    mss: u32,
    /// The effective send MSS before options of TCP and IP are taken off: as both
    /// SYNs have it, and as the path takes it.
    agreed_mss: u16,
    path_mss: u16,
    /// Octets of those options, of TCP and of IP.
    overhead: u16,
    ip_options: u16,
    /// Octets from the first unacknowledged one on.
    buffer: VecDeque<u8>,
    capacity: usize,
    nagle: bool,
    /// The segment that is being timed: the number after it, and when it went.
    timed: Option<(SeqNumber, Instant)>,
    rtt: RttEstimator,
    timer: SendTimer,
    congestion: Congestion,
    recovery: Recovery,
    /// SND.NXT when a loss showed last: duplicate ACKs below it tell of the
    /// same loss (RFC 6582).
    recover: SeqNumber,
    /// What the peer holds beyond SND.UNA, as far as it tells.
    scoreboard: Scoreboard,
    /// Whether SACK was agreed on: then it says what a duplicate ACK is.
    sack: bool,
    echoes: Echoes,
    fast_retransmit: bool,
    limited_transmit: bool,
    /// Whether the timer ran out since the last progress.
    timed_out: bool,
    /// When something was sent last.
    sent_at: Instant,
    r2_syn: Duration,
    r2_data: Duration,
}

/// What a segment says about our sending direction: SEG.ACK, not below
/// SND.UNA and not above SND.NXT, and what goes with it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Acknowledgment<'a> {
    pub(crate) ack: SeqNumber,
    pub(crate) wnd: WindowSize,
    /// Neither text nor SYN nor FIN.
    pub(crate) is_bare: bool,
    /// SACK blocks, where SACK was agreed on.
    pub(crate) blocks: SackBlocks<'a>,
    /// The round-trip time by timestamps, where they were agreed on.
    pub(crate) rtt: Option<Duration>,
    /// The network has marked what we sent, where ECN was agreed on.
    pub(crate) ece: bool,
}

/// The sending direction after its FIN was acknowledged.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SendEnd {
    pub(crate) nxt: SeqNumber,
    pub(crate) max_wnd: WindowSize,
}

/// What the ACK check needs to know of the sending direction.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SendSpace {
    pub(crate) una: SeqNumber,
    pub(crate) nxt: SeqNumber,
    pub(crate) max_wnd: WindowSize,
}

impl Sender {
    /// A sender that has still to send its SYN.
    pub(crate) fn new(iss: SeqNumber, config: &Config) -> Self {
        Self {
            iss,
            una: iss,
            nxt: iss,
            cursor: iss,
            wnd: WindowSize::default(),
            max_wnd: WindowSize::default(),
            wl1: SeqNumber::default(),
            wl2: iss,
            mss: 1,
            agreed_mss: 0,
            path_mss: 0,
            overhead: 0,
            ip_options: 0,
            buffer: VecDeque::new(),
            capacity: config.send_buffer,
            nagle: config.nagle,
            timed: None,
            rtt: RttEstimator::new(config),
            timer: SendTimer::Off,
            congestion: Congestion::new(config.initial_window),
            recovery: Recovery::none(),
            recover: iss,
            scoreboard: Scoreboard::default(),
            sack: false,
            echoes: Echoes::new(iss),
            fast_retransmit: config.fast_retransmit,
            limited_transmit: config.limited_transmit,
            timed_out: false,
            sent_at: Instant::ZERO,
            r2_syn: config.r2_syn,
            r2_data: config.r2_data,
        }
    }

    pub(crate) const fn space(&self) -> SendSpace {
        SendSpace {
            una: self.una,
            nxt: self.nxt,
            max_wnd: self.max_wnd,
        }
    }

    /// Whether the SYN is still unacknowledged.
    pub(crate) fn syn_in_flight(&self) -> bool {
        self.una == self.iss
    }

    /// Takes what the peer's SYN decides: the effective send MSS, of which the
    /// options on every segment are to be taken off, and SACK.
    pub(crate) fn agree(&mut self, mss: u16, options: &Options) {
        self.overhead = options.overhead();
        (self.agreed_mss, self.path_mss) = (mss, mss);
        self.mss = self.smss();
        self.sack = options.sack.is_some();
        self.congestion.open(self.mss);
    }

    /// Octets of text that a packet of the path carries.
    fn smss(&self) -> u32 {
        let options = self.overhead + self.ip_options;
        u32::from(self.path_mss.saturating_sub(options).max(1))
    }

    /// Takes it that every packet has so many octets of IP options.
    pub(crate) fn set_ip_options(&mut self, octets: u16) {
        self.ip_options = octets;
        let mss = self.smss();
        if mss < self.mss {
            self.congestion.shrink_mss(mss);
        } else {
            self.congestion.widen_mss(mss);
        }
        self.mss = mss;
    }

    /// The largest piece of text.
    pub(crate) const fn mss(&self) -> u32 {
        self.mss
    }

    /// SND.WND.
    pub(crate) const fn window(&self) -> WindowSize {
        self.wnd
    }

    /// Octets that await acknowledgment.
    pub(crate) fn buffered(&self) -> usize {
        self.buffer.len()
    }

    /// R2 of everything but the SYN.
    pub(crate) const fn user_timeout(&self) -> Duration {
        self.r2_data
    }

    /// Whether nothing is in flight and nothing waits to be sent.
    pub(crate) fn is_drained(&self) -> bool {
        self.una == self.nxt && self.buffer.is_empty()
    }

    /// Sets R2 of the SYN and of everything else.
    pub(crate) const fn set_r2(&mut self, r2: Duration) {
        self.r2_syn = r2;
        self.r2_data = r2;
    }

    /// Sets R2 of everything but the SYN.
    pub(crate) const fn set_r2_data(&mut self, r2: Duration) {
        self.r2_data = r2;
    }

    /// Keeps to a smaller effective send MSS, and goes back to what may have
    /// been too large.
    pub(crate) fn narrow(&mut self, mss: u16) {
        self.path_mss = self.path_mss.min(mss);
        self.mss = self.smss();
        self.congestion.shrink_mss(self.mss);
        self.recovery = Recovery::none();
        self.cursor = self.una;
        self.timed = None;
    }

    /// Uses the whole effective send MSS again.
    pub(crate) fn widen(&mut self) {
        self.path_mss = self.agreed_mss;
        self.mss = self.smss();
        self.congestion.widen_mss(self.mss);
    }

    /// Switches the Nagle algorithm.
    pub(crate) const fn set_nagle(&mut self, on: bool) {
        self.nagle = on;
    }

    /// Goes back to the SYN, to send it with an ACK (simultaneous open).
    pub(crate) const fn rewind_to_syn(&mut self) {
        self.cursor = self.iss;
    }

    /// Takes octets from the user, as many as there is room for.
    pub(crate) fn write(&mut self, octets: &[u8]) -> usize {
        let room = self.capacity.saturating_sub(self.buffer.len());
        let taken = room.min(octets.len());
        self.buffer.extend(&octets[..taken]);
        taken
    }

    /// The number of the first octet in the buffer.
    fn first(&self) -> SeqNumber {
        self.una + u32::from(self.syn_in_flight())
    }

    /// The number after the last octet in the buffer; that of the FIN.
    pub(crate) fn data_end(&self) -> SeqNumber {
        self.first() + self.buffer.len() as u32
    }

    /// Whether anything at or behind the cursor waits to be sent.
    fn has_unsent(&self, fin: bool) -> bool {
        (self.data_end() + u32::from(fin)).after(self.cursor)
    }

    /// Takes an ACK. True if it covers the FIN behind the data.
    pub(crate) fn acknowledge(&mut self, now: Instant, seg: &Acknowledgment<'_>) -> bool {
        if seg.ece {
            self.on_echo(now, seg);
        }
        let news = self.scoreboard.add(seg.blocks.iter(), seg.ack, self.nxt);
        if seg.ack == self.una {
            if self.is_duplicate(seg, news) {
                self.on_duplicate();
            }
            return false;
        }
        let covers_fin = seg.ack.after(self.data_end());
        let octets = seg.ack.distance(self.first()).max(0).cast_unsigned();
        self.time(now, seg);
        if !self.syn_in_flight() {
            self.on_progress(seg, octets);
        } else if self.timed_out {
            self.congestion.syn_was_lost();
        }
        self.buffer.drain(..self.buffer.len().min(octets as usize));
        self.una = seg.ack;
        self.cursor = self.cursor.latest(seg.ack);
        self.timed_out = false;
        self.timer = SendTimer::Off;
        if self.una != self.nxt {
            self.start_retransmit(now);
        }
        covers_fin
    }

    /// Takes the sample of round-trip time that there is in a new ACK.
    fn time(&mut self, now: Instant, seg: &Acknowledgment<'_>) {
        let timed = self.timed.filter(|(end, _)| seg.ack.at_or_after(*end));
        if timed.is_some() {
            self.timed = None;
        }
        let rtt = seg.rtt.or_else(|| timed.map(|(_, sent)| now.since(sent)));
        if let Some(rtt) = rtt {
            // One sample by timestamps for every second segment in flight.
            let per_round_trip = match seg.rtt {
                Some(_) => self
                    .nxt
                    .distance(self.una)
                    .cast_unsigned()
                    .div_ceil(2 * self.mss),
                None => 1,
            };
            self.rtt.sample(rtt, per_round_trip);
        } else if self.syn_in_flight() && !self.rtt.has_sample() {
            self.rtt.opened_after_loss();
        }
    }

    /// The peer is alive: it answered, if only a probe.
    pub(crate) const fn heard(&mut self, now: Instant) {
        if let SendTimer::Persist { since, .. } = &mut self.timer {
            *since = now;
        }
    }

    /// Takes the window of a segment, unless an older one says so (WL1, WL2).
    pub(crate) fn update_window(&mut self, seq: SeqNumber, ack: SeqNumber, wnd: WindowSize) {
        let newer = self.wl1.before(seq) || self.wl1 == seq && self.wl2.at_or_before(ack);
        if newer {
            self.set_window(seq, ack, wnd);
        }
    }

    /// Takes the window of the segment that carries the peer's SYN.
    pub(crate) fn set_window(&mut self, seq: SeqNumber, ack: SeqNumber, wnd: WindowSize) {
        self.wnd = wnd;
        self.max_wnd = self.max_wnd.max(wnd);
        self.wl1 = seq;
        self.wl2 = ack;
        if wnd.octets() > 0 && matches!(self.timer, SendTimer::Persist { .. }) {
            self.timer = SendTimer::Off;
        }
    }

    /// What is left of the sender once its FIN is acknowledged.
    pub(crate) const fn end(&self) -> SendEnd {
        SendEnd {
            nxt: self.nxt,
            max_wnd: self.max_wnd,
        }
    }
}

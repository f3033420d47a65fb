//! Keep-alives (RFC 9293 section 3.8.4): segments without text that ask a
//! silent peer whether it is still there.
//!
//! Left out: probes with an octet of garbage (MAY-6), for peers that have been
//! extinct for decades.

use std::time::Duration;

use tcpspec_wire::Instant;

use crate::connection::{Connection, Context};
use crate::error::End;
use crate::limits::MIN_TIMER;
use crate::phase::{Event, Phase};
use crate::reply;

/// How keep-alives are sent, and by which connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeepAlive {
    /// Whether new connections send them. They must not unless the user says
    /// so (MUST-25).
    pub on: bool,
    /// How long the peer must be silent first (MUST-28: two hours or more
    /// unless set).
    pub idle: Duration,
    /// Time between probes that stay unanswered.
    pub interval: Duration,
    /// Unanswered probes after which the peer is given up. One alone proves
    /// nothing (MUST-29), so fewer than two count as two.
    pub probes: u32,
}

impl Default for KeepAlive {
    fn default() -> Self {
        Self {
            on: false,
            idle: Duration::from_secs(2 * 60 * 60),
            interval: Duration::from_secs(75),
            probes: 9,
        }
    }
}

/// What is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Due {
    Probe,
    GiveUp,
}

/// The keep-alives of one connection that sends them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Watch {
    idle: Duration,
    /// When the next probe, or the end, is due.
    at: Instant,
    /// Probes sent since the peer was heard.
    unanswered: u32,
}

impl Watch {
    fn new(now: Instant, idle: Duration) -> Self {
        let idle = idle.max(MIN_TIMER);
        Self {
            idle,
            at: now + idle,
            unanswered: 0,
        }
    }

    /// What is due `now`; a probe is counted as sent. The next is due an
    /// interval from now even if this one was late: each must have the time
    /// to be answered.
    fn on_time(&mut self, now: Instant, settings: &KeepAlive) -> Option<Due> {
        if now < self.at {
            None
        } else if self.unanswered >= settings.probes.max(2) {
            Some(Due::GiveUp)
        } else {
            self.unanswered += 1;
            self.at = now + settings.interval.max(MIN_TIMER);
            Some(Due::Probe)
        }
    }
}

impl Connection {
    /// Switches keep-alives on or off as the settings say.
    pub(crate) fn begin_keepalive(&mut self, cx: &Context<'_>) {
        let settings = cx.config.keepalive;
        self.set_keepalive(cx, settings.on.then_some(settings.idle));
    }

    /// Switches keep-alives.
    pub(crate) fn set_keepalive(&mut self, cx: &Context<'_>, idle: Option<Duration>) {
        self.watch = idle.map(|idle| Watch::new(cx.now, idle));
    }

    /// The peer has sent an acceptable segment.
    pub(crate) fn heard(&mut self, now: Instant) {
        self.quiet_since = now;
        self.watch = self.watch.map(|watch| Watch::new(now, watch.idle));
    }

    /// Whether the connection is synchronized and nothing else would find out
    /// that the peer is gone (MUST-26).
    fn is_quiet(&self) -> bool {
        match &self.phase {
            Phase::Established { snd, .. } | Phase::CloseWait { snd, .. } => snd.is_drained(),
            Phase::FinWait2 { .. } => true,
            Phase::Listen
            | Phase::SynSent { .. }
            | Phase::SynReceived { .. }
            | Phase::FinWait1 { .. }
            | Phase::Closing { .. }
            | Phase::LastAck { .. }
            | Phase::TimeWait { .. }
            | Phase::Closed { .. } => false,
        }
    }

    /// When keep-alives have work.
    pub(crate) fn keepalive_deadline(&self) -> Option<Instant> {
        let watch = self.watch.filter(|_| self.is_quiet())?;
        Some(watch.at)
    }

    /// Sends the probe that is due, or gives the peer up.
    pub(crate) fn keepalive_on_time(&mut self, cx: &mut Context<'_>) {
        if !self.is_quiet() {
            return;
        }
        let due = self
            .watch
            .as_mut()
            .and_then(|watch| watch.on_time(cx.now, &cx.config.keepalive));
        match due {
            None => {}
            Some(Due::Probe) => self.send_probe(cx),
            Some(Due::GiveUp) => self.transition(cx, Event::Delete(End::Timeout)),
        }
    }

    /// `<SEQ=SND.NXT-1><ACK=RCV.NXT><CTL=ACK>`: unacceptable, so that it must
    /// be answered.
    fn send_probe(&mut self, cx: &mut Context<'_>) {
        if let Some(snd) = self.phase.send_space() {
            self.emit(cx, reply::ack(self.header(), snd.nxt.offset(-1)));
        }
    }
}

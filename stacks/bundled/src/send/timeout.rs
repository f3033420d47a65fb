//! The sender's timer: retransmission (RFC 6298) and probing of closed windows
//! (RFC 9293 section 3.8.6.1).

use std::time::Duration;

use tcpspec_wire::Instant;

use super::{Chunk, Recovery, Sender};
use crate::timers::SendTimer;

/// What the sender's timer asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Timeout {
    /// R2 is over: the peer is gone.
    GiveUp,
    /// Send from SND.UNA again.
    Resend,
    /// Send this probe into the closed window.
    Probe(Chunk),
}

impl Sender {
    pub(super) fn start_retransmit(&mut self, now: Instant) {
        self.timer = SendTimer::Retransmit {
            at: now + self.rtt.rto(),
            since: now,
        };
    }

    /// The same without progress by the peer: R2 goes on counting.
    pub(super) fn restart_retransmit(&mut self, now: Instant) {
        if let SendTimer::Retransmit { at, .. } = &mut self.timer {
            *at = now + self.rtt.rto();
        }
    }

    /// To be called when nothing more can be sent `now`: if something waits
    /// while nothing is in flight, only probing will find the window open.
    pub(crate) fn arm_persist(&mut self, now: Instant, fin: bool) {
        if self.timer == SendTimer::Off && self.has_unsent(fin) {
            let interval = self.rtt.rto();
            self.timer = SendTimer::Persist {
                at: now + interval,
                since: now,
                interval,
            };
        }
    }

    fn r2(&self) -> Duration {
        if self.syn_in_flight() {
            self.r2_syn
        } else {
            self.r2_data
        }
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.timer.deadline(self.r2())
    }

    /// The timer ran out.
    pub(crate) fn on_timeout(&mut self, now: Instant, fin: bool) -> Option<Timeout> {
        self.forgive_sleep(now);
        let since = match self.timer {
            SendTimer::Off => return None,
            SendTimer::Retransmit { since, .. } | SendTimer::Persist { since, .. } => since,
        };
        self.echoes.release();
        if now.since(since) >= self.r2() {
            return Some(Timeout::GiveUp);
        }
        if self.wnd.octets() == 0 && !self.syn_in_flight() {
            return Some(Timeout::Probe(self.probe(now, since, fin)));
        }
        if let SendTimer::Persist { interval, .. } = self.timer {
            // Held back by the rules against silly windows, not by a closed
            // window: what fits goes now (their override timeout).
            return Some(Timeout::Probe(self.small_chunk(now, since, interval, fin)));
        }
        self.lost_everything();
        self.rtt.back_off();
        self.timer = SendTimer::Retransmit {
            at: now + self.rtt.rto(),
            since,
        };
        Some(Timeout::Resend)
    }

    /// If the timer is late, nobody has run this host for so long. Nothing was
    /// sent that the peer could have answered, so R2 does not count that time.
    fn forgive_sleep(&mut self, now: Instant) {
        let late = self.deadline().map_or(Duration::ZERO, |due| now.since(due));
        if let SendTimer::Retransmit { since, .. } | SendTimer::Persist { since, .. } =
            &mut self.timer
        {
            *since += late;
        }
    }

    /// One octet, or the FIN, from SND.UNA on. The cursor stays at it, so that
    /// it goes again with the rest once the window opens.
    fn probe(&mut self, now: Instant, since: Instant, fin: bool) -> Chunk {
        let interval = match self.timer {
            SendTimer::Persist { interval, .. } => interval * 2,
            SendTimer::Off | SendTimer::Retransmit { .. } => self.rtt.rto() * 2,
        };
        let interval = interval.min(self.rtt.max());
        self.cursor = self.una;
        self.recovery = Recovery::none();
        self.recover = self.nxt;
        let len = self.buffer.len().min(1);
        let chunk = self.chunk(self.una, len as u32, fin && len == self.buffer.len());
        self.nxt = self.nxt.latest(chunk.end());
        self.timed = None;
        self.timer = SendTimer::Persist {
            at: now + interval,
            since,
            interval,
        };
        chunk
    }

    fn small_chunk(&mut self, now: Instant, since: Instant, wait: Duration, fin: bool) -> Chunk {
        let pending = self.data_end().distance(self.cursor).max(0).cast_unsigned();
        let len = pending.min(self.wnd.octets()).min(self.mss);
        let mut chunk = self.chunk(self.cursor, len, fin && len == pending);
        self.mark_new(&mut chunk);
        self.cursor = chunk.end();
        self.nxt = self.nxt.latest(chunk.end());
        self.timer = SendTimer::Retransmit {
            at: now + wait,
            since,
        };
        chunk
    }
}

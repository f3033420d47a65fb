//! What to send next: windows, and the rules against silly ones (RFC 9293
//! sections 3.7.4 and 3.8.6).

use tcpspec_wire::{Instant, SeqNumber};

use super::{Chunk, Sender};
use crate::receive::copy_range;
use crate::timers::SendTimer;

impl Sender {
    /// The next chunk that window, congestion and the rules against silly
    /// windows let go (RFC 9293 section 3.8.6.2.1), marked as sent `now`.
    pub(crate) fn next_chunk(&mut self, now: Instant, fin: bool) -> Option<Chunk> {
        let chunk = if self.cursor == self.iss {
            self.syn_chunk()
        } else {
            self.data_chunk(fin)?
        };
        self.mark_sent(now, chunk.end());
        self.cursor = chunk.end();
        Some(chunk)
    }

    const fn syn_chunk(&self) -> Chunk {
        Chunk {
            seq: self.iss,
            syn: true,
            payload: Vec::new(),
            push: false,
            fin: false,
        }
    }

    fn data_chunk(&self, fin: bool) -> Option<Chunk> {
        if !self.has_unsent(fin) {
            return None;
        }
        let in_flight = self.cursor.distance(self.una).max(0).cast_unsigned();
        let allowed = self.wnd.octets().min(self.congestion.window(self.mss));
        let usable = allowed.saturating_sub(in_flight);
        let pending = self.data_end().distance(self.cursor).max(0).cast_unsigned();
        let len = pending.min(usable).min(self.mss);
        let last = len == pending;
        let with_fin = fin && last && usable > len;
        (with_fin || self.is_worth_sending(len, last)).then(|| self.chunk(len, with_fin))
    }

    /// Whether a segment of `len` octets is no silly one. Repeats always go.
    fn is_worth_sending(&self, len: u32, last: bool) -> bool {
        let idle = self.una == self.nxt;
        len > 0
            && (len == self.mss
                || self.cursor.before(self.nxt)
                || last && (idle || !self.nagle)
                || idle && len >= self.max_wnd.octets() / 2)
    }

    /// `len` octets from the cursor on.
    pub(super) fn chunk(&self, len: u32, fin: bool) -> Chunk {
        let start = self.cursor.distance(self.first()).max(0) as usize;
        let end = start + len as usize;
        Chunk {
            seq: self.cursor,
            syn: false,
            payload: copy_range(&self.buffer, start, end),
            push: len > 0 && end == self.buffer.len(),
            fin,
        }
    }

    fn mark_sent(&mut self, now: Instant, end: SeqNumber) {
        if end.after(self.nxt) {
            // A chunk that is new in part only is not timed (Karn).
            if self.timed.is_none() && self.cursor == self.nxt {
                self.timed = Some((end, now));
            }
            self.nxt = end;
        }
        if self.timer == SendTimer::Off {
            self.start_retransmit(now);
        }
    }
}

//! What to send next: windows, and the rules against silly ones (RFC 9293
//! sections 3.7.4 and 3.8.6).

use tcpspec_wire::{Instant, SeqNumber};

use super::{Chunk, Sender};
use crate::receive::slices;
use crate::timers::SendTimer;

impl Sender {
    /// Whether there is anything that could be sent or repeated.
    pub(crate) fn has_work(&self, fin: bool) -> bool {
        self.has_unsent(fin) || !self.is_open()
    }

    /// The next chunk that window, congestion and the rules against silly
    /// windows let go (RFC 9293 section 3.8.6.2.1), marked as sent `now`.
    /// Segments lose `overhead` octets to options that not all of them have.
    pub(crate) fn next_chunk(&mut self, now: Instant, fin: bool, overhead: u32) -> Option<Chunk> {
        let full = self.mss.saturating_sub(overhead).max(1);
        if self.cursor == self.iss {
            let chunk = self.syn_chunk();
            self.mark_sent(now, chunk.end());
            return Some(chunk);
        }
        if let Some(chunk) = self.repair(fin, full) {
            self.mark_repeated(now, chunk.seq);
            return Some(chunk);
        }
        self.restart_after_idle(now);
        self.cursor = self.scoreboard.hole(self.cursor).0;
        let mut chunk = self.data_chunk(fin, full)?;
        self.mark_new(&mut chunk);
        self.mark_sent(now, chunk.end());
        Some(chunk)
    }

    /// Says of a chunk what only new data may be told apart by (RFC 3168).
    pub(super) fn mark_new(&mut self, chunk: &mut Chunk) {
        chunk.is_new = chunk.seq == self.nxt;
        chunk.cwr = chunk.is_new && self.echoes.take_cwr();
    }

    /// RFC 5681 section 4.1.
    fn restart_after_idle(&mut self, now: Instant) {
        if self.una == self.nxt && now.since(self.sent_at) > self.rtt.rto() {
            self.congestion.restart();
        }
    }

    const fn syn_chunk(&self) -> Chunk {
        Chunk {
            seq: self.iss,
            syn: true,
            len: 0,
            push: false,
            fin: false,
            is_new: false,
            cwr: false,
        }
    }

    fn data_chunk(&self, fin: bool, full: u32) -> Option<Chunk> {
        if !self.has_unsent(fin) || self.echoes.is_held() {
            return None;
        }
        let usable = self.usable();
        let pending = self.data_end().distance(self.cursor).max(0).cast_unsigned();
        let until_held = self.scoreboard.hole(self.cursor).1;
        let room = until_held.map_or(full, |held| {
            full.min(held.distance(self.cursor).cast_unsigned())
        });
        let len = pending.min(usable).min(room);
        let last = len == pending;
        let with_fin = fin && last && usable > len;
        (with_fin || self.is_worth_sending(len, full, last))
            .then(|| self.chunk(self.cursor, len, with_fin))
    }

    /// What the peer and the network both let go from the cursor on.
    fn usable(&self) -> u32 {
        let sent = self.cursor.distance(self.una).max(0).cast_unsigned();
        let by_peer = self.wnd.octets().saturating_sub(sent);
        let by_network = self.congestion_window().saturating_sub(self.in_flight());
        by_peer.min(by_network)
    }

    /// Whether a segment of `len` octets is no silly one. Repeats always go.
    fn is_worth_sending(&self, len: u32, full: u32, last: bool) -> bool {
        let idle = self.una == self.nxt;
        len > 0
            && (len == full
                || self.cursor.before(self.nxt)
                || last && (idle || !self.nagle)
                || idle && len >= self.max_wnd.octets() / 2)
    }

    /// `len` octets from this number on.
    pub(super) fn chunk(&self, seq: SeqNumber, len: u32, fin: bool) -> Chunk {
        Chunk {
            seq,
            syn: false,
            len,
            push: len > 0 && seq + len == self.data_end(),
            fin,
            is_new: false,
            cwr: false,
        }
    }

    /// The text of a chunk, in the two pieces in which the buffer holds it.
    pub(crate) fn text(&self, chunk: &Chunk) -> [&[u8]; 2] {
        let start = chunk.seq.distance(self.first()).max(0) as usize;
        slices(&self.buffer, start..start + chunk.len as usize)
    }

    /// Everything from the cursor up to `end` goes out `now`.
    fn mark_sent(&mut self, now: Instant, end: SeqNumber) {
        if end.after(self.nxt) {
            // A chunk that is new in part only is not timed (Karn).
            if self.timed.is_none() && self.cursor == self.nxt {
                self.timed = Some((end, now));
            }
            self.nxt = end;
        }
        self.cursor = end;
        self.sent_at = now;
        if self.timer == SendTimer::Off {
            self.start_retransmit(now);
        }
    }

    /// A repeat from `seq` on goes out `now`. No ACK tells any more which of
    /// the two it answers (Karn), and the timer must not hurry the oldest.
    fn mark_repeated(&mut self, now: Instant, seq: SeqNumber) {
        self.timed = None;
        self.sent_at = now;
        if seq == self.una {
            self.restart_retransmit(now);
        }
    }
}

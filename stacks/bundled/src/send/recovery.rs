//! How losses show, and how they are repaired: duplicate ACKs, fast retransmit
//! and fast recovery (RFC 5681 section 3.2, RFC 6582), limited transmit (RFC
//! 3042), and where the peer says what it holds, RFC 6675.
//!
//! Two choices. The timer starts again with every ACK that moves SND.UNA, the
//! "slow but steady" variant: so no segment is repeated by the timer within one
//! timeout of its last repeat (RFC 6298 section 5). And fast recovery ends with
//! cwnd at ssthresh, the second option of RFC 6582.

use tcpspec_wire::SeqNumber;

use super::{Acknowledgment, Chunk, Sender};
use crate::limits::DUP_THRESH;

/// Whether a loss is being repaired, and what that takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Recovery {
    /// No loss is known of.
    None {
        /// Duplicate ACKs in a row.
        duplicates: u32,
    },
    /// By cumulative ACKs: each that does not end it shows the next loss.
    Reno {
        /// The segment at SND.UNA is to be repeated.
        repeat: bool,
    },
    /// By what the peer says it holds.
    Sack {
        /// The first segment is to be repeated, however much is in flight.
        repeat: bool,
        /// HighRxt: the number after the last that was repeated.
        high_rxt: SeqNumber,
        /// Whether the last segment was repeated on suspicion.
        rescued: bool,
    },
}

impl Recovery {
    pub(super) const fn none() -> Self {
        Self::None { duplicates: 0 }
    }
}

impl Sender {
    /// Whether an ACK that acknowledges nothing new says that a segment has
    /// left the network. With SACK it says so itself (RFC 6675 section 2).
    pub(super) fn is_duplicate(&self, seg: &Acknowledgment<'_>, news: bool) -> bool {
        if self.sack {
            news
        } else {
            seg.is_bare && self.una != self.nxt && seg.wnd == self.wnd
        }
    }

    pub(super) fn on_duplicate(&mut self) {
        match &mut self.recovery {
            Recovery::None { duplicates } => {
                *duplicates += 1;
                let enough = *duplicates >= DUP_THRESH || self.first_is_lost();
                if enough && self.fast_retransmit && self.is_new_loss() {
                    self.enter_recovery();
                }
            }
            Recovery::Reno { .. } => self.congestion.inflate(),
            Recovery::Sack { .. } => {}
        }
    }

    fn first_is_lost(&self) -> bool {
        let lost = self.scoreboard.lost_before(self.mss);
        lost.is_some_and(|lost| lost.after(self.una))
    }

    /// Whether this is not the tail of the loss before (RFC 6582 section 3.2,
    /// step 2). With SACK nothing already repeated can look lost again.
    fn is_new_loss(&self) -> bool {
        self.una.after(self.recover) || self.sack && self.una == self.recover
    }

    fn enter_recovery(&mut self) {
        // What limited transmit let go beyond cwnd does not count.
        let flight = self.nxt.distance(self.una).cast_unsigned();
        let flight = flight.min(self.congestion.window());
        self.recover = self.nxt;
        self.recovery = if self.sack {
            self.congestion.halve(flight);
            Recovery::Sack {
                repeat: true,
                high_rxt: self.una,
                rescued: false,
            }
        } else {
            self.congestion.enter_fast_recovery(flight);
            Recovery::Reno { repeat: true }
        };
    }

    /// SND.UNA is about to move over so many octets.
    pub(super) fn on_progress(&mut self, seg: &Acknowledgment<'_>, octets: u32) {
        let ack = seg.ack;
        self.scoreboard.advance(ack);
        let complete = ack.at_or_after(self.recover);
        match &mut self.recovery {
            Recovery::None { duplicates } => {
                *duplicates = 0;
                if !seg.ece {
                    self.congestion.on_ack(octets);
                }
            }
            Recovery::Reno { .. } | Recovery::Sack { .. } if complete => {
                self.congestion.leave_recovery();
                self.recovery = Recovery::none();
            }
            Recovery::Reno { repeat } => {
                *repeat = true;
                self.congestion.deflate(octets);
            }
            Recovery::Sack { high_rxt, .. } => *high_rxt = high_rxt.latest(ack),
        }
    }

    /// The timer ran out: what the peer said it holds may not be so any more
    /// (RFC 2018 section 8), and everything is sent again from SND.UNA on, as
    /// fast as ACKs allow.
    pub(super) fn lost_everything(&mut self) {
        if !self.syn_in_flight() {
            let flight = self.nxt.distance(self.una).cast_unsigned();
            self.congestion.on_timeout(flight, self.timed_out);
        }
        self.timed_out = true;
        self.timed = None;
        self.cursor = self.una;
        self.recover = self.nxt;
        self.recovery = Recovery::none();
        self.scoreboard.clear();
    }

    /// cwnd, with what limited transmit adds to it for the first duplicates.
    pub(super) fn congestion_window(&self) -> u32 {
        let extra = match self.recovery {
            // With SACK the segments that duplicates stand for have left
            // `in_flight` already.
            Recovery::None { duplicates } if self.limited_transmit && !self.sack => {
                duplicates.min(DUP_THRESH - 1) * self.mss
            }
            Recovery::None { .. } | Recovery::Reno { .. } | Recovery::Sack { .. } => 0,
        };
        self.congestion.window().saturating_add(extra)
    }

    /// Octets in the network as far as we can tell: `pipe` of RFC 6675. After
    /// a timeout, what was sent before it counts as gone.
    pub(super) fn in_flight(&self) -> u32 {
        if self.cursor.before(self.nxt) {
            return self.scoreboard.missing(self.una, self.cursor);
        }
        if self.scoreboard.is_empty() || !self.limited_transmit && self.is_open() {
            return self.nxt.distance(self.una).cast_unsigned();
        }
        let lost = self.scoreboard.lost_before(self.mss).unwrap_or(self.una);
        let repeated = match self.recovery {
            Recovery::Sack { high_rxt, .. } => high_rxt,
            Recovery::None { .. } | Recovery::Reno { .. } => self.una,
        };
        self.scoreboard.missing(lost, self.nxt) + self.scoreboard.missing(self.una, repeated)
    }

    /// Whether no loss is being repaired.
    pub(super) const fn is_open(&self) -> bool {
        matches!(self.recovery, Recovery::None { .. })
    }

    /// The next chunk to repeat, of at most `full` octets.
    pub(super) fn repair(&mut self, fin: bool, full: u32) -> Option<Chunk> {
        match &mut self.recovery {
            Recovery::None { .. } => None,
            Recovery::Reno { repeat } => {
                let is_due = std::mem::take(repeat);
                is_due.then(|| self.repeat(self.una, fin, full))
            }
            Recovery::Sack { .. } => self.next_lost(fin, full).or_else(|| self.rescue(fin, full)),
        }
    }

    /// By the rules of `NextSeg`: what is lost; else, unless there are new data
    /// to send instead, what may be lost.
    fn next_lost(&mut self, fin: bool, full: u32) -> Option<Chunk> {
        let has_room = self.has_room();
        let edge = if self.has_new(fin) {
            self.scoreboard.lost_before(self.mss)
        } else {
            self.scoreboard.highest()
        };
        let Recovery::Sack {
            repeat, high_rxt, ..
        } = &mut self.recovery
        else {
            return None;
        };
        let is_first = std::mem::take(repeat);
        let next = self.scoreboard.hole(high_rxt.latest(self.una)).0;
        let start = if is_first { self.una } else { next };
        let is_lost = has_room && edge.is_some_and(|edge| next.before(edge));
        if !is_first && !is_lost {
            return None;
        }
        let chunk = self.repeat(start, fin, full);
        self.note_repeated(chunk.end());
        Some(chunk)
    }

    fn note_repeated(&mut self, end: SeqNumber) {
        if let Recovery::Sack { high_rxt, .. } = &mut self.recovery {
            *high_rxt = high_rxt.latest(end);
        }
    }

    /// When nothing else can be sent: once, the end of what was sent, in case
    /// it was lost with all that could have told. HighRxt stays.
    fn rescue(&mut self, fin: bool, full: u32) -> Option<Chunk> {
        let has_room = self.has_room() && !self.has_new(fin);
        let Recovery::Sack {
            high_rxt, rescued, ..
        } = &mut self.recovery
        else {
            return None;
        };
        let next = self.scoreboard.hole(high_rxt.latest(self.una)).0;
        let rest = self.recover.distance(next);
        if *rescued || !has_room || rest <= 0 {
            return None;
        }
        *rescued = true;
        let start = self.recover - full.min(rest.cast_unsigned());
        Some(self.repeat(start, fin, full))
    }

    /// Whether the network has room for one more segment.
    fn has_room(&self) -> bool {
        let with_one_more = self.in_flight().saturating_add(self.mss);
        self.congestion_window() >= with_one_more
    }

    /// Whether there are new data, and the peer's window has room for them.
    fn has_new(&self, fin: bool) -> bool {
        self.has_unsent(fin) && self.wnd_is_open()
    }

    /// Whether the peer's window has room for anything new.
    fn wnd_is_open(&self) -> bool {
        let sent = self.cursor.distance(self.una).max(0).cast_unsigned();
        self.wnd.octets() > sent
    }

    /// What was sent before from `start` on, up to what the peer holds.
    fn repeat(&self, start: SeqNumber, fin: bool, full: u32) -> Chunk {
        let sent = self.nxt.distance(start).max(0).cast_unsigned();
        let held = self.scoreboard.hole(start).1;
        let room = held.map_or(sent, |held| held.distance(start).cast_unsigned());
        let pending = self.data_end().distance(start).max(0).cast_unsigned();
        let len = pending.min(room).min(full);
        self.chunk(start, len, fin && len == pending && sent > len)
    }
}

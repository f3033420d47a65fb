//! A peer that goes on until it has come through, on a link that loses things:
//! what the stack has not acknowledged is sent again, and what the stack repeats
//! is acknowledged again. Beside it, how much of the stack's stream the steps
//! have asked for so far.
//!
//! Left out: whatever else a TCP does. The peer measures no round trips, and has
//! no window of its own for what it sends.

use std::collections::VecDeque;
use std::time::Duration;

use tcpspec_wire::{Flags, Instant, Ranges, Segment, SeqNumber};

use crate::limits;
use crate::tries::Tries;

/// The peer's end of a connection on a faulty link.
#[derive(Debug, Default)]
pub(crate) struct Persistence {
    unacked: VecDeque<Unacked>,
    /// The highest acknowledgment that the peer has sent.
    said: Option<SeqNumber>,
    /// Whether the stack has repeated what was acknowledged.
    owes_ack: bool,
    /// Whether a SYN of the peer has come to the stack.
    has_syn: bool,
    /// The highest acknowledgment that has come to the stack.
    heard: Option<SeqNumber>,
    /// When that last grew, while there was a connection.
    pub(crate) progress: Instant,
    is_over: bool,
    /// Whether the stack had stopped trying by then.
    had_stopped: bool,
    /// Packets of either end that the link has lost since then.
    lost: u32,
    /// What the stack tries, whatever comes of it.
    tries: Tries,
    /// When anything of the peer last came to the stack.
    reached: Instant,
    /// When something of the stack last came to the peer.
    pub(crate) received: Instant,
    /// When that last bore something to acknowledge.
    unanswered: Instant,
    /// What the steps have seen of the stack.
    pub(crate) seen: Seen,
}

/// What the steps have seen of the stack, segment by segment.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    stream: Option<Ranges>,
    /// The number of the stack's FIN.
    pub(crate) fin: Option<SeqNumber>,
    /// The highest acknowledgment.
    pub(crate) acked: Option<SeqNumber>,
    pub(crate) reset: bool,
    /// Up to where steps have asked for the stream.
    pub(crate) asked: Option<SeqNumber>,
}

/// A segment of the peer that the stack has not acknowledged.
#[derive(Clone, Debug)]
pub(crate) struct Unacked {
    pub(crate) segment: Segment,
    pub(crate) packets: Vec<Vec<u8>>,
    /// Whether it has come to the stack, though nothing of that has come back.
    is_there: bool,
    due: Instant,
    wait: Duration,
}

impl Persistence {
    /// The peer has sent this.
    pub(crate) fn sends(&mut self, now: Instant, segment: &Segment, packets: &[Vec<u8>]) {
        if segment.flags.contains(Flags::ACK) {
            self.said = Some(latest(self.said, segment.ack));
        }
        if segment.seq_len() > 0 || segment.flags.contains(Flags::RST) {
            self.unacked.push_back(Unacked {
                segment: segment.clone(),
                packets: packets.to_vec(),
                is_there: false,
                due: now + limits::PEER_RTO,
                wait: limits::PEER_RTO,
            });
        }
    }

    /// A segment of the peer has come to the stack.
    pub(crate) fn reaches(&mut self, now: Instant, segment: &Segment) {
        if segment.flags.contains(Flags::RST) {
            // Nothing acknowledges a RST; that it has come is enough.
            self.unacked.clear();
        }
        if !self.is_over {
            self.reached = now;
        }
        for one in &mut self.unacked {
            one.is_there |= one.segment.seq == segment.seq && one.segment.end() == segment.end();
        }
        // Before the peer's SYN has come, an ACK tells the stack nothing.
        self.has_syn |= segment.flags.contains(Flags::SYN);
        let is_new = self.heard.is_none_or(|heard| segment.ack.after(heard));
        let is_ack = segment.flags.contains(Flags::ACK) && self.has_syn;
        if is_ack && is_new && !self.is_over {
            self.heard = Some(segment.ack);
            self.progress = now;
            self.lost = 0;
        }
    }

    /// The stack has sent a segment. A RST is no try, unless it answers for a
    /// connection that is over.
    pub(crate) fn tries(&mut self, at: Instant, segment: &Segment) {
        if self.is_over || !segment.flags.contains(Flags::RST) {
            self.tries.sends(at, segment.seq);
        }
    }

    /// Why it is the link that keeps something back, if it is.
    pub(crate) fn excuse(&self, now: Instant) -> Option<String> {
        if self.is_under_way() {
            return Some("the link has let nothing of the peer's through".to_owned());
        }
        let lost = self.tries.in_vain(now)?;
        Some(format!(
            "the stack goes on, but the link has taken the last {lost} packets"
        ))
    }

    /// A segment of the stack has come to the peer.
    /// `next` is up to where its stream had come before.
    pub(crate) fn receives(&mut self, at: Instant, segment: &Segment, next: Option<SeqNumber>) {
        self.received = at;
        self.tries.come_through();
        if segment.seq_len() > 0 {
            self.unanswered = at;
        }
        if segment.flags.contains(Flags::ACK) {
            self.unacked
                .retain(|one| one.segment.end().after(segment.ack));
        }
        if segment.flags.contains(Flags::RST) {
            self.unacked.clear();
        }
        let is_within = |end: &SeqNumber| segment.end().at_or_before(*end);
        let is_old = self.said.as_ref().is_some_and(is_within);
        self.owes_ack |= segment.seq_len() > 0 && is_old;
        // Text is acknowledged when it is repeated, though no step has done so yet:
        // else the stack would never come to what was lost behind it.
        let has_fin = segment.flags.contains(Flags::FIN);
        if !segment.payload.is_empty() && !has_fin && next.as_ref().is_some_and(is_within) {
            self.said = Some(latest(self.said, segment.end()));
            self.owes_ack = true;
        }
    }

    /// The link has lost a packet of this connection, or damaged it: one of the stack,
    /// or an ACK of the peer. What else the peer sends it sends until it is there.
    pub(crate) const fn loses(&mut self, is_repeated_by_peer: bool) {
        self.lost += 1;
        if !is_repeated_by_peer {
            self.tries.loses();
        }
    }

    /// Nothing is to be done any more: the connection is over.
    pub(crate) fn end(&mut self, now: Instant) {
        self.unacked.clear();
        self.had_stopped = self.had_stopped(now);
        self.is_over = true;
    }

    /// Whether the stack has stopped trying, or had when the connection ended.
    pub(crate) fn had_stopped(&self, now: Instant) -> bool {
        match self.is_over {
            true => self.had_stopped,
            false => self.tries.has_stopped(now),
        }
    }

    /// Whether the connection has come to its end, whatever came after it.
    pub(crate) const fn was_over(&self) -> bool {
        self.is_over
    }

    /// When the peer sends something again, if nothing comes.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.unacked.iter().map(|one| one.due).min()
    }

    /// What is to be sent again now. The next time it takes twice as long.
    pub(crate) fn due(&mut self, now: Instant) -> Option<Unacked> {
        let one = self.unacked.iter_mut().find(|one| one.due <= now)?;
        one.wait = (one.wait * 2).min(limits::PEER_RTO_MAX);
        one.due = now + one.wait;
        Some(one.clone())
    }

    /// The acknowledgment that is to be sent again now.
    pub(crate) fn debt(&mut self) -> Option<SeqNumber> {
        let owes = std::mem::take(&mut self.owes_ack);
        self.said.filter(|_| owes)
    }

    /// Whether something that the peer has sent has not come to the stack yet.
    pub(crate) fn is_under_way(&self) -> bool {
        self.unacked.iter().any(|one| !one.is_there)
    }

    pub(crate) fn is_waiting(&self) -> bool {
        !self.unacked.is_empty()
    }

    /// Since when the stack has tried in vain for the link's sake. It is not the
    /// link that keeps an acknowledgment back which the peer has not given: of its
    /// stream, up to `next`, the peer may lack what comes behind that, or the stack
    /// what the peer would answer to.
    pub(crate) fn in_vain_since(&self, next: Option<SeqNumber>) -> Instant {
        match self.said == next || self.lost >= MANY {
            true => self.progress,
            false => self.progress.max(self.unanswered.min(self.reached)),
        }
    }

    /// Whether the stack has heard an acknowledgment at all.
    pub(crate) const fn was_heard(&self) -> bool {
        self.heard.is_some()
    }
}

impl Seen {
    /// A step looks at a segment of the stack.
    pub(crate) fn add(&mut self, segment: &Segment) {
        let flags = segment.flags;
        self.reset |= flags.contains(Flags::RST);
        if flags.contains(Flags::ACK) {
            self.acked = Some(latest(self.acked, segment.ack));
        }
        if flags.contains(Flags::RST) || segment.seq_len() == 0 {
            return;
        }
        if flags.contains(Flags::SYN) && self.stream.is_none() {
            self.stream = Some(Ranges::new(segment.seq));
            self.asked = Some(segment.seq);
        }
        if let Some(stream) = &mut self.stream {
            stream.add(segment.seq, segment.end());
        }
        if flags.contains(Flags::FIN) {
            self.fin = Some(segment.end() - 1);
        }
    }

    /// Up to where the stack's stream has come without a gap.
    pub(crate) fn next(&self) -> Option<SeqNumber> {
        self.stream.as_ref().map(|stream| stream.next)
    }

    /// A step has asked for the stream up to here.
    pub(crate) fn ask(&mut self, end: Option<SeqNumber>) {
        self.asked = match (self.asked, end) {
            (Some(asked), Some(end)) => Some(asked.latest(end)),
            (asked, end) => asked.or(end),
        };
    }

    /// How much has come that no step asked for.
    pub(crate) fn surplus(&self) -> u32 {
        match (self.next(), self.asked) {
            (Some(next), Some(asked)) => u32::try_from(next.distance(asked)).unwrap_or(0),
            _ => 0,
        }
    }
}

/// So many losses without any progress between are reason enough to give up.
const MANY: u32 = 5;

fn latest(old: Option<SeqNumber>, new: SeqNumber) -> SeqNumber {
    old.map_or(new, |old| old.latest(new))
}

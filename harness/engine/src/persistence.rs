//! A peer that goes on until it has come through, on a link that loses things:
//! what the stack has not acknowledged is sent again, and what the stack repeats
//! is acknowledged again, as is text that comes once something was lost. Beside it,
//! how much of the stack's stream the steps have asked for so far.
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
    /// Whether something has come that is to be acknowledged beside the steps.
    owes_ack: bool,
    /// Whether the link has lost anything so far.
    has_lost: bool,
    /// The number of the stack's FIN, if that has come.
    fin: Option<SeqNumber>,
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
    /// Whether that was after the last that came of the stack.
    has_answer: bool,
    /// Round trips since the last one that brought either end any further.
    rounds: u32,
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
        self.has_answer = true;
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
            self.rounds = 0;
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
        if self.rounds >= MANY {
            // Both ends hear one another, and that changes nothing.
            return None;
        }
        if self.is_under_way() {
            return Some("the link has let nothing of the peer's through".to_owned());
        }
        let lost = self.tries.in_vain(now)?;
        Some(format!(
            "the stack goes on, but the link has taken the last {lost} packets"
        ))
    }

    /// A segment of the stack has come to the peer. Its stream had come up to
    /// `before`, and has now come up to `next`.
    pub(crate) fn receives(
        &mut self,
        at: Instant,
        segment: &Segment,
        [before, next]: [Option<SeqNumber>; 2],
    ) {
        self.received = at;
        self.tries.come_through();
        if segment.seq_len() > 0 {
            self.unanswered = at;
        }
        let waited = self.unacked.len();
        if segment.flags.contains(Flags::ACK) {
            self.unacked
                .retain(|one| one.segment.end().after(segment.ack));
        }
        if self.unacked.len() < waited || before != next {
            self.rounds = 0;
        } else {
            self.rounds += u32::from(std::mem::take(&mut self.has_answer));
        }
        if segment.flags.contains(Flags::RST) {
            self.unacked.clear();
        }
        self.answers(at, segment, [before, next]);
    }

    /// What of the peer a segment of the stack calls for beside the steps.
    fn answers(&mut self, at: Instant, segment: &Segment, [before, next]: [Option<SeqNumber>; 2]) {
        let is_within = |end: &SeqNumber| segment.end().at_or_before(*end);
        let is_old = self.said.as_ref().is_some_and(is_within);
        let is_syn = |segment: &Segment| segment.flags.contains(Flags::SYN);
        let answer = self.unacked.front_mut().filter(|one| is_syn(&one.segment));
        match answer.filter(|_| is_old && is_syn(segment)) {
            // Who calls again has not heard the answer: an ACK alone would be none.
            Some(answer) => answer.due = answer.due.min(at),
            None => self.owes_ack |= segment.seq_len() > 0 && is_old,
        }
        let is_repeat = before.as_ref().is_some_and(is_within);
        if segment.flags.contains(Flags::FIN) {
            self.fin = Some(segment.end() - 1);
        } else if !segment.payload.is_empty()
            && (is_repeat || self.has_lost)
            && let Some(next) = next
        {
            self.acknowledges_text(next);
        }
    }

    /// Once something was lost, text is acknowledged when it comes, though no step has
    /// done so yet: else the stack would go on by its timer alone, and never come to
    /// what was lost behind what it repeats. That the FIN has come is for steps to say.
    fn acknowledges_text(&mut self, next: SeqNumber) {
        let before_fin = |fin: SeqNumber| if next.after(fin) { fin } else { next };
        let end = self.fin.map_or(next, before_fin);
        self.said = Some(latest(self.said, end));
        self.owes_ack = true;
    }

    /// The link has lost a packet of this connection, or damaged it: one of the stack,
    /// or an ACK of the peer. What else the peer sends it sends until it is there.
    pub(crate) const fn loses(&mut self, is_repeated_by_peer: bool) {
        self.lost += 1;
        self.has_lost = true;
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

    /// The acknowledgment that is to be sent beside the steps now.
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

/// So many losses without any progress between are reason enough to give up, and so
/// many round trips without any are not the link's fault.
const MANY: u32 = 5;

fn latest(old: Option<SeqNumber>, new: SeqNumber) -> SeqNumber {
    old.map_or(new, |old| old.latest(new))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    /// The stack's text from 1 to 10 has come, then this, with the stream up to
    /// `next` now.
    #[rstest]
    #[case::on_a_good_link(false, (11, 20), 21, false, None)]
    #[case::repeat_on_a_good_link(false, (1, 10), 11, false, Some(11))]
    #[case::after_a_loss(true, (11, 20), 21, false, Some(21))]
    #[case::behind_a_gap(true, (21, 30), 11, false, Some(11))]
    #[case::into_a_gap(true, (11, 20), 31, false, Some(31))]
    #[case::old_and_new(true, (1, 20), 21, false, Some(21))]
    #[case::with_a_fin(true, (11, 20), 22, true, None)]
    fn text_is_acknowledged_beside_the_steps_once_something_was_lost(
        #[case] lost: bool,
        #[case] (first, last): (u32, u32),
        #[case] next: u32,
        #[case] fin: bool,
        #[case] expected: Option<u32>,
    ) {
        let mut persistence = Persistence::default();
        if lost {
            persistence.loses(false);
        }
        let flags = if fin {
            Flags::ACK | Flags::FIN
        } else {
            Flags::ACK
        };
        let segment = Segment {
            seq: SeqNumber::new(first),
            flags,
            payload: vec![0; (last - first + 1) as usize],
            ..Segment::default()
        };
        let up_to = [11, next].map(|end| Some(SeqNumber::new(end)));
        persistence.receives(Instant::ZERO, &segment, up_to);
        assert_eq!(persistence.debt(), expected.map(SeqNumber::new));
        assert_eq!(persistence.debt(), None, "once");
    }

    #[test]
    fn round_trips_that_change_nothing_are_not_the_link_s_fault() {
        let mut persistence = Persistence::default();
        let segment = Segment {
            flags: Flags::ACK,
            ..Segment::default()
        };
        let now = Instant::ZERO;
        let next = [Some(SeqNumber::new(1)); 2];
        for round in 0..MANY {
            persistence.tries(now, &segment);
            persistence.loses(false);
            assert!(persistence.excuse(now).is_some(), "after {round}");
            persistence.reaches(now, &segment);
            persistence.receives(now, &segment, next);
        }
        persistence.tries(now, &segment);
        persistence.loses(false);
        assert_eq!(persistence.excuse(now), None);
        persistence.receives(now, &segment, [next[0], Some(SeqNumber::new(2))]);
        persistence.loses(false);
        assert!(persistence.excuse(now).is_some(), "its stream went on");
    }

    #[test]
    fn who_calls_again_is_sent_the_answer_again() {
        let (mut persistence, at) = (Persistence::default(), Duration::from_millis(500));
        let syn = |flags| Segment {
            flags,
            ack: SeqNumber::new(1),
            ..Segment::default()
        };
        let answer = syn(Flags::SYN | Flags::ACK);
        persistence.sends(Instant::ZERO, &answer, &[vec![1]]);
        assert_eq!(persistence.next(), Some(Instant::ZERO + limits::PEER_RTO));
        let call = Segment {
            ack: SeqNumber::new(0),
            ..syn(Flags::SYN)
        };
        let next = [Some(SeqNumber::new(1)); 2];
        persistence.receives(Instant::ZERO + at, &call, next);
        assert_eq!(persistence.next(), Some(Instant::ZERO + at));
        assert_eq!(persistence.debt(), None, "an ACK alone is no answer");
    }

    #[test]
    fn that_a_fin_has_come_is_for_steps_to_say() {
        let mut persistence = Persistence::default();
        persistence.loses(false);
        let number = |number| Some(SeqNumber::new(number));
        let fin = Segment {
            seq: SeqNumber::new(21),
            flags: Flags::ACK | Flags::FIN,
            ..Segment::default()
        };
        persistence.receives(Instant::ZERO, &fin, [number(11), number(11)]);
        let text = Segment {
            seq: SeqNumber::new(11),
            flags: Flags::ACK,
            payload: vec![0; 10],
            ..Segment::default()
        };
        persistence.receives(Instant::ZERO, &text, [number(11), number(22)]);
        assert_eq!(persistence.debt(), number(21));
    }
}

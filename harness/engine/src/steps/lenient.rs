//! Steps on a faulty link: what they ask for counts in the end, however and
//! whenever it comes.
//!
//! A segment stands for what it brings: so much of the stack's stream, its SYN, its
//! FIN, an acknowledgment, a RST. Bounds in time are lifted, and so is whatever a
//! pattern says of windows, options and the IP header.

use tcpspec_casefile::{Alternative, Expr, Match, SegmentPattern, Step};
use tcpspec_connector::Stop;
use tcpspec_record::trace::Taken;
use tcpspec_record::{Side, StepResult};
use tcpspec_wire::{Flags, SeqNumber};

use super::leftover::tolerance;
use super::{words, worse};
use crate::book::Kind;
use crate::halt::{Broken, Halt, delta};
use crate::matcher;
use crate::play::Play;
use crate::talk::Arrival;

/// What segments of a pattern bring, once all of it has come.
#[derive(Clone, Copy, Debug, Default)]
struct Goal {
    /// The end of the stream.
    end: Option<SeqNumber>,
    /// The FIN at its end.
    fin: bool,
    /// The acknowledgment.
    ack: Option<SeqNumber>,
    reset: bool,
}

impl Play {
    /// Waits until what one of the alternatives brings has come.
    pub(crate) async fn lenient_sut(
        &mut self,
        step: &Step,
        alternatives: &[Alternative],
    ) -> Result<StepResult, Halt> {
        let mut patience = self.patience();
        let mut segments = alternatives.iter().flat_map(|way| &way.segments);
        // Nobody else answers for a connection that is gone.
        let of_nobody = segments.any(|segment| segment.flags.contains(Flags::RST));
        let mut taken = 0;
        loop {
            loop {
                if let Some((met, goal)) = self.fulfilled(alternatives, taken)? {
                    self.talk.persistence.seen.ask(goal.end);
                    return self.conclude_leniently(step, met).await;
                }
                let Some(arrival) = self.talk.inbox.pop_front() else {
                    break;
                };
                taken += usize::from(self.look_at(step, alternatives, &arrival)?);
            }
            if !of_nobody {
                self.check_given_up()?;
            }
            if self.is_out_of(&mut patience)? {
                return Err(self.in_vain(alternatives).into());
            }
            self.pass(patience.until, Stop::FirstChange, step).await?;
        }
    }

    async fn conclude_leniently(
        &mut self,
        step: &Step,
        met: &Alternative,
    ) -> Result<StepResult, Halt> {
        let result = self.met(step, met);
        match &met.state {
            Some(states) => Ok(worse(result, self.lenient_state(step, states).await?)),
            None => Ok(result),
        }
    }

    /// Takes note of a segment; whether it has brought some of what the step asks
    /// for.
    fn look_at(
        &mut self,
        step: &Step,
        alternatives: &[Alternative],
        arrival: &Arrival,
    ) -> Result<bool, Halt> {
        let before = self.progress(alternatives)?;
        self.take_note(arrival)?;
        let is_progress = self.progress(alternatives)? > before;
        if is_progress {
            self.take_arrival(step, arrival);
        } else {
            self.let_pass(arrival);
        }
        Ok(is_progress)
    }

    /// What nobody will ask for is passed over; what is new and has come early is
    /// looked at by the step that asks for it.
    pub(crate) fn let_repeats_pass(&mut self) -> Result<(), Halt> {
        let is_repeat = |arrival: &mut Arrival| arrival.due.kind != Kind::New;
        while let Some(arrival) = self.talk.inbox.pop_front_if(is_repeat) {
            self.take_note(&arrival)?;
            self.let_pass(&arrival);
        }
        Ok(())
    }

    fn let_pass(&mut self, arrival: &Arrival) {
        let remark = tolerance(arrival.due.kind);
        let remark = remark.unwrap_or("not yet all that is awaited");
        self.recorder
            .mark(arrival.packet, Taken::Tolerated, Some(remark));
    }

    /// Adds a segment to what was seen. It must not acknowledge what was never
    /// sent.
    fn take_note(&mut self, arrival: &Arrival) -> Result<(), Halt> {
        let segment = &arrival.segment;
        let sent = self.talk.book.peer_next();
        if segment.flags.contains(Flags::ACK)
            && !segment.flags.contains(Flags::RST)
            && segment.ack.after(sent)
        {
            let expected = "an acknowledgment of what the peer has sent, at most";
            return Err(self.unexpected(arrival, expected).into());
        }
        self.talk.persistence.seen.add(segment);
        Ok(())
    }

    /// The alternative of which everything has come; of several the one that has
    /// as many segments as were taken.
    fn fulfilled<'a>(
        &self,
        alternatives: &'a [Alternative],
        taken: usize,
    ) -> Result<Option<(&'a Alternative, Goal)>, Halt> {
        let mut met = Vec::new();
        for alternative in alternatives {
            if alternative.segments.is_empty() {
                continue;
            }
            if let Some(goal) = self.goal(&alternative.segments)?
                && self.has_come(goal)
            {
                met.push((alternative, goal));
            }
        }
        let distance = |way: &Alternative| way.segments.len().abs_diff(taken);
        Ok(met.into_iter().min_by_key(|(way, _)| distance(way)))
    }

    /// How many segments of one of the alternatives have come, at most.
    fn progress(&self, alternatives: &[Alternative]) -> Result<usize, Halt> {
        let mut most = 0;
        for alternative in alternatives {
            for count in most + 1..=alternative.segments.len() {
                let goal = self.goal(&alternative.segments[..count])?;
                if !goal.is_some_and(|goal| self.has_come(goal)) {
                    break;
                }
                most = count;
            }
        }
        Ok(most)
    }

    fn has_come(&self, goal: Goal) -> bool {
        let seen = &self.talk.persistence.seen;
        let stream = goal
            .end
            .is_none_or(|end| seen.next().is_some_and(|next| next.at_or_after(end)));
        let fin = !goal.fin || seen.fin.is_some_and(|fin| goal.end == Some(fin + 1));
        let ack = goal
            .ack
            .is_none_or(|ack| seen.acked.is_some_and(|acked| acked.at_or_after(ack)));
        stream && fin && ack && (!goal.reset || seen.reset)
    }

    /// What these segments bring together; `None` before the stack's SYN has told
    /// where its numbers begin.
    fn goal(&self, segments: &[SegmentPattern]) -> Result<Option<Goal>, Halt> {
        let mut goal = Goal::default();
        let mut at = self.talk.persistence.seen.asked;
        for pattern in segments {
            let flags = pattern.flags;
            if flags.contains(Flags::RST) {
                goal.reset = true;
                continue;
            }
            let Some(start) = self.start(pattern, at)? else {
                return Ok(None);
            };
            let bits = [Flags::SYN, Flags::FIN];
            let bits = bits.iter().filter(|bit| flags.contains(**bit)).count() as u32;
            let end = start + (self.octets(pattern)? + bits);
            goal.end = Some(goal.end.map_or(end, |old| old.latest(end)));
            goal.fin |= flags.contains(Flags::FIN);
            at = goal.end;
            if flags.contains(Flags::ACK) {
                goal.ack = self.acknowledgment(pattern)?.or(goal.ack);
            }
        }
        Ok(Some(goal))
    }

    /// Where a pattern's stream begins: where it says, or where the steps before
    /// it have come to.
    fn start(
        &self,
        pattern: &SegmentPattern,
        asked: Option<SeqNumber>,
    ) -> Result<Option<SeqNumber>, Halt> {
        let iss = self.talk.book.sut.as_ref().map(|sut| sut.iss);
        if pattern.flags.contains(Flags::SYN) || iss.is_none() {
            return Ok(iss);
        }
        match &pattern.seq {
            Some(Match::Value(seq)) => self.scope().seq(seq, Side::Sut).map(Some),
            Some(_) | None => Ok(asked),
        }
    }

    fn octets(&self, pattern: &SegmentPattern) -> Result<u32, Halt> {
        let count = |len: &Expr| self.scope().count(len);
        let len = match (&pattern.data, &pattern.len) {
            (Some(data), _) => data.len() as i64,
            (None, Some(Match::Value(len) | Match::Range(len, _))) => count(len)?,
            (None, _) => 0,
        };
        Ok(u32::try_from(len).unwrap_or(0))
    }

    fn acknowledgment(&self, pattern: &SegmentPattern) -> Result<Option<SeqNumber>, Halt> {
        match &pattern.ack {
            Some(Match::Value(ack) | Match::Range(ack, _)) => {
                self.scope().seq(ack, Side::Peer).map(Some)
            }
            Some(Match::Any | Match::Not(_)) => Ok(None),
            None => Ok(Some(self.talk.book.peer_next())),
        }
    }

    fn in_vain(&self, alternatives: &[Alternative]) -> Broken {
        let segments = alternatives.iter().flat_map(|way| &way.segments);
        let all: Vec<String> = segments
            .map(|pattern| matcher::describe(pattern, &self.scope()))
            .collect();
        let (list, span) = (all.join(" or "), words(self.patience_span()));
        Broken {
            sentence: format!(
                "After {} it has not come to {list} within {span}, whatever was lost.",
                self.stimulus
            ),
            expected: all,
            when: format!("within {span}"),
            delta: vec![delta("segment", list, "not all of it")],
            ..Broken::default()
        }
    }

    /// Refuses what has come of the stack's stream and no step asked for.
    pub(crate) fn refuse_surplus(&mut self) -> Result<(), Halt> {
        while let Some(arrival) = self.talk.inbox.pop_front() {
            self.take_note(&arrival)?;
            if self.talk.persistence.seen.surplus() > 0 {
                let expected = "nothing after the last step";
                return Err(self.unexpected(&arrival, expected).into());
            }
            self.let_pass(&arrival);
        }
        Ok(())
    }
}

//! The wait for what a `sut:` step allows.

use std::time::Duration;

use tcpspec_casefile::{Action, Alternative, Bounds, SegmentPattern, Step};
use tcpspec_connector::Stop;
use tcpspec_record::trace::Taken;
use tcpspec_record::{Event, FieldDelta, Side, StepResult, Tried};
use tcpspec_wire::{Flags, Instant};

use crate::eval::{Labelled, Numbers};
use crate::halt::{Broken, Halt, delta};
use crate::limits;
use crate::matcher;
use crate::play::Play;
use crate::steps::{short, words, worse};
use crate::talk::Arrival;

/// When something has to come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    pub(crate) lo: Instant,
    pub(crate) hi: Instant,
    /// The bounds in words, tolerance included.
    pub(crate) words: String,
}

/// The alternatives that what came so far leaves open.
struct Open<'a> {
    alternatives: Vec<&'a Alternative>,
    /// Segments taken.
    taken: usize,
    /// When the last of them came.
    last: Instant,
}

impl<'a> Open<'a> {
    /// The alternative that is met as things stand, if nothing more comes.
    fn complete(&self) -> Option<&'a Alternative> {
        let done = |open: &&&Alternative| open.segments.len() == self.taken && open.quiet.is_none();
        self.alternatives.iter().find(done).copied()
    }
}

impl Play {
    /// Waits until one of the alternatives is met, or none can be any more.
    pub(crate) async fn sut(
        &mut self,
        step: &Step,
        alternatives: &[Alternative],
    ) -> Result<StepResult, Halt> {
        let window = self.window(step.bounds.as_ref(), limits::REPLY)?;
        let mut open = Open {
            alternatives: alternatives.iter().collect(),
            taken: 0,
            last: self.began,
        };
        loop {
            while let Some(arrival) = self.talk.inbox.pop_front() {
                let silence = self.silence(&open)?;
                if let Some(met) = self.met_by(&silence, |until| until < arrival.at) {
                    self.talk.inbox.push_front(arrival);
                    return self.conclude(step, met);
                }
                if open.complete().is_some() && !self.continues(&open, &arrival)? {
                    self.talk.inbox.push_front(arrival);
                    break;
                }
                self.offer(step, &mut open, &window, arrival)?;
            }
            if let Some(met) = open.complete() {
                return self.conclude(step, met);
            }
            let silence = self.silence(&open)?;
            if let Some(met) = self.met_by(&silence, |until| self.now >= until) {
                return self.conclude(step, met);
            }
            let until = silence.iter().map(|(_, until)| *until).min();
            let deadline = match until {
                // Only silence is left to wait for, once the window is over.
                Some(until) if self.now >= window.hi => until,
                Some(until) => until.min(window.hi),
                None if self.now >= window.hi => return Err(self.missing(&open, &window).into()),
                None => window.hi,
            };
            self.pass(deadline, Stop::FirstPacket, step).await?;
        }
    }

    /// The window that bounds stand for; without bounds, from the start of
    /// the step until `default` later. Its upper end is moved by the lateness
    /// that the stack declares.
    pub(crate) fn window(
        &self,
        bounds: Option<&Bounds>,
        default: Duration,
    ) -> Result<Window, Halt> {
        let scope = self.scope();
        let start = self.began;
        let (lo, (hi, from)) = match bounds {
            None => (start, (start + default, start)),
            // What answers at once may have come before the step began.
            Some(Bounds::Within(None, hi)) => (Instant::ZERO, scope.moment(hi, start)?),
            Some(Bounds::Within(Some(lo), hi)) => {
                (scope.moment(lo, start)?.0, scope.moment(hi, start)?)
            }
            Some(Bounds::At(at)) => {
                let (at, from) = scope.moment(at, start)?;
                (at, (at, from))
            }
        };
        let profile = &self.plan.hello.profile;
        let late = profile.lateness.of(hi.since(from)) + profile.clock_error;
        let mut text = match bounds {
            None | Some(Bounds::Within(None, _)) => format!("within {}", words(hi.since(start))),
            Some(Bounds::Within(..)) => format!("between {lo} and {hi}"),
            Some(Bounds::At(_)) => format!("at {hi}"),
        };
        if !late.is_zero() {
            text.push_str(&format!(" (+{} lateness)", words(late)));
        }
        let lo = if bounds.is_some() {
            lo - profile.clock_error
        } else {
            Instant::ZERO
        };
        Ok(Window {
            lo,
            hi: hi + late,
            words: text,
        })
    }

    /// Whether an alternative that is still open goes on with this segment.
    fn continues(&self, open: &Open<'_>, arrival: &Arrival) -> Result<bool, Halt> {
        for alternative in &open.alternatives {
            if let Some(next) = alternative.segments.get(open.taken)
                && matcher::compare(next, arrival, &self.scope())?.is_empty()
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Takes one segment: it narrows the alternatives, or it is tolerated, or
    /// it breaks the step.
    fn offer(
        &mut self,
        step: &Step,
        open: &mut Open<'_>,
        window: &Window,
        arrival: Arrival,
    ) -> Result<(), Halt> {
        let mut left = Vec::new();
        let mut missed = Vec::new();
        for alternative in &open.alternatives {
            let Some(next) = alternative.segments.get(open.taken) else {
                continue;
            };
            let deltas = matcher::compare(next, &arrival, &self.scope())?;
            if deltas.is_empty() {
                left.push(*alternative);
            } else {
                missed.push((next, deltas));
            }
        }
        if left.is_empty() {
            let strict = self.plan.variant.strict;
            if self.tolerate(&arrival, strict) {
                return Ok(());
            }
            if !strict && self.is_merged_ack(step, open, &arrival)? {
                open.taken += 1;
                self.talk.inbox.push_front(arrival);
                return Ok(());
            }
            return Err(self.mismatch(open, window, &arrival, missed).into());
        }
        if arrival.at < window.lo || arrival.at > window.hi {
            return Err(self.untimely(window, &arrival).into());
        }
        open.alternatives = left;
        open.taken += 1;
        open.last = arrival.at;
        self.take_arrival(step, &arrival);
        Ok(())
    }

    /// Two expected ACKs may come as one: this step wants a pure ACK, and the
    /// segment is what the next step wants.
    fn is_merged_ack(&self, step: &Step, open: &Open<'_>, arrival: &Arrival) -> Result<bool, Halt> {
        let [alternative] = open.alternatives.as_slice() else {
            return Ok(false);
        };
        let [awaited] = alternative.segments.as_slice() else {
            return Ok(false);
        };
        let pure_ack =
            awaited.flags == Flags::ACK && awaited.len.is_none() && awaited.data.is_none();
        let steps = &self.plan.variant.steps;
        let Some(Action::Sut(next)) = steps.get(self.recorder.step).map(|step| &step.action) else {
            return Ok(false);
        };
        if open.taken > 0 || !pure_ack || step.label.is_some() || step.state.is_some() {
            return Ok(false);
        }
        for pattern in next
            .iter()
            .filter_map(|alternative| alternative.segments.first())
        {
            let deltas = matcher::compare(pattern, arrival, &self.scope())?;
            if pattern.flags.contains(Flags::ACK) && deltas.is_empty() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Alternatives that are met by silence, each with its end.
    fn silence<'a>(&self, open: &Open<'a>) -> Result<Vec<(&'a Alternative, Instant)>, Halt> {
        let mut silence = Vec::new();
        for alternative in &open.alternatives {
            if let Some(quiet) = &alternative.quiet
                && alternative.segments.len() == open.taken
            {
                silence.push((*alternative, open.last + self.scope().span(quiet)?));
            }
        }
        Ok(silence)
    }

    /// The alternative that a silence meets which is over. Of several it is the
    /// one that says the state there is.
    fn met_by<'a>(
        &self,
        silence: &[(&'a Alternative, Instant)],
        is_over: impl Fn(Instant) -> bool,
    ) -> Option<&'a Alternative> {
        let over = silence.iter().filter(|(_, until)| is_over(*until));
        let over: Vec<&Alternative> = over.map(|(way, _)| *way).collect();
        let state = self.state();
        let fits = |way: &&&Alternative| {
            let said = way.state.as_ref().and_then(|states| states.last());
            said.is_none_or(|said| *said == state)
        };
        let fitting = over.iter().find(fits);
        fitting.or_else(|| over.first()).copied()
    }

    /// The step has come to what it asks for, by this segment or with it.
    pub(crate) fn take_arrival(&mut self, step: &Step, arrival: &Arrival) {
        self.recorder
            .mark(arrival.packet, Taken::Matched, step.note.as_deref());
        let labelled = Labelled {
            side: Side::Sut,
            port: self.talk.peer_port,
            numbers: Numbers::from(&arrival.segment),
            packet: arrival.packet,
        };
        self.set_label(step, labelled, arrival.at);
    }

    /// What the step is by the alternative that was met, whatever the state.
    pub(crate) fn met(&mut self, step: &Step, met: &Alternative) -> StepResult {
        self.seen(met.tag.as_deref(), met.deviates);
        match met.deviates && !step.prelude {
            true => StepResult::Deviates,
            false => StepResult::Met,
        }
    }

    fn conclude(&mut self, step: &Step, met: &Alternative) -> Result<StepResult, Halt> {
        let result = self.met(step, met);
        match &met.state {
            Some(states) => Ok(worse(result, self.check_state(states)?)),
            None => Ok(result),
        }
    }

    /// What the alternatives still allow, one text for each.
    fn allowed(&self, open: &Open<'_>) -> Vec<String> {
        let mut texts = Vec::new();
        for alternative in &open.alternatives {
            let text = match (alternative.segments.get(open.taken), &alternative.quiet) {
                (Some(next), _) => matcher::describe(next, &self.scope()),
                (None, Some(_)) => "nothing".to_owned(),
                (None, None) => continue,
            };
            if !texts.contains(&text) {
                texts.push(text);
            }
        }
        texts
    }

    fn expect_lines(&mut self, texts: &[String], when: &str) {
        for text in texts {
            let event = Event::Expected {
                text: text.clone(),
                when: when.to_owned(),
            };
            self.recorder.event(self.now, event);
        }
    }

    fn mismatch(
        &mut self,
        open: &Open<'_>,
        window: &Window,
        arrival: &Arrival,
        missed: Vec<(&SegmentPattern, Vec<FieldDelta>)>,
    ) -> Broken {
        let expected = self.allowed(open);
        let tried = if expected.len() > 1 {
            self.tried(&missed)
        } else {
            Vec::new()
        };
        let nearest = missed.into_iter().min_by_key(|(_, deltas)| deltas.len());
        self.expect_lines(&expected, &window.words);
        self.recorder.mark(arrival.packet, Taken::Refused, None);
        let got = short(&arrival.text).to_owned();
        Broken {
            sentence: format!(
                "The stack answered {} with {got}; only {} is allowed.",
                self.stimulus,
                expected.join(" or ")
            ),
            expected,
            when: window.words.clone(),
            got,
            delta: nearest.map_or_else(Vec::new, |(_, deltas)| deltas),
            tried,
            waited: true,
            ..Broken::default()
        }
    }

    /// The alternatives that a segment does not match, each told once.
    fn tried(&self, missed: &[(&SegmentPattern, Vec<FieldDelta>)]) -> Vec<Tried> {
        let mut tried: Vec<Tried> = Vec::new();
        for (pattern, deltas) in missed {
            let each = Tried {
                expected: matcher::describe(pattern, &self.scope()),
                delta: deltas.clone(),
            };
            if !tried.contains(&each) {
                tried.push(each);
            }
        }
        tried
    }

    fn missing(&mut self, open: &Open<'_>, window: &Window) -> Broken {
        let expected = self.allowed(open);
        self.expect_lines(&expected, &window.words);
        let list = expected.join(" or ");
        Broken {
            sentence: format!(
                "After {} the stack sent nothing; {list} is required {}.",
                self.stimulus, window.words
            ),
            delta: vec![delta("segment", list, "nothing")],
            expected,
            when: window.words.clone(),
            waited: true,
            ..Broken::default()
        }
    }

    fn untimely(&mut self, window: &Window, arrival: &Arrival) -> Broken {
        self.recorder.mark(arrival.packet, Taken::Refused, None);
        let got = short(&arrival.text).to_owned();
        let when = if arrival.at < window.lo {
            "too early"
        } else {
            "too late"
        };
        Broken {
            sentence: format!(
                "The stack sent {got} {when}, at {}; it has to come {}.",
                arrival.at, window.words
            ),
            expected: vec![format!("{got} {}", window.words)],
            when: window.words.clone(),
            delta: vec![delta("time", window.words.clone(), arrival.at.to_string())],
            got,
            waited: true,
            ..Broken::default()
        }
    }
}

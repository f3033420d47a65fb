//! From trace to rows.

use std::borrow::Cow;

use tcpspec_record::trace::{Did, Taken};
use tcpspec_record::{Event, FieldDelta, Side, StepResult, TraceEvent, Trial, Verdict};
use tcpspec_wire::{Flags, SegmentText, TcpOption};

use super::{Act, Ladder, Mark, Reason, Row, What};
use crate::model::Steps;

/// The rows of a trial.
pub(super) fn ladder<'a>(trial: &'a Trial, steps: Steps<'_>) -> Ladder<'a> {
    if trial.has_lost_trace() {
        return Ladder { rows: Vec::new() };
    }
    let mut builder = Builder {
        rows: Vec::new(),
        state: "",
        reset: None,
    };
    let (prelude, own) = split(trial, steps);
    builder.fold(prelude, steps);
    for event in own {
        builder.push(event.at, event.step, &event.event);
    }
    if trial.verdict == Verdict::Pass {
        builder.rows.iter_mut().for_each(|row| row.reason = None);
    }
    builder.add_silent(trial, steps);
    builder.add_broken(trial);
    Ladder { rows: builder.rows }
}

/// The preludes' part of a trace, to be folded, and the case's own. Nothing is
/// folded where the trial did not get past its preludes.
fn split<'a>(trial: &'a Trial, steps: Steps<'_>) -> (&'a [TraceEvent], &'a [TraceEvent]) {
    let own = |event: &TraceEvent| event.step > steps.prelude_len();
    let broke_before = trial
        .failure
        .as_ref()
        .is_some_and(|failure| failure.step <= steps.prelude_len());
    match trial.trace.iter().position(own) {
        Some(at) if !broke_before => trial.trace.split_at(at),
        _ => (&[], &trial.trace),
    }
}

/// What lies within this many nanoseconds belongs together: a kernel takes
/// some microseconds to return from a call and to be looked at.
const AT_ONCE: u64 = 1_000_000;

struct Builder<'a> {
    rows: Vec<Row<'a>>,
    /// The state last shown.
    state: &'a str,
    /// Why a RST is sent that was not seen yet.
    reset: Option<&'a str>,
}

impl<'a> Builder<'a> {
    fn fold(&mut self, events: &'a [TraceEvent], steps: Steps<'_>) {
        let Some(last) = events.last() else {
            return;
        };
        let packets = events
            .iter()
            .filter(|event| matches!(event.event, Event::Packet { .. }));
        let mut states = events.iter().rev().filter_map(|event| match &event.event {
            Event::State { state, .. } => Some(state.as_str()),
            _ => None,
        });
        self.state = states.next().unwrap_or_default();
        let name = steps.prelude().map_or("", |prelude| &prelude.0);
        let act = Act::Prelude {
            name: name.strip_prefix("preludes/").unwrap_or(name).to_owned(),
            packets: packets.count(),
        };
        self.add(last.at, steps.prelude_len(), act);
        self.rows[0]
            .what
            .states
            .extend(Some(self.state).filter(|state| !state.is_empty()));
    }

    fn push(&mut self, at: u64, step: usize, event: &'a Event) {
        match event {
            Event::Packet {
                from,
                text,
                taken,
                note,
                ..
            } => {
                let full = text;
                let (text, mss) = short(full);
                let mark = mark(*from, *taken);
                let from = *from;
                let row = self.add(at, step, Act::Packet { from, text, mark });
                (row.full, row.mss) = (full, mss);
                row.what.note = note.as_deref();
                self.see_reset();
            }
            Event::Wire {
                from,
                text: full,
                did,
                ..
            } => {
                let (text, mss) = short(full);
                let (from, mark) = (*from, Mark::Met);
                let row = self.add(at, step, Act::Packet { from, text, mark });
                (row.full, row.mss) = (full, mss);
                row.what.note = Some(did);
            }
            Event::Expected { text, when } => self.insert_expected(at, step, text, when),
            Event::App { call, result, .. } => self.insert_call(at, step, call, result),
            Event::State { state, .. } => self.see_state(at, step, state),
            Event::Reason { did, why } => self.give_reason(at, *did, why),
            Event::Wait { nanos, leap } => {
                let row = self.add(at, step, Act::Wait(*nanos));
                row.what.note = leap.then_some("in one leap");
            }
        }
    }

    fn add(&mut self, at: u64, step: usize, act: Act<'a>) -> &mut Row<'a> {
        let what = What {
            step,
            act,
            states: Vec::new(),
            note: None,
        };
        self.rows.push(Row {
            at,
            full: "",
            until: "",
            mss: None,
            reason: None,
            what,
        });
        let last = self.rows.len() - 1;
        &mut self.rows[last]
    }

    /// A call stands above what it made the stack send, although it returned
    /// later.
    fn insert_call(&mut self, at: u64, step: usize, call: &'a str, result: &'a str) {
        self.add(at, step, Act::App { call, result });
        let last = self.rows.len() - 1;
        let before = self.rows[..last]
            .iter()
            .rposition(|row| row.what.step <= step || at.saturating_sub(row.at) >= AT_ONCE);
        let index = before.map_or(0, |before| before + 1);
        self.rows[index..=last].rotate_right(1);
    }

    /// What was allowed stands right above what came instead.
    fn insert_expected(&mut self, at: u64, step: usize, text: &'a str, when: &'a str) {
        let act = Act::Expected {
            text: short(text).0,
            silence: text.starts_with("no"),
        };
        self.add(at, step, act).until = when;
        let last = self.rows.len() - 1;
        let refused = self
            .rows
            .iter()
            .rposition(|row| row.what.act.is_refused() && row.what.step == step);
        if let Some(refused) = refused {
            self.rows[refused..=last].rotate_right(1);
        }
    }

    /// A change of state belongs to the row that caused it: the last one, if
    /// it was seen right after that.
    fn see_state(&mut self, at: u64, step: usize, state: &'a str) {
        if self.state == state {
            return;
        }
        self.state = state;
        match self.rows.last_mut() {
            Some(row) if at.saturating_sub(row.at) < AT_ONCE => row.what.states.push(state),
            _ => self.add(at, step, Act::State).what.states.push(state),
        }
    }

    /// A reason for dropping belongs to what was dropped, the peer's packet
    /// just before; a reason for a RST to the RST, which comes after.
    fn give_reason(&mut self, at: u64, did: Did, why: &'a str) {
        match did {
            Did::Reset => self.reset = Some(why),
            Did::Dropped => {
                let is_peers = |row: &&mut Row<'_>| row.what.act.is_from(Side::Peer);
                let row = self.rows.last_mut().filter(is_peers);
                if let Some(row) = row.filter(|row| at.saturating_sub(row.at) < AT_ONCE) {
                    row.reason = Some(Reason { did, why });
                }
            }
        }
    }

    /// Gives the RST that has come its reason.
    fn see_reset(&mut self) {
        let is_reset = |row: &&mut Row<'_>| match &row.what.act {
            Act::Packet { from, text, .. } => *from == Side::Sut && text.starts_with("RST"),
            _ => false,
        };
        if let Some(row) = self.rows.last_mut().filter(is_reset) {
            let did = Did::Reset;
            row.reason = self.reset.take().map(|why| Reason { did, why });
        }
    }

    /// Adds the steps that left nothing in the trace, where the case has a
    /// sentence on them or the stack could not be looked into.
    fn add_silent(&mut self, trial: &Trial, steps: Steps<'_>) {
        for outcome in &trial.steps {
            let Some(step) = steps.get(outcome.step) else {
                continue;
            };
            let unobserved = outcome.result == StepResult::Unobserved;
            let is_own = steps.number(outcome.step).is_some();
            let is_seen = self.rows.iter().any(|row| row.what.step == outcome.step);
            if is_own && !is_seen && (unobserved || step.why.is_some()) {
                let text = step.text.clone();
                self.insert_after(outcome.step, Act::Step { text, unobserved });
            }
        }
    }

    /// What broke the trial must be seen: where no packet did, a row says it.
    fn add_broken(&mut self, trial: &Trial) {
        let Some(failure) = &trial.failure else {
            return;
        };
        if self.rows.is_empty() || self.rows.iter().any(|row| row.what.act.is_refused()) {
            return;
        }
        let text = match failure.delta.first() {
            _ if failure.got.is_empty() => "nothing came".to_owned(),
            Some(FieldDelta { field, got, .. }) => format!("{field}: {got}"),
            None => failure.got.clone(),
        };
        self.insert_after(failure.step, Act::Broken(text));
    }

    /// Inserts a row behind all that happened up to a step.
    fn insert_after(&mut self, step: usize, act: Act<'a>) {
        let is_before = |row: &Row<'_>| {
            let late = matches!(
                row.what.act,
                Act::Packet {
                    mark: Mark::After,
                    ..
                }
            );
            row.what.step <= step && !late
        };
        let last = self.rows.iter().rposition(is_before);
        let at = last.map_or(0, |last| self.rows[last].at);
        let what = What {
            step,
            act,
            states: Vec::new(),
            note: None,
        };
        let index = last.map_or(0, |last| last + 1);
        let row = Row {
            at,
            full: "",
            until: "",
            mss: None,
            reason: None,
            what,
        };
        self.rows.insert(index, row);
    }
}

fn mark(from: Side, taken: Option<Taken>) -> Mark {
    match (from, taken) {
        (Side::Peer, _) | (Side::Sut, None | Some(Taken::Matched)) => Mark::Plain,
        (Side::Sut, Some(Taken::Tolerated)) => Mark::Tolerated,
        (Side::Sut, Some(Taken::Refused)) => Mark::Refused,
        (Side::Sut, Some(Taken::After)) => Mark::After,
    }
}

/// The short form of a segment, and the MSS that a SYN offers; any other text
/// as it stands.
fn short(text: &str) -> (Cow<'_, str>, Option<u16>) {
    let Ok(segment) = text.parse::<SegmentText>() else {
        return (text.into(), None);
    };
    let mss = segment.options.iter().find_map(|option| match option {
        TcpOption::Mss(mss) => Some(*mss),
        _ => None,
    });
    let mss = mss.filter(|_| segment.flags.contains(Flags::SYN));
    (segment.short().to_string().into(), mss)
}

//! What met a stack in which state, and what came of it: the cells of a state x
//! event grid and the edges of a state diagram. Left out: preludes, which are
//! cases of their own.

use std::collections::BTreeSet;
use std::fmt;

use tcpspec_record::trace::Taken;
use tcpspec_record::{CaseInfo, Event, Side, TraceEvent, Trial, Verdict};
use tcpspec_wire::State;

use super::Steps;

/// The axis whose values name events: that of a sweep over all of them.
const EVENT_AXIS: &str = "event=";

/// What can happen to a connection, in classes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the RFC's own names say it")]
pub enum Stimulus {
    Open,
    Send,
    Receive,
    Close,
    Abort,
    Syn,
    SynAck,
    Ack,
    /// A segment with text and ACK.
    Text,
    Fin,
    Rst,
    /// Any other segment: without ACK, or with flags that contradict.
    Other,
    Icmp,
    /// Time was let pass.
    Time,
}

impl Stimulus {
    /// All of them: calls, segments, time.
    pub const ALL: [Self; 14] = [
        Self::Open,
        Self::Send,
        Self::Receive,
        Self::Close,
        Self::Abort,
        Self::Syn,
        Self::SynAck,
        Self::Ack,
        Self::Text,
        Self::Fin,
        Self::Rst,
        Self::Other,
        Self::Icmp,
        Self::Time,
    ];

    /// The word for it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Open => "OPEN",
            Self::Send => "SEND",
            Self::Receive => "RECEIVE",
            Self::Close => "CLOSE",
            Self::Abort => "ABORT",
            Self::Syn => "SYN",
            Self::SynAck => "SYN+ACK",
            Self::Ack => "ACK",
            Self::Text => "text",
            Self::Fin => "FIN",
            Self::Rst => "RST",
            Self::Other => "other",
            Self::Icmp => "ICMP",
            Self::Time => "time",
        }
    }

    fn of(event: &Event) -> Option<Self> {
        match event {
            Event::Packet { from, text, .. } if *from == Side::Peer => Some(Self::of_packet(text)),
            Event::App { call, .. } => Self::of_call(call),
            Event::Wait { .. } => Some(Self::Time),
            Event::Packet { .. }
            | Event::Wire { .. }
            | Event::Expected { .. }
            | Event::State { .. }
            | Event::Reason { .. } => None,
        }
    }

    fn of_packet(text: &str) -> Self {
        let mut words = text.split_whitespace();
        let flags: BTreeSet<&str> = words.next().unwrap_or_default().split('+').collect();
        let has = |flag| flags.contains(flag);
        let is_text = words.any(|word| word.starts_with("len="));
        match (has("SYN"), has("FIN"), has("RST"), has("ACK")) {
            _ if has("ICMP") => Self::Icmp,
            (false, false, true, _) => Self::Rst,
            (true, false, false, true) => Self::SynAck,
            (true, false, false, false) => Self::Syn,
            (false, true, false, true) => Self::Fin,
            (false, false, false, true) if is_text => Self::Text,
            (false, false, false, true) => Self::Ack,
            _ => Self::Other,
        }
    }

    /// A call that RFC 9293 knows; what only looks or waits is none.
    fn of_call(call: &str) -> Option<Self> {
        Some(match call.split_whitespace().next()? {
            "listen" | "connect" => Self::Open,
            "send" | "urgent" => Self::Send,
            "recv" => Self::Receive,
            // Who dies has closed, or aborted, as the host will have it.
            "shutdown" | "close" | "die" => Self::Close,
            "abort" => Self::Abort,
            _ => return None,
        })
    }
}

impl fmt::Display for Stimulus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// An event in a state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moment {
    /// The state in which it met the stack.
    pub state: State,
    /// The event.
    pub event: Stimulus,
    /// The states that the connection went through because of it.
    pub next: Vec<State>,
    /// Whether what came of it broke the trial.
    pub broken: bool,
    /// The state that had to follow, if that it did not broke the trial.
    pub due: Option<State>,
}

impl Moment {
    /// All events of a trial whose state is known: reported by the stack,
    /// or reached by a prelude and not left since.
    #[must_use]
    pub fn all(trial: &Trial, steps: Steps<'_>) -> Vec<Self> {
        let mut course = Course::new(steps);
        for event in in_order(&trial.trace) {
            course.take(event);
        }
        let broken = breaks(trial).then(|| course.broken.unwrap_or(course.last));
        if let Some(at) = broken.flatten() {
            course.moments[at].broken = true;
            course.moments[at].due = due(trial);
        }
        course.moments
    }

    /// The moves from state to state, and that which had to be made.
    pub fn moves(&self) -> impl Iterator<Item = (State, State)> {
        let from = std::iter::once(self.state).chain(self.next.iter().copied());
        let made = from.zip(self.next.iter().copied());
        let due = self.due.filter(|to| *to != self.state);
        made.chain(due.map(|to| (self.state, to)))
    }
}

/// How a filter names events in states, as in `CLOSING/RST`, and moves, as in
/// `CLOSING~TIME-WAIT`: those of one trial.
#[must_use]
pub fn facets(trial: &Trial, info: &CaseInfo) -> BTreeSet<String> {
    let mut facets = BTreeSet::new();
    for moment in Moment::all(trial, Steps::of(info)) {
        facets.insert(format!("{}/{}", moment.state, moment.event));
        facets.extend(moment.moves().map(|(from, to)| format!("{from}~{to}")));
    }
    facets.extend(swept(info).map(|(state, event)| format!("{state}/{event}")));
    facets
}

/// State and event of a variant that is a cell of a sweep.
#[must_use]
pub(super) fn swept(info: &CaseInfo) -> Option<(State, &str)> {
    let values = info.variant.split(',');
    let mut event = values.filter_map(|value| value.strip_prefix(EVENT_AXIS));
    Some((begins_in(Steps::of(info))?, event.next_back()?))
}

/// The state that the preludes lead to; CLOSED without any.
#[must_use]
pub(super) fn begins_in(steps: Steps<'_>) -> Option<State> {
    let Some(prelude) = steps.prelude() else {
        return Some(State::Closed);
    };
    let name = prelude.0.rsplit('/').next()?.to_uppercase();
    let states = State::ALL.into_iter();
    // `fin-wait-1-active` leads to FIN-WAIT-1 by another way.
    let states = states.filter(|state| name.starts_with(state.name()));
    states.max_by_key(|state| state.name().len())
}

fn due(trial: &Trial) -> Option<State> {
    let failure = trial.failure.as_ref()?;
    let state = failure.delta.iter().find(|delta| delta.field == "state")?;
    state.expected.parse().ok()
}

const fn breaks(trial: &Trial) -> bool {
    match trial.verdict {
        Verdict::Crash | Verdict::Stuck | Verdict::Fail => true,
        Verdict::Deviates => trial.failure.is_some(),
        Verdict::Blocked | Verdict::Inconclusive | Verdict::Skip | Verdict::Pass => false,
    }
}

/// A call is traced when it returns, behind what it made the stack do: here it
/// comes first.
fn in_order(trace: &[TraceEvent]) -> Vec<&TraceEvent> {
    let mut ordered: Vec<&TraceEvent> = Vec::with_capacity(trace.len());
    for traced in trace {
        let is_of_call = |before: &&&TraceEvent| {
            let ours = matches!(before.event, Event::Packet { from, .. } if from == Side::Peer);
            let call = matches!(before.event, Event::App { .. });
            before.step >= traced.step && !ours && !call
        };
        let back = match traced.event {
            Event::App { .. } => ordered.iter().rev().take_while(is_of_call).count(),
            Event::Packet { .. }
            | Event::Wire { .. }
            | Event::Expected { .. }
            | Event::State { .. }
            | Event::Reason { .. }
            | Event::Wait { .. } => 0,
        };
        ordered.insert(ordered.len() - back, traced);
    }
    ordered
}

fn is_listening(event: &Event) -> bool {
    matches!(event, Event::App { call, result, .. } if call.starts_with("listen") && result == "ok")
}

/// The events so far.
struct Course {
    prelude: usize,
    moments: Vec<Moment>,
    /// The state that the stack reported last.
    reported: Option<State>,
    /// The state that must be, as long as nothing has happened since.
    assumed: Option<State>,
    /// Where the last event of the case itself stands in `moments`; `None`
    /// also if its state is unknown.
    last: Option<usize>,
    /// The moment that broke the trial.
    broken: Option<Option<usize>>,
}

impl Course {
    fn new(steps: Steps<'_>) -> Self {
        Self {
            prelude: steps.prelude_len(),
            moments: Vec::new(),
            reported: None,
            assumed: begins_in(steps),
            last: None,
            broken: None,
        }
    }

    fn take(&mut self, traced: &TraceEvent) {
        let own = traced.step > self.prelude;
        match &traced.event {
            Event::State { state, .. } => self.moved(state.parse().ok(), own),
            Event::Packet {
                taken: Some(Taken::Refused),
                ..
            }
            | Event::Expected { .. } => {
                self.broken.get_or_insert(self.last);
            }
            event if own => {
                if let Some(stimulus) = Stimulus::of(event) {
                    self.met(stimulus, event);
                }
            }
            Event::Packet { .. }
            | Event::Wire { .. }
            | Event::App { .. }
            | Event::Reason { .. }
            | Event::Wait { .. } => {}
        }
    }

    fn moved(&mut self, to: Option<State>, own: bool) {
        let from = self.reported.or(self.assumed);
        self.reported = to;
        let moment = self.last.and_then(|last| self.moments.get_mut(last));
        if let (true, Some(moment), Some(to)) = (own && from != to, moment, to) {
            moment.next.push(to);
        }
    }

    fn met(&mut self, stimulus: Stimulus, event: &Event) {
        let state = self.reported.or(self.assumed);
        // No stack reports that it listens: there is no connection yet.
        let listens = state == Some(State::Closed) && is_listening(event);
        let listening = listens.then_some(State::Listen);
        self.last = state.map(|_| self.moments.len());
        self.moments.extend(state.map(|state| Moment {
            state,
            event: stimulus,
            next: listening.into_iter().collect(),
            broken: false,
            due: None,
        }));
        if listens {
            self.reported = None;
        }
        let kept = self.assumed.filter(|_| stimulus == Stimulus::Time);
        self.assumed = listening.or(kept);
    }
}

//! A recorded stack: a trial's trace, played back. It does what the stack did
//! then, as long as it is asked for what was asked then, so that the segments of
//! an old run can be judged by the cases and the judge of today.
//!
//! Left out: what a trace does not hold. Where something else is asked, or
//! more, the recording has no answer, and [`Recorded`] says so.

use std::collections::VecDeque;
use std::sync::Arc;

use tcpspec_connector::{
    Call, CallError, CallResult, Clock, Connection, Did, Emitted, Hello, Reason, Reply, Report,
    Ret, Setup, StackError, StackUnderTest, StateChange, Stop,
};
use tcpspec_record::{Event, Side, TraceEvent, Trial, trace};
use tcpspec_wire::Instant;
use tcpspec_wire::text::Hex;

use crate::plan::{LISTEN_PORT, PEER_PORT};

/// On a real clock, what comes so soon after a packet was part of the answer to
/// it: nanoseconds.
const AT_ONCE: u64 = 1_000_000;

/// A stack that does again what a trial's trace says it did.
#[derive(Debug)]
pub struct Recorded {
    hello: Arc<Hello>,
    events: VecDeque<TraceEvent>,
    now: Instant,
    /// When the recording ends.
    end: Instant,
    local_port: u16,
}

impl Recorded {
    /// The stack of this trial, which declared this.
    #[must_use]
    pub fn new(trial: &Trial, hello: Arc<Hello>) -> Self {
        // What came out of a faulty link is what the peer saw; what the stack
        // sent, and what reached it, went in or came out at its own end.
        let happened = |event: &&TraceEvent| match event.event {
            Event::Packet { from, late, .. } => from == Side::Peer || !late,
            Event::Wire { from, .. } => from == Side::Sut,
            Event::App { .. } | Event::State { .. } | Event::Reason { .. } => true,
            Event::Expected { .. } | Event::Wait { .. } => false,
        };
        Self {
            hello,
            events: trial.trace.iter().filter(happened).cloned().collect(),
            now: Instant::ZERO,
            end: Instant::from_nanos(trial.elapsed),
            local_port: LISTEN_PORT,
        }
    }

    /// Moves into a reply what the stack did next, so many events at most, as
    /// long as `is_part` of it.
    fn take(
        &mut self,
        reply: &mut Reply,
        most: usize,
        is_part: impl Fn(&TraceEvent, &Reply) -> bool,
    ) -> Result<(), StackError> {
        for _ in 0..most {
            let next = self.events.front().filter(|event| !is_stimulus(event));
            let Some(event) = next.filter(|event| is_part(event, reply)) else {
                break;
            };
            let at = Instant::from_nanos(event.at);
            self.add(at, reply)?;
            reply.now = reply.now.max(at);
        }
        self.now = self.now.max(reply.now);
        reply.now = self.now;
        Ok(())
    }

    /// Moves the next event into a reply.
    fn add(&mut self, at: Instant, reply: &mut Reply) -> Result<(), StackError> {
        match self.events.pop_front().map(|event| event.event) {
            Some(Event::Packet { octets, .. } | Event::Wire { octets, .. }) => {
                let octets = Hex::octets(&octets).map_err(|_| unknown("a packet is not in hex"))?;
                reply.tx.push(Emitted { at, octets });
            }
            Some(Event::State { state, .. }) => {
                let of_others = |_| unknown("the case has several connections");
                let state = state.parse().map_err(of_others)?;
                let connection = Connection {
                    local: self.local_port,
                    remote: PEER_PORT,
                };
                reply.states.push(StateChange {
                    connection,
                    state,
                    at,
                });
            }
            Some(Event::Reason { did, why }) => {
                let did = match did {
                    trace::Did::Dropped => Did::Dropped,
                    trace::Did::Reset => Did::Reset,
                };
                reply.reasons.push(Reason { did, why, at });
            }
            _ => {}
        }
        Ok(())
    }

    /// What was done to the stack next, and, into a reply, what it still did
    /// before that.
    fn next_stimulus(&mut self, reply: &mut Reply) -> Result<Event, StackError> {
        self.take(reply, usize::MAX, |_, _| true)?;
        let stimulus = self.events.pop_front();
        let stimulus = stimulus.ok_or_else(|| unknown("it has ended"))?;
        self.now = self.now.max(Instant::from_nanos(stimulus.at));
        reply.now = self.now;
        Ok(stimulus.event)
    }

    /// Adds what came of a packet before any more time passed.
    fn at_once(&mut self, reply: &mut Reply) -> Result<(), StackError> {
        let until = self.now.as_nanos() + self.slack();
        let most = self.before_call();
        self.take(reply, most, |event, _| event.at <= until)
    }

    fn slack(&self) -> u64 {
        match self.hello.clock {
            Clock::Virtual => 0,
            Clock::Real => AT_ONCE,
        }
    }

    /// How many of the next events come before what the next call made the stack
    /// do, if that is the next thing done to it: all of them if it is not. What a
    /// call does is written before its result, and behind that of all earlier
    /// steps; a segment bears the number of the step that took it, which may be
    /// a later one.
    fn before_call(&self) -> usize {
        let Some(next) = self.events.iter().position(is_stimulus) else {
            return usize::MAX;
        };
        let call = &self.events[next];
        if !matches!(call.event, Event::App { .. }) {
            return usize::MAX;
        }
        let timeless = self.hello.clock == Clock::Virtual;
        let is_earlier =
            |event: &TraceEvent| event.step < call.step || (timeless && event.at < call.at);
        let last = self.events.iter().take(next).rposition(is_earlier);
        last.map_or(0, |last| last + 1)
    }

    /// What the next call was told.
    fn result_of(&mut self, call: &Call, reply: &mut Reply) -> Result<CallResult, StackError> {
        let stimulus = self.next_stimulus(reply)?;
        let Event::App {
            call: words,
            result,
            octets,
        } = &stimulus
        else {
            return Err(unknown("the case makes a call where it made none"));
        };
        if !is_call(call, words) {
            let verb = call.verb();
            return Err(unknown(&format!(
                "the case calls {verb} where it called `{words}`"
            )));
        }
        if let Some(octets) = octets {
            let data = Hex::octets(octets).map_err(|_| unknown("what was read is not in hex"))?;
            return Ok(Ok(Ret::Data(data)));
        }
        let taken = result.strip_suffix(" octets taken");
        Ok(match taken.and_then(|taken| taken.parse().ok()) {
            Some(taken) => Ok(Ret::Sent(taken)),
            None => told(result),
        })
    }

    /// The values that the next looks at the stack showed.
    fn info(&mut self, names: &[String]) -> Result<Reply, StackError> {
        let mut reply = Reply::nothing(self.now);
        let mut values = Vec::new();
        for name in names {
            match self.next_stimulus(&mut reply)? {
                Event::App { call, result, .. } if call == format!("info {name}") => {
                    values.push(result.parse().ok());
                }
                _ => return Err(unknown(&format!("it does not tell what {name} was"))),
            }
        }
        reply.ret = Some(Ok(Ret::Info(values)));
        Ok(reply)
    }

    /// Time passes in which nothing happens.
    fn pass(&mut self, until: Instant) -> Result<(), StackError> {
        let next = self.events.iter().find(|event| is_stimulus(event));
        let known = next.map_or(self.end, |next| Instant::from_nanos(next.at));
        if until > known {
            return Err(unknown("the case waits longer than it did"));
        }
        self.now = self.now.max(until);
        Ok(())
    }
}

impl StackUnderTest for Recorded {
    fn hello(&self) -> &Hello {
        &self.hello
    }

    fn open(&mut self, _: &Setup) -> Result<Reply, StackError> {
        Ok(Reply::nothing(Instant::ZERO))
    }

    fn call(&mut self, call: &Call) -> Result<Reply, StackError> {
        match call {
            Call::Listen { port, .. } | Call::Connect { port, .. } => self.local_port = *port,
            Call::Info { names, .. } => return self.info(names),
            _ => {}
        }
        let mut reply = Reply::nothing(self.now);
        let result = self.result_of(call, &mut reply)?;
        reply.ret = Some(result);
        Ok(reply)
    }

    fn deliver(&mut self, packets: &[Vec<u8>]) -> Result<Reply, StackError> {
        let mut reply = Reply::nothing(self.now);
        let Event::Packet { octets, .. } = self.next_stimulus(&mut reply)? else {
            return Err(unknown("the case sends a packet where it sent none"));
        };
        let recorded = Hex::octets(&octets).unwrap_or_default();
        // Of a packet in fragments the log has the first.
        if packets.first().is_none_or(|first| *first != recorded) {
            return Err(unknown("the case sends another packet"));
        }
        self.at_once(&mut reply)?;
        Ok(reply)
    }

    fn run(&mut self, until: Instant, stop: Stop) -> Result<Reply, StackError> {
        let mut reply = Reply::nothing(self.now);
        let most = self.before_call();
        let slack = self.slack();
        self.take(&mut reply, most, |event, reply| {
            let latest = match stop.is_met_by(reply) {
                true => reply.now.as_nanos() + slack,
                false => until.as_nanos(),
            };
            event.at <= latest
        })?;
        if !stop.is_met_by(&reply) {
            self.pass(until)?;
            reply.now = self.now;
        }
        Ok(reply)
    }

    fn leap(&mut self, to: Instant) -> Result<Reply, StackError> {
        self.run(to, Stop::AtEnd)
    }
}

/// Whether it was done to the stack, not by it.
const fn is_stimulus(event: &TraceEvent) -> bool {
    match &event.event {
        Event::App { .. } => true,
        Event::Packet { from, .. } => matches!(from, Side::Peer),
        Event::Wire { .. }
        | Event::State { .. }
        | Event::Reason { .. }
        | Event::Expected { .. }
        | Event::Wait { .. } => false,
    }
}

/// Whether these words of a case make the call.
fn is_call(call: &Call, words: &str) -> bool {
    let verb = call.verb();
    // A look without a verb reads, and a listener is closed by a name of its own.
    words.starts_with(verb) || (verb == "recv" && words.starts_with("expect"))
}

/// What an application is told besides numbers of octets.
fn told(result: &str) -> CallResult {
    if result == "ok" {
        return Ok(Ret::Done);
    }
    let errors = [
        CallError::Again,
        CallError::Eof,
        CallError::Refused,
        CallError::Reset,
        CallError::Timeout,
        CallError::Closed,
        CallError::InUse,
        CallError::Unsupported,
    ];
    let reports = [
        Report::Urgent,
        Report::SoftError,
        Report::Retransmissions,
        Report::UserTimeout,
    ];
    let mut reports = reports.into_iter();
    if let Some(report) = reports.find(|report| report.to_string() == result) {
        return Ok(Ret::Report(report));
    }
    let ahead = [true, false].into_iter();
    let mut ahead =
        ahead.filter(|ahead| tcpspec_casefile::Outcome::Urgent(*ahead).to_string() == result);
    if let Some(ahead) = ahead.next() {
        return Ok(Ret::Urgent(ahead));
    }
    let mut errors = errors.into_iter();
    let other = || CallError::Other(result.to_owned());
    Err(errors
        .find(|error| error.to_string() == result)
        .unwrap_or_else(other))
}

/// Begins the reason of a trial whose recording has no answer to what the case
/// asks now.
pub const UNKNOWN: &str = "the recording has no answer";

fn unknown(why: &str) -> StackError {
    StackError::Environment(format!("{UNKNOWN}: {why}"))
}

//! What each kind of step does.

use std::time::Duration;

use tcpspec_casefile::{
    Action, AppCall, GoneBranch, OptionName, Outcome, SegmentTemplate, SourceAddress, Step,
};
use tcpspec_connector::{Call, CallError, CallResult, Handle, Ret, Stop, call::SocketOption};
use tcpspec_record::trace::Taken;
use tcpspec_record::{Event, Side, StepResult};
use tcpspec_wire::mangle::mangle;
use tcpspec_wire::{
    Capability, Flags, IpHeader, Mangle, Packet, Segment, State, TcpOption, WindowField,
    packet::Body,
};

use crate::book::Kind;
use crate::eval::{Label, Numbers, unclear};
use crate::halt::{Broken, Halt, delta};
use crate::limits;
use crate::plan::{CONNECT_PORT, LISTEN_PORT, PEER_PORT, other_address};
use crate::play::{Arrival, Play};
use crate::stream::offset_of;

impl Play {
    /// Does one step.
    pub(crate) async fn step(&mut self, step: &Step) -> Result<StepResult, Halt> {
        let result = match &step.action {
            Action::App(call, outcomes) => self.app(step, call, outcomes).await?,
            Action::Peer(template) => self.peer(step, template).await?,
            Action::Sut(alternatives) => self.sut(step, alternatives).await?,
            Action::Quiet(span) => {
                let span = self.scope().span(span)?;
                self.quiet(step, span).await?
            }
            Action::Wait(span) => {
                let span = self.scope().span(span)?;
                self.recorder
                    .event(self.now, Event::Wait { nanos: nanos(span) });
                self.pass(self.now + span, Stop::AtEnd, step).await?;
                StepResult::Done
            }
            Action::Gone(branches) => self.gone(step, branches).await?,
            Action::Check => StepResult::Done,
        };
        if let Some(label) = &step.label {
            let now = self.now;
            self.labels.entry(label.clone()).or_insert(Label {
                first: now,
                last: now,
                segment: None,
            });
        }
        match &step.state {
            Some(states) => Ok(worse(result, self.check_state(states)?)),
            None => Ok(result),
        }
    }

    /// Time between what came and what the peer or the application does next.
    async fn pace(&mut self, step: &Step) -> Result<(), Halt> {
        if self.is_virtual() && self.recorder.step > 1 {
            self.pass(self.now + limits::PACE, Stop::AtEnd, step)
                .await?;
        }
        Ok(())
    }

    // ---- peer ----

    async fn peer(&mut self, step: &Step, template: &SegmentTemplate) -> Result<StepResult, Halt> {
        self.pace(step).await?;
        let strict = self.plan.variant.strict;
        self.refuse_leftovers(&format!("before step {}", self.recorder.step), strict)?;
        let segment = self.fill(template)?;
        let setup = self.plan.setup();
        let src = match template.source {
            SourceAddress::Peer => setup.peer,
            SourceAddress::Other => other_address(setup.peer),
        };
        let packet = Packet {
            ip: IpHeader::new(src, setup.stack),
            body: Body::Tcp(segment.clone()),
        };
        let octets = mangle(&packet, &template.mangles);
        if is_received(template) {
            self.book.peer_sends(&segment);
        }
        let text = self.peer_text(&segment);
        let whole = octets.first().map(Vec::as_slice).unwrap_or_default();
        let sent = self
            .recorder
            .packet(self.now, Side::Peer, text.clone(), whole);
        if let Some(note) = remark(step, template) {
            self.recorder.note(sent, note);
        }
        self.set_label(step, (Side::Peer, Numbers::from(&segment)), self.now);
        self.stimulus = short(&text).to_owned();
        self.deliver(octets, step).await?;
        Ok(StepResult::Done)
    }

    /// The segment that a template stands for: what is left out gets what a
    /// correct peer would send.
    fn fill(&mut self, template: &SegmentTemplate) -> Result<Segment, Halt> {
        let scope = self.scope();
        let flags = template.flags;
        let syn = flags.contains(Flags::SYN);
        let seq = match &template.seq {
            Some(expr) => scope.seq(expr, Side::Peer)?,
            None if syn => self.book.peer_iss,
            None => self.book.peer_next(),
        };
        let ack = match &template.ack {
            Some(expr) => scope.seq(expr, Side::Sut)?,
            None if flags.contains(Flags::ACK) => self.book.peer_ack().ok_or_else(|| {
                unclear("the stack has not sent its SYN, so there is nothing to acknowledge: write `ack=abs:N`")
            })?,
            None => Default::default(),
        };
        let len: Option<u16> = template
            .len
            .as_ref()
            .map(|len| scope.field(len))
            .transpose()?;
        let window = template
            .window
            .as_ref()
            .map(|window| scope.field(window))
            .transpose()?;
        let urgent = template
            .urgent
            .as_ref()
            .map(|urgent| scope.field(urgent))
            .transpose()?;
        let start = if syn { seq + 1 } else { seq };
        let offset = offset_of(start, self.book.peer_iss);
        let payload = match (&template.data, len) {
            (Some(data), _) => {
                self.peer_stream.write(offset, data);
                data.clone()
            }
            (None, Some(len)) => self.peer_stream.read(offset, len.into()),
            (None, None) => Vec::new(),
        };
        Ok(Segment {
            src_port: PEER_PORT,
            dst_port: self.local_port,
            seq,
            ack,
            flags,
            window: WindowField::new(window.unwrap_or(self.plan.variant.peer.window)),
            urgent: urgent.unwrap_or(0),
            options: template
                .options
                .clone()
                .unwrap_or_else(|| self.default_options(syn)),
            payload,
        })
    }

    /// An MSS option on a SYN: what the link carries, or what the case says.
    fn default_options(&self, syn: bool) -> Vec<TcpOption> {
        let setup = self.plan.setup();
        let headers = if setup.peer.is_ipv4() { 40 } else { 60 };
        let mss = self
            .plan
            .variant
            .peer
            .mss
            .unwrap_or(setup.mtu.saturating_sub(headers));
        if syn {
            vec![TcpOption::Mss(mss)]
        } else {
            Vec::new()
        }
    }

    pub(crate) fn set_label(
        &mut self,
        step: &Step,
        segment: (Side, Numbers),
        at: tcpspec_wire::Instant,
    ) {
        if let Some(name) = &step.label {
            let label = Label {
                first: at,
                last: at,
                segment: Some(segment),
            };
            self.labels.insert(name.clone(), label);
        }
    }

    // ---- app ----

    async fn app(
        &mut self,
        step: &Step,
        call: &AppCall,
        outcomes: &[Outcome],
    ) -> Result<StepResult, Halt> {
        self.pace(step).await?;
        let request = self.request(call)?;
        let words = step.text.trim_start_matches("app: ").to_owned();
        self.stimulus = format!("the application's `{words}`");
        let result = self.call(request, step).await?;
        let shown = shown(&result);
        self.recorder.event(
            self.now,
            Event::App {
                call: words,
                result: shown.clone(),
            },
        );
        self.note_call(call, &result);
        if result == Err(CallError::Unsupported) {
            return Err(unclear(
                "the connector refused a verb that the stack declares",
            ));
        }
        let ok = [Outcome::Ok];
        let allowed = if outcomes.is_empty() { &ok } else { outcomes };
        let look = matches!(call, AppCall::Look);
        if !allowed
            .iter()
            .any(|outcome| is_outcome(outcome, look, &result))
        {
            return Err(wrong_outcome(&self.stimulus, allowed, &shown).into());
        }
        self.check_read(&result)?;
        Ok(if outcomes.is_empty() {
            StepResult::Done
        } else {
            StepResult::Met
        })
    }

    /// The connector's call for a verb, on the case's one listener or
    /// connection.
    fn request(&mut self, call: &AppCall) -> Result<Call, Halt> {
        let listener = Handle("L".to_owned());
        let handle = Handle("C".to_owned());
        let setup = self.plan.setup();
        Ok(match call {
            AppCall::Listen => {
                self.local_port = LISTEN_PORT;
                let backlog = self.plan.variant.peer.backlog;
                Call::Listen {
                    handle: listener,
                    port: LISTEN_PORT,
                    backlog,
                }
            }
            AppCall::Connect => {
                self.reconnect(CONNECT_PORT);
                Call::Connect {
                    handle,
                    port: CONNECT_PORT,
                    to: (setup.peer, PEER_PORT).into(),
                }
            }
            AppCall::Accept => Call::Accept {
                handle: listener,
                new: handle,
            },
            AppCall::SendLen(len) => Call::Send {
                handle,
                data: self.sut_stream.read(self.sent, *len),
            },
            AppCall::SendData(data) => {
                self.sut_stream.write(self.sent, data);
                Call::Send {
                    handle,
                    data: data.clone(),
                }
            }
            AppCall::Recv(len) => Call::Recv { handle, max: *len },
            AppCall::Look => Call::Recv {
                handle,
                max: limits::LOOK,
            },
            AppCall::Shutdown => Call::Shutdown { handle },
            AppCall::Close => Call::Close { handle },
            AppCall::CloseListener => Call::Close { handle: listener },
            AppCall::Abort => Call::Abort { handle },
            AppCall::SetOption(name, value) => Call::SetOption {
                handle,
                option: option(*name, value)?,
            },
        })
    }

    fn note_call(&mut self, call: &AppCall, result: &CallResult) {
        match (call, result) {
            (AppCall::Listen, Ok(_)) => {
                self.listening = true;
                if self.changes == [State::Closed] {
                    self.changes = vec![State::Listen];
                }
            }
            (AppCall::CloseListener, Ok(_)) => self.listening = false,
            (AppCall::SendLen(_) | AppCall::SendData(_), Ok(Ret::Sent(sent))) => {
                self.sent = self.sent.wrapping_add(*sent as u32);
            }
            _ => {}
        }
    }

    /// What the application reads must be the peer's stream.
    fn check_read(&mut self, result: &CallResult) -> Result<(), Halt> {
        let Ok(Ret::Data(data)) = result else {
            return Ok(());
        };
        let wrong = self.peer_stream.difference(self.read, data);
        self.read = self.read.wrapping_add(data.len() as u32);
        let Some(at) = wrong else { return Ok(()) };
        Err(Broken {
            sentence: "The application was given octets that the peer never sent.".to_owned(),
            expected: vec!["the peer's stream, in order, each octet once".to_owned()],
            got: format!("{} octets that differ from octet {at} on", data.len()),
            delta: vec![delta(
                "octets",
                "the peer's stream",
                format!("another octet at {at}"),
            )],
            ..Broken::default()
        }
        .into())
    }

    // ---- quiet, state, gone ----

    async fn quiet(&mut self, step: &Step, span: Duration) -> Result<StepResult, Halt> {
        let until = self.now + span;
        let when = format!("for {}", words(span));
        loop {
            // A packet that left after the time was up is the next step's,
            // even if a busy harness only saw it now.
            let over = self.inbox.front().map_or(self.now, |arrival| arrival.at) >= until;
            if over {
                return Ok(StepResult::Met);
            }
            if let Some(arrival) = self.inbox.pop_front() {
                return Err(self.unexpected(&arrival, &format!("nothing {when}")).into());
            }
            self.pass(until, Stop::FirstPacket, step).await?;
        }
    }

    /// Compares the connection's state, or its changes, with what is allowed.
    pub(crate) fn check_state(&mut self, allowed: &[State]) -> Result<StepResult, Halt> {
        if !self.declares(Capability::State) {
            return Ok(StepResult::Unobserved);
        }
        let before = self.changes.first().copied().unwrap_or(State::Closed);
        let state = self.state();
        let changes = std::mem::replace(&mut self.changes, vec![state]);
        let exact = allowed.len() > 1 && self.declares(Capability::StateLog);
        let met = if exact {
            changes == allowed
        } else {
            allowed.last() == Some(&state)
        };
        if met {
            return Ok(StepResult::Met);
        }
        let list = |states: &[State]| {
            states
                .iter()
                .map(State::to_string)
                .collect::<Vec<_>>()
                .join(", ")
        };
        let (expected, got) = if exact {
            (list(allowed), list(&changes))
        } else {
            (
                list(&allowed[allowed.len().saturating_sub(1)..]),
                state.to_string(),
            )
        };
        let stimulus = &self.stimulus;
        Err(Broken {
            sentence: format!("After {stimulus} the stack is in {got}; {expected} is required."),
            expected: vec![expected.clone()],
            got: got.clone(),
            delta: vec![delta("state", expected, got)],
            states: Some((before, state)),
            ..Broken::default()
        }
        .into())
    }

    /// Waits for the connection to exist no more, and compares when.
    async fn gone(&mut self, step: &Step, branches: &[GoneBranch]) -> Result<StepResult, Halt> {
        if !self.declares(Capability::State) {
            return Ok(StepResult::Unobserved);
        }
        let mut windows = Vec::new();
        for branch in branches {
            windows.push((branch, self.window(branch.bounds.as_ref(), Duration::ZERO)?));
        }
        let last = windows
            .iter()
            .map(|(_, window)| window.hi)
            .max()
            .unwrap_or(self.now);
        while !self.is_gone() && self.now < last {
            self.pass(last, Stop::FirstChange, step).await?;
            let strict = self.plan.variant.strict;
            self.refuse_leftovers(&format!("in step {}", self.recorder.step), strict)?;
        }
        let at = self.gone_at.filter(|_| self.is_gone());
        let met = windows.iter().find(|(branch, window)| {
            at.is_some_and(|at| branch.bounds.is_none() || (window.lo <= at && at <= window.hi))
        });
        if let Some((branch, _)) = met {
            self.seen(branch.tag.as_deref(), branch.deviates);
            self.book.end();
            return Ok(if branch.deviates {
                StepResult::Deviates
            } else {
                StepResult::Met
            });
        }
        let expected: Vec<String> = windows
            .iter()
            .map(|(_, window)| format!("gone {}", window.words))
            .collect();
        let got = at.map_or_else(
            || format!("still in {}", self.state()),
            |at| format!("gone at {at}"),
        );
        Err(Broken {
            sentence: format!(
                "The connection was {got}; it has to be {}.",
                expected.join(" or ")
            ),
            delta: vec![delta("time", expected.join(" or "), got.clone())],
            expected,
            got,
            ..Broken::default()
        }
        .into())
    }

    fn is_gone(&self) -> bool {
        matches!(self.state(), State::Closed | State::Listen)
    }

    // ---- what no step expects ----

    /// Notes which alternative was seen.
    pub(crate) fn seen(&mut self, tag: Option<&str>, deviates: bool) {
        self.recorder.tags.extend(tag.map(str::to_owned));
        if deviates {
            let step = self.recorder.step;
            let what = tag.map_or_else(
                || "a tolerated departure".to_owned(),
                |tag| format!("`{tag}`"),
            );
            self.recorder.deviations.push(format!(
                "Step {step}: {what} was seen, which departs from the text."
            ));
        }
    }

    /// Refuses what has come and no step took, but for the standing
    /// tolerances.
    pub(crate) fn refuse_leftovers(&mut self, when: &str, strict: bool) -> Result<(), Halt> {
        while let Some(arrival) = self.inbox.pop_front() {
            if !self.tolerate(&arrival, strict) {
                return Err(self.unexpected(&arrival, &format!("nothing {when}")).into());
            }
        }
        Ok(())
    }

    /// Takes a segment that no step expects, if a standing tolerance covers
    /// it.
    pub(crate) fn tolerate(&mut self, arrival: &Arrival, strict: bool) -> bool {
        let reason = match arrival.due.kind {
            Kind::Repeat => "a repeat",
            Kind::DuplicateAck => "a further duplicate ACK",
            Kind::WindowUpdate => "a window update",
            Kind::New => return false,
        };
        if !strict {
            self.recorder
                .mark(arrival.packet, Taken::Tolerated, Some(reason));
        }
        !strict
    }

    pub(crate) fn unexpected(&mut self, arrival: &Arrival, expected: &str) -> Broken {
        self.recorder.mark(arrival.packet, Taken::Refused, None);
        let got = short(&arrival.text).to_owned();
        Broken {
            sentence: format!(
                "After {} the stack sent {got}; {expected} is allowed.",
                self.stimulus
            ),
            expected: vec![expected.to_owned()],
            delta: vec![delta("segment", expected, got.clone())],
            got,
            ..Broken::default()
        }
    }
}

/// Whether a correct stack takes the segment in: nothing is wrong with it.
fn is_received(template: &SegmentTemplate) -> bool {
    let harmless = |edit: &Mangle| matches!(edit, Mangle::Fragment(_) | Mangle::Ttl(_));
    template.source == SourceAddress::Peer && template.mangles.iter().all(harmless)
}

/// The remark beside the peer's segment: the case's, and what is broken.
fn remark(step: &Step, template: &SegmentTemplate) -> Option<String> {
    let mut parts: Vec<String> = template.mangles.iter().map(ToString::to_string).collect();
    if template.source == SourceAddress::Other {
        parts.push("src=other".to_owned());
    }
    parts.extend(step.note.clone());
    (!parts.is_empty()).then(|| parts.join("; "))
}

fn option(name: OptionName, value: &str) -> Result<SocketOption, Halt> {
    let bad = || Halt::Unclear(format!("`{value}` is not a value of this option"));
    Ok(match name {
        OptionName::Nagle => SocketOption::Nagle(value == "on"),
        OptionName::ReceiveBuffer => SocketOption::ReceiveBuffer(value.parse().map_err(|_| bad())?),
        OptionName::KeepAlive if value == "off" => SocketOption::KeepAlive(None),
        OptionName::KeepAlive => {
            let seconds = value
                .strip_suffix('s')
                .and_then(|seconds| seconds.parse().ok());
            SocketOption::KeepAlive(Some(Duration::from_secs(seconds.ok_or_else(bad)?)))
        }
    })
}

fn is_outcome(outcome: &Outcome, look: bool, result: &CallResult) -> bool {
    match outcome {
        Outcome::Ok => result.is_ok() || (look && *result == Err(CallError::Again)),
        Outcome::Bytes(len) => matches!(result, Ok(Ret::Data(data)) if data.len() == *len),
        Outcome::Eof => *result == Err(CallError::Eof),
        Outcome::Reset => *result == Err(CallError::Reset),
        Outcome::Refused => *result == Err(CallError::Refused),
        Outcome::Timeout => *result == Err(CallError::Timeout),
        Outcome::Closed => *result == Err(CallError::Closed),
        Outcome::Again => *result == Err(CallError::Again),
    }
}

fn wrong_outcome(call: &str, allowed: &[Outcome], got: &str) -> Broken {
    let expected: Vec<String> = allowed.iter().map(ToString::to_string).collect();
    let list = expected.join(" or ");
    Broken {
        sentence: format!("On {call} the application was told `{got}`; `{list}` is required."),
        delta: vec![delta("outcome", list, got)],
        expected,
        got: got.to_owned(),
        ..Broken::default()
    }
}

fn shown(result: &CallResult) -> String {
    match result {
        Ok(Ret::Done) => "ok".to_owned(),
        Ok(Ret::Sent(len)) => format!("{len} octets taken"),
        Ok(Ret::Data(data)) => format!("{} octets", data.len()),
        Err(error) => error.to_string(),
    }
}

/// The less certain of two results of one step.
fn worse(a: StepResult, b: StepResult) -> StepResult {
    use StepResult::{Broken, Deviates, Done, Met, Unobserved};
    let rank = |result| match result {
        Broken => 0,
        Deviates => 1,
        Met => 2,
        Unobserved => 3,
        Done => 4,
    };
    if rank(a) <= rank(b) { a } else { b }
}

/// A segment's text without window and options.
pub(crate) fn short(text: &str) -> &str {
    text.split(" win=").next().unwrap_or(text)
}

/// A duration in words: `500 ms`, `60 s`.
pub(crate) fn words(span: Duration) -> String {
    let nanos = span.as_nanos();
    if nanos.is_multiple_of(1_000_000_000) {
        format!("{} s", nanos / 1_000_000_000)
    } else if nanos.is_multiple_of(1_000_000) {
        format!("{} ms", nanos / 1_000_000)
    } else {
        format!("{:.3} ms", span.as_secs_f64() * 1000.0)
    }
}

fn nanos(span: Duration) -> u64 {
    u64::try_from(span.as_nanos()).unwrap_or(u64::MAX)
}

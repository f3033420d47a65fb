//! A trial under way: what is known of both sides, and how the stack's replies
//! are taken in.

use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use std::sync::Arc;

use tcpspec_casefile::{SegmentPattern, Step, Variant};
use tcpspec_connector::{
    Call, CallResult, Clock, Connection, Emitted, Reply, StackError, StateChange, Stop,
};
use tcpspec_record::trace::Taken;
use tcpspec_record::{Event, Side, StepResult, Trial};
use tcpspec_wire::text::SegmentText;
use tcpspec_wire::{Body, Capability, Decoded, Flags, Instant, Packet, Segment, SeqNumber, State};

use crate::book::{Book, Due};
use crate::eval::{Label, Numbers, Scope};
use crate::halt::{Broken, Halt, delta};
use crate::interpreter::{Ask, Port};
use crate::judge;
use crate::limits;
use crate::matcher;
use crate::plan::{LISTEN_PORT, PEER_PORT, Plan, peer_iss};
use crate::recorder::{PacketRef, Recorder};
use crate::stream::{Stream, offset_of};

/// A segment of the stack that no step has taken yet.
#[derive(Clone, Debug)]
pub(crate) struct Arrival {
    pub(crate) at: Instant,
    pub(crate) segment: Segment,
    pub(crate) text: String,
    /// What its fields should be, by what was known when it came.
    pub(crate) due: Due,
    pub(crate) packet: PacketRef,
}

/// A trial under way.
#[derive(Debug)]
pub(crate) struct Play {
    pub(crate) plan: Plan,
    port: Rc<Port>,
    pub(crate) now: Instant,
    /// When the step under way began.
    pub(crate) began: Instant,
    pub(crate) book: Book,
    pub(crate) inbox: VecDeque<Arrival>,
    pub(crate) labels: BTreeMap<String, Label>,
    /// The stack's own port of the connection.
    pub(crate) local_port: u16,
    pub(crate) listening: bool,
    /// The connection's state as the stack last showed it.
    state: Option<State>,
    /// Changes since the last `state:`, with the state there was then.
    pub(crate) changes: Vec<State>,
    /// When the connection was last seen to end.
    pub(crate) gone_at: Option<Instant>,
    pub(crate) peer_stream: Stream,
    pub(crate) sut_stream: Stream,
    /// Octets the application has sent and read.
    pub(crate) sent: u32,
    pub(crate) read: u32,
    packets: usize,
    /// The last thing done to the stack, for sentences.
    pub(crate) stimulus: String,
    pub(crate) recorder: Recorder,
}

/// Plays a trial to its end.
pub(crate) async fn trial(plan: Plan, port: Rc<Port>) -> Trial {
    let variant = Arc::clone(&plan.variant);
    let mut play = Play::new(plan, port);
    let end = play.run(&variant).await;
    if matches!(end, Err(Halt::Broken(_))) {
        play.watch_aftermath().await;
    }
    judge::trial(play, &variant, end)
}

impl Play {
    fn new(plan: Plan, port: Rc<Port>) -> Self {
        let iss = plan
            .variant
            .peer
            .iss
            .unwrap_or_else(|| peer_iss(plan.id.seed));
        Self {
            plan,
            port,
            now: Instant::ZERO,
            began: Instant::ZERO,
            book: Book::new(SeqNumber::new(iss)),
            inbox: VecDeque::new(),
            labels: BTreeMap::new(),
            local_port: LISTEN_PORT,
            listening: false,
            state: None,
            changes: vec![State::Closed],
            gone_at: None,
            peer_stream: Stream::new(0),
            sut_stream: Stream::new(0xa5),
            sent: 0,
            read: 0,
            packets: 0,
            stimulus: String::new(),
            recorder: Recorder::default(),
        }
    }

    async fn run(&mut self, variant: &Variant) -> Result<(), Halt> {
        let reply = self.port.ask(Ask::Open(self.plan.setup())).await?;
        self.take(reply, &[])?;
        for (index, step) in variant.steps.iter().enumerate() {
            self.recorder.step = index + 1;
            self.began = self.now;
            let result = self.step(step).await;
            let shown = result.as_ref().map_or(StepResult::Broken, |result| *result);
            self.recorder.outcome(shown, step.claim.clone());
            result?;
        }
        self.refuse_leftovers("after the last step", variant.strict)
    }

    /// On a virtual clock: what the stack goes on to do after the decision.
    async fn watch_aftermath(&mut self) {
        if self.is_virtual() {
            let until = self.now + limits::AFTERMATH;
            if let Ok(reply) = self.port.ask(Ask::Run(until, Stop::AtEnd)).await {
                // Whatever is wrong with it does not matter any more.
                let _ = self.take(reply, &[]);
            }
        }
    }

    /// Whether time is the harness's to move.
    pub(crate) fn is_virtual(&self) -> bool {
        self.plan.hello.clock == Clock::Virtual
    }

    /// Whether the stack declares this.
    pub(crate) fn declares(&self, capability: Capability) -> bool {
        self.plan.hello.capabilities.contains(&capability)
    }

    /// What expressions are evaluated in.
    pub(crate) fn scope(&self) -> Scope<'_> {
        Scope {
            book: &self.book,
            labels: &self.labels,
            profile: &self.plan.hello.profile,
            numbering: self.plan.variant.numbering,
        }
    }

    /// The connection's state, as far as the stack has shown it.
    pub(crate) fn state(&self) -> State {
        match self.state {
            Some(State::Listen) | None if !self.listening => State::Closed,
            None => State::Listen,
            Some(state) => state,
        }
    }

    /// The application makes a call.
    pub(crate) async fn call(&mut self, call: Call, step: &Step) -> Result<CallResult, Halt> {
        let reply = self.port.ask(Ask::Call(call)).await?;
        let ret = reply.ret.clone();
        self.take(reply, &step.never)?;
        ret.ok_or_else(|| {
            Halt::Unclear("the connector answered a call without a result".to_owned())
        })
    }

    /// The peer's packets go to the stack.
    pub(crate) async fn deliver(&mut self, packets: Vec<Vec<u8>>, step: &Step) -> Result<(), Halt> {
        let reply = self.port.ask(Ask::Deliver(packets)).await?;
        self.take(reply, &step.never)
    }

    /// Time passes.
    pub(crate) async fn pass(
        &mut self,
        until: Instant,
        stop: Stop,
        step: &Step,
    ) -> Result<(), Halt> {
        let reply = self.port.ask(Ask::Run(until, stop)).await?;
        self.take(reply, &step.never)
    }

    /// Takes in all that a reply tells, in the order in which it happened.
    fn take(&mut self, reply: Reply, never: &[SegmentPattern]) -> Result<(), Halt> {
        self.packets += reply.tx.len();
        if reply.tx.len() > limits::PACKETS_PER_REPLY {
            return Err(StackError::Storm(limits::PACKETS_PER_REPLY).into());
        }
        if self.packets > limits::PACKETS_PER_TRIAL {
            return Err(StackError::Storm(limits::PACKETS_PER_TRIAL).into());
        }
        let mut states = reply.states.into_iter().peekable();
        let mut refused = Ok(());
        for emitted in reply.tx {
            while let Some(change) = states.next_if(|change| change.at < emitted.at) {
                self.take_state(change);
            }
            let taken = self.take_packet(&emitted, never);
            refused = refused.and(taken);
        }
        states.for_each(|change| self.take_state(change));
        self.now = self.now.max(reply.now);
        refused
    }

    fn take_state(&mut self, change: StateChange) {
        let ours = Connection {
            local: self.local_port,
            remote: PEER_PORT,
        };
        if change.connection != ours || self.state == Some(change.state) {
            return;
        }
        self.state = Some(change.state);
        if self.changes.last() != Some(&change.state) {
            self.changes.push(change.state);
        }
        if matches!(change.state, State::Closed | State::Listen) {
            self.gone_at = Some(change.at);
            self.book.end();
        }
        let exact = self.declares(Capability::StateLog);
        self.recorder.event(
            change.at,
            Event::State {
                state: change.state.to_string(),
                exact,
            },
        );
    }

    fn take_packet(&mut self, emitted: &Emitted, never: &[SegmentPattern]) -> Result<(), Halt> {
        let decoded = match Packet::decode(&emitted.octets) {
            Ok(decoded) => decoded,
            Err(error) => {
                let text = format!("not an IP packet: {error}");
                return self.refuse_packet(emitted, text.clone(), "an IP packet", &text);
            }
        };
        if let Some(defect) = decoded.defects.first() {
            let text = self.text_of(&decoded);
            return self.refuse_packet(emitted, text, "a well-formed packet", &defect.to_string());
        }
        match decoded.packet.body {
            Body::Tcp(segment) => self.take_segment(emitted, segment, never),
            Body::Icmp(_) | Body::Fragment { .. } | Body::Other { .. } => {
                let text = self.text_of(&decoded);
                let packet = self
                    .recorder
                    .packet(emitted.at, Side::Sut, text, &emitted.octets);
                self.recorder
                    .mark(packet, Taken::Tolerated, Some("not a TCP segment"));
                Ok(())
            }
        }
    }

    fn take_segment(
        &mut self,
        emitted: &Emitted,
        segment: Segment,
        never: &[SegmentPattern],
    ) -> Result<(), Halt> {
        if (segment.src_port, segment.dst_port) != (self.local_port, PEER_PORT) {
            let got = format!("{} -> {}", segment.src_port, segment.dst_port);
            let expected = format!("ports {} -> {PEER_PORT}", self.local_port);
            let text = self.sut_text(&segment);
            return self.refuse_packet(emitted, text, &expected, &got);
        }
        let due = self.book.due(&segment);
        self.book.sut_sends(&segment);
        let text = self.sut_text(&segment);
        let packet = self
            .recorder
            .packet(emitted.at, Side::Sut, text.clone(), &emitted.octets);
        self.renew_labels(emitted.at, &segment);
        let arrival = Arrival {
            at: emitted.at,
            segment,
            text,
            due,
            packet,
        };
        self.check_forbidden(&arrival, never)?;
        self.check_text(&arrival)?;
        self.inbox.push_back(arrival);
        Ok(())
    }

    /// A repeat of a labelled segment moves the label's `last`.
    fn renew_labels(&mut self, at: Instant, segment: &Segment) {
        let numbers = Numbers::from(segment);
        for label in self.labels.values_mut() {
            if let Some((Side::Sut, labelled)) = label.segment
                && (labelled.seq, labelled.end) == (numbers.seq, numbers.end)
            {
                label.last = at;
            }
        }
    }

    fn check_forbidden(&mut self, arrival: &Arrival, never: &[SegmentPattern]) -> Result<(), Halt> {
        let variant = Arc::clone(&self.plan.variant);
        for pattern in never.iter().chain(&variant.never) {
            if matcher::is_forbidden(pattern, &arrival.segment, &arrival.due, &self.scope())? {
                self.recorder.mark(arrival.packet, Taken::Refused, None);
                return Err(Broken {
                    sentence: format!(
                        "The stack sent {}; {} must not come here.",
                        arrival.text, pattern.text
                    ),
                    expected: vec![format!("no {}", pattern.text)],
                    got: arrival.text.clone(),
                    ..Broken::default()
                }
                .into());
            }
        }
        Ok(())
    }

    /// Text on the wire must be the stack's stream. What was acknowledged may
    /// be anything: a keep-alive's octet is not text (RFC 9293 section 3.8.4).
    fn check_text(&mut self, arrival: &Arrival) -> Result<(), Halt> {
        let Some(sut) = &self.book.sut else {
            return Ok(());
        };
        let segment = &arrival.segment;
        let start = if segment.flags.contains(Flags::SYN) {
            segment.seq + 1
        } else {
            segment.seq
        };
        if segment.payload.is_empty() || segment.end().at_or_before(sut.snd_una) {
            return Ok(());
        }
        let offset = offset_of(start, sut.iss);
        let Some(at) = self.sut_stream.difference(offset, &segment.payload) else {
            return Ok(());
        };
        let expected = self.sut_stream.read(offset.wrapping_add(at as u32), 1);
        self.recorder.mark(arrival.packet, Taken::Refused, None);
        Err(Broken {
            sentence: format!(
                "The stack sent {} with text that its application never sent.",
                arrival.text
            ),
            expected: vec!["the text that the application sent".to_owned()],
            got: arrival.text.clone(),
            delta: vec![delta(
                &format!("text, octet {at}"),
                format!("{:02x}", expected[0]),
                format!("{:02x}", segment.payload[at]),
            )],
            ..Broken::default()
        }
        .into())
    }

    fn refuse_packet(
        &mut self,
        emitted: &Emitted,
        text: String,
        expected: &str,
        got: &str,
    ) -> Result<(), Halt> {
        let packet = self
            .recorder
            .packet(emitted.at, Side::Sut, text.clone(), &emitted.octets);
        self.recorder.mark(packet, Taken::Refused, None);
        Err(Broken {
            sentence: format!("The stack sent a packet that no peer can take: {got}."),
            expected: vec![expected.to_owned()],
            got: text,
            delta: vec![delta("packet", expected, got)],
            ..Broken::default()
        }
        .into())
    }

    /// The one-line text of a segment of the stack.
    fn sut_text(&self, segment: &Segment) -> String {
        let scope = self.scope();
        SegmentText::new(segment, scope.base(Side::Sut), scope.base(Side::Peer)).to_string()
    }

    /// The one-line text of a segment of the peer.
    pub(crate) fn peer_text(&self, segment: &Segment) -> String {
        let scope = self.scope();
        SegmentText::new(segment, scope.base(Side::Peer), scope.base(Side::Sut)).to_string()
    }

    fn text_of(&self, decoded: &Decoded) -> String {
        match &decoded.packet.body {
            Body::Tcp(segment) => self.sut_text(segment),
            Body::Icmp(error) => format!("ICMP type={} code={}", error.kind, error.code),
            Body::Fragment { offset, .. } => format!("IP fragment offset={offset}"),
            Body::Other { protocol, .. } => format!("IP protocol={protocol}"),
        }
    }

    /// The stack was opened for another connection: its SYN will be a new one.
    pub(crate) fn reconnect(&mut self, local_port: u16) {
        if self.book.sut.is_some() {
            self.book.reopen();
            (self.sent, self.read) = (0, 0);
        }
        self.local_port = local_port;
        self.state = None;
    }
}

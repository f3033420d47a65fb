//! A trial under way: what is known of both sides, and how the stack's replies
//! are taken in.

mod intake;
mod patience;
mod wire;

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use tcpspec_casefile::{SegmentPattern, Step, Variant};
use tcpspec_connector::{Call, CallResult, Clock, Stop};
use tcpspec_record::{Side, StepResult, Trial};
use tcpspec_wire::text::{Base, SegmentText};
use tcpspec_wire::{Body, Capability, Flags, Instant, Segment, State};

use crate::book::Book;
use crate::eval::{Label, Scope};
use crate::halt::{Broken, Halt};
use crate::interpreter::{Ask, Port};
use crate::judge;
use crate::limits;
use crate::plan::{Plan, default_mss};
use crate::recorder::Recorder;
use crate::talk::Talk;
pub(crate) use wire::{PEER, SUT, Wire};

/// A trial under way.
#[derive(Debug)]
pub(crate) struct Play {
    pub(crate) plan: Plan,
    port: Rc<Port>,
    pub(crate) now: Instant,
    /// When the step under way began.
    pub(crate) began: Instant,
    /// The connection that the step under way is about, and all others.
    pub(crate) talk: Talk,
    pub(crate) others: Vec<Talk>,
    pub(crate) labels: BTreeMap<String, Label>,
    pub(crate) listening: bool,
    /// Counters as they stood when the trial began: those of which a case
    /// wants to know how they grow.
    pub(crate) info_at_begin: BTreeMap<String, u64>,
    packets: usize,
    /// Segments of the stack that have come to the peer.
    arrived: usize,
    /// The link between peer and stack, where anything can happen on it.
    pub(crate) wire: Option<Box<Wire>>,
    /// The last thing done to the stack, for sentences.
    pub(crate) stimulus: String,
    pub(crate) recorder: Recorder,
}

/// Plays a trial to its end.
pub(crate) async fn trial(plan: Plan, port: Rc<Port>) -> Trial {
    let variant = Arc::clone(&plan.variant);
    let mut play = Play::new(plan, port);
    let end = play.run(&variant).await;
    play.tell_what_happened();
    if matches!(end, Err(Halt::Broken(_))) {
        play.watch_aftermath().await;
    }
    judge::trial(play, &variant, end)
}

impl Play {
    fn new(plan: Plan, port: Rc<Port>) -> Self {
        let iss = plan.peer_iss();
        let default_mss = default_mss(plan.id.ip);
        Self {
            wire: Wire::of(&plan),
            plan,
            port,
            now: Instant::ZERO,
            began: Instant::ZERO,
            talk: Talk::new(None, 0, Book::new(iss, default_mss)),
            others: Vec::new(),
            labels: BTreeMap::new(),
            listening: false,
            info_at_begin: BTreeMap::new(),
            packets: 0,
            arrived: 0,
            stimulus: String::new(),
            recorder: Recorder::default(),
        }
    }

    async fn run(&mut self, variant: &Variant) -> Result<(), Halt> {
        let reply = self.port.ask(Ask::Open(self.plan.setup())).await?;
        self.take(reply, &[])?;
        self.note_info_at_begin(variant).await?;
        for (index, step) in variant.steps.iter().enumerate() {
            self.recorder.step = index + 1;
            self.began = self.now;
            self.port.begin_step();
            let result = self.step(step).await;
            let shown = result.as_ref().map_or(StepResult::Broken, |result| *result);
            self.recorder.outcome(shown, step.claim.clone());
            result?;
        }
        if self.is_lenient() {
            self.finish().await?;
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

    /// Hands over what was done to packets.
    fn tell_what_happened(&self) {
        if let Some(wire) = &self.wire {
            let happened = wire.link.happened().to_vec();
            *self.port.happened.borrow_mut() = happened;
        }
    }

    /// Whether time is the harness's to move.
    pub(crate) fn is_virtual(&self) -> bool {
        self.plan.hello.clock == Clock::Virtual
    }

    /// By how much the harness was late, if that may be why this is broken.
    pub(crate) fn excuse(&self, broken: &Broken) -> Option<Duration> {
        let lateness = match broken.waited {
            true => self.port.lateness_before_wait(),
            false => self.port.lateness(),
        };
        self.plan.excuses(lateness).then_some(lateness)
    }

    /// Whether the stack declares this.
    pub(crate) fn declares(&self, capability: Capability) -> bool {
        self.plan.hello.capabilities.contains(&capability)
    }

    /// What expressions are evaluated in.
    pub(crate) fn scope(&self) -> Scope<'_> {
        Scope {
            book: &self.talk.book,
            labels: &self.labels,
            profile: &self.plan.hello.profile,
            numbering: self.plan.variant.numbering,
            link_mss: self.plan.link_mss(),
            peer: self.plan.setup().peer,
        }
    }

    /// The connection's state, as far as the stack has shown it.
    pub(crate) fn state(&self) -> State {
        match self.talk.state {
            Some(State::Listen) | None if !self.listening => State::Closed,
            None => State::Listen,
            Some(state) => state,
        }
    }

    /// The application makes a call.
    pub(crate) async fn call(
        &mut self,
        call: Call,
        never: &[SegmentPattern],
    ) -> Result<CallResult, Halt> {
        let reply = self.port.ask(Ask::Call(call)).await?;
        let ret = reply.ret.clone();
        self.take(reply, never)?;
        self.settle(never).await?;
        ret.ok_or_else(|| {
            Halt::Unclear("the connector answered a call without a result".to_owned())
        })
    }

    /// The peer's packets go to the stack at once.
    async fn hand_over(
        &mut self,
        packets: Vec<Vec<u8>>,
        never: &[SegmentPattern],
    ) -> Result<(), Halt> {
        let reply = self.port.ask(Ask::Deliver(packets)).await?;
        self.take(reply, never)
    }

    /// Time passes.
    pub(crate) async fn pass(
        &mut self,
        until: Instant,
        stop: Stop,
        step: &Step,
    ) -> Result<(), Halt> {
        if self.wire.is_some() {
            return self.pass_on_link(until, stop, &step.never).await;
        }
        let reply = self.port.ask(Ask::Run(until, stop)).await?;
        self.take(reply, &step.never)
    }

    /// Time has passed at once; what is on the link has come meanwhile.
    pub(crate) async fn leap(&mut self, to: Instant, step: &Step) -> Result<(), Halt> {
        let reply = self.port.ask(Ask::Leap(to)).await?;
        self.take(reply, &step.never)?;
        self.settle(&step.never).await
    }

    /// The one-line text of a segment of the stack.
    fn sut_text(&self, segment: &Segment) -> String {
        let scope = self.scope();
        // Of a SYN that the link lost nothing is known but the SYN itself.
        let own = segment.flags.contains(Flags::SYN).then_some(Base {
            origin: segment.seq,
            shown_as: self.plan.variant.numbering.sut,
        });
        let base = scope.base(Side::Sut).or(own);
        SegmentText::new(segment, base, scope.base(Side::Peer)).to_string()
    }

    /// The one-line text of a segment of the peer.
    pub(crate) fn peer_text(&self, segment: &Segment) -> String {
        let scope = self.scope();
        SegmentText::new(segment, scope.base(Side::Peer), scope.base(Side::Sut)).to_string()
    }

    fn text_of(&self, body: &Body, side: Side) -> String {
        match body {
            Body::Tcp(segment) if side == Side::Peer => self.peer_text(segment),
            Body::Tcp(segment) => self.sut_text(segment),
            Body::Icmp(error) => format!("ICMP type={} code={}", error.kind, error.code),
            Body::Fragment { offset, .. } => format!("IP fragment offset={offset}"),
            Body::Other { protocol, .. } => format!("IP protocol={protocol}"),
        }
    }

    /// The stack is opened for another connection, whose SYN will be a new one,
    /// on this port. While there is a connection the OPEN is of that one: it
    /// has the same port, and changes nothing.
    pub(crate) fn connect(&mut self, local_port: u16) -> u16 {
        if !matches!(self.state(), State::Closed | State::Listen) {
            return self.talk.local_port;
        }
        if self.talk.book.sut.is_some() {
            self.talk.book.reopen();
            (self.talk.sent, self.talk.read) = (0, 0);
        }
        self.talk.local_port = local_port;
        self.talk.state = None;
        local_port
    }
}

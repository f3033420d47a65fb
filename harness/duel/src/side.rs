//! One side of the duel: a stack, its application, and what it has done.

use std::time::Duration;

use tcpspec_connector::{
    Call, CallResult, Clock, Connection, Next, Reply, StackError, StackUnderTest, Stop,
};
use tcpspec_wire::{Body, Flags, Instant, PacketRef, SeqNumber, State};

use crate::application::Application;
use crate::outcome::{End, Failure};
use crate::terms::{CLIENT_PORT, PORT, Terms};

/// One side of the duel.
pub(crate) struct Side<'a> {
    stack: &'a mut dyn StackUnderTest,
    connection: Connection,
    pub(crate) application: Application,
    /// When the stack will do something by itself.
    pub(crate) next: Next,
    pub(crate) now: Instant,
    /// The highest acknowledgment that has come to it, and when it came.
    acked: Option<SeqNumber>,
    progress: Instant,
    pub(crate) state: Option<State>,
    /// Since when its connection is no more.
    closed: Option<Instant>,
    /// Packets that it has emitted and nobody has taken.
    pub(crate) emitted: Vec<(Instant, Vec<u8>)>,
    segments: u64,
    text: u64,
}

impl<'a> Side<'a> {
    /// Opens the stack of an end and makes the first call.
    pub(crate) fn open(
        stack: &'a mut dyn StackUnderTest,
        end: usize,
        terms: &Terms,
    ) -> Result<Self, StackError> {
        let reply = stack.open(&terms.setup(end))?;
        let ports = [CLIENT_PORT, PORT];
        let mut side = Self {
            stack,
            connection: Connection {
                local: ports[end],
                remote: ports[1 - end],
            },
            application: Application::new(end, terms),
            next: reply.next,
            now: Instant::ZERO,
            acked: None,
            progress: Instant::ZERO,
            state: None,
            closed: None,
            emitted: Vec::new(),
            segments: 0,
            text: 0,
        };
        side.take(reply);
        Ok(side)
    }

    /// Whether time passes by itself.
    pub(crate) fn is_real(&self) -> bool {
        self.stack.hello().clock == Clock::Real
    }

    /// For how long it had tried in vain when its connection ended, or has now,
    /// if that is as long as it has to try (RFC 9293 section 3.8.3, R2).
    pub(crate) fn has_given_up(&self) -> Option<Duration> {
        let profile = &self.stack.hello().profile;
        let opening = profile.r2_syn.min(profile.r2_syn_ack);
        let due = match self.acked {
            None => opening,
            Some(_) => opening.min(profile.r2_data),
        };
        let vain = self.closed?.since(self.progress);
        (vain >= due).then_some(vain)
    }

    /// Makes calls of the application until none gets on.
    pub(crate) fn act(&mut self) -> Result<Result<(), Failure>, StackError> {
        let mut moved = true;
        while moved {
            moved = false;
            for call in self.application.calls(self.state) {
                let result = self.call(&call)?;
                match self.application.take(&call, result) {
                    Ok(on) => moved |= on,
                    Err(failure) => return Ok(Err(failure)),
                }
            }
        }
        Ok(Ok(()))
    }

    /// Makes the call with which it all begins.
    pub(crate) fn begin(&mut self, terms: &Terms) -> Result<CallResult, StackError> {
        let opening = self.application.opening(terms);
        self.call(&opening)
    }

    /// A packet arrives.
    pub(crate) fn deliver(&mut self, packet: Vec<u8>) -> Result<(), StackError> {
        self.note_progress(&packet);
        let reply = self.stack.deliver(&[packet])?;
        self.take(reply);
        Ok(())
    }

    /// Time passes, at most until `until`, and no further than to the next
    /// packet.
    pub(crate) fn pass(&mut self, until: Instant) -> Result<(), StackError> {
        let reply = self.stack.run(until, Stop::FirstPacket)?;
        self.take(reply);
        Ok(())
    }

    pub(crate) fn end(&self) -> End {
        End {
            sent: self.application.sent,
            read: self.application.read,
            state: self.state,
            segments: self.segments,
            text: self.text,
        }
    }

    fn call(&mut self, call: &Call) -> Result<CallResult, StackError> {
        let mut reply = self.stack.call(call)?;
        let result = reply.ret.take();
        self.take(reply);
        // A call without a result is a connector's fault; the duel then waits
        // for what never comes.
        Ok(result.unwrap_or(Err(tcpspec_connector::CallError::Again)))
    }

    fn take(&mut self, reply: Reply) {
        self.now = self.now.max(reply.now);
        self.next = reply.next;
        for change in reply.states {
            if change.connection == self.connection {
                self.state = Some(change.state);
                self.closed = (change.state == State::Closed).then_some(change.at);
            }
        }
        for packet in reply.tx {
            self.count(&packet.octets);
            self.emitted.push((packet.at, packet.octets));
        }
    }

    /// Takes note of an acknowledgment of something new.
    fn note_progress(&mut self, octets: &[u8]) {
        if let Ok(packet) = PacketRef::decode(octets)
            && let Body::Tcp(segment) = packet.body
            && segment.flags.contains(Flags::ACK)
            && self.acked.is_none_or(|acked| segment.ack.after(acked))
        {
            self.acked = Some(segment.ack);
            self.progress = self.now;
        }
    }

    fn count(&mut self, octets: &[u8]) {
        if let Ok(packet) = PacketRef::decode(octets)
            && let Body::Tcp(segment) = packet.body
        {
            self.segments += 1;
            self.text += segment.payload.len() as u64;
        }
    }
}

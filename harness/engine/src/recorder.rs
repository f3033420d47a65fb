//! The trace and the step outcomes of a trial, as they come.

use tcpspec_record::trace::Taken;
use tcpspec_record::{Event, RequirementId, Side, StepOutcome, StepResult, TraceEvent};
use tcpspec_wire::Instant;
use tcpspec_wire::text::Hex;

/// What is written down while a trial runs.
#[derive(Debug, Default)]
pub(crate) struct Recorder {
    pub(crate) trace: Vec<TraceEvent>,
    pub(crate) steps: Vec<StepOutcome>,
    pub(crate) tags: Vec<String>,
    pub(crate) deviations: Vec<String>,
    /// The step under way, counted from 1.
    pub(crate) step: usize,
}

/// A packet's place in the trace, to say later how it was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PacketRef(usize);

impl Recorder {
    pub(crate) fn event(&mut self, at: Instant, event: Event) {
        self.trace.push(TraceEvent {
            at: at.as_nanos(),
            step: self.step,
            event,
        });
    }

    pub(crate) fn packet(
        &mut self,
        at: Instant,
        from: Side,
        text: String,
        octets: &[u8],
    ) -> PacketRef {
        let octets = Hex(octets).to_string();
        self.event(
            at,
            Event::Packet {
                from,
                text,
                octets,
                taken: None,
                note: None,
                late: false,
            },
        );
        PacketRef(self.trace.len() - 1)
    }

    /// The link did something to a packet: it is not what came out at once.
    pub(crate) fn meets(&mut self, packet: PacketRef, did: String) {
        let Some(traced) = self.trace.get_mut(packet.0) else {
            return;
        };
        if let Event::Packet {
            from,
            text,
            octets,
            note,
            ..
        } = &mut traced.event
        {
            traced.event = Event::Wire {
                from: *from,
                text: std::mem::take(text),
                octets: std::mem::take(octets),
                did,
                note: note.take(),
            };
        }
    }

    /// A packet comes out of the link later, or otherwise, than it went in.
    pub(crate) fn late_packet(
        &mut self,
        at: Instant,
        from: Side,
        text: String,
        octets: &[u8],
    ) -> PacketRef {
        let packet = self.packet(at, from, text, octets);
        if let Event::Packet { late, .. } = &mut self.trace[packet.0].event {
            *late = true;
        }
        packet
    }

    /// Says how a packet was taken, and by which step. The first word holds.
    pub(crate) fn mark(&mut self, packet: PacketRef, how: Taken, remark: Option<&str>) {
        let step = self.step;
        let Some(event) = self.trace.get_mut(packet.0) else {
            return;
        };
        if let Event::Packet { taken, note, .. } = &mut event.event
            && taken.is_none()
        {
            *taken = Some(how);
            if let Some(remark) = remark {
                *note = Some(remark.to_owned());
            }
            event.step = step;
        }
    }

    /// The octets of a packet.
    pub(crate) fn octets(&self, packet: PacketRef) -> Option<Vec<u8>> {
        match &self.trace.get(packet.0)?.event {
            Event::Packet { octets, .. } | Event::Wire { octets, .. } => Hex::octets(octets).ok(),
            _ => None,
        }
    }

    /// Adds the case's remark to a packet of the peer.
    pub(crate) fn note(&mut self, packet: PacketRef, remark: String) {
        if let Some(TraceEvent {
            event: Event::Packet { note, .. } | Event::Wire { note, .. },
            ..
        }) = self.trace.get_mut(packet.0)
        {
            *note = Some(remark);
        }
    }

    pub(crate) fn outcome(&mut self, result: StepResult, claim: Option<RequirementId>) {
        self.steps.push(StepOutcome {
            step: self.step,
            result,
            claim,
        });
    }

    /// Packets of the stack that no step took came after the decision.
    pub(crate) fn close(&mut self) {
        for event in &mut self.trace {
            if let Event::Packet {
                from: Side::Sut,
                taken,
                ..
            } = &mut event.event
                && taken.is_none()
            {
                *taken = Some(Taken::After);
            }
        }
    }
}

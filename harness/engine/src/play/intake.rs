//! Taking in the stack's replies: packets and changes of state, in the order
//! in which they happened.

use std::sync::Arc;

use tcpspec_casefile::SegmentPattern;
use tcpspec_connector::{
    self as connector, Connection, Emitted, Reason, Reply, StackError, StateChange,
};
use tcpspec_record::trace::{Did, Taken};
use tcpspec_record::{Event, Side};
use tcpspec_wire::{Body, Capability, Flags, Instant, Packet, Segment, State, TcpOption};

use super::Play;
use crate::eval::Numbers;
use crate::halt::{Broken, Halt, delta};
use crate::limits;
use crate::matcher;
use crate::recorder::PacketRef;
use crate::routes;
use crate::stream::offset_of;
use crate::talk::{Arrival, Header};

impl Play {
    /// Takes in all that a reply tells, in the order in which it happened.
    pub(super) fn take(&mut self, reply: Reply, never: &[SegmentPattern]) -> Result<(), Halt> {
        self.packets += reply.tx.len();
        if reply.tx.len() > limits::PACKETS_PER_REPLY {
            return Err(StackError::Storm(limits::PACKETS_PER_REPLY).into());
        }
        if self.packets > limits::PACKETS_PER_TRIAL {
            return Err(StackError::Storm(limits::PACKETS_PER_TRIAL).into());
        }
        if self.is_lenient() && self.packets > limits::EXCHANGE {
            return Err(self.endless().into());
        }
        reply.reasons.into_iter().for_each(|told| self.note(told));
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

    fn note(&mut self, told: Reason) {
        let did = match told.did {
            connector::Did::Dropped => Did::Dropped,
            connector::Did::Reset => Did::Reset,
        };
        let why = told.why;
        self.recorder.event(told.at, Event::Reason { did, why });
    }

    fn take_state(&mut self, change: StateChange) {
        // What happens on connections that are none of the case's is not told.
        self.with_talk(change.connection, |play| play.take_change(change));
    }

    fn take_change(&mut self, change: StateChange) {
        let talk = &mut self.talk;
        if talk.state == Some(change.state) {
            return;
        }
        let before = talk.state.replace(change.state);
        if change.state == State::TimeWait {
            talk.waits_since = change.at;
        }
        if talk.changes.last() != Some(&change.state) {
            talk.changes.push(change.state);
        }
        if matches!(change.state, State::Closed | State::Listen) {
            talk.gone_at = Some(change.at);
            talk.ended_in = before;
            talk.persistence.end(change.at);
            talk.book.end();
        }
        let state = match &talk.name {
            Some(name) => format!("{} on {name}", change.state),
            None => change.state.to_string(),
        };
        let exact = self.declares(Capability::StateLog);
        self.recorder
            .event(change.at, Event::State { state, exact });
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
            let text = self.text_of(&decoded.packet.body, Side::Sut);
            return self.refuse_packet(emitted, text, "a well-formed packet", &defect.to_string());
        }
        match decoded.packet.body {
            Body::Tcp(segment) if has_malformed_options(&segment) => {
                let text = self.sut_text(&segment);
                let got = "octets among the options that follow no format";
                self.refuse_packet(emitted, text, "options of kind, length and data", got)
            }
            Body::Tcp(segment) => {
                let Packet { ip, route, .. } = decoded.packet;
                self.take_segment(emitted, Header { ip, route }, segment, never)
            }
            Body::Icmp(_) | Body::Fragment { .. } | Body::Other { .. } => {
                let text = self.text_of(&decoded.packet.body, Side::Sut);
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
        header: Header,
        segment: Segment,
        never: &[SegmentPattern],
    ) -> Result<(), Halt> {
        let ports = Connection {
            local: segment.src_port,
            remote: segment.dst_port,
        };
        if !self.has_talk(ports) {
            let Connection { local, remote } = ports;
            let got = format!("{local} -> {remote}");
            let ours = self.talk.ports();
            let expected = format!("ports {} -> {}", ours.local, ours.remote);
            let text = self.sut_text(&segment);
            return self.refuse_packet(emitted, text, &expected, &got);
        }
        let taken = self.with_talk(ports, |play| {
            play.take_ours(emitted, header, segment, never)
        });
        taken.unwrap_or(Ok(()))
    }

    /// Takes in a segment that the stack has sent on the connection that is
    /// turned to.
    fn take_ours(
        &mut self,
        emitted: &Emitted,
        header: Header,
        segment: Segment,
        never: &[SegmentPattern],
    ) -> Result<(), Halt> {
        self.check_reset(&segment)?;
        self.talk.persistence.tries(emitted.at, &segment);
        let arrival = match self.meets(emitted) {
            None => self.arrives(emitted, header, segment, false),
            Some(did) => {
                let arrival = self.seen_leaving(emitted, header, segment);
                self.recorder.meets(arrival.packet, did);
                self.check_forbidden(&arrival, never)?;
                return self.check_text(&arrival);
            }
        };
        self.check_forbidden(&arrival, never)?;
        self.check_text(&arrival)?;
        self.talk.inbox.push_back(arrival);
        Ok(())
    }

    /// A segment comes to the peer: late, if the link did something to it.
    pub(super) fn arrives(
        &mut self,
        emitted: &Emitted,
        header: Header,
        segment: Segment,
        late: bool,
    ) -> Arrival {
        self.arrived += 1;
        let due = self.talk.book.due(&segment);
        let before = self.talk.book.peer_ack();
        self.talk.book.sut_sends(&segment);
        if self.is_lenient() {
            let next = self.talk.book.peer_ack();
            let persistence = &mut self.talk.persistence;
            persistence.receives(emitted.at, &segment, [before, next]);
        }
        let text = self.sut_text(&segment);
        let packet = self.write_down(emitted, header, &text, late);
        self.talk.last_of_sut = Some(packet);
        self.renew_labels(emitted.at, &segment);
        Arrival {
            at: emitted.at,
            header,
            segment,
            text,
            due,
            packet,
        }
    }

    /// A segment leaves the stack, and nobody knows what becomes of it.
    fn seen_leaving(&mut self, emitted: &Emitted, header: Header, segment: Segment) -> Arrival {
        let text = self.sut_text(&segment);
        let packet = self.write_down(emitted, header, &text, false);
        Arrival {
            at: emitted.at,
            header,
            due: self.talk.book.due(&segment),
            segment,
            text,
            packet,
        }
    }

    fn write_down(
        &mut self,
        emitted: &Emitted,
        header: Header,
        text: &str,
        late: bool,
    ) -> PacketRef {
        let Emitted { at, octets } = emitted;
        let text = text.to_owned();
        let packet = match late {
            true => self.recorder.late_packet(*at, Side::Sut, text, octets),
            false => self.recorder.packet(*at, Side::Sut, text, octets),
        };
        let route = header.route.map(|route| {
            let peer = self.plan.setup().peer;
            format!("route={}", routes::shown(&route, header.ip.dst, peer))
        });
        let name = self.talk.name.as_ref().map(|name| format!("on {name}"));
        let notes: Vec<String> = route.into_iter().chain(name).collect();
        if !notes.is_empty() {
            self.recorder.note(packet, notes.join("; "));
        }
        packet
    }

    /// A repeat of a labelled segment moves the label's `last`.
    fn renew_labels(&mut self, at: Instant, segment: &Segment) {
        let numbers = Numbers::from(segment);
        let port = self.talk.peer_port;
        for label in self.labels.values_mut() {
            if let Some(labelled) = label.segment
                && (labelled.side, labelled.port) == (Side::Sut, port)
                && (labelled.numbers.seq, labelled.numbers.end) == (numbers.seq, numbers.end)
            {
                label.last = at;
            }
        }
    }

    fn check_forbidden(&mut self, arrival: &Arrival, never: &[SegmentPattern]) -> Result<(), Halt> {
        let variant = Arc::clone(&self.plan.variant);
        for pattern in never.iter().chain(&variant.never) {
            if matcher::is_forbidden(pattern, arrival, &self.scope())? {
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
        let Some(sut) = &self.talk.book.sut else {
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
        let Some(at) = self.talk.sut_stream.difference(offset, &segment.payload) else {
            return Ok(());
        };
        let expected = self.talk.sut_stream.read(offset.wrapping_add(at as u32), 1);
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
}

/// Whether a length among the options cannot be right, or something other than
/// zeros stands behind their end (RFC 9293 MUST-68, MUST-69).
fn has_malformed_options(segment: &Segment) -> bool {
    let malformed = |option: &TcpOption| matches!(option, TcpOption::Malformed(_));
    segment.options.iter().any(malformed)
}

//! The link between peer and stack, where a case has `wire:` steps. Without any
//! there is none, and packets go from hand to hand.

use std::collections::BTreeMap;

use tcpspec_casefile::{Action, SegmentPattern};
use tcpspec_connector::{Connection, Emitted, Stop};
use tcpspec_link::{Arrival, Conditions, End, Link, Origin, Passage, Reassembly};
use tcpspec_record::Side;
use tcpspec_record::trace::Taken;
use tcpspec_wire::{Body, Instant, Packet, Segment};

use super::Play;
use crate::halt::Halt;
use crate::interpreter::Ask;
use crate::plan::Plan;
use crate::recorder::PacketRef;
use crate::talk::Header;

/// The link, and what the peer's IP does with what comes out of it.
#[derive(Debug)]
pub(crate) struct Wire {
    pub(crate) link: Link,
    reassembly: Reassembly,
}

impl Wire {
    /// The link that a plan needs, if it needs one.
    pub(super) fn of(plan: &Plan) -> Option<Box<Self>> {
        let (variant, seed) = (&plan.variant, plan.link_seed());
        let mut steps = variant.steps.iter();
        let has_faults = steps.any(|step| matches!(step.action, Action::Wire(_)));
        let link = match &plan.faults {
            Some(faults) => faults.link(variant, seed),
            None if has_faults || variant.lenient => {
                Link::new(Conditions::default(), Conditions::default(), &[], seed)
            }
            None => return None,
        };
        let reassembly = Reassembly::default();
        Some(Box::new(Self { link, reassembly }))
    }

    /// How often what happened to packets.
    pub(crate) fn tally(&self) -> BTreeMap<String, u64> {
        let words = self.link.tally().iter();
        words
            .map(|(word, count)| (word.to_owned(), count))
            .collect()
    }
}

/// The peer's end of the link, and the stack's.
pub(crate) const PEER: End = End::Left;
pub(crate) const SUT: End = End::Right;

impl Play {
    /// What the link does to a packet of the stack, in words; nothing if it is
    /// through at once and whole.
    pub(super) fn meets(&mut self, emitted: &Emitted) -> Option<String> {
        let wire = self.wire.as_mut()?;
        match wire.link.pass(SUT, emitted.at, emitted.octets.clone()) {
            Passage::Through(_) => {
                self.talk.is_refused = false;
                None
            }
            Passage::Met(sent) => {
                if sent.is_lost() {
                    self.talk.persistence.loses(false);
                }
                self.talk.is_refused = sent.is_refused();
                Some(sent.to_string())
            }
        }
    }

    /// The peer's packets go to the stack. `segment` is what they bear, if the
    /// stack takes it; `event` is where the trace has them.
    pub(crate) async fn deliver(
        &mut self,
        packets: Vec<Vec<u8>>,
        event: PacketRef,
        segment: Option<&Segment>,
        never: &[SegmentPattern],
    ) -> Result<(), Halt> {
        if self.is_lenient()
            && let Some(segment) = segment
        {
            self.talk.persistence.sends(self.now, segment, &packets);
        }
        self.put(packets, event, segment, never).await
    }

    /// The same, and nothing is kept to be sent again.
    pub(super) async fn put(
        &mut self,
        packets: Vec<Vec<u8>>,
        event: PacketRef,
        segment: Option<&Segment>,
        never: &[SegmentPattern],
    ) -> Result<(), Halt> {
        let now = self.now;
        let Some(wire) = &mut self.wire else {
            self.sut_receives(segment);
            return self.hand_over(packets, never).await;
        };
        let mut through = Vec::new();
        let mut met = None;
        for packet in packets {
            match wire.link.pass(PEER, now, packet) {
                Passage::Through(octets) => through.push(octets),
                Passage::Met(sent) => met = met.or(Some(sent)),
            }
        }
        let Some(met) = met else {
            self.sut_receives(segment);
            self.hand_over(through, never).await?;
            return self.settle(never).await;
        };
        if met.is_lost() {
            let is_repeated = segment.is_some_and(|segment| segment.seq_len() > 0);
            self.talk.persistence.loses(is_repeated);
        }
        self.recorder.meets(event, met.to_string());
        for octets in through {
            self.reach_stack(octets, Origin::Sent, never).await?;
        }
        self.settle(never).await
    }

    /// The stack is handed a segment that it takes, if it is one.
    fn sut_receives(&mut self, segment: Option<&Segment>) {
        if let Some(segment) = segment {
            self.talk.book.sut_receives(segment);
            self.talk.persistence.reaches(self.now, segment);
        }
    }

    /// What has come out of the link by now goes where it was sent.
    pub(crate) async fn settle(&mut self, never: &[SegmentPattern]) -> Result<(), Halt> {
        while let Some(arrival) = self.receive() {
            match arrival.to {
                // The peer sends what the case says, whatever a router tells it.
                PEER if arrival.origin == Origin::News => {}
                PEER => self.reach_peer(arrival),
                SUT => {
                    self.reach_stack(arrival.octets, arrival.origin, never)
                        .await?;
                }
            }
        }
        self.pay_debts(never).await
    }

    fn receive(&mut self) -> Option<Arrival> {
        let now = self.now;
        self.wire.as_mut()?.link.receive(now)
    }

    /// A packet comes to the stack late, or otherwise than it was sent.
    async fn reach_stack(
        &mut self,
        octets: Vec<u8>,
        origin: Origin,
        never: &[SegmentPattern],
    ) -> Result<(), Halt> {
        let (text, segment, defect) = match Packet::decode(&octets) {
            Ok(decoded) => {
                let text = self.text_of(&decoded.packet.body, Side::Peer);
                let defect = decoded.defects.first().map(ToString::to_string);
                let segment = match decoded.packet.body {
                    Body::Tcp(segment) if defect.is_none() => Some(segment),
                    _ => None,
                };
                (text, segment, defect)
            }
            Err(error) => ("a damaged packet".to_owned(), None, Some(error.to_string())),
        };
        let event = self
            .recorder
            .late_packet(self.now, Side::Peer, text, &octets);
        if let Some(note) = origin_in_words(origin).or(defect) {
            self.recorder.note(event, note);
        }
        if let Some(segment) = segment {
            let ports = Connection {
                local: segment.dst_port,
                remote: segment.src_port,
            };
            self.with_talk(ports, |play| play.sut_receives(Some(&segment)));
        }
        self.arrived += 1;
        self.hand_over(vec![octets], never).await
    }

    /// A packet comes to the peer late, or otherwise than it was sent.
    fn reach_peer(&mut self, arrival: Arrival) {
        let Some(wire) = &mut self.wire else { return };
        let Some(octets) = wire.reassembly.take(arrival.octets) else {
            return;
        };
        let at = arrival.at;
        let defect = match Packet::decode(&octets) {
            Ok(decoded) if decoded.defects.is_empty() => {
                let Packet { ip, route, body } = decoded.packet;
                if let Body::Tcp(segment) = body {
                    let emitted = Emitted { at, octets };
                    let header = Header { ip, route };
                    self.reach_talk(&emitted, header, segment, arrival.origin);
                }
                return;
            }
            Ok(decoded) => decoded.defects.first().map(ToString::to_string),
            Err(error) => Some(error.to_string()),
        };
        let text = "a damaged packet".to_owned();
        let packet = self.recorder.late_packet(at, Side::Sut, text, &octets);
        self.recorder
            .mark(packet, Taken::Tolerated, defect.as_deref());
    }

    fn reach_talk(&mut self, emitted: &Emitted, header: Header, segment: Segment, origin: Origin) {
        let ports = Connection {
            local: segment.src_port,
            remote: segment.dst_port,
        };
        self.with_talk(ports, |play| {
            let arrival = play.arrives(emitted, header, segment, true);
            if let Some(note) = origin_in_words(origin) {
                play.recorder.note(arrival.packet, note);
            }
            play.talk.inbox.push_back(arrival);
        });
    }

    /// Time passes, in steps from one thing that happens on the link to the
    /// next.
    pub(super) async fn pass_on_link(
        &mut self,
        until: Instant,
        stop: Stop,
        never: &[SegmentPattern],
    ) -> Result<(), Halt> {
        let arrived = self.arrived;
        loop {
            let arrival = self.wire.as_ref().and_then(|wire| wire.link.next_arrival());
            let events = arrival.into_iter().chain(self.next_repeat());
            let next = events.fold(until, Instant::min).max(self.now);
            // What the stack sends goes on the link when it is sent.
            let first = match stop {
                Stop::FirstChange => stop,
                Stop::FirstPacket | Stop::AtEnd => Stop::FirstPacket,
            };
            let reply = self.port.ask(Ask::Run(next, first)).await?;
            let has_changed = stop == Stop::FirstChange && !reply.states.is_empty();
            self.take(reply, never)?;
            self.settle(never).await?;
            self.repeat_due(never).await?;
            let is_met = stop != Stop::AtEnd && (self.arrived > arrived || has_changed);
            if is_met || self.now >= until {
                return Ok(());
            }
        }
    }
}

/// Where a packet comes from that nobody has just sent.
fn origin_in_words(origin: Origin) -> Option<String> {
    match origin {
        Origin::Sent => None,
        Origin::Replayed => Some("an old duplicate".to_owned()),
        Origin::News => Some("from a router on the way".to_owned()),
    }
}

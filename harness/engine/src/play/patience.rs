//! What is done for as long as a faulty link makes it necessary: the peer sends
//! again, and steps wait for what comes in the end.

use std::sync::Arc;
use std::time::Duration;

use tcpspec_casefile::{Action, SegmentPattern};
use tcpspec_connector::Connection;
use tcpspec_record::Side;
use tcpspec_wire::{
    Body, Flags, Instant, IpHeader, Packet, Segment, SeqNumber, State, WindowField,
};

use super::Play;
use crate::halt::{Broken, Halt};
use crate::limits;
use crate::steps::words;
use crate::talk::Talk;

/// How long something is waited for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    began: Instant,
    pub(crate) until: Instant,
}

impl Play {
    /// Whether the peer goes on until it has come through.
    pub(crate) fn is_lenient(&self) -> bool {
        self.plan.variant.lenient || self.plan.faults.is_some()
    }

    /// The wait of a step, or of the end.
    pub(crate) fn patience(&self) -> Patience {
        Patience {
            began: self.now,
            until: self.now + self.patience_span(),
        }
    }

    pub(crate) fn patience_span(&self) -> Duration {
        match self.is_virtual() {
            true => limits::PATIENCE,
            false => limits::PATIENCE_REAL,
        }
    }

    /// Whether a wait was long enough. While both ends go on and it is the link that
    /// lets nothing through, it says nothing of the stack, and the wait goes on.
    pub(crate) fn is_out_of(&self, patience: &mut Patience) -> Result<bool, Halt> {
        if self.now < patience.until {
            return Ok(false);
        }
        let mut talks = std::iter::once(&self.talk).chain(&self.others);
        let Some(excuse) = talks.find_map(|talk| talk.persistence.excuse(self.now)) else {
            return Ok(true);
        };
        if self.now >= patience.began + limits::PATIENCE {
            return Err(Halt::Unclear(excuse));
        }
        patience.until = self.now + limits::SILENCE;
        Ok(false)
    }

    /// When the peer sends something again.
    pub(super) fn next_repeat(&self) -> Option<Instant> {
        let others = self.others.iter().map(|talk| &talk.persistence);
        let all = others.chain([&self.talk.persistence]);
        all.filter_map(|persistence| persistence.next()).min()
    }

    /// The peer sends again what is due.
    pub(super) async fn repeat_due(&mut self, never: &[SegmentPattern]) -> Result<(), Halt> {
        let now = self.now;
        while let Some((ports, again)) = self.first_of_talks(|talk| talk.persistence.due(now)) {
            let text = self.text_on(ports, &again.segment);
            let whole = again.packets.first().map(Vec::as_slice).unwrap_or_default();
            let event = self.recorder.packet(now, Side::Peer, text, whole);
            let note = "again: it is not acknowledged yet";
            self.recorder.note(event, note.to_owned());
            self.put_on(ports, again.packets, event, &again.segment, never)
                .await?;
        }
        Ok(())
    }

    /// What has come is acknowledged, where that cannot wait for a step.
    pub(super) async fn pay_debts(&mut self, never: &[SegmentPattern]) -> Result<(), Halt> {
        while let Some((ports, ack)) = self.first_of_talks(|talk| talk.persistence.debt()) {
            let segment = self.with_talk(ports, |play| play.bare_ack(ack));
            let Some(segment) = segment else { continue };
            let setup = self.plan.setup();
            let packet = Packet {
                ip: IpHeader::new(setup.peer, setup.stack),
                route: None,
                body: Body::Tcp(segment.clone()),
            };
            let octets = packet.encode();
            let text = self.text_on(ports, &segment);
            let event = self.recorder.packet(self.now, Side::Peer, text, &octets);
            let note = "beside the steps: what has come so far";
            self.recorder.note(event, note.to_owned());
            // Whatever comes out of this is taken by the loop that has come here.
            Box::pin(self.put_on(ports, vec![octets], event, &segment, never)).await?;
        }
        Ok(())
    }

    /// What the first connection gives that gives anything.
    fn first_of_talks<T>(
        &mut self,
        mut ask: impl FnMut(&mut Talk) -> Option<T>,
    ) -> Option<(Connection, T)> {
        let talks = std::iter::once(&mut self.talk).chain(&mut self.others);
        let mut answers = talks.map(|talk| (talk.ports(), ask(talk)));
        answers.find_map(|(ports, answer)| Some((ports, answer?)))
    }

    fn text_on(&mut self, ports: Connection, segment: &Segment) -> String {
        let text = self.with_talk(ports, |play| play.peer_text(segment));
        text.unwrap_or_default()
    }

    async fn put_on(
        &mut self,
        ports: Connection,
        packets: Vec<Vec<u8>>,
        event: crate::recorder::PacketRef,
        segment: &Segment,
        never: &[SegmentPattern],
    ) -> Result<(), Halt> {
        let here = self.talk.name.clone();
        let there = self.with_talk(ports, |play| play.talk.name.clone());
        self.turn_to(there.flatten().as_deref());
        let done = Box::pin(self.put(packets, event, Some(segment), never)).await;
        self.turn_to(here.as_deref());
        done
    }

    fn bare_ack(&self, ack: SeqNumber) -> Segment {
        Segment {
            src_port: self.talk.peer_port,
            dst_port: self.talk.local_port,
            seq: self.talk.book.peer_next(),
            ack,
            flags: Flags::ACK,
            window: WindowField::new(self.plan.variant.peer.window),
            urgent: 0,
            options: self.default_options(Flags::ACK),
            payload: Vec::new(),
        }
    }

    /// A RST has to be one that the case asks for, or the answer of a host on
    /// which the connection has come to its end.
    pub(super) fn check_reset(&self, segment: &Segment) -> Result<(), Halt> {
        if !self.is_lenient() || !segment.flags.contains(Flags::RST) || self.expects_reset() {
            return Ok(());
        }
        if let Some(vain) = self.has_given_up() {
            return Err(Halt::GaveUp(vain));
        }
        // What ends the connection is told behind what is sent for it. An old SYN
        // that comes still later opens one that nobody wants, and a RST ends that.
        if self.is_over() || self.talk.persistence.was_over() {
            return Ok(());
        }
        let text = self.sut_text(segment);
        Err(Broken {
            sentence: format!("The stack sent {text} out of nowhere."),
            expected: vec!["no RST".to_owned()],
            got: text,
            ..Broken::default()
        }
        .into())
    }

    /// Whether a step of the case takes a RST of the stack.
    fn expects_reset(&self) -> bool {
        let variant = Arc::clone(&self.plan.variant);
        let mut ways = variant.steps.iter().flat_map(|step| match &step.action {
            Action::Sut(ways) => ways.as_slice(),
            _ => &[],
        });
        ways.any(|way| {
            let mut segments = way.segments.iter();
            segments.any(|segment| segment.flags.contains(Flags::RST))
        })
    }

    /// For how long the stack had tried in vain when its connection ended, if that
    /// is as long as it has to try (RFC 9293 section 3.8.3, R2), or as it has to
    /// wait for a FIN that nobody would read anything before. Who has stopped trying
    /// has not tried.
    pub(crate) fn has_given_up(&self) -> Option<Duration> {
        if self.talk.is_refused {
            // It was told what fits, so it is not for the link's sake.
            return None;
        }
        let profile = &self.plan.hello.profile;
        let opening = profile.r2_syn.min(profile.r2_syn_ack);
        let persistence = &self.talk.persistence;
        let ended = self.talk.gone_at.unwrap_or(self.now);
        let due = match (self.talk.ended_in, persistence.was_heard()) {
            // If its last ACK was lost again and again, the peer will hear a RST.
            (Some(State::TimeWait), _) if self.was_heard_in_time_wait() => return None,
            (Some(State::TimeWait), _) => profile.msl * 2,
            (Some(State::FinWait2), _) => profile.fin_wait_2,
            _ if persistence.had_stopped(ended) => return None,
            (_, false) => opening,
            (_, true) => opening.min(profile.r2_data),
        };
        let next = self.talk.book.peer_ack();
        let vain = ended.since(persistence.in_vain_since(next));
        // What was under way meanwhile counts from when it was sent.
        (vain + limits::UNDER_WAY >= due).then_some(vain)
    }

    /// Whether the peer has heard anything that the stack sent in TIME-WAIT.
    fn was_heard_in_time_wait(&self) -> bool {
        let Talk {
            persistence,
            waits_since,
            ..
        } = &self.talk;
        persistence.received > *waits_since + limits::UNDER_WAY
    }

    /// Both ends come to their end: the peer has come through, nothing is under
    /// way, and nothing has come that no step asked for.
    pub(super) async fn finish(&mut self) -> Result<(), Halt> {
        if self.is_link_clean() {
            return self.each_talk(Self::refuse_surplus);
        }
        let mut patience = self.patience();
        while self.is_busy() {
            if self.is_out_of(&mut patience)? {
                return Err(self.unfinished().into());
            }
            let next = self.wire.as_ref().and_then(|wire| wire.link.next_arrival());
            let next = next.into_iter().chain(self.next_repeat());
            let until = next.fold(patience.until, Instant::min);
            self.pass_on_link(until, tcpspec_connector::Stop::AtEnd, &[])
                .await?;
        }
        self.each_talk(Self::refuse_surplus)
    }

    /// Whether nothing has happened to any packet on the way.
    pub(crate) fn is_link_clean(&self) -> bool {
        let is_clean = |wire: &super::Wire| wire.link.tally().is_clean();
        self.wire.as_deref().is_none_or(is_clean)
    }

    fn is_busy(&self) -> bool {
        let mut talks = std::iter::once(&self.talk).chain(&self.others);
        let under_way = self.wire.as_ref().and_then(|wire| wire.link.next_arrival());
        under_way.is_some() || talks.any(|talk| talk.persistence.is_waiting())
    }

    fn unfinished(&self) -> Broken {
        let span = words(self.patience_span());
        let sentence =
            format!("Within {span} after the last step the stack has not acknowledged everything.");
        Broken {
            sentence,
            expected: vec!["an acknowledgment of all that the peer has sent".to_owned()],
            ..Broken::default()
        }
    }

    pub(super) fn endless(&self) -> Broken {
        let most = limits::EXCHANGE;
        Broken {
            sentence: format!("The exchange has no end: the stack has sent {most} packets."),
            expected: vec![format!("fewer than {most} packets")],
            got: format!("{most} packets"),
            ..Broken::default()
        }
    }
}

//! Output of a connection: which segments leave, what every one of them carries,
//! and the packet around it.

use tcpspec_wire::{Flags, Instant, IpHeader, SegmentDraft, WindowSize};

use super::{Connection, Context, FourTuple};
use crate::ecn::{Ecn, NOT_ECT};
use crate::reply::{self, Header, Offer};
use crate::scoreboard::Block;
use crate::send::Chunk;
use crate::timers::AckDue;

impl Connection {
    /// Sends what can be sent, and an ACK if one is owed and nothing carried it.
    pub(crate) fn output(&mut self, cx: &mut Context<'_>) {
        self.raise_path_mtu(cx);
        let fin = self.phase.fin_follows();
        while let Some(chunk) = self.next_chunk(cx.now, fin) {
            self.send_chunk(cx, chunk);
        }
        if let Some(snd) = self.phase.sender_mut() {
            snd.arm_persist(cx.now, fin);
        }
        if self.ack == AckDue::Now {
            self.send_ack(cx);
        }
    }

    fn next_chunk(&mut self, now: Instant, fin: bool) -> Option<Chunk> {
        if !self.phase.sender()?.has_work(fin) {
            return None;
        }
        let overhead = self.options.extra_len(&self.held());
        self.phase.sender_mut()?.next_chunk(now, fin, overhead)
    }

    pub(super) fn send_chunk(&mut self, cx: &mut Context<'_>, chunk: Chunk) {
        let offer = chunk.syn.then(|| self.offer(cx));
        let mut segment = reply::carrying(self.header(), &chunk, offer);
        self.mark_urgent(&mut segment, &chunk);
        self.complete(cx, &mut segment, chunk.len);
        self.ack = AckDue::No;
        if let Some(snd) = self.phase.sender() {
            segment.payload = snd.text(&chunk);
        }
        let codepoint = match self.options.ecn {
            Some(ecn) if chunk.is_new && chunk.len > 0 => ecn.codepoint(),
            Some(_) | None => NOT_ECT,
        };
        let octets = self.transmit(cx, &segment, codepoint);
        if let Some(snd) = self.phase.send_space() {
            self.path.sent(snd.una, chunk.end(), octets);
        }
    }

    /// What goes on a SYN.
    fn offer(&mut self, cx: &Context<'_>) -> Offer {
        let is_answer = self.phase.receive_space().is_some();
        // Something on the way may drop what offers ECN (RFC 3168 section
        // 6.1.1.1): the repeat of a SYN does without.
        let does_without = self.repeats.1 > 0 && !is_answer;
        if let Some(ecn) = self.options.ecn.as_mut().filter(|_| does_without) {
            ecn.withdraw();
        }
        let ecn = self.options.ecn.filter(|_| !does_without);
        Offer {
            options: self.options.on_syn(cx.now, self.own_mss(cx.config)),
            flags: ecn.map_or(Flags::NONE, |_| Ecn::on_syn(is_answer)),
            window: WindowSize::new(self.receive_buffer),
        }
    }

    /// `<SEQ=SND.NXT><ACK=RCV.NXT><CTL=ACK>`: acknowledgment and challenge.
    pub(crate) fn send_ack(&mut self, cx: &mut Context<'_>) {
        self.ack = AckDue::No;
        if let Some(snd) = self.phase.send_space() {
            self.emit(cx, reply::ack(self.header(), snd.nxt));
        }
    }

    /// `<SEQ=SND.NXT><CTL=RST>`: the user's abort.
    pub(crate) fn send_reset(&mut self, cx: &mut Context<'_>) {
        if let Some(snd) = self.phase.send_space() {
            self.emit(cx, reply::reset(self.header(), snd.nxt));
        }
    }

    /// Sends a segment without text, with what was agreed on.
    pub(crate) fn emit(&mut self, cx: &mut Context<'_>, mut segment: SegmentDraft<'_>) {
        self.complete(cx, &mut segment, 0);
        self.transmit(cx, &segment, NOT_ECT);
    }

    /// Adds to a segment with `len` octets of text what was agreed on; a SYN has
    /// its own.
    fn complete(&mut self, cx: &Context<'_>, segment: &mut SegmentDraft<'_>, len: u32) {
        let is_ack = segment.flags.contains(Flags::ACK);
        if !segment.flags.contains(Flags::SYN) {
            let held = self.held();
            let snd = self.phase.sender().filter(|_| len > 0);
            let room = snd.map_or(u32::MAX, |snd| snd.mss().saturating_sub(len));
            let options = &mut self.options;
            options.on_segment(cx.now, segment, &held, room);
            if let Some(ecn) = self.options.ecn.filter(|_| is_ack) {
                segment.flags |= ecn.on_ack();
            }
        }
        if is_ack {
            self.last_ack = segment.ack;
        }
    }

    /// The blocks to report by SACK.
    fn held(&self) -> Vec<Block> {
        match (self.options.sack, self.phase.receiver()) {
            (Some(_), Some(rcv)) => rcv.held(),
            _ => Vec::new(),
        }
    }

    /// Sends a segment as it is, as a packet of so many octets.
    pub(crate) fn transmit(
        &self,
        cx: &mut Context<'_>,
        segment: &SegmentDraft<'_>,
        codepoint: u8,
    ) -> u16 {
        let FourTuple { local, remote } = self.tuple;
        let ip = IpHeader {
            ttl: self.ttl,
            traffic_class: self.dscp << 2 | codepoint,
            dont_fragment: cx.config.icmp.path_mtu && !self.path.needs_fragments(),
            ..IpHeader::new(local.ip(), remote.ip())
        };
        let octets = match self.routing.route() {
            Some(route) => ip.encode_tcp_via(route, segment),
            None => ip.encode_tcp(segment),
        };
        let len = octets.len().min(usize::from(u16::MAX)) as u16;
        cx.out.push_back(octets);
        len
    }

    pub(crate) fn header(&self) -> Header {
        Header {
            src_port: self.tuple.local.port(),
            dst_port: self.tuple.remote.port(),
            receive: self.phase.receive_space(),
            scale: self.options.own_scale(),
        }
    }
}

//! Both sides' sequence numbers, as the wire shows them: what the peer sends
//! by default, and what the stack is expected to send where a case leaves
//! `seq` or `ack` out.
//!
//! This is bookkeeping, not a model of TCP: it assumes that the stack takes
//! whatever a correct peer would send, in order and within the window. Where
//! an RFC leaves the stack a choice, cases write the numbers.

use tcpspec_wire::{Flags, Ranges, Segment, SeqNumber, WindowScale, WindowSize};

use crate::eval::timestamps;

mod peer_syn;

use peer_syn::{PeerSyn, scale_option};

/// How far beyond what it has sent the peer may send and still be thought to
/// mean it: cases that probe far outside the window use larger distances.
const REACH: u32 = (1 << 20) - 1;

/// The bookkeeping of one connection.
#[derive(Clone, Debug)]
pub(crate) struct Book {
    /// The peer's initial sequence number (IRS, seen from the stack).
    pub(crate) peer_iss: SeqNumber,
    /// What the peer has sent.
    peer_sent: Ranges,
    /// What a stack that took everything has received from the peer.
    sut_received: Ranges,
    peer_syn_sent: bool,
    peer_fin: Option<SeqNumber>,
    /// What the stack has shown; `None` before its SYN.
    pub(crate) sut: Option<SutBook>,
    /// A SYN of the peer that could begin another incarnation.
    another_syn: Option<PeerSyn>,
    /// Whether the last incarnation has ended.
    ended: bool,
    /// What the peer's SYN said.
    peer_syn: PeerSyn,
    /// The latest TSval of the peer.
    peer_clock: Option<SeqNumber>,
    /// The send MSS without the option (RFC 9293 MUST-15).
    default_mss: u16,
    /// Window the peer granted last, in octets.
    pub(crate) snd_wnd: WindowSize,
    /// The ACK field the peer sent last, whatever it was.
    last_peer_ack: Option<SeqNumber>,
}

/// What the stack has shown of its side.
#[derive(Clone, Debug)]
pub(crate) struct SutBook {
    /// Its initial sequence number.
    pub(crate) iss: SeqNumber,
    /// SND.NXT: the number after the last one it has sent.
    pub(crate) snd_nxt: SeqNumber,
    /// SND.UNA: the oldest number that the peer has not acknowledged.
    pub(crate) snd_una: SeqNumber,
    /// What the peer has received from it.
    received: Ranges,
    /// The last acknowledgment it sent, with its window.
    last_ack: Option<(SeqNumber, u16)>,
    /// The largest right edge of the window it ever announced.
    edge: Option<SeqNumber>,
    scale: Option<WindowScale>,
    /// Whether its SYN had timestamps.
    has_timestamps: bool,
    /// The TSval it sent last.
    clock: Option<u32>,
}

/// How a segment of the stack stands to what came before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// It occupies numbers that were seen before, and no new ones.
    Repeat,
    /// A pure ACK that acknowledges nothing new, with the same window.
    DuplicateAck,
    /// A pure ACK that acknowledges nothing new, with another window.
    WindowUpdate,
    /// Anything else.
    New,
}

/// What the fields of the stack's next segment should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Due {
    /// SEG.SEQ: where its stream has come to; for a RST the ACK field of what
    /// it answers, too. Empty if nothing is known.
    pub(crate) seq: Vec<SeqNumber>,
    /// SEG.ACK.
    pub(crate) ack: SeqNumber,
    /// How the segment stands to what came before.
    pub(crate) kind: Kind,
}

impl Book {
    /// Nothing has been sent; the peer will begin at `iss`. Without an MSS
    /// option the stack may send segments of `default_mss` octets.
    pub(crate) const fn new(iss: SeqNumber, default_mss: u16) -> Self {
        Self {
            peer_iss: iss,
            peer_sent: Ranges::new(iss),
            sut_received: Ranges::new(iss),
            peer_syn_sent: false,
            peer_fin: None,
            sut: None,
            another_syn: None,
            ended: false,
            peer_syn: PeerSyn::none(iss),
            peer_clock: None,
            default_mss,
            snd_wnd: WindowSize::new(0),
            last_peer_ack: None,
        }
    }

    /// The sequence number of the peer's next segment.
    pub(crate) const fn peer_next(&self) -> SeqNumber {
        self.peer_sent.next
    }

    /// RCV.NXT of the stack.
    pub(crate) const fn rcv_nxt(&self) -> SeqNumber {
        self.sut_received.next
    }

    /// The acknowledgment number of the peer's next segment.
    pub(crate) fn peer_ack(&self) -> Option<SeqNumber> {
        self.sut.as_ref().map(|sut| sut.received.next)
    }

    /// RCV.WND of the stack, by the largest edge it ever announced.
    pub(crate) fn rcv_wnd(&self) -> Option<u32> {
        let edge = self.sut.as_ref()?.edge?;
        Some(u32::try_from(edge.distance(self.rcv_nxt())).unwrap_or(0))
    }

    /// The MSS that the peer announced, or the default without the option.
    pub(crate) fn peer_mss(&self) -> u16 {
        self.peer_syn.mss.unwrap_or(self.default_mss)
    }

    /// Whether both SYNs had timestamps, so that segments have to have them.
    pub(crate) fn has_timestamps(&self) -> bool {
        let sut = self.sut.as_ref();
        self.peer_syn.has_timestamps && sut.is_some_and(|sut| sut.has_timestamps)
    }

    /// The latest TSval of the peer.
    pub(crate) fn peer_clock(&self) -> Option<u32> {
        self.peer_clock.map(SeqNumber::value)
    }

    /// The TSval that the stack sent last.
    pub(crate) fn sut_clock(&self) -> Option<u32> {
        self.sut.as_ref()?.clock
    }

    /// The connection has ended: the next SYN begins another.
    pub(crate) const fn end(&mut self) {
        self.ended = true;
    }

    /// The peer has sent this segment, and nothing is wrong with it.
    pub(crate) fn peer_sends(&mut self, segment: &Segment) {
        if segment.flags.contains(Flags::RST) {
            return;
        }
        if let Some((value, _)) = timestamps(segment) {
            let value = SeqNumber::new(value);
            self.peer_clock = Some(self.peer_clock.map_or(value, |old| old.latest(value)));
        }
        if segment.flags.contains(Flags::SYN) {
            self.peer_sends_syn(segment);
        } else if self.peer_syn_sent && segment.seq.at_or_before(self.peer_sent.next + REACH) {
            self.peer_sent.add(segment.seq, segment.end());
        }
    }

    /// A segment of the peer has come to the stack as it was sent.
    pub(crate) fn sut_receives(&mut self, segment: &Segment) {
        let flags = segment.flags;
        if flags.contains(Flags::ACK) {
            self.last_peer_ack = Some(segment.ack);
            self.note_peer_ack(segment);
        }
        if flags.contains(Flags::RST) {
            self.ended = true;
        } else if self.peer_syn_sent && !flags.contains(Flags::SYN) {
            self.sut_receives_text(segment);
        }
    }

    fn note_peer_ack(&mut self, segment: &Segment) {
        // The window of a SYN is as it stands (RFC 7323 section 2.2).
        let scale = match segment.flags.contains(Flags::SYN) {
            true => WindowScale::NONE,
            false => self.scale_of_peer(),
        };
        let Some(sut) = &mut self.sut else { return };
        if segment.ack.after(sut.snd_una) && segment.ack.at_or_before(sut.snd_nxt) {
            sut.snd_una = segment.ack;
        }
        self.snd_wnd = segment.window.unscale(scale);
    }

    fn peer_sends_syn(&mut self, segment: &Segment) {
        let repeated = self.peer_syn_sent && segment.seq == self.peer_iss && !self.ended;
        if repeated {
            return;
        }
        if self.peer_syn_sent {
            self.another_syn = Some(segment.into());
            return;
        }
        self.peer_syn_sent = true;
        self.begin_peer(segment.into());
        self.snd_wnd = segment.window.unscale(WindowScale::NONE);
    }

    fn begin_peer(&mut self, syn: PeerSyn) {
        self.peer_syn = syn;
        self.peer_sent = Ranges::new(syn.seq + 1);
        self.sut_received = Ranges::new(syn.seq + 1);
        self.peer_fin = None;
    }

    fn sut_receives_text(&mut self, segment: &Segment) {
        let start = segment.seq;
        let Some(end) = self.acceptable_end(segment) else {
            return;
        };
        if end.after(self.rcv_nxt()) {
            self.sut_received.add(start, end);
            if segment.flags.contains(Flags::FIN) && end == segment.end() {
                self.peer_fin = Some(end - 1);
            }
        }
    }

    /// Up to where a correct stack takes the segment; `None` if it takes
    /// nothing of it.
    fn acceptable_end(&self, segment: &Segment) -> Option<SeqNumber> {
        let sut = self.sut.as_ref()?;
        let acknowledges_what_was_sent = segment.ack.at_or_before(sut.snd_nxt);
        if !segment.flags.contains(Flags::ACK) || !acknowledges_what_was_sent {
            return None;
        }
        let (start, mut end) = (segment.seq, segment.end());
        if let Some(edge) = sut.edge {
            if start.at_or_after(edge) && start != self.rcv_nxt() {
                return None;
            }
            if end.after(edge) && !segment.payload.is_empty() {
                end = edge;
            }
        }
        let beyond_fin = self.peer_fin.is_some_and(|fin| end.after(fin + 1));
        (!beyond_fin).then_some(end)
    }

    /// What should come next from the stack, and how this segment stands to
    /// it. Ask before [`sut_sends`](Self::sut_sends).
    pub(crate) fn due(&self, segment: &Segment) -> Due {
        let mut seq = Vec::new();
        if let Some(sut) = &self.sut {
            seq.push(if segment.flags.contains(Flags::SYN) {
                sut.iss
            } else {
                sut.snd_nxt
            });
        } else if segment.flags.contains(Flags::SYN) {
            seq.push(segment.seq);
        }
        if segment.flags.contains(Flags::RST) {
            seq.extend(self.last_peer_ack);
        }
        Due {
            seq,
            ack: self.rcv_nxt(),
            kind: self.kind(segment),
        }
    }

    fn kind(&self, segment: &Segment) -> Kind {
        let Some(sut) = &self.sut else {
            return Kind::New;
        };
        let flags = segment.flags;
        if flags.contains(Flags::RST) {
            return Kind::New;
        }
        if segment.seq_len() > 0 {
            // A SYN of another number begins something new, whatever was sent there before.
            let is_own = !flags.contains(Flags::SYN) || segment.seq == sut.iss;
            let is_known =
                segment.end().at_or_before(sut.snd_nxt) && segment.seq.at_or_after(sut.iss);
            let seen = is_own && is_known;
            return if seen { Kind::Repeat } else { Kind::New };
        }
        match sut.last_ack {
            Some((ack, window)) if flags.contains(Flags::ACK) && ack == segment.ack => {
                if window == segment.window.value() {
                    Kind::DuplicateAck
                } else {
                    Kind::WindowUpdate
                }
            }
            _ => Kind::New,
        }
    }

    /// The stack has sent this segment.
    pub(crate) fn sut_sends(&mut self, segment: &Segment) {
        if segment.flags.contains(Flags::RST) {
            self.ended = true;
            return;
        }
        if segment.flags.contains(Flags::SYN) {
            self.sut_sends_syn(segment);
        }
        let scale = self.scale_of_sut(segment);
        let Some(sut) = &mut self.sut else { return };
        sut.snd_nxt = sut.snd_nxt.latest(segment.end());
        sut.clock = timestamps(segment).map(|(value, _)| value).or(sut.clock);
        if segment.seq_len() > 0 {
            sut.received.add(segment.seq, segment.end());
        }
        if segment.flags.contains(Flags::ACK) {
            sut.last_ack = Some((segment.ack, segment.window.value()));
            let edge = segment.ack + segment.window.unscale(scale).octets();
            sut.edge = Some(sut.edge.map_or(edge, |old| old.latest(edge)));
        }
    }

    fn sut_sends_syn(&mut self, segment: &Segment) {
        let first = self.sut.is_none();
        let another = self.ended && self.sut.as_ref().is_some_and(|sut| sut.iss != segment.seq);
        let answers_another = segment.flags.contains(Flags::ACK)
            && self
                .another_syn
                .is_some_and(|syn| syn.seq + 1 == segment.ack);
        if first || another || answers_another {
            if let Some(syn) = self.another_syn.take().filter(|_| answers_another) {
                self.peer_iss = syn.seq;
                self.begin_peer(syn);
            }
            self.ended = false;
            self.sut = Some(SutBook {
                iss: segment.seq,
                snd_nxt: segment.seq,
                snd_una: segment.seq,
                received: Ranges::new(segment.seq),
                last_ack: None,
                edge: None,
                scale: scale_option(segment),
                has_timestamps: timestamps(segment).is_some(),
                clock: None,
            });
        }
    }

    /// Forgets the incarnation: the stack opens actively anew.
    pub(crate) fn reopen(&mut self) {
        *self = Self::new(self.peer_iss, self.default_mss);
    }

    fn scale_of_peer(&self) -> WindowScale {
        self.negotiated(self.peer_syn.scale)
    }

    fn scale_of_sut(&self, segment: &Segment) -> WindowScale {
        if segment.flags.contains(Flags::SYN) {
            return WindowScale::NONE;
        }
        self.negotiated(self.sut.as_ref().and_then(|sut| sut.scale))
    }

    /// A scale counts only where both sides offered one (RFC 7323 section 2.2).
    fn negotiated(&self, scale: Option<WindowScale>) -> WindowScale {
        let both = self.peer_syn.scale.is_some()
            && self.sut.as_ref().is_some_and(|sut| sut.scale.is_some());
        scale.filter(|_| both).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests;

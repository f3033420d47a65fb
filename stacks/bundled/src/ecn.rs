//! Explicit congestion notification of one connection (RFC 3168), as the
//! receiver: marks are echoed until the peer says that it has heard. What the
//! sender does with echoes is in `send/ecn`. Accurate ECN (RFC 9768) is left
//! out: its bit is ignored, so that such a peer falls back.

use tcpspec_wire::{Flags, SegmentRef};

/// The codepoint of packets that must not be marked.
pub(crate) const NOT_ECT: u8 = 0b00;
/// The codepoint of packets that may be marked: ECT(0).
const ECT_0: u8 = 0b10;
/// The codepoint of packets that are: CE.
pub(crate) const CE: u8 = 0b11;

/// Where both sides take part.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Ecn {
    /// We sent a SYN without the bits too, which the peer may have heard: we
    /// echo marks, but send nothing that may be marked (section 6.1.1).
    is_withdrawn: bool,
    /// A mark has come, and no CWR since: ACKs carry ECE.
    echoes: bool,
}

impl Ecn {
    /// The bits of our SYN: an offer, or with ACK the answer to one.
    pub(crate) fn on_syn(is_answer: bool) -> Flags {
        if is_answer {
            Flags::ECE
        } else {
            Flags::ECE | Flags::CWR
        }
    }

    /// A SYN is repeated without the bits.
    pub(crate) const fn withdraw(&mut self) {
        self.is_withdrawn = true;
    }

    /// The codepoint of a packet with new text.
    pub(crate) const fn codepoint(&self) -> u8 {
        if self.is_withdrawn { NOT_ECT } else { ECT_0 }
    }

    /// Whether the peer's SYN takes part. One that sends our own bits back does
    /// not know them.
    pub(crate) const fn is_in(syn: &SegmentRef<'_>) -> bool {
        let both = syn.flags.contains(Flags::ECE) && syn.flags.contains(Flags::CWR);
        if syn.flags.contains(Flags::ACK) {
            syn.flags.contains(Flags::ECE) && !both
        } else {
            both
        }
    }

    /// An acceptable segment has come, in a packet that was marked or not.
    pub(crate) const fn arrived(&mut self, segment: &SegmentRef<'_>, is_marked: bool) {
        if segment.flags.contains(Flags::CWR) {
            self.echoes = false;
        }
        if is_marked {
            self.echoes = true;
        }
    }

    /// The bit of an ACK that leaves now.
    pub(crate) const fn on_ack(&self) -> Flags {
        if self.echoes { Flags::ECE } else { Flags::NONE }
    }
}

//! The segments that a TCP sends, each by its template in RFC 9293.

use tcpspec_wire::{
    Flags, OptionBuffer, SegmentDraft, SegmentRef, SeqNumber, TcpOption, WindowScale, WindowSize,
};

use crate::receive::ReceiveSpace;
use crate::send::Chunk;

/// What all segments of a connection have in common.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Header {
    pub(crate) src_port: u16,
    pub(crate) dst_port: u16,
    /// RCV.NXT and RCV.WND; none before the peer's SYN.
    pub(crate) receive: Option<ReceiveSpace>,
    /// The scale of our windows.
    pub(crate) scale: WindowScale,
}

/// What a SYN offers the peer.
#[derive(Clone, Debug)]
pub(crate) struct Offer {
    pub(crate) options: OptionBuffer,
    pub(crate) flags: Flags,
    pub(crate) window: WindowSize,
}

impl Header {
    fn segment(self, seq: SeqNumber, flags: Flags) -> SegmentDraft<'static> {
        SegmentDraft {
            src_port: self.src_port,
            dst_port: self.dst_port,
            seq,
            flags,
            ..SegmentDraft::default()
        }
    }

    /// A segment with ACK and window, where there is something to acknowledge.
    fn acknowledging(self, seq: SeqNumber, flags: Flags) -> SegmentDraft<'static> {
        match self.receive {
            None => self.segment(seq, flags),
            Some(receive) => SegmentDraft {
                ack: receive.nxt,
                window: receive.wnd.scaled(self.scale),
                ..self.segment(seq, flags | Flags::ACK)
            },
        }
    }
}

/// A segment for `chunk`, with `offer` where that is a SYN; its text is still
/// to be put in.
pub(crate) fn carrying(
    mut header: Header,
    chunk: &Chunk,
    offer: Option<Offer>,
) -> SegmentDraft<'static> {
    let flags = [
        (chunk.cwr, Flags::CWR),
        (chunk.push, Flags::PSH),
        (chunk.fin, Flags::FIN),
    ];
    let on = flags.iter().filter(|(is_on, _)| *is_on);
    let flags = on.fold(Flags::NONE, |flags, (_, flag)| flags | *flag);
    let Some(offer) = offer else {
        return header.acknowledging(chunk.seq, flags);
    };
    // The window of a SYN is never scaled (RFC 7323 section 2.2).
    header.scale = WindowScale::NONE;
    let mut syn = header.acknowledging(chunk.seq, Flags::SYN | offer.flags);
    if header.receive.is_none() {
        // Before the peer's SYN there is no RCV.WND, but its answer may bring
        // text already.
        syn.window = offer.window.scaled(WindowScale::NONE);
    }
    syn.options = offer.options;
    syn
}

/// `<SEQ=SND.NXT><ACK=RCV.NXT><CTL=ACK>`
pub(crate) fn ack(header: Header, snd_nxt: SeqNumber) -> SegmentDraft<'static> {
    header.acknowledging(snd_nxt, Flags::NONE)
}

/// `<SEQ=SND.NXT><CTL=RST>`
pub(crate) fn reset(header: Header, snd_nxt: SeqNumber) -> SegmentDraft<'static> {
    header.segment(snd_nxt, Flags::RST)
}

/// The RST that answers a segment which no connection wants: nothing if it is
/// a RST itself, and with numbers taken from it (RFC 9293 section 3.10.7.1).
/// With `timestamps`, one on the cause is echoed (RFC 7323 section 5.2).
pub(crate) fn refusing(cause: &SegmentRef<'_>, timestamps: bool) -> Option<SegmentDraft<'static>> {
    let mut rst = refusal(cause)?;
    if timestamps && let Some((value, _)) = cause.options.timestamps() {
        let echo = TcpOption::Timestamps {
            value: 0,
            echo: value,
        };
        rst.options.push_aligned(&echo);
    }
    Some(rst)
}

fn refusal(cause: &SegmentRef<'_>) -> Option<SegmentDraft<'static>> {
    let header = Header {
        src_port: cause.dst_port,
        dst_port: cause.src_port,
        receive: None,
        scale: WindowScale::NONE,
    };
    if cause.flags.contains(Flags::RST) {
        None
    } else if cause.flags.contains(Flags::ACK) {
        Some(header.segment(cause.ack, Flags::RST))
    } else {
        Some(SegmentDraft {
            ack: cause.end(),
            ..header.segment(SeqNumber::new(0), Flags::RST | Flags::ACK)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case::rst(Flags::RST, None)]
    #[case::rst_with_ack(Flags::RST | Flags::ACK, None)]
    #[case::no_ack(Flags::SYN | Flags::FIN, Some((0, 107, Flags::RST | Flags::ACK)))]
    #[case::ack(Flags::ACK, Some((900, 0, Flags::RST)))]
    #[case::syn_ack(Flags::SYN | Flags::ACK, Some((900, 0, Flags::RST)))]
    fn closed_port_answers(#[case] flags: Flags, #[case] expected: Option<(u32, u32, Flags)>) {
        let cause = SegmentRef {
            seq: SeqNumber::new(100),
            ack: SeqNumber::new(900),
            flags,
            payload: &[0; 5],
            ..SegmentRef::default()
        };
        let reply = refusing(&cause, true).map(|rst| (rst.seq.value(), rst.ack.value(), rst.flags));
        assert_eq!(reply, expected);
    }
}

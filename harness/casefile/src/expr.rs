//! Numbers, sequence numbers and times in a case, with symbols whose values
//! the trial gives.

use std::time::Duration;

/// An expression. Whether it is a sequence number, a count or a time was
/// checked when the case was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expr {
    /// A plain number. As a sequence or acknowledgment number it is relative
    /// to the side's initial sequence number (see
    /// [`Numbering`](crate::Numbering)).
    Number(i64),
    /// `abs:N`: a number as it stands on the wire.
    Absolute(u32),
    /// A duration: `200ms`.
    Duration(Duration),
    /// A value that the trial knows.
    Symbol(Symbol),
    /// Something of a labelled step.
    Label(String, LabelField),
    /// `a + b`
    Add(Box<Self>, Box<Self>),
    /// `a - b`
    Sub(Box<Self>, Box<Self>),
    /// `a * b`
    Mul(Box<Self>, Box<Self>),
}

/// A value that the trial knows: of the stack's transmission control block as
/// the wire shows it, or of the stack's profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Symbol {
    /// `snd.una`: oldest number of the stack that the peer has not acknowledged.
    SndUna,
    /// `snd.nxt`: the number after the last one the stack has sent.
    SndNxt,
    /// `snd.wnd`: octets the peer has granted the stack.
    SndWnd,
    /// `rcv.nxt`: the next number the stack has to receive.
    RcvNxt,
    /// `rcv.wnd`: octets the stack has granted, by the largest edge it showed.
    RcvWnd,
    /// `iss`: the stack's initial sequence number.
    Iss,
    /// `irs`: the peer's initial sequence number.
    Irs,
    /// `mss`: the largest segment the stack may send, in octets of text.
    Mss,
    /// `link.mss`: what the link's largest packet carries, in octets of text:
    /// the fixed headers of IP and TCP taken off, and no options.
    LinkMss,
    /// `msl`: the profile's Maximum Segment Lifetime.
    Msl,
    /// `rto.lo`: the least retransmission timeout of the profile.
    RtoLo,
    /// `rto.hi`: the longest first retransmission timeout: the larger of the
    /// profile's initial and least one, and its lateness.
    RtoHi,
    /// `rto.max`: the largest retransmission timeout of the profile.
    RtoMax,
    /// `ack-delay`: the longest that the stack may hold back an ACK.
    AckDelay,
    /// `r1`: repeats of one segment after which the stack tells its user.
    R1,
    /// `r2.syn`: the least time for which the stack repeats a SYN.
    R2Syn,
    /// `r2.syn-ack`: the same of a SYN,ACK.
    R2SynAck,
    /// `r2.data`: the same of text and FIN.
    R2Data,
    /// `persist.lo`: the least time to the first probe of a closed window.
    PersistLo,
    /// `persist.max`: the longest time between two such probes.
    PersistMax,
    /// `keepalive.idle`: how long the peer must be silent before the first
    /// keep-alive, where the application names no time.
    KeepAliveIdle,
    /// `keepalive.interval`: the time between unanswered keep-alives.
    KeepAliveInterval,
    /// `keepalive.probes`: unanswered keep-alives before the stack gives up.
    KeepAliveProbes,
    /// `fin-wait-2`: how long a connection nobody holds stays in FIN-WAIT-2.
    FinWait2,
}

impl Expr {
    /// What it comes to in every trial; `None` if that depends on the trial.
    pub(crate) fn constant(&self) -> Option<i64> {
        let both = |a: &Self, b: &Self| Some((a.constant()?, b.constant()?));
        match self {
            Self::Number(number) => Some(*number),
            Self::Add(a, b) => both(a, b).map(|(a, b)| a.saturating_add(b)),
            Self::Sub(a, b) => both(a, b).map(|(a, b)| a.saturating_sub(b)),
            Self::Mul(a, b) => both(a, b).map(|(a, b)| a.saturating_mul(b)),
            Self::Absolute(_) | Self::Duration(_) | Self::Symbol(_) | Self::Label(..) => None,
        }
    }
}

impl Symbol {
    /// Every symbol with its text.
    pub const ALL: [(Self, &'static str); 24] = [
        (Self::SndUna, "snd.una"),
        (Self::SndNxt, "snd.nxt"),
        (Self::SndWnd, "snd.wnd"),
        (Self::RcvNxt, "rcv.nxt"),
        (Self::RcvWnd, "rcv.wnd"),
        (Self::Iss, "iss"),
        (Self::Irs, "irs"),
        (Self::Mss, "mss"),
        (Self::LinkMss, "link.mss"),
        (Self::Msl, "msl"),
        (Self::RtoLo, "rto.lo"),
        (Self::RtoHi, "rto.hi"),
        (Self::RtoMax, "rto.max"),
        (Self::AckDelay, "ack-delay"),
        (Self::R1, "r1"),
        (Self::R2Syn, "r2.syn"),
        (Self::R2SynAck, "r2.syn-ack"),
        (Self::R2Data, "r2.data"),
        (Self::PersistLo, "persist.lo"),
        (Self::PersistMax, "persist.max"),
        (Self::KeepAliveIdle, "keepalive.idle"),
        (Self::KeepAliveInterval, "keepalive.interval"),
        (Self::KeepAliveProbes, "keepalive.probes"),
        (Self::FinWait2, "fin-wait-2"),
    ];
}

/// What of a labelled step is meant. A label names a segment (of the stack or
/// of the peer) or just a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LabelField {
    /// `label`: when the step was done.
    Time,
    /// `label.first`: when the segment was first seen.
    First,
    /// `label.last`: when the segment, or a repeat of it, was last seen.
    Last,
    /// `label.seq`: its sequence number.
    Seq,
    /// `label.end`: the number after the last one it occupies.
    End,
    /// `label.ack`: its acknowledgment number.
    Ack,
    /// `label.len`: octets of its text.
    Len,
    /// `label.tsval`: the clock in its timestamps.
    TsVal,
    /// `label.tsecr`: the echo in its timestamps.
    TsEcr,
}

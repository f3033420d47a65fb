//! What every segment is held to.

/// A law that a segment can break by itself, whatever its sender meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Law {
    /// It is a well-formed packet with right checksums.
    Form,
    /// The reserved bits are zero.
    ReservedBits,
    /// Its SYN has the number of the SYN before.
    SynNumber,
    /// It leaves no gap behind what was sent, and nothing follows the FIN.
    Sequence,
    /// The same numbers carry the same text.
    Text,
    /// Every segment but the first SYN and a RST acknowledges.
    AckAlways,
    /// It acknowledges nothing that has not come.
    AckOfWhatCame,
    /// What was acknowledged stays so.
    AckBackwards,
    /// Its text lies in a window that the peer has offered, but for a probe.
    Window,
    /// It takes no window back that was offered.
    WindowEdge,
    /// It is not larger than the peer takes.
    SegmentSize,
    /// Options that belong to a SYN stand on a SYN.
    OptionPlace,
    /// It has no option that was not agreed on.
    OptionAgreed,
    /// It has timestamps where they were agreed on.
    TimestampsAlways,
    /// Its timestamp echoes one that has come.
    TimestampEcho,
    /// Its own timestamp does not go back.
    TimestampBackwards,
    /// Its blocks show what has come.
    SackOfWhatCame,
    /// The pauses between repeats grow.
    Backoff,
    /// A RST is due only to what is not of the connection.
    Reset,
}

impl Law {
    /// All of them, in the order in which a segment is read.
    pub const ALL: [Self; 19] = [
        Self::Form,
        Self::ReservedBits,
        Self::SynNumber,
        Self::Sequence,
        Self::Text,
        Self::AckAlways,
        Self::AckOfWhatCame,
        Self::AckBackwards,
        Self::Window,
        Self::WindowEdge,
        Self::SegmentSize,
        Self::OptionPlace,
        Self::OptionAgreed,
        Self::TimestampsAlways,
        Self::TimestampEcho,
        Self::TimestampBackwards,
        Self::SackOfWhatCame,
        Self::Backoff,
        Self::Reset,
    ];

    /// The requirement behind it, by its id in the catalogue.
    #[must_use]
    pub const fn requirement(self) -> &'static str {
        match self {
            Self::Form => "9293:MUST-2",
            Self::ReservedBits => "9293:3.1-reserved-send",
            Self::SynNumber => "9293:3.1-seq-of-syn",
            Self::Sequence => "9293:3.4-seglen",
            Self::Text => "9293:3.6-fin-retransmit",
            Self::AckAlways => "9293:3.1-ack-always",
            Self::AckOfWhatCame | Self::AckBackwards => "9293:3.4-acceptable-ack",
            Self::Window => "7323:2.4-3",
            Self::WindowEdge => "9293:SHLD-14",
            Self::SegmentSize => "9293:3.7.1-mss-formula",
            Self::OptionPlace => "9293:MUST-65",
            Self::OptionAgreed => "2018:4-3",
            Self::TimestampsAlways => "7323:3.2-5",
            Self::TimestampEcho => "7323:3.2-2",
            Self::TimestampBackwards => "7323:4.1-1",
            Self::SackOfWhatCame => "2018:3-format",
            Self::Backoff => "6298:5.5",
            Self::Reset => "9293:3.5.2-not-clear",
        }
    }

    /// Whether a TCP may have reasons to break it: the requirement is a SHOULD.
    #[must_use]
    pub const fn is_advice(self) -> bool {
        matches!(self, Self::WindowEdge)
    }
}

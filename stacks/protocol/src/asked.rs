//! What a stack was asked, in words.

use std::fmt;

use tcpspec_wire::Packet;
use tcpspec_wire::text::SegmentText;

/// What a stack was asked, for sentences.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Asked {
    Hello,
    Open,
    Call(&'static str),
    Packet,
    Run,
    Leap,
    Probe,
}

impl fmt::Display for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hello => f.write_str("when it said hello"),
            Self::Open => f.write_str("when it was opened"),
            Self::Call(verb) => write!(f, "when its application called `{verb}`"),
            Self::Packet => f.write_str("when it was given a packet"),
            Self::Run => f.write_str("when time was let pass"),
            Self::Leap => f.write_str("when its clock leapt"),
            Self::Probe => f.write_str("when it was asked for what no stack has"),
        }
    }
}

/// A packet for a sentence.
pub(crate) fn described(octets: &[u8]) -> String {
    let packet = Packet::decode(octets).ok();
    let segment = packet.as_ref().and_then(|decoded| decoded.packet.segment());
    match segment {
        Some(segment) => SegmentText::new(segment, None, None).to_string(),
        None => format!("{} octets that are no segment", octets.len()),
    }
}

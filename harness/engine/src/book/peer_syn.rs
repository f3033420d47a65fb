//! What the books keep of a SYN of the peer.

use tcpspec_wire::{Segment, SeqNumber, TcpOption, WindowScale};

use crate::eval::timestamps;

/// What a SYN of the peer said.
#[derive(Clone, Copy, Debug)]
pub(super) struct PeerSyn {
    pub(super) seq: SeqNumber,
    /// Window scale it offered.
    pub(super) scale: Option<WindowScale>,
    /// The MSS that it announced.
    pub(super) mss: Option<u16>,
    pub(super) has_timestamps: bool,
}

impl PeerSyn {
    /// Before any SYN.
    pub(super) const fn none(seq: SeqNumber) -> Self {
        Self {
            seq,
            scale: None,
            mss: None,
            has_timestamps: false,
        }
    }
}

impl From<&Segment> for PeerSyn {
    fn from(segment: &Segment) -> Self {
        Self {
            seq: segment.seq,
            scale: scale_option(segment),
            mss: segment.mss(),
            has_timestamps: timestamps(segment).is_some(),
        }
    }
}

/// The window scale that a SYN offers.
pub(super) fn scale_option(segment: &Segment) -> Option<WindowScale> {
    segment.options.iter().find_map(|option| match option {
        TcpOption::WindowScale(shift) => Some(WindowScale::new(*shift)),
        _ => None,
    })
}

//! Faults on the link in a case: what happens to packets between the peer and
//! the stack from a `wire:` step on. One grammar:
//! `FAULT [ARGUMENT] [WHICH PACKETS] [from=|to=]`.

use tcpspec_link::{Times, Which};
use tcpspec_record::Side;

use crate::expr::Expr;

/// What becomes of packets on the link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WireTemplate {
    /// What is done.
    pub change: WireChange,
    /// Who sends the packets; `None` for both.
    pub from: Option<Side>,
    /// The text as written, in one line.
    pub text: String,
}

/// What is done to the link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WireChange {
    /// A fault for certain packets, counted from this step on.
    Fault {
        /// What is done to each.
        fault: WireFault,
        /// What they carry.
        which: Which,
        /// Which of these it is done to.
        times: Times,
    },
    /// `mtu N`: the largest packet from here on; any size for `mtu none`.
    Mtu(Option<u16>),
    /// `down`, `down for D`: nothing arrives for so long, or until `up`.
    Down(Option<Expr>),
    /// `up`: what is sent arrives again.
    Up,
    /// `replay LABEL`: the labelled packet arrives once more.
    Replay(String),
}

/// What is done to one packet: [`Fault`](tcpspec_link::Fault), with times that
/// the stack's profile gives values to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WireFault {
    /// `drop`
    Drop,
    /// `dup`, `dup D`: a copy comes at once, or so much later.
    Duplicate(Option<Expr>),
    /// `delay D`: others overtake it.
    Delay(Expr),
    /// `jitter D`: others wait behind it.
    Jitter(Expr),
    /// `reorder N`: so many others overtake it.
    Reorder(u16),
    /// `corrupt BIT`: one bit behind the IP header is inverted.
    Corrupt(u32),
    /// `corrupt-silently BIT`: one bit of its text is, and the checksum is right.
    CorruptSilently(u32),
    /// `truncate N`: so many octets are cut off.
    Truncate(u16),
    /// `fragment N`: it goes in fragments of so many octets.
    Fragment(u16),
}

impl WireTemplate {
    /// Whether the stack gets fragments for it.
    #[must_use]
    pub fn needs_reassembly(&self) -> bool {
        let fragments = matches!(
            self.change,
            WireChange::Fault {
                fault: WireFault::Fragment(_),
                ..
            }
        );
        fragments && self.from != Some(Side::Sut)
    }
}

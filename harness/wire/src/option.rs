//! TCP options (RFC 9293 section 3.2). Nothing that arrives is lost: unknown
//! options are kept, and so is a tail that follows no format.
//!
//! Padding is not an option: the writer supplies it (zero octets up to the next
//! multiple of four) and the reader leaves out as much as the writer would
//! supply, so that `<mss=1460; ws=7>` reads back as just that. Zeros beyond are
//! kept, an end-of-list option each. Thereby octets always survive reading and
//! writing; options survive writing and reading unless they end in end-of-list
//! options where padding has to stand anyway.

mod buffer;
mod space;
mod text;

use crate::seq::SeqNumber;

pub use buffer::OptionBuffer;
pub use space::{OptionRef, OptionSpace, Options, SackBlocks};
pub use text::{OptionList, parse_options};

/// One option of a TCP header.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum TcpOption {
    /// Kind 0, where padding alone would not put it.
    EndOfList,
    /// Kind 1.
    Nop,
    /// Kind 2: the Maximum Segment Size in octets.
    Mss(u16),
    /// Kind 3: the shift count as it stands on the wire (RFC 7323).
    WindowScale(u8),
    /// Kind 4 (RFC 2018).
    SackPermitted,
    /// Kind 5: blocks of left edge and right edge (RFC 2018).
    Sack(Vec<(SeqNumber, SeqNumber)>),
    /// Kind 8 (RFC 7323).
    Timestamps {
        /// TSval.
        value: u32,
        /// TSecr.
        echo: u32,
    },
    /// Kind 28: the user timeout as it stands on the wire, in seconds or, with
    /// the first bit set, in minutes (RFC 5482).
    UserTimeout(u16),
    /// Any other option of kind, length, data.
    Unknown {
        /// The kind octet.
        kind: u8,
        /// The length octet as it stands, right or wrong.
        len: u8,
        /// What follows the length octet.
        data: Vec<u8>,
    },
    /// The rest of the option space from an option on whose length cannot be
    /// right (below 2, or beyond the header), or behind an end-of-list.
    Malformed(Vec<u8>),
}

impl TcpOption {
    /// Octets this option takes on the wire.
    #[must_use]
    pub const fn wire_len(&self) -> usize {
        match self {
            Self::EndOfList | Self::Nop => 1,
            Self::Mss(_) | Self::UserTimeout(_) => 4,
            Self::WindowScale(_) => 3,
            Self::SackPermitted => 2,
            Self::Sack(blocks) => 2 + 8 * blocks.len(),
            Self::Timestamps { .. } => 10,
            Self::Unknown { data, .. } => 2 + data.len(),
            Self::Malformed(tail) => tail.len(),
        }
    }

    /// Hands the octets of the option to `put`, in pieces.
    #[inline]
    fn encode(&self, mut put: impl FnMut(&[u8])) {
        match self {
            Self::EndOfList => put(&[0]),
            Self::Nop => put(&[1]),
            Self::Mss(mss) => {
                let [high, low] = mss.to_be_bytes();
                put(&[2, 4, high, low]);
            }
            Self::WindowScale(shift) => put(&[3, 3, *shift]),
            Self::SackPermitted => put(&[4, 2]),
            Self::Sack(blocks) => {
                put(&[5, self.wire_len() as u8]);
                for (left, right) in blocks {
                    put(&left.value().to_be_bytes());
                    put(&right.value().to_be_bytes());
                }
            }
            Self::Timestamps { value, echo } => {
                let [v3, v2, v1, v0] = value.to_be_bytes();
                let [e3, e2, e1, e0] = echo.to_be_bytes();
                put(&[8, 10, v3, v2, v1, v0, e3, e2, e1, e0]);
            }
            Self::UserTimeout(timeout) => {
                let [high, low] = timeout.to_be_bytes();
                put(&[28, 4, high, low]);
            }
            Self::Unknown { kind, len, data } => {
                put(&[*kind, *len]);
                put(data);
            }
            Self::Malformed(tail) => put(tail),
        }
    }
}

/// Writes options and pads with end-of-list octets to a multiple of four.
pub(crate) fn encode_all(options: &[TcpOption], out: &mut Vec<u8>) {
    let start = out.len();
    for option in options {
        option.encode(|octets| out.extend_from_slice(octets));
    }
    while !(out.len() - start).is_multiple_of(4) {
        out.push(0);
    }
}

/// Reads the option space of a header.
pub(crate) fn decode_all(space: OptionSpace<'_>) -> Vec<TcpOption> {
    // One allocation for what usual stacks send, none without options.
    let mut options = Vec::with_capacity(space.octets().len() / 3);
    options.extend(space.iter().map(TcpOption::from));
    options
}

/// Octets the options take in the header, padding included.
pub(crate) fn wire_len_all(options: &[TcpOption]) -> usize {
    options
        .iter()
        .map(TcpOption::wire_len)
        .sum::<usize>()
        .next_multiple_of(4)
}

#[cfg(test)]
mod tests;

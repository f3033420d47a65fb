//! The octets of a stream: a pattern by offset, with literal text laid over
//! it where a case writes some.

use std::collections::BTreeMap;

use tcpspec_wire::SeqNumber;

/// One direction's octets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Stream {
    salt: u8,
    literal: BTreeMap<u32, u8>,
}

impl Stream {
    /// A stream whose pattern differs from that of other salts.
    pub(crate) const fn new(salt: u8) -> Self {
        Self {
            salt,
            literal: BTreeMap::new(),
        }
    }

    /// The octet at an offset. The pattern's period, 251 x 256, is prime to
    /// every power of two, so no shift by a segment's length goes unseen.
    fn octet(&self, offset: u32) -> u8 {
        let pattern = (offset % 251) as u8 ^ (offset / 251) as u8 ^ self.salt;
        self.literal.get(&offset).copied().unwrap_or(pattern)
    }

    /// Lays literal text over the pattern.
    pub(crate) fn write(&mut self, offset: u32, text: &[u8]) {
        self.literal
            .extend(offsets(offset).zip(text.iter().copied()));
    }

    /// `len` octets from `offset` on.
    pub(crate) fn read(&self, offset: u32, len: usize) -> Vec<u8> {
        offsets(offset)
            .take(len)
            .map(|offset| self.octet(offset))
            .collect()
    }

    /// Where `octets` first differ from the stream at `offset`.
    pub(crate) fn difference(&self, offset: u32, octets: &[u8]) -> Option<usize> {
        offsets(offset)
            .zip(octets)
            .position(|(offset, octet)| self.octet(offset) != *octet)
    }
}

/// The offsets from one on. They go round like the numbers that they stand for:
/// what lies before the SYN has the largest.
fn offsets(first: u32) -> impl Iterator<Item = u32> {
    (0..).map(move |more: u32| first.wrapping_add(more))
}

/// Offset in the stream of the octet with this sequence number: the first
/// octet follows the SYN.
pub(crate) fn offset_of(seq: SeqNumber, iss: SeqNumber) -> u32 {
    seq.value().wrapping_sub(iss.value()).wrapping_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_go_round() {
        let stream = Stream::new(0);
        let around = stream.read(u32::MAX, 3);
        assert_eq!(around[1..], stream.read(0, 2));
        assert_eq!(stream.difference(u32::MAX, &around), None);
    }
}

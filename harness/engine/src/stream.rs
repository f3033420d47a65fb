//! The octets of a stream: a pattern by offset, with literal text laid over
//! it where a case writes some.

use std::collections::BTreeMap;

use tcpspec_wire::SeqNumber;

/// One direction's octets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Stream {
    salt: u8,
    /// What was written for a place, the last at the end: a case may let the
    /// peer send two texts for one place.
    literal: BTreeMap<u32, Vec<u8>>,
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
        let literal = self.literal.get(&offset).and_then(|octets| octets.last());
        literal.copied().unwrap_or_else(|| self.pattern(offset))
    }

    const fn pattern(&self, offset: u32) -> u8 {
        (offset % 251) as u8 ^ (offset / 251) as u8 ^ self.salt
    }

    /// Whether the octet may stand at an offset.
    fn is_at(&self, offset: u32, octet: u8) -> bool {
        match self.literal.get(&offset) {
            Some(octets) => octets.contains(&octet),
            None => octet == self.pattern(offset),
        }
    }

    /// Lays literal text over the pattern.
    pub(crate) fn write(&mut self, offset: u32, text: &[u8]) {
        for (offset, octet) in offsets(offset).zip(text) {
            self.literal.entry(offset).or_default().push(*octet);
        }
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
            .position(|(offset, octet)| !self.is_at(offset, *octet))
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
    fn either_of_two_texts_may_stand_at_a_place() {
        let mut stream = Stream::new(0);
        stream.write(5, b"AA");
        stream.write(6, b"BB");
        assert_eq!(stream.read(5, 3), b"ABB", "the last one is sent");
        for allowed in [b"AAB", b"ABB"] {
            assert_eq!(stream.difference(5, allowed), None);
        }
        assert_eq!(stream.difference(5, b"BAB"), Some(0));
    }

    #[test]
    fn offsets_go_round() {
        let stream = Stream::new(0);
        let around = stream.read(u32::MAX, 3);
        assert_eq!(around[1..], stream.read(0, 2));
        assert_eq!(stream.difference(u32::MAX, &around), None);
    }
}

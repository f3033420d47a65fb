//! What arrived beyond a gap, until the gap is filled.

use std::collections::BTreeMap;

use crate::limits::MAX_PIECES;

/// Pieces of the stream by their offset from its first octet. Offsets are 64
/// bits wide, so nothing here wraps. No two pieces overlap.
#[derive(Clone, Debug, Default)]
pub(crate) struct Assembler {
    pieces: BTreeMap<u64, Vec<u8>>,
    /// Where the stream ends, once a FIN said so.
    end: Option<u64>,
}

impl Assembler {
    /// Whether nothing waits beyond a gap.
    pub(crate) fn is_empty(&self) -> bool {
        self.pieces.is_empty() && self.end.is_none()
    }

    /// Keeps what is not there yet of `octets`. Where two segments disagree
    /// about an octet, the one that came first wins.
    pub(crate) fn insert(&mut self, mut offset: u64, mut octets: &[u8]) {
        if let Some(end) = self.end {
            let fits = end.saturating_sub(offset).min(octets.len() as u64);
            octets = &octets[..fits as usize];
        }
        while !octets.is_empty() && self.pieces.len() < MAX_PIECES {
            let covered = self.covered_until(offset).min(offset + octets.len() as u64);
            octets = &octets[(covered - offset) as usize..];
            offset = covered;
            let free = self.free_from(offset).min(octets.len() as u64) as usize;
            if free > 0 {
                self.keep(offset, &octets[..free]);
            }
            octets = &octets[free..];
            offset += free as u64;
        }
    }

    /// Keeps octets that are not there, with the piece that they continue.
    fn keep(&mut self, offset: u64, octets: &[u8]) {
        let before = self.pieces.range_mut(..offset).next_back();
        match before {
            Some((start, piece)) if start + piece.len() as u64 == offset => {
                piece.extend_from_slice(octets);
            }
            _ => {
                self.pieces.insert(offset, octets.to_vec());
            }
        }
    }

    /// Keeps a FIN. One that contradicts data which is already there does not
    /// count.
    pub(crate) fn insert_end(&mut self, end: u64) {
        let last = self.pieces.last_key_value();
        let beyond = last.is_some_and(|(offset, octets)| offset + octets.len() as u64 > end);
        if self.end.is_none() && !beyond {
            self.end = Some(end);
        }
    }

    /// The piece that begins at `offset`, if it is there.
    pub(crate) fn take(&mut self, offset: u64) -> Option<Vec<u8>> {
        self.pieces.remove(&offset)
    }

    /// Whether the stream ends at `offset`.
    pub(crate) fn ends_at(&self, offset: u64) -> bool {
        self.end == Some(offset)
    }

    /// Start and end of what is there without a gap around `offset`; the FIN
    /// counts as one more.
    pub(crate) fn run(&self, offset: u64) -> Option<(u64, u64)> {
        let mut end = self.covered_until(offset);
        if end == offset {
            return (self.end == Some(offset)).then_some((offset, offset + 1));
        }
        let mut start = offset;
        for (at, octets) in self.pieces.range(..=offset).rev() {
            if at + octets.len() as u64 >= start {
                start = *at;
            } else {
                break;
            }
        }
        while let Some(piece) = self.pieces.get(&end) {
            end += piece.len() as u64;
        }
        Some((start, end + u64::from(self.end == Some(end))))
    }

    /// The first piece of `[start, end)` that is there.
    pub(crate) fn overlap(&self, start: u64, end: u64) -> Option<(u64, u64)> {
        let first = start.saturating_add(self.gap_at(start));
        if first >= end {
            return None;
        }
        let (_, run_end) = self.run(first)?;
        Some((first, run_end.min(end)))
    }

    /// Octets missing from `offset` on; none if it is there.
    fn gap_at(&self, offset: u64) -> u64 {
        if self.covered_until(offset) > offset {
            0
        } else {
            self.free_from(offset)
        }
    }

    /// The end of the piece that holds `offset`; `offset` itself if none does.
    fn covered_until(&self, offset: u64) -> u64 {
        let piece = self.pieces.range(..=offset).next_back();
        piece.map_or(offset, |(start, octets)| {
            offset.max(start + octets.len() as u64)
        })
    }

    /// Octets from `offset` to the next piece.
    fn free_from(&self, offset: u64) -> u64 {
        let next = self.pieces.range(offset..).next();
        next.map_or(u64::MAX, |(start, _)| start - offset)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn drained(assembler: &mut Assembler, from: u64) -> Vec<u8> {
        let mut stream = Vec::new();
        while let Some(piece) = assembler.take(from + stream.len() as u64) {
            stream.extend(piece);
        }
        stream
    }

    proptest! {
        #[test]
        fn pieces_in_any_order_give_back_the_stream(
            cuts in prop::collection::vec((0_usize..200, 1_usize..60), 0..40),
        ) {
            let stream: Vec<u8> = (0..=255).collect();
            let mut assembler = Assembler::default();
            for (start, len) in cuts {
                let end = stream.len().min(start + len);
                assembler.insert(start as u64, &stream[start..end]);
            }
            assembler.insert(0, &stream);
            prop_assert_eq!(drained(&mut assembler, 0), stream);
            prop_assert!(assembler.is_empty());
        }
    }

    #[test]
    fn end_before_data_that_is_there_does_not_count() {
        let mut assembler = Assembler::default();
        assembler.insert(5, b"abc");
        assembler.insert_end(6);
        assert!(!assembler.ends_at(6));
        assembler.insert_end(8);
        assert!(assembler.ends_at(8));
    }

    #[test]
    fn pieces_are_bounded() {
        let mut assembler = Assembler::default();
        for offset in 0..10_000 {
            assembler.insert(offset * 2 + 1, b"x");
        }
        assert_eq!(assembler.pieces.len(), MAX_PIECES);
    }
}

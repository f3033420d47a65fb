//! What arrived beyond a gap, until the gap is filled: which octets are there.
//! The octets themselves lie in the receive buffer already.

use std::collections::BTreeMap;

use crate::limits::MAX_PIECES;

/// Pieces of the stream: start and end of each, counted from its first octet.
/// Offsets are 64 bits wide, so nothing here wraps. No two pieces overlap.
#[derive(Clone, Debug, Default)]
pub(crate) struct Assembler {
    pieces: BTreeMap<u64, u64>,
    /// Where the stream ends, once a FIN said so.
    end: Option<u64>,
}

impl Assembler {
    /// Whether nothing waits beyond a gap.
    pub(crate) fn is_empty(&self) -> bool {
        self.pieces.is_empty() && self.end.is_none()
    }

    /// Hands what is not there yet of `octets` to `store`, each piece with its
    /// offset. Where two segments disagree about an octet, the one that came
    /// first wins.
    pub(crate) fn insert(
        &mut self,
        mut offset: u64,
        mut octets: &[u8],
        mut store: impl FnMut(u64, &[u8]),
    ) {
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
                store(offset, &octets[..free]);
                self.keep(offset, offset + free as u64);
            }
            octets = &octets[free..];
            offset += free as u64;
        }
    }

    /// Enters what was not there, as part of the piece that it continues.
    fn keep(&mut self, start: u64, end: u64) {
        match self.pieces.range_mut(..start).next_back() {
            Some((_, before)) if *before == start => *before = end,
            _ => {
                self.pieces.insert(start, end);
            }
        }
    }

    /// Keeps a FIN. One that contradicts data which is already there does not
    /// count.
    pub(crate) fn insert_end(&mut self, end: u64) {
        let last = self.pieces.last_key_value();
        let beyond = last.is_some_and(|(_, last)| *last > end);
        if self.end.is_none() && !beyond {
            self.end = Some(end);
        }
    }

    /// Strikes the piece that begins at `offset`, if it is there: its end.
    pub(crate) fn take(&mut self, offset: u64) -> Option<u64> {
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
        for (from, to) in self.pieces.range(..=offset).rev() {
            if *to >= start {
                start = *from;
            } else {
                break;
            }
        }
        while let Some(next) = self.pieces.get(&end) {
            end = *next;
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
        piece.map_or(offset, |(_, end)| offset.max(*end))
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

    /// The end of what is there from the first octet on.
    fn drained(assembler: &mut Assembler) -> u64 {
        let mut end = 0;
        while let Some(next) = assembler.take(end) {
            end = next;
        }
        end
    }

    proptest! {
        #[test]
        fn pieces_in_any_order_give_back_the_stream(
            cuts in prop::collection::vec((0_usize..200, 1_usize..60), 0..40),
        ) {
            let stream: Vec<u8> = (0..=255).collect();
            let mut assembler = Assembler::default();
            let mut stored = Vec::new();
            let mut store = |offset, octets: &[u8]| stored.push((offset, octets.to_vec()));
            for (start, len) in cuts {
                let end = stream.len().min(start + len);
                assembler.insert(start as u64, &stream[start..end], &mut store);
            }
            assembler.insert(0, &stream, &mut store);
            // Each octet just once, at its place.
            stored.sort();
            let octets: Vec<u8> = stored.into_iter().flat_map(|(_, octets)| octets).collect();
            prop_assert_eq!(&octets, &stream);
            prop_assert_eq!(drained(&mut assembler), stream.len() as u64);
            prop_assert!(assembler.is_empty());
        }
    }

    #[test]
    fn end_before_data_that_is_there_does_not_count() {
        let mut assembler = Assembler::default();
        assembler.insert(5, b"abc", |_, _| ());
        assembler.insert_end(6);
        assert!(!assembler.ends_at(6));
        assembler.insert_end(8);
        assert!(assembler.ends_at(8));
    }

    #[test]
    fn pieces_are_bounded() {
        let mut assembler = Assembler::default();
        for offset in 0..10_000 {
            assembler.insert(offset * 2 + 1, b"x", |_, _| ());
        }
        assert_eq!(assembler.pieces.len(), MAX_PIECES);
    }
}

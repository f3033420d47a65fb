//! A stream's sequence numbers as they become contiguous.

use tcpspec_wire::SeqNumber;

/// What has come of a sequence space: everything before `next`, and ranges
/// beyond gaps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ranges {
    /// First number that has not come.
    pub(crate) next: SeqNumber,
    /// Ranges `[start, end)` beyond a gap, in no order.
    beyond: Vec<(SeqNumber, SeqNumber)>,
}

impl Ranges {
    /// Nothing has come; `next` is the first number.
    pub(crate) const fn new(next: SeqNumber) -> Self {
        Self {
            next,
            beyond: Vec::new(),
        }
    }

    /// Takes in `[start, end)`.
    pub(crate) fn add(&mut self, start: SeqNumber, end: SeqNumber) {
        self.beyond.push((start, end));
        while let Some(at) = self
            .beyond
            .iter()
            .position(|(start, _)| start.at_or_before(self.next))
        {
            let (_, end) = self.beyond.swap_remove(at);
            self.next = self.next.latest(end);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seq(value: u32) -> SeqNumber {
        SeqNumber::new(value)
    }

    #[test]
    fn a_filled_gap_moves_next_over_all_that_follows() {
        let mut ranges = Ranges::new(seq(u32::MAX - 4));
        ranges.add(seq(5), seq(10));
        ranges.add(seq(0), seq(5));
        assert_eq!(ranges.next, seq(u32::MAX - 4));
        ranges.add(seq(u32::MAX - 4), seq(2));
        assert_eq!(ranges.next, seq(10));
    }
}

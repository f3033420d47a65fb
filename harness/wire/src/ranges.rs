//! Which numbers of a stream have come: how the harness counts. The bundled
//! stack keeps its own books, so that one mistake is not made on both sides.

use crate::seq::SeqNumber;

/// What has come: everything before `next`, and ranges beyond gaps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ranges {
    /// First number that has not come.
    pub next: SeqNumber,
    /// Ranges `[start, end)` beyond a gap, apart from each other, in no order.
    beyond: Vec<(SeqNumber, SeqNumber)>,
}

impl Ranges {
    /// Everything before `next` has come.
    #[must_use]
    pub const fn new(next: SeqNumber) -> Self {
        Self {
            next,
            beyond: Vec::new(),
        }
    }

    /// Takes in `[start, end)`.
    pub fn add(&mut self, mut start: SeqNumber, mut end: SeqNumber) {
        self.beyond.retain(|(left, right)| {
            let apart = right.before(start) || left.after(end);
            if !apart {
                start = if left.before(start) { *left } else { start };
                end = end.latest(*right);
            }
            apart
        });
        if start.after(self.next) {
            self.beyond.push((start, end));
        } else {
            self.next = self.next.latest(end);
        }
    }

    /// Whether all of `[start, end)` has come.
    #[must_use]
    pub fn has(&self, start: SeqNumber, end: SeqNumber) -> bool {
        let holds = |(left, right): &(SeqNumber, SeqNumber)| {
            left.at_or_before(start) && end.at_or_before(*right)
        };
        end.at_or_before(self.next) || self.beyond.iter().any(holds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seq(value: i32) -> SeqNumber {
        SeqNumber::new(value.cast_unsigned())
    }

    #[rstest::rstest]
    #[case::nothing(&[], 0, &[(0, 1)])]
    #[case::in_order(&[(0, 5), (5, 9)], 9, &[(8, 10)])]
    #[case::gap(&[(0, 5), (7, 9)], 5, &[(4, 8), (8, 10)])]
    #[case::gap_filled(&[(7, 9), (0, 5), (5, 7)], 9, &[(8, 10)])]
    #[case::two_that_touch(&[(3, 5), (7, 9), (5, 7)], 0, &[(2, 9), (3, 10)])]
    #[case::one_around_another(&[(4, 5), (3, 9)], 0, &[(2, 4)])]
    fn ranges_come_together(
        #[case] come: &[(i32, i32)],
        #[case] next: i32,
        #[case] missing: &[(i32, i32)],
    ) {
        for base in [0, -4] {
            let at = |value: i32| seq(base + value);
            let mut ranges = Ranges::new(at(0));
            for (start, end) in come {
                ranges.add(at(*start), at(*end));
            }
            assert_eq!(ranges.next, at(next));
            assert!(
                come.iter()
                    .all(|(start, end)| ranges.has(at(*start), at(*end)))
            );
            assert!(
                !missing
                    .iter()
                    .any(|(start, end)| ranges.has(at(*start), at(*end)))
            );
        }
    }
}

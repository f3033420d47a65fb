//! What the peer holds beyond the cumulative ACK (RFC 2018 section 5), and
//! what of the rest counts as lost (RFC 6675 section 4).

use tcpspec_wire::SeqNumber;

use crate::limits::{DUP_THRESH, MAX_PIECES};

/// Left edge, and right edge: the number after the last.
pub(crate) type Block = (SeqNumber, SeqNumber);

/// Blocks above SND.UNA, in order, none of which touch.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scoreboard {
    blocks: Vec<Block>,
}

impl Scoreboard {
    /// Takes the blocks of a segment that acknowledges `ack`. Those that lie
    /// outside what is in flight are nonsense or (below `ack`) reports of
    /// duplicates, and do not count. True if there was news in them.
    pub(crate) fn add(
        &mut self,
        blocks: impl IntoIterator<Item = Block>,
        ack: SeqNumber,
        nxt: SeqNumber,
    ) -> bool {
        let mut news = false;
        for (left, right) in blocks {
            let in_flight = left.at_or_after(ack) && left.before(right) && right.at_or_before(nxt);
            if in_flight && !self.holds(left, right) && self.blocks.len() < MAX_PIECES {
                self.insert(left, right);
                news = true;
            }
        }
        news
    }

    fn holds(&self, left: SeqNumber, right: SeqNumber) -> bool {
        self.blocks
            .iter()
            .any(|(from, to)| from.at_or_before(left) && to.at_or_after(right))
    }

    /// Enters a block, joined with those that it touches.
    fn insert(&mut self, left: SeqNumber, right: SeqNumber) {
        let from = self.blocks.partition_point(|(_, end)| end.before(left));
        let to = self
            .blocks
            .partition_point(|(start, _)| start.at_or_before(right));
        let touched = &self.blocks[from..to];
        let joined = touched.iter().fold((left, right), |(left, right), block| {
            let first = if block.0.before(left) { block.0 } else { left };
            (first, right.latest(block.1))
        });
        self.blocks.splice(from..to, [joined]);
    }

    /// Forgets what is acknowledged cumulatively.
    pub(crate) fn advance(&mut self, una: SeqNumber) {
        self.blocks.retain(|(_, right)| right.after(una));
        if let Some((left, _)) = self.blocks.first_mut() {
            *left = left.latest(una);
        }
    }

    /// Forgets everything: the peer may have, too (RFC 2018 section 8).
    pub(crate) fn clear(&mut self) {
        self.blocks.clear();
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.blocks.is_empty()
    }

    /// The number after the last that the peer holds.
    pub(crate) fn highest(&self) -> Option<SeqNumber> {
        self.blocks.last().map(|(_, right)| *right)
    }

    /// Everything before this number that the peer does not hold is lost
    /// (`IsLost`): enough blocks, or more than enough octets, lie above it.
    pub(crate) fn lost_before(&self, mss: u32) -> Option<SeqNumber> {
        let mut octets = 0;
        for (count, (left, right)) in (1..).zip(self.blocks.iter().rev()) {
            octets += right.distance(*left).cast_unsigned();
            if count >= DUP_THRESH || octets > (DUP_THRESH - 1) * mss {
                return Some(*left);
            }
        }
        None
    }

    /// The first number at or behind `from` that the peer does not hold, and
    /// where the next block begins, if one follows.
    pub(crate) fn hole(&self, from: SeqNumber) -> (SeqNumber, Option<SeqNumber>) {
        let mut start = from;
        for (left, right) in &self.blocks {
            if left.after(start) {
                return (start, Some(*left));
            }
            start = start.latest(*right);
        }
        (start, None)
    }

    /// How many numbers in `[from, to)` the peer does not hold.
    pub(crate) fn missing(&self, from: SeqNumber, to: SeqNumber) -> u32 {
        let held: i32 = self
            .blocks
            .iter()
            .map(|(left, right)| {
                let end = if right.after(to) { to } else { *right };
                end.distance(left.latest(from)).max(0)
            })
            .sum();
        (to.distance(from).max(0) - held).max(0).cast_unsigned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    /// Numbers count from here, so that everything wraps.
    const UNA: u32 = u32::MAX - 25;

    fn seq(offset: u32) -> SeqNumber {
        SeqNumber::new(UNA) + offset
    }

    fn board(blocks: &[(u32, u32)]) -> Scoreboard {
        let mut board = Scoreboard::default();
        for (left, right) in blocks {
            board.add([(seq(*left), seq(*right))], seq(0), seq(100));
        }
        board
    }

    fn shown(board: &Scoreboard) -> Vec<(i32, i32)> {
        let offset = |number: SeqNumber| number.distance(seq(0));
        let blocks = board.blocks.iter();
        blocks
            .map(|(left, right)| (offset(*left), offset(*right)))
            .collect()
    }

    #[rstest]
    #[case::apart(&[(50, 60), (10, 20)], &[(10, 20), (50, 60)])]
    #[case::touching(&[(10, 20), (20, 30)], &[(10, 30)])]
    #[case::bridging(&[(10, 20), (40, 50), (15, 45)], &[(10, 50)])]
    #[case::inside(&[(10, 50), (20, 30)], &[(10, 50)])]
    #[case::reversed(&[(20, 10)], &[])]
    #[case::empty(&[(20, 20)], &[])]
    #[case::beyond_what_was_sent(&[(90, 101)], &[])]
    #[case::report_of_a_duplicate(&[(u32::MAX, 5)], &[])]
    fn blocks_are_kept_in_order(#[case] blocks: &[(u32, u32)], #[case] expected: &[(i32, i32)]) {
        assert_eq!(shown(&board(blocks)), expected);
    }

    #[test]
    fn only_news_is_news() {
        let mut board = board(&[(10, 20)]);
        let mut add = |left, right| board.add([(seq(left), seq(right))], seq(0), seq(100));
        assert!(!add(12, 18));
        assert!(add(12, 21));
        assert!(!add(10, 21));
    }

    #[test]
    fn cumulative_ack_cuts_blocks() {
        let mut board = board(&[(10, 20), (30, 40)]);
        board.advance(seq(15));
        assert_eq!(shown(&board), [(15, 20), (30, 40)]);
        board.advance(seq(20));
        assert_eq!(shown(&board), [(30, 40)]);
        assert_eq!(board.highest(), Some(seq(40)));
        board.clear();
        assert!(board.is_empty());
    }

    #[rstest]
    #[case::nothing(&[], None)]
    #[case::two_blocks(&[(10, 11), (20, 21)], None)]
    #[case::three_blocks(&[(10, 11), (20, 21), (30, 31)], Some(10))]
    #[case::two_segments(&[(10, 30)], None)]
    #[case::more_than_two_segments(&[(10, 31)], Some(10))]
    #[case::octets_add_up(&[(10, 20), (30, 41)], Some(10))]
    fn loss_takes_three_blocks_or_more_than_two_segments(
        #[case] blocks: &[(u32, u32)],
        #[case] expected: Option<u32>,
    ) {
        assert_eq!(board(blocks).lost_before(10), expected.map(seq));
    }

    #[rstest]
    #[case::before_all(0, (0, Some(10)))]
    #[case::in_a_block(15, (20, Some(30)))]
    #[case::at_a_left_edge(30, (40, None))]
    #[case::behind_all(50, (50, None))]
    fn holes_lie_between_blocks(#[case] from: u32, #[case] expected: (u32, Option<u32>)) {
        let (start, end) = board(&[(10, 20), (30, 40)]).hole(seq(from));
        assert_eq!((start, end), (seq(expected.0), expected.1.map(seq)));
    }

    #[rstest]
    #[case::all(0, 100, 80)]
    #[case::cutting_blocks(15, 35, 10)]
    #[case::inside_a_block(12, 18, 0)]
    #[case::backwards(50, 40, 0)]
    fn missing_numbers_are_counted(#[case] from: u32, #[case] to: u32, #[case] count: u32) {
        assert_eq!(
            board(&[(10, 20), (30, 40)]).missing(seq(from), seq(to)),
            count
        );
    }
}

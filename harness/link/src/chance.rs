//! What is drawn by lot: the faults of one packet.

use std::time::Duration;

use fastrand::Rng;

use crate::conditions::{Conditions, Loss, Rate};
use crate::fault::Fault;

/// The lots of one direction.
#[derive(Clone, Debug)]
pub(crate) struct Chance {
    rng: Rng,
    /// Whether a bad spell is on.
    is_bad: bool,
}

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            rng: Rng::with_seed(seed),
            is_bad: false,
        }
    }

    /// What happens to a packet with so many octets behind its IP header. A
    /// packet that is lost meets nothing else.
    pub(crate) fn draw(&mut self, conditions: &Conditions, carried: usize) -> Vec<Fault> {
        if self.is_lost(conditions.loss) {
            return vec![Fault::Drop];
        }
        let carried = u32::try_from(carried).unwrap_or(u32::MAX);
        [
            self.hits(conditions.corrupt)
                .then(|| Fault::Corrupt(self.below(carried.saturating_mul(8)))),
            self.hits(conditions.truncate)
                .then(|| Fault::Truncate(self.cut(carried))),
            self.hits(conditions.duplicate)
                .then_some(Fault::Duplicate(Duration::ZERO)),
            self.hits(conditions.reorder.rate)
                .then(|| Fault::Reorder(self.rng.u16(1..=conditions.reorder.distance.max(1)))),
            self.jitter(conditions.jitter),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    fn is_lost(&mut self, loss: Loss) -> bool {
        match loss {
            Loss::Single(rate) => self.hits(rate),
            Loss::Bursts { enter, leave } => {
                let turns = if self.is_bad { leave } else { enter };
                self.is_bad ^= self.hits(turns);
                self.is_bad
            }
        }
    }

    /// Nothing is drawn for what never happens, so a link that is perfect but
    /// for one thing draws that alone.
    fn hits(&mut self, rate: Rate) -> bool {
        rate > Rate::NEVER && self.rng.u32(0..Rate::ALWAYS.per_million()) < rate.per_million()
    }

    fn jitter(&mut self, most: Duration) -> Option<Fault> {
        let most = u64::try_from(most.as_nanos()).unwrap_or(u64::MAX);
        (most > 0).then(|| Fault::Jitter(Duration::from_nanos(self.rng.u64(0..=most))))
    }

    /// How much is cut off: at least one octet, at most all.
    fn cut(&mut self, carried: u32) -> u16 {
        u16::try_from(self.below(carried) + 1).unwrap_or(u16::MAX)
    }

    fn below(&mut self, end: u32) -> u32 {
        self.rng.u32(0..end.max(1))
    }
}

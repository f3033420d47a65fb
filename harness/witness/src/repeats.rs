//! The pauses between repeats of one segment, while nothing comes from the
//! peer.

use std::time::Duration;

use tcpspec_wire::{Instant, SeqNumber};

/// From here on a pause need not grow any more: what RFC 6298 allows a
/// retransmission timeout to be capped at (rule 2.5), less what timers are off
/// by.
const GROWN: Duration = Duration::from_secs(50);

/// Repeats of the segment that the peer waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Repeats {
    seq: SeqNumber,
    last: Instant,
    pause: Option<Duration>,
    /// How often it was sent.
    count: u32,
}

impl Repeats {
    /// A segment that is sent for the first time, as far as it matters.
    pub(crate) const fn first(seq: SeqNumber, at: Instant) -> Self {
        Self {
            seq,
            last: at,
            pause: None,
            count: 1,
        }
    }

    /// The same after a segment at `seq` is sent at `at`.
    pub(crate) fn and(self, seq: SeqNumber, at: Instant) -> Self {
        if seq != self.seq {
            return Self::first(seq, at);
        }
        Self {
            seq,
            last: at,
            pause: Some(at.since(self.last)),
            count: self.count + 1,
        }
    }

    /// The pause before and the pause now, if a repeat at `at` has not waited
    /// long enough. The first pause says nothing: a repeat may be sent early to
    /// probe for a loss (RFC 8985). Half of the doubling that RFC 6298 asks for
    /// is left to timers that are not exact.
    pub(crate) fn haste(self, seq: SeqNumber, at: Instant) -> Option<(Duration, Duration)> {
        let before = self.pause.filter(|_| seq == self.seq && self.count > 2)?;
        let now = at.since(self.last);
        (now < GROWN && now < before * 3 / 2).then_some((before, now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Milliseconds at which one segment is sent, and the first that is hasty.
    #[rstest::rstest]
    #[case::doubled(&[0, 1000, 3000, 7000, 15_000], None)]
    #[case::early_probe(&[0, 100, 1100, 3100], None)]
    #[case::constant(&[0, 1000, 2000, 3000], Some(3000))]
    #[case::shrinking(&[0, 1000, 3000, 5000, 6000], Some(5000))]
    #[case::capped(&[0, 1000, 41_000, 101_000, 161_000], None)]
    fn pauses_grow(#[case] sent: &[u64], #[case] hasty: Option<u64>) {
        let seq = SeqNumber::new(7);
        let mut repeats = Repeats::first(seq, Instant::from_millis(sent[0]));
        let mut found = None;
        for millis in &sent[1..] {
            let at = Instant::from_millis(*millis);
            found = found.or_else(|| repeats.haste(seq, at).map(|_| *millis));
            repeats = repeats.and(seq, at);
        }
        assert_eq!(found, hasty);
    }
}

//! Challenge ACKs (RFC 5961): what draws them, and the limit on their rate
//! (section 7).
//!
//! Each connection counts for itself: a count that connections share tells an
//! attacker on one of them what happens on another (erratum 4772). It counts in
//! periods, as the RFC has it. A bucket that fills drop by drop would forbid two
//! full periods back to back, which does no harm within one connection.

use std::time::Duration;

use tcpspec_wire::Instant;

/// Which segments that could be forged are questioned by a challenge ACK. What
/// is not does its work at once, as in RFC 793.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlindAttacks {
    /// A RST in the window but for the very next number (section 3).
    pub rst: bool,
    /// A SYN on a connection that stands (section 4).
    pub syn: bool,
    /// An ACK from further back than the peer's window ever was (section 5).
    pub ack: bool,
}

impl Default for BlindAttacks {
    fn default() -> Self {
        Self {
            rst: true,
            syn: true,
            ack: true,
        }
    }
}

/// How many challenge ACKs a connection may send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChallengeLimit {
    /// This many ...
    pub count: u32,
    /// ... in a time this long, which begins with the first of them.
    pub per: Duration,
}

impl Default for ChallengeLimit {
    /// The RFC's example: ten in five seconds.
    fn default() -> Self {
        Self {
            count: 10,
            per: Duration::from_secs(5),
        }
    }
}

/// What one connection has sent of its allowance.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Challenges {
    began: Instant,
    sent: u32,
}

impl Challenges {
    /// Whether one more may go `now`; if so it is counted.
    pub(crate) fn allow(&mut self, now: Instant, limit: Option<ChallengeLimit>) -> bool {
        let Some(limit) = limit else {
            return true;
        };
        if self.sent == 0 || now.since(self.began) >= limit.per {
            *self = Self {
                began: now,
                sent: 0,
            };
        }
        let allowed = self.sent < limit.count;
        self.sent += u32::from(allowed);
        allowed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case::within_the_count(&[0, 0, 0], &[true, true, true])]
    #[case::beyond_the_count(&[0, 1, 2, 3, 4_999], &[true, true, true, false, false])]
    #[case::next_period(&[0, 0, 0, 0, 5_000, 5_000], &[true, true, true, false, true, true])]
    #[case::period_begins_with_the_first(&[9_000, 9_001, 9_002, 13_999, 14_000], &[true, true, true, false, true])]
    fn three_in_five_seconds(#[case] at_ms: &[u64], #[case] allowed: &[bool]) {
        let limit = Some(ChallengeLimit {
            count: 3,
            ..ChallengeLimit::default()
        });
        let mut challenges = Challenges::default();
        let seen: Vec<bool> = at_ms
            .iter()
            .map(|ms| challenges.allow(Instant::from_millis(*ms), limit))
            .collect();
        assert_eq!(seen, allowed);
    }

    #[test]
    fn no_limit_counts_nothing() {
        let mut challenges = Challenges::default();
        assert!((0..1_000).all(|_| challenges.allow(Instant::ZERO, None)));
    }
}

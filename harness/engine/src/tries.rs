//! What a stack tries on a link that loses things: whether it goes on, or has
//! stopped though nothing of it came through.
//!
//! Left out: what it would have to send. Silence is measured by what the stack
//! itself has waited for so far, not by a clock that a TCP need not keep.

use std::time::Duration;

use tcpspec_wire::{Instant, SeqNumber};

use crate::limits;

/// The stack's tries, and what the link has made of them.
#[derive(Debug, Default)]
pub(crate) struct Tries {
    /// Where the last one began, and when it was made.
    last: Option<(SeqNumber, Instant)>,
    /// The longest that the stack has waited so far before it sent the same again.
    wait: Duration,
    /// Packets of the stack, and ACKs for it, that the link has taken since something
    /// of the stack came through.
    lost: u32,
}

impl Tries {
    /// The stack sends a segment that begins at `seq`.
    pub(crate) fn sends(&mut self, at: Instant, seq: SeqNumber) {
        if let Some((last, before)) = self.last
            && last == seq
        {
            self.wait = self.wait.max(at.since(before));
        }
        self.last = Some((seq, at));
    }

    /// Something of the stack has come to the peer.
    pub(crate) const fn come_through(&mut self) {
        self.lost = 0;
    }

    /// The link has taken a packet of the stack, or an ACK for it.
    pub(crate) const fn loses(&mut self) {
        self.lost += 1;
    }

    /// How many packets the link has taken in a row, if the stack goes on all the
    /// same: then it is not its doing that nothing comes of it.
    pub(crate) fn in_vain(&self, now: Instant) -> Option<u32> {
        (self.lost > 0 && !self.has_stopped(now)).then_some(self.lost)
    }

    /// Whether the stack has been silent for longer than doubling its waits explains
    /// (RFC 6298 section 5.5).
    pub(crate) fn has_stopped(&self, now: Instant) -> bool {
        let longest = (self.wait * 2).max(limits::SILENCE);
        self.last.is_none_or(|(_, at)| now > at + longest)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::first_one_lost(&[0], 1, 60, Some(1))]
    #[case::nothing_lost(&[0], 0, 1, None)]
    #[case::never_repeated(&[0], 1, 61, None)]
    #[case::goes_on_doubling(&[0, 1, 3, 7, 15, 31, 63, 127], 8, 240, Some(8))]
    #[case::stops_after_some(&[0, 1, 3, 7, 15, 31, 63], 7, 240, None)]
    #[case::never_tried(&[], 1, 1, None)]
    fn silence_is_measured_by_the_stack_s_own_waits(
        #[case] sent: &[u64],
        #[case] lost: u32,
        #[case] now: u64,
        #[case] expected: Option<u32>,
    ) {
        let at = |seconds| Instant::ZERO + Duration::from_secs(seconds);
        let mut tries = Tries::default();
        for seconds in sent {
            tries.sends(at(*seconds), SeqNumber::new(1));
        }
        (0..lost).for_each(|_| tries.loses());
        assert_eq!(tries.in_vain(at(now)), expected);
        tries.come_through();
        assert_eq!(tries.in_vain(at(now)), None);
    }
}

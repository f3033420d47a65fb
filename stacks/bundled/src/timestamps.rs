//! Timestamps of one connection (RFC 7323 sections 3 to 5): our clock, what of
//! the peer's we echo, and what counts as old.

use std::time::Duration;

use tcpspec_wire::{Flags, Instant, SeqNumber, TcpOption};

use crate::limits::TIMESTAMP_LIFE;

/// What timestamps need to know.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Timestamps {
    /// Added to our clock, so that it tells nobody how long the host is up.
    offset: u32,
    /// TS.Recent; zero before the peer's SYN.
    recent: u32,
    /// When TS.Recent was taken.
    taken: Instant,
}

impl Timestamps {
    /// Before the peer's SYN.
    pub(crate) const fn new(offset: u32) -> Self {
        Self {
            offset,
            recent: 0,
            taken: Instant::ZERO,
        }
    }

    /// With the TSval of the peer's SYN.
    pub(crate) const fn synchronized(self, now: Instant, value: u32) -> Self {
        Self {
            recent: value,
            taken: now,
            ..self
        }
    }

    /// Our clock: a tick each millisecond.
    const fn clock(&self, now: Instant) -> u32 {
        // Truncation is the arithmetic modulo 2^32 that is wanted.
        ((now.as_nanos() / 1_000_000) as u32).wrapping_add(self.offset)
    }

    /// The option of a segment that leaves `now`. An echo says something only
    /// beside an ACK (section 3.2).
    pub(crate) const fn option(&self, now: Instant, flags: Flags) -> TcpOption {
        TcpOption::Timestamps {
            value: self.clock(now),
            echo: if flags.contains(Flags::ACK) {
                self.recent
            } else {
                0
            },
        }
    }

    /// Whether a segment with this TSval was left behind by a former turn of
    /// the sequence numbers (PAWS).
    pub(crate) fn is_old(&self, now: Instant, value: u32) -> bool {
        self.lags(value) && now.since(self.taken) <= TIMESTAMP_LIFE
    }

    /// Whether the value lies before TS.Recent.
    pub(crate) const fn lags(&self, value: u32) -> bool {
        value.wrapping_sub(self.recent).cast_signed() < 0
    }

    /// Whether the value lies behind TS.Recent.
    pub(crate) const fn leads(&self, value: u32) -> bool {
        value.wrapping_sub(self.recent).cast_signed() > 0
    }

    /// Takes the TSval of an acceptable segment that begins at `seq`, if that
    /// is no later than Last.ACK.sent (section 4.3): so the echo is that of the
    /// segment which caused the ACK, and of the earliest if it was delayed.
    pub(crate) fn record(&mut self, now: Instant, value: u32, seq: SeqNumber, last_ack: SeqNumber) {
        if !self.is_old(now, value) && seq.at_or_before(last_ack) {
            self.recent = value;
            self.taken = now;
        }
    }

    /// The round-trip time that an echo shows; none if we never sent that
    /// value, or will only send it.
    pub(crate) fn round_trip(&self, now: Instant, echo: u32) -> Option<Duration> {
        let ticks = self.clock(now).wrapping_sub(echo).cast_signed();
        let ticks = u64::try_from(ticks).ok()?;
        let rtt = Duration::from_millis(ticks);
        (rtt <= now.since(Instant::ZERO)).then_some(rtt)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    const DAY: Duration = Duration::from_secs(86_400);

    #[rstest]
    #[case::same(100, 0, false)]
    #[case::newer(101, 0, false)]
    #[case::older(99, 0, true)]
    #[case::half_a_turn_ahead((1 << 31) + 99, 0, false)]
    #[case::half_a_turn_and_more((1 << 31) + 100, 0, true)]
    #[case::older_after_24_days(99, 24, true)]
    #[case::older_after_25_days(99, 25, false)]
    fn value_is_old_while_the_recent_one_lives(
        #[case] value: u32,
        #[case] days: u32,
        #[case] old: bool,
    ) {
        for base in [0, u32::MAX - 99, u32::MAX] {
            let then = Instant::from_millis(5);
            let timestamps = Timestamps::new(0).synchronized(then, base.wrapping_add(100));
            let value = base.wrapping_add(value);
            assert_eq!(timestamps.is_old(then + DAY * days, value), old, "{base}");
        }
    }

    #[rstest]
    #[case::at_last_ack(101, 50, 101)]
    #[case::left_of_it(101, 49, 101)]
    #[case::right_of_it(101, 51, 100)]
    #[case::older(99, 50, 100)]
    fn value_is_taken_up_to_last_ack_sent(
        #[case] value: u32,
        #[case] seq: u32,
        #[case] recent: u32,
    ) {
        let mut timestamps = Timestamps::new(0).synchronized(Instant::ZERO, 100);
        let last_ack = SeqNumber::new(50);
        timestamps.record(Instant::ZERO, value, SeqNumber::new(seq), last_ack);
        assert_eq!(timestamps.recent, recent);
    }

    #[rstest]
    #[case::measured(u32::MAX - 5, Some(7))]
    #[case::at_once(1, Some(0))]
    #[case::never_sent(2, None)]
    #[case::before_the_first(u32::MAX - 1_000, None)]
    fn echo_gives_the_round_trip(#[case] echo: u32, #[case] millis: Option<u64>) {
        // The clock began seven ticks before it wrapped to 1.
        let timestamps = Timestamps::new(u32::MAX - 8);
        let now = Instant::from_millis(10);
        let expected = millis.map(Duration::from_millis);
        assert_eq!(timestamps.round_trip(now, echo), expected);
    }
}

//! The monotonic clock, and what another one says in its terms.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// Time since some moment in the past.
pub(crate) fn now() -> Duration {
    read(ClockId::Monotonic)
}

/// When it was `stamp` on the real-time clock, which is compared now, so that setting
/// it earlier did no harm.
pub(crate) fn of_real_time(stamp: Duration) -> Duration {
    let ago = read(ClockId::Realtime).saturating_sub(stamp);
    now().saturating_sub(ago)
}

fn read(clock: ClockId) -> Duration {
    let time = clock_gettime(clock);
    let secs = u64::try_from(time.tv_sec).unwrap_or(0);
    Duration::new(secs, u32::try_from(time.tv_nsec).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_are_told_in_our_time() {
        let before = now();
        let at = of_real_time(read(ClockId::Realtime));
        assert!(before <= at && at <= now(), "{before:?} {at:?}");
        // Of a time before this clock began, and of one to come.
        assert_eq!(of_real_time(Duration::ZERO), Duration::ZERO);
        assert!(of_real_time(Duration::MAX) <= now());
    }
}

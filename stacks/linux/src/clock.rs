//! The trial's clock: nanoseconds since the stack was opened, on the kernel's
//! monotonic clock.

use std::time::Duration;

use rustix::time::{ClockId, Timespec, clock_gettime};
use tcpspec_wire::Instant;

/// Counts from its making.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    opened: Duration,
}

impl Clock {
    pub(crate) fn start() -> Self {
        let opened = read(ClockId::Monotonic);
        Self { opened }
    }

    pub(crate) fn now(self) -> Instant {
        self.at(read(ClockId::Monotonic))
    }

    /// When it was `stamp` on the real-time clock, which is compared with the
    /// monotonic one now, so that setting it earlier did no harm. The answer
    /// lies between `not_before` and now in any case.
    pub(crate) fn of_real_time(self, stamp: Duration, not_before: Instant) -> Instant {
        let (monotonic, real) = (read(ClockId::Monotonic), read(ClockId::Realtime));
        let ago = real.saturating_sub(stamp);
        self.at(monotonic.saturating_sub(ago)).max(not_before)
    }

    /// When it was `stamp` on the monotonic clock; not before `not_before`.
    pub(crate) fn of_monotonic(self, stamp: Duration, not_before: Instant) -> Instant {
        self.at(stamp).max(not_before)
    }

    fn at(self, monotonic: Duration) -> Instant {
        Instant::ZERO + monotonic.saturating_sub(self.opened)
    }
}

fn read(clock: ClockId) -> Duration {
    let Timespec { tv_sec, tv_nsec } = clock_gettime(clock);
    let secs = u64::try_from(tv_sec).unwrap_or(0);
    Duration::new(secs, u32::try_from(tv_nsec).unwrap_or(0))
}

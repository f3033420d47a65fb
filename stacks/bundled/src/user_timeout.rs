//! The user timeout option (RFC 5482): both ends say how long they wait for an
//! acknowledgment, so that neither gives up on the other before its time.
//!
//! The option is a hint: it may be lost, and nothing waits for it. A SYN carries
//! it, so does the first segment after it, and the next one after a change - but
//! for segments full of text, which are not cut for its sake.

use std::time::Duration;

use tcpspec_wire::{Flags, SegmentRef, TcpOption};

use crate::config::Config;
use crate::connection::{Connection, Context};
use crate::error_report::Reason;
use crate::limits::MIN_TIMER;

/// What is done about the user timeouts of new connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UserTimeouts {
    /// ENABLED: whether ours is told, and the peer's listened to.
    pub enabled: bool,
    /// CHANGEABLE: whether the peer's may change ours. Not any more once the
    /// user has set it.
    pub changeable: bool,
    /// L_LIMIT: no user timeout is shorter (RFC 5482 section 3.1: 100 seconds
    /// or more). Where the retransmission timeout can be longer, that is the
    /// limit.
    pub lower: Duration,
    /// U_LIMIT: no user timeout is longer, lest a peer make us hold dead
    /// connections.
    pub upper: Duration,
}

impl Default for UserTimeouts {
    fn default() -> Self {
        Self {
            enabled: false,
            changeable: true,
            lower: Duration::from_secs(100),
            upper: Duration::from_secs(60 * 60),
        }
    }
}

impl UserTimeouts {
    fn clamp(&self, timeout: Duration) -> Duration {
        timeout.min(self.upper).max(self.lower)
    }
}

/// The user timeouts of one connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct UserTimeout {
    settings: UserTimeouts,
    /// ADV_UTO: what the peer is told.
    ours: Duration,
    /// REMOTE_UTO: what the peer has told.
    theirs: Option<Duration>,
    /// Whether the next segment without SYN is to carry the option.
    is_due: bool,
}

impl UserTimeout {
    pub(crate) fn new(config: &Config) -> Self {
        let mut settings = config.user_timeouts;
        let longest_rto = config.rto_max.max(config.rto_min);
        settings.lower = settings.lower.max(longest_rto + MIN_TIMER);
        Self {
            settings,
            ours: settings.clamp(config.r2_data),
            theirs: None,
            is_due: true,
        }
    }

    pub(crate) const fn option(&self) -> TcpOption {
        TcpOption::UserTimeout(field(self.ours))
    }

    pub(crate) const fn is_due(&self) -> bool {
        self.is_due
    }

    pub(crate) const fn was_sent(&mut self) {
        self.is_due = false;
    }

    /// The user names a timeout: it holds, within the limits, whatever the peer
    /// says. Returns what it comes to.
    fn set(&mut self, timeout: Duration) -> Duration {
        self.settings.changeable = false;
        self.ours = self.settings.clamp(timeout);
        self.is_due = true;
        self.ours
    }

    /// USER_TIMEOUT = min(U_LIMIT, max(ADV_UTO, REMOTE_UTO, L_LIMIT)), if the
    /// peer has told one and may change ours.
    pub(crate) fn adapted(&self) -> Option<Duration> {
        let theirs = self.theirs.filter(|_| self.settings.changeable)?;
        Some(self.settings.clamp(theirs.max(self.ours)))
    }

    /// Takes the option of a segment. The peer's timeout, if that is news.
    pub(crate) fn hear(&mut self, field: u16) -> Option<Duration> {
        let theirs = duration(field).filter(|theirs| self.theirs != Some(*theirs))?;
        self.theirs = Some(theirs);
        Some(theirs)
    }
}

/// The timeout that an option says. Zero means nothing.
fn duration(field: u16) -> Option<Duration> {
    let unit = if field & MINUTES != 0 { 60 } else { 1 };
    let seconds = u64::from(field & !MINUTES) * unit;
    (seconds > 0).then(|| Duration::from_secs(seconds))
}

/// The field that says at least this, as far as it can: in seconds where they
/// fit, else in minutes. Never zero.
const fn field(timeout: Duration) -> u16 {
    let seconds = timeout.as_millis().div_ceil(1000);
    if seconds <= MAX {
        return if seconds == 0 { 1 } else { seconds as u16 };
    }
    let minutes = seconds.div_ceil(60);
    MINUTES | if minutes < MAX { minutes } else { MAX } as u16
}

/// The bit that makes minutes of seconds.
const MINUTES: u16 = 0x8000;
/// The largest number beside it.
const MAX: u128 = 0x7fff;

impl Connection {
    /// An acceptable segment has come: takes the peer's user timeout.
    pub(crate) fn hear_user_timeout(&mut self, cx: &mut Context<'_>, segment: &SegmentRef<'_>) {
        if segment.flags.contains(Flags::RST) {
            return;
        }
        let Some(ours) = &mut self.options.user_timeout else {
            return;
        };
        let field = segment.options.user_timeout();
        if let Some(theirs) = field.and_then(|field| ours.hear(field)) {
            self.report(cx, Reason::UserTimeout { theirs });
            self.adapt_user_timeout();
        }
    }

    /// Lets what both ends have told decide for how long to go on.
    pub(crate) fn adapt_user_timeout(&mut self) {
        let adapted = self.options.user_timeout.and_then(|ours| ours.adapted());
        if let (Some(snd), Some(timeout)) = (self.phase.sender_mut(), adapted) {
            snd.set_r2_data(timeout);
        }
    }

    /// The user sets the timeout.
    pub(crate) fn set_user_timeout(&mut self, timeout: Duration) {
        let timeout = match &mut self.options.user_timeout {
            Some(ours) => ours.set(timeout),
            None => timeout,
        };
        if let Some(snd) = self.phase.sender_mut() {
            snd.set_r2(timeout);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case::never_zero(0, 1)]
    #[case::rounded_up(100_001, 101)]
    #[case::last_in_seconds(32_767_000, 0x7fff)]
    #[case::first_in_minutes(32_767_001, 0x8000 | 547)]
    #[case::longest(u64::MAX, 0xffff)]
    fn timeout_becomes_a_field(#[case] millis: u64, #[case] expected: u16) {
        assert_eq!(field(Duration::from_millis(millis)), expected);
    }

    #[rstest::rstest]
    #[case::seconds(300, Some(300))]
    #[case::minutes(0x8000 | 5, Some(300))]
    #[case::zero(0, None)]
    #[case::zero_minutes(0x8000, None)]
    fn field_becomes_a_timeout(#[case] field: u16, #[case] seconds: Option<u64>) {
        assert_eq!(duration(field), seconds.map(Duration::from_secs));
    }

    /// Ours, theirs, and what both come to.
    #[rstest::rstest]
    #[case::theirs_is_longer(200, 300, 300)]
    #[case::ours_is_longer(300, 200, 300)]
    #[case::both_below_the_lower_limit(5, 10, 100)]
    #[case::above_the_upper_limit(200, 5_000, 3_600)]
    fn longer_of_both_holds_within_the_limits(
        #[case] ours: u64,
        #[case] theirs: u16,
        #[case] seconds: u64,
    ) {
        let mut timeout = UserTimeout::new(&Config {
            r2_data: Duration::from_secs(ours),
            ..Config::default()
        });
        assert_eq!(timeout.adapted(), None);
        timeout.hear(theirs);
        assert_eq!(timeout.adapted(), Some(Duration::from_secs(seconds)));
        timeout.set(Duration::from_secs(150));
        assert_eq!(timeout.adapted(), None, "the user has spoken");
    }
}

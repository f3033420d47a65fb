//! Whether a stack's real clock goes as the harness's own does: on one that does
//! not, every timer of the stack would seem too early or too late.

use std::time::{Duration, Instant};

use tcpspec_connector::Reply;
use tcpspec_wire::Instant as TrialTime;

/// What no clock is blamed for, beside two parts in a hundred.
const SLACK: Duration = Duration::from_millis(100);

/// What was asked, and its answer, on the clock of the wall.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Exchange {
    pub(crate) asked: Instant,
    pub(crate) heard: Instant,
}

/// Since when a stack's time counts.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Drift {
    opened: Option<Exchange>,
}

impl Drift {
    /// Takes in a reply, first the one to `open`. `error` is how wrong the stack
    /// says that its times may be; `ran` whether time was let pass, as only then a
    /// clock has to be read again.
    ///
    /// # Errors
    ///
    /// In words, if the stack's clock cannot be right.
    pub(crate) fn check(
        &mut self,
        reply: &Reply,
        exchange: Exchange,
        error: Duration,
        ran: bool,
    ) -> Result<(), String> {
        let opened = *self.opened.get_or_insert(exchange);
        let most = exchange.heard.saturating_duration_since(opened.asked);
        let least = exchange.asked.saturating_duration_since(opened.heard);
        let slack = error.saturating_add(SLACK + most / 50);
        let (now, late) = (reply.now.since(TrialTime::ZERO), reply.late);
        let longest = most.saturating_add(slack);
        if now > longest || late > longest {
            let what = if now > longest {
                "it is"
            } else {
                "it was late by"
            };
            let said = now.max(late);
            return Err(format!(
                "its clock goes wrong: {what} {said:?}, and {most:.1?} have passed since it was opened"
            ));
        }
        if ran && now.saturating_add(slack) < least {
            return Err(format!(
                "its clock goes wrong: it is {now:?}, and {least:.1?} have passed since it was opened"
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::channel::now;

    /// The stack was opened within 10 ms; it is asked a second after that, and
    /// answers within 20 ms.
    #[rstest]
    #[case::right(1015, 0, true, None)]
    #[case::wrong_by_a_little(900, 0, true, None)]
    #[case::fast(5000, 0, false, Some("it is 5s, and 1.0s have passed"))]
    #[case::slow(500, 0, true, Some("it is 500ms, and 1.0s have passed"))]
    #[case::not_read_again(500, 0, false, None)]
    #[case::late(1015, 20, true, None)]
    #[case::later_than_it_can_be(1015, 7000, true, Some("it was late by 7s, and 1.0s have passed"))]
    fn clock_is_compared(
        #[case] now_ms: u64,
        #[case] late_ms: u64,
        #[case] ran: bool,
        #[case] expected: Option<&str>,
    ) {
        let start = now();
        let exchange = |asked: u64, heard: u64| Exchange {
            asked: start + Duration::from_millis(asked),
            heard: start + Duration::from_millis(heard),
        };
        let mut reply = Reply::nothing(TrialTime::ZERO);
        let mut drift = Drift::default();
        let error = Duration::ZERO;
        assert_eq!(drift.check(&reply, exchange(0, 10), error, false), Ok(()));
        reply.now = TrialTime::from_millis(now_ms);
        reply.late = Duration::from_millis(late_ms);
        let checked = drift.check(&reply, exchange(1010, 1030), error, ran);
        let expected =
            expected.map(|why| format!("its clock goes wrong: {why} since it was opened"));
        assert_eq!(checked.err(), expected);
    }
}

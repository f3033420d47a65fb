//! The retransmission timeout (RFC 6298). Which segment to time is the
//! sender's business; this file turns samples into a timeout.

use std::time::Duration;

use crate::config::Config;
use crate::limits::MIN_TIMER;

/// The timeout for data when the SYN had to be repeated (rule 5.7).
const AFTER_LOST_SYN: Duration = Duration::from_secs(3);

/// G: what the clock that takes samples can tell apart.
const GRANULARITY: Duration = Duration::from_millis(1);

/// SRTT, RTTVAR and the timeout that follows from them.
#[derive(Clone, Debug)]
pub(crate) struct RttEstimator {
    smoothed: Option<Smoothed>,
    rto: Duration,
    min: Duration,
    max: Duration,
}

#[derive(Clone, Copy, Debug)]
struct Smoothed {
    srtt: Duration,
    rttvar: Duration,
}

impl RttEstimator {
    pub(crate) fn new(config: &Config) -> Self {
        let min = config.rto_min.max(MIN_TIMER);
        let max = config.rto_max.max(min);
        Self {
            smoothed: None,
            rto: config.rto_initial().clamp(min, max),
            min,
            max,
        }
    }

    /// The timeout to arm the timer with.
    pub(crate) const fn rto(&self) -> Duration {
        self.rto
    }

    /// The longest timeout there can be; probes keep to it too.
    pub(crate) const fn max(&self) -> Duration {
        self.max
    }

    /// Takes the round-trip time of a segment that was sent just once (Karn) or
    /// is told apart by its timestamp. Where there are several samples in each
    /// round trip, each weighs less, so that history keeps its length (RFC 7323
    /// appendix G).
    pub(crate) fn sample(&mut self, rtt: Duration, per_round_trip: u32) {
        let weight = per_round_trip.max(1).saturating_mul(8);
        let next = match self.smoothed {
            None => Smoothed {
                srtt: rtt,
                rttvar: rtt / 2,
            },
            Some(Smoothed { srtt, rttvar }) => Smoothed {
                srtt: (srtt * (weight - 1) + rtt) / weight,
                rttvar: (rttvar * (weight / 2 - 1) + srtt.abs_diff(rtt)) / (weight / 2),
            },
        };
        self.smoothed = Some(next);
        let margin = (next.rttvar * 4).max(GRANULARITY);
        self.rto = (next.srtt + margin).clamp(self.min, self.max);
    }

    /// Doubles the timeout after it ran out (rule 5.5). It stays doubled until
    /// the next sample.
    pub(crate) fn back_off(&mut self) {
        self.rto = (self.rto * 2).min(self.max);
    }

    /// The open succeeded without a sample, as the SYN was repeated.
    pub(crate) fn opened_after_loss(&mut self) {
        self.rto = AFTER_LOST_SYN.clamp(self.min, self.max);
    }

    /// Whether there was a sample yet.
    pub(crate) const fn has_sample(&self) -> bool {
        self.smoothed.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(samples: &[u64]) -> RttEstimator {
        let config = Config {
            rto_min: Duration::from_millis(10),
            ..Config::default()
        };
        let mut rtt = RttEstimator::new(&config);
        for sample in samples {
            rtt.sample(Duration::from_millis(*sample), 1);
        }
        rtt
    }

    #[rstest::rstest]
    #[case::none(&[], 1_000)]
    #[case::first_gives_three_times_the_sample(&[100], 300)]
    #[case::steady_lets_the_variance_shrink(&[100, 100], 250)]
    #[case::outlier_raises_it_to_112_5_and_4_times_62_5(&[100, 200], 362)]
    #[case::floor(&[1, 1, 1, 1, 1, 1, 1, 1, 1], 10)]
    fn samples_give_the_timeout_of_the_rfc(#[case] samples: &[u64], #[case] millis: u128) {
        assert_eq!(after(samples).rto().as_millis(), millis);
    }

    #[test]
    fn back_off_doubles_up_to_the_ceiling_and_a_sample_ends_it() {
        let mut rtt = after(&[]);
        let seen: Vec<u64> = (0..8)
            .map(|_| {
                rtt.back_off();
                rtt.rto().as_secs()
            })
            .collect();
        assert_eq!(seen, [2, 4, 8, 16, 32, 60, 60, 60]);
        rtt.sample(Duration::from_millis(100), 1);
        assert_eq!(rtt.rto().as_millis(), 300);
    }
}

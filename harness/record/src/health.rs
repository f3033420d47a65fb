//! How the harness itself did: whether a verdict is the stack's or the
//! machine's.

use std::collections::BTreeMap;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How the harness kept up with the trials on the real clock, and whether those in
/// between are honest.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Health {
    /// Trials that were played again, because the harness had been late.
    pub again: usize,
    /// Trials by the most by which the harness was late: less than so many
    /// microseconds, how many. The bounds are powers of ten.
    pub late: BTreeMap<u64, usize>,
    /// What connectors do that is not honest: in words, after the stack's name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub connectors: Vec<String>,
    /// The most trials that were under way at once.
    #[serde(default)]
    pub at_once: usize,
}

impl Health {
    /// Takes in a trial: by how much the harness was late, how often it was
    /// played again, and how many trials were under way when it began.
    pub fn add(&mut self, late: Duration, again: usize, at_once: usize) {
        self.at_once = self.at_once.max(at_once);
        self.again += usize::from(again > 0);
        let micros = u64::try_from(late.as_micros()).unwrap_or(u64::MAX);
        let bounds = (LEAST_LATE..).map(|power| 10_u64.saturating_pow(power));
        let bound = bounds
            .into_iter()
            .find(|bound| micros < *bound || *bound == u64::MAX);
        *self.late.entry(bound.unwrap_or(u64::MAX)).or_default() += 1;
    }
}

/// The finest bound: 10 to this many microseconds.
const LEAST_LATE: u32 = 2;

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::in_time(Duration::ZERO, 100)]
    #[case::barely(Duration::from_micros(99), 100)]
    #[case::on_the_bound(Duration::from_micros(100), 1000)]
    #[case::a_second(Duration::from_secs(1), 10_000_000)]
    #[case::for_ever(Duration::MAX, u64::MAX)]
    fn lateness_is_counted_under_its_bound(#[case] late: Duration, #[case] bound: u64) {
        let mut health = Health::default();
        health.add(late, 0, 7);
        health.add(late, 2, 5);
        assert_eq!(health.late, BTreeMap::from([(bound, 2)]));
        assert_eq!((health.again, health.at_once), (1, 7));
    }
}

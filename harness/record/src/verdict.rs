//! Verdicts, and what a run's verdicts make of its exit code.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How a trial ended. Who was at fault is in the verdict: the stack (fail,
/// crash, stuck), the way there (blocked), the harness or the machine
/// (inconclusive).
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// The stack's process died or it panicked.
    Crash,
    /// No answer before the harness's wall deadline, or packets without end.
    Stuck,
    /// A MUST not met.
    Fail,
    /// A SHOULD not met, or a tolerated departure.
    Deviates,
    /// Its prelude failed.
    Blocked,
    /// The harness or the machine was at fault, or nothing was evaluated.
    Inconclusive,
    /// Not run, for the reason given.
    Skip,
    /// Did what is required.
    Pass,
}

impl Verdict {
    /// All verdicts, the one that needs attention most first.
    pub const ALL: [Self; 8] = [
        Self::Crash,
        Self::Stuck,
        Self::Fail,
        Self::Deviates,
        Self::Blocked,
        Self::Inconclusive,
        Self::Skip,
        Self::Pass,
    ];

    /// The word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Crash => "crash",
            Self::Stuck => "stuck",
            Self::Fail => "fail",
            Self::Deviates => "deviates",
            Self::Blocked => "blocked",
            Self::Inconclusive => "inconclusive",
            Self::Skip => "skip",
            Self::Pass => "pass",
        }
    }

    /// Whether the trial was run to an end at which the stack was judged.
    #[must_use]
    pub const fn is_executed(self) -> bool {
        match self {
            Self::Crash | Self::Stuck | Self::Fail | Self::Deviates | Self::Pass => true,
            Self::Blocked | Self::Inconclusive | Self::Skip => false,
        }
    }

    /// Whether the verdict counts against the stack.
    #[must_use]
    pub const fn is_failure(self, strict: bool) -> bool {
        match self {
            Self::Crash | Self::Stuck | Self::Fail => true,
            Self::Deviates => strict,
            Self::Blocked | Self::Inconclusive | Self::Skip | Self::Pass => false,
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// How many trials ended how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tally {
    /// Trials that crashed.
    pub crash: usize,
    /// Trials that got stuck.
    pub stuck: usize,
    /// Trials that failed.
    pub fail: usize,
    /// Trials that deviate.
    pub deviates: usize,
    /// Trials whose prelude failed.
    pub blocked: usize,
    /// Trials that say nothing about the stack.
    pub inconclusive: usize,
    /// Trials not run.
    pub skip: usize,
    /// Trials that passed.
    pub pass: usize,
    /// Of the failures, those the baseline expects.
    pub known: usize,
    /// Baseline entries whose trial now passes, or that match no trial of a
    /// complete run.
    pub stale: usize,
}

impl Tally {
    /// The count of one verdict.
    #[must_use]
    pub const fn of(&self, verdict: Verdict) -> usize {
        match verdict {
            Verdict::Crash => self.crash,
            Verdict::Stuck => self.stuck,
            Verdict::Fail => self.fail,
            Verdict::Deviates => self.deviates,
            Verdict::Blocked => self.blocked,
            Verdict::Inconclusive => self.inconclusive,
            Verdict::Skip => self.skip,
            Verdict::Pass => self.pass,
        }
    }

    /// Counts one more trial.
    pub const fn add(&mut self, verdict: Verdict, known: bool) {
        let count = match verdict {
            Verdict::Crash => &mut self.crash,
            Verdict::Stuck => &mut self.stuck,
            Verdict::Fail => &mut self.fail,
            Verdict::Deviates => &mut self.deviates,
            Verdict::Blocked => &mut self.blocked,
            Verdict::Inconclusive => &mut self.inconclusive,
            Verdict::Skip => &mut self.skip,
            Verdict::Pass => &mut self.pass,
        };
        *count += 1;
        if known {
            self.known += 1;
        }
    }

    /// Trials counted.
    #[must_use]
    pub fn total(&self) -> usize {
        Verdict::ALL
            .into_iter()
            .map(|verdict| self.of(verdict))
            .sum()
    }

    /// Trials run to an end at which the stack was judged: the X of "X of Y
    /// executed".
    #[must_use]
    pub fn executed(&self) -> usize {
        let executed = Verdict::ALL
            .into_iter()
            .filter(|verdict| verdict.is_executed());
        executed.map(|verdict| self.of(verdict)).sum()
    }

    /// Trials that count against the stack and that no baseline expects.
    #[must_use]
    pub fn unexpected(&self, strict: bool) -> usize {
        let failures = Verdict::ALL
            .into_iter()
            .filter(|verdict| verdict.is_failure(strict));
        failures
            .map(|verdict| self.of(verdict))
            .sum::<usize>()
            .saturating_sub(self.known)
    }

    /// The exit code of a run that came to its end.
    #[must_use]
    pub fn exit(&self, strict: bool) -> Exit {
        if self.unexpected(strict) > 0 {
            Exit::Unexpected
        } else if self.inconclusive + self.blocked > 0 {
            Exit::Inconclusive
        } else if self.stale > 0 {
            Exit::Stale
        } else if self.executed() == 0 {
            Exit::NothingRun
        } else {
            Exit::Success
        }
    }
}

/// The exit codes of `tcpspec`. Never a count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// As the baseline says, and at least one trial executed.
    Success,
    /// An unexpected fail, crash or stuck.
    Unexpected,
    /// Usage or configuration.
    Usage,
    /// A case file is invalid.
    InvalidCase,
    /// Nothing selected, or everything skipped.
    NothingRun,
    /// A baseline entry whose trial now passes.
    Stale,
    /// A trial inconclusive or blocked.
    Inconclusive,
    /// A bug in tcpspec.
    Bug,
    /// Interrupted.
    Interrupted,
}

impl Exit {
    /// Every exit code with what it means, for the help text.
    pub const ALL: [(Self, u8, &'static str); 9] = [
        (
            Self::Success,
            0,
            "as the baseline says, and at least one trial executed",
        ),
        (Self::Unexpected, 1, "unexpected fail, crash or stuck"),
        (Self::Usage, 2, "usage or configuration"),
        (Self::InvalidCase, 3, "a case file is invalid"),
        (
            Self::NothingRun,
            4,
            "nothing selected, or everything skipped",
        ),
        (Self::Stale, 5, "stale baseline: a known deviation is gone"),
        (Self::Inconclusive, 6, "a trial inconclusive or blocked"),
        (Self::Bug, 70, "bug in tcpspec"),
        (Self::Interrupted, 130, "interrupted"),
    ];

    /// Of several, the one that counts: the first of 70, 130, 3, 1, 6, 5, 4.
    #[must_use]
    pub fn of_several(exits: impl IntoIterator<Item = Self>) -> Self {
        let exits: Vec<Self> = exits.into_iter().collect();
        let mut order = [
            Self::Bug,
            Self::Usage,
            Self::Interrupted,
            Self::InvalidCase,
            Self::Unexpected,
            Self::Inconclusive,
            Self::Stale,
            Self::NothingRun,
        ]
        .into_iter();
        order
            .find(|exit| exits.contains(exit))
            .unwrap_or(Self::Success)
    }

    /// The number.
    #[must_use]
    pub fn code(self) -> u8 {
        Self::ALL
            .iter()
            .find(|(exit, ..)| *exit == self)
            .map_or(70, |(_, code, _)| *code)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::empty(&[], Exit::NothingRun)]
    #[case::all_skipped(&[Verdict::Skip], Exit::NothingRun)]
    #[case::pass(&[Verdict::Pass, Verdict::Skip], Exit::Success)]
    #[case::deviation_is_no_failure(&[Verdict::Deviates], Exit::Success)]
    #[case::failure_before_inconclusive(&[Verdict::Fail, Verdict::Inconclusive], Exit::Unexpected)]
    #[case::crash(&[Verdict::Crash], Exit::Unexpected)]
    #[case::stuck(&[Verdict::Stuck], Exit::Unexpected)]
    #[case::blocked(&[Verdict::Pass, Verdict::Blocked], Exit::Inconclusive)]
    fn exit_follows_precedence(#[case] verdicts: &[Verdict], #[case] exit: Exit) {
        let mut tally = Tally::default();
        for verdict in verdicts {
            tally.add(*verdict, false);
        }
        assert_eq!(tally.exit(false), exit);
    }

    #[rstest]
    #[case::none(&[], Exit::Success)]
    #[case::all_well(&[Exit::Success, Exit::Success], Exit::Success)]
    #[case::one_not(&[Exit::Success, Exit::NothingRun], Exit::NothingRun)]
    #[case::failure_first(&[Exit::Inconclusive, Exit::Unexpected, Exit::Stale], Exit::Unexpected)]
    #[case::bug_before_all(&[Exit::Interrupted, Exit::Bug], Exit::Bug)]
    fn of_several_exits_one_counts(#[case] exits: &[Exit], #[case] expected: Exit) {
        assert_eq!(Exit::of_several(exits.iter().copied()), expected);
    }

    #[test]
    fn known_failures_are_expected_and_stale_ones_are_not() {
        let mut tally = Tally::default();
        tally.add(Verdict::Fail, true);
        assert_eq!(tally.exit(false), Exit::Success);
        tally.stale = 1;
        assert_eq!(tally.exit(false), Exit::Stale);
        tally.add(Verdict::Deviates, false);
        assert_eq!(tally.exit(true), Exit::Unexpected);
    }
}

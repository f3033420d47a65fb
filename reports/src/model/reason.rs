//! Trials that were not run, grouped by the reason.

use std::collections::BTreeSet;

use tcpspec_record::{Trial, Verdict};

use super::InOrder;

/// One reason and all trials it holds for.
#[derive(Clone, Debug)]
pub struct Reason<'a> {
    /// The reason, in words.
    pub text: &'a str,
    /// The stacks it holds for.
    pub stacks: BTreeSet<&'a str>,
    /// The variants it holds for, in order.
    pub variants: BTreeSet<String>,
    /// How many trials.
    pub trials: usize,
}

/// The reasons of one verdict, the most frequent first.
pub(super) fn by_reason(trials: &[Trial], verdict: Verdict) -> Vec<Reason<'_>> {
    let mut reasons = InOrder::new();
    for trial in trials.iter().filter(|trial| trial.verdict == verdict) {
        let reason = reasons.entry(trial.reason.as_str(), || Reason {
            text: &trial.reason,
            stacks: BTreeSet::new(),
            variants: BTreeSet::new(),
            trials: 0,
        });
        reason.stacks.insert(&trial.id.stack);
        reason.variants.insert(trial.id.variant_id());
        reason.trials += 1;
    }
    let mut reasons = reasons.values;
    reasons.sort_by_key(|reason| std::cmp::Reverse(reason.trials));
    reasons
}

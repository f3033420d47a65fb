//! Whether verdicts are steady: the same in every world (version of IP, place of
//! sequence numbers, seed) in which a variant was played on a stack.

use std::collections::BTreeSet;

use tcpspec_record::{CaseId, Verdict};

use super::{StackReport, Variant};

/// How steady the verdicts on one stack are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Steadiness {
    /// Variants that were played in more than one world.
    pub compared: usize,
    /// Of these, those that did not end alike.
    pub unsteady: Vec<Unsteady>,
}

/// A variant that did not end alike in all worlds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsteady {
    /// The case.
    pub case: CaseId,
    /// Case and axis values.
    pub variant: String,
    /// How it ended, the worst first.
    pub verdicts: BTreeSet<Verdict>,
}

/// The steadiness of each stack.
pub(super) fn by_stack(variants: &[Variant<'_>], stacks: &[StackReport<'_>]) -> Vec<Steadiness> {
    let of_stack = |stack: &StackReport<'_>| of_stack(variants, &stack.info.name);
    stacks.iter().map(of_stack).collect()
}

fn of_stack(variants: &[Variant<'_>], stack: &str) -> Steadiness {
    let mut steadiness = Steadiness::default();
    for variant in variants {
        let trials = variant.trials().filter(|trial| trial.id.stack == stack);
        let played = trials.filter(|trial| trial.verdict != Verdict::Skip);
        let verdicts: Vec<Verdict> = played.map(|trial| trial.verdict).collect();
        steadiness.compared += usize::from(verdicts.len() > 1);
        let verdicts: BTreeSet<Verdict> = verdicts.into_iter().collect();
        if verdicts.len() > 1 {
            steadiness.unsteady.push(Unsteady {
                case: variant.info.id.clone(),
                variant: variant.id(),
                verdicts,
            });
        }
    }
    steadiness
}

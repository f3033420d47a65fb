//! What an earlier run has left to be done.

use std::collections::BTreeSet;

use tcpspec_record::{Log, TrialId};

/// Trials that have not passed yet: those that count against a stack, those
/// that could not be judged, and, where the run was cut short, those that it
/// did not come to.
pub(super) fn unsettled(log: &Log) -> BTreeSet<TrialId> {
    let strict = log.header.strict;
    let open = log.trials.iter().filter(|trial| !trial.is_settled(strict));
    let mut open: BTreeSet<TrialId> = open.map(|trial| trial.id.clone()).collect();
    if log.footer.is_none() {
        open.extend(missing(log));
    }
    open
}

/// Trials of a run without an end that are not in its log.
fn missing(log: &Log) -> impl Iterator<Item = TrialId> {
    let ended: BTreeSet<&TrialId> = log.trials.iter().map(|trial| &trial.id).collect();
    let header = &log.header;
    let stacks = header.stacks.iter();
    let planned = stacks.flat_map(move |stack| {
        log.cases.iter().flat_map(move |case| {
            header.worlds.iter().map(move |world| TrialId {
                case: case.id.clone(),
                variant: case.variant.clone(),
                stack: stack.name.clone(),
                ip: world.ip,
                isn: world.isn,
                faults: String::new(),
                seed: header.seed,
            })
        })
    });
    planned.filter(move |id| !ended.contains(id))
}

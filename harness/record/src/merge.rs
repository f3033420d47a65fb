//! The shards of a run, put together again: the log that the run would have
//! left had it not been sharded.
//!
//! What a shard cannot know stays unknown: a baseline entry that matches no
//! trial at all is told as stale by an unsharded run of everything alone.

use std::collections::{BTreeMap, BTreeSet};

use crate::health::Health;
use crate::id::CaseId;
use crate::log::{CaseInfo, Footer, Header, Log, Shard};
use crate::trial::Trial;
use crate::verdict::{Exit, Tally};

/// Why logs are not the shards of one run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MergeError {
    /// A log is not of a shard.
    #[error("log {number} is not of a shard of a run")]
    NoShard {
        /// Which of the logs, counted from 1.
        number: usize,
    },
    /// A log is of another run than the first: another suite, selection, tool,
    /// seed or stack.
    #[error("log {number} is of another run than the first: its {what} differ")]
    Different {
        /// Which of the logs, counted from 1.
        number: usize,
        /// What is not the same.
        what: &'static str,
    },
    /// A shard is missing, or given twice.
    #[error("{count} logs are given, where shard {shard} of {of} has to be there once")]
    Shards {
        /// Logs given.
        count: usize,
        /// The shard in question.
        shard: usize,
        /// How many there are.
        of: usize,
    },
}

/// Puts the shards of a run together, in whatever order they come.
///
/// # Errors
///
/// [`MergeError`].
pub fn merge(logs: Vec<Log>) -> Result<Log, MergeError> {
    let shards = in_order(logs)?;
    let mut header = shards[0].header.clone();
    header.shard = None;
    header.planned = shards.iter().map(|log| log.header.planned).sum();
    let requirements = shards.iter().flat_map(|log| &log.header.requirements);
    let requirements: BTreeMap<_, _> = requirements.map(|rule| (&rule.id, rule)).collect();
    header.requirements = requirements.into_values().cloned().collect();
    let mut log = Log {
        header,
        cases: interleaved(&shards),
        trials: Vec::new(),
        footer: None,
    };
    log.trials = in_place(&shards, &log);
    log.footer = footer(&shards, &log);
    Ok(log)
}

/// The logs by shard, checked to be those of one run.
fn in_order(mut logs: Vec<Log>) -> Result<Vec<Log>, MergeError> {
    let count = logs.len();
    let mut first: Option<(Header, Shard)> = None;
    for (number, log) in (1..).zip(&logs) {
        let shard = log.header.shard.ok_or(MergeError::NoShard { number })?;
        let (header, of) = first.get_or_insert_with(|| (log.header.clone(), shard));
        if let Some(what) = difference(header, &log.header, *of, shard) {
            return Err(MergeError::Different { number, what });
        }
    }
    let Some((_, Shard { of, .. })) = first else {
        return Err(MergeError::NoShard { number: 1 });
    };
    logs.sort_by_key(|log| log.header.shard);
    let given = |number: usize| logs.get(number - 1).and_then(|log| log.header.shard);
    match (1..=of.max(count)).find(|number| given(*number).map(|it| it.number) != Some(*number)) {
        Some(shard) => Err(MergeError::Shards { count, shard, of }),
        None => Ok(logs),
    }
}

/// What of two shards' headers would be the same in one run, and is not.
fn difference(a: &Header, b: &Header, in_a: Shard, in_b: Shard) -> Option<&'static str> {
    let checks = [
        (a.tool == b.tool, "tools"),
        (in_a.suite == in_b.suite, "suites"),
        (a.catalogue == b.catalogue, "requirements"),
        (a.selection == b.selection, "selections"),
        (a.stacks == b.stacks, "stacks"),
        (a.worlds == b.worlds, "values of --ip or --isn"),
        (a.seed == b.seed, "seeds"),
        (a.strict == b.strict, "strictnesses"),
        (in_a.of == in_b.of, "numbers of shards"),
    ];
    let broken = checks.into_iter().find(|(same, _)| !same);
    broken.map(|(_, what)| what)
}

/// Variants were dealt like cards: one to each shard in turn.
fn interleaved(shards: &[Log]) -> Vec<CaseInfo> {
    let rounds = shards.iter().map(|log| log.cases.len()).max().unwrap_or(0);
    let round = |at: usize| shards.iter().filter_map(move |log| log.cases.get(at));
    (0..rounds).flat_map(round).cloned().collect()
}

/// All trials in the order of an unsharded run: by stack, variant and world.
fn in_place(shards: &[Log], log: &Log) -> Vec<Trial> {
    let cases = log.cases.iter().enumerate();
    let variants: BTreeMap<(&CaseId, &str), usize> = cases
        .map(|(place, case)| ((&case.id, case.variant.as_str()), place))
        .collect();
    let place = |trial: &Trial| {
        let id = &trial.id;
        let stacks = log.header.stacks.iter();
        let stack = stacks.take_while(|stack| stack.name != id.stack).count();
        let variant = variants.get(&(&id.case, id.variant.as_str())).copied();
        (stack, variant.unwrap_or(usize::MAX), id.clone())
    };
    let trials = shards.iter().flat_map(|log| &log.trials);
    let mut trials: Vec<Trial> = trials.cloned().collect();
    trials.sort_by_cached_key(place);
    trials
}

/// The end of the run; none if a shard has none.
fn footer(shards: &[Log], log: &Log) -> Option<Footer> {
    let footers: Option<Vec<&Footer>> = shards.iter().map(|log| log.footer.as_ref()).collect();
    let footers = footers?;
    let stale: BTreeSet<&String> = footers.iter().flat_map(|footer| &footer.stale).collect();
    let mut tally = Tally::default();
    for trial in &log.trials {
        tally.add(trial.verdict, trial.known.is_some());
    }
    tally.stale = stale.len();
    let invalid = footers
        .iter()
        .any(|footer| footer.exit() == Exit::InvalidCase);
    Some(Footer {
        tally,
        stale: stale.into_iter().cloned().collect(),
        health: health(&footers),
        exit: log.header.exit(&log.trials, &tally, !invalid).code(),
    })
}

fn health(footers: &[&Footer]) -> Option<Health> {
    let mut sum: Option<Health> = None;
    for health in footers.iter().filter_map(|footer| footer.health.as_ref()) {
        let sum = sum.get_or_insert_default();
        sum.again += health.again;
        for connector in &health.connectors {
            if !sum.connectors.contains(connector) {
                sum.connectors.push(connector.clone());
            }
        }
        sum.at_once = sum.at_once.max(health.at_once);
        for (bound, trials) in &health.late {
            *sum.late.entry(*bound).or_default() += trials;
        }
    }
    sum
}

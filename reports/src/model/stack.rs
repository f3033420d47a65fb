//! The stacks of a run, each with its tally.

use std::borrow::Cow;

use tcpspec_record::{Log, StackInfo, Tally};

use super::{InOrder, tally};

/// A stack as it declared itself, and how its trials ended.
#[derive(Clone, Debug)]
pub struct StackReport<'a> {
    /// What it declared.
    pub info: Cow<'a, StackInfo>,
    /// How its trials ended.
    pub tally: Tally,
}

/// The stacks of the header, and any other that has trials.
pub(super) fn reports(log: &Log) -> Vec<StackReport<'_>> {
    let mut stacks = InOrder::new();
    for info in &log.header.stacks {
        stacks.entry(info.name.as_str(), || Cow::Borrowed(info));
    }
    for trial in &log.trials {
        stacks.entry(trial.id.stack.as_str(), || {
            Cow::Owned(undeclared(&trial.id.stack))
        });
    }
    stacks
        .values
        .into_iter()
        .map(|info| count(info, log))
        .collect()
}

fn count<'a>(info: Cow<'a, StackInfo>, log: &Log) -> StackReport<'a> {
    let trials = log.trials.iter();
    let tally = tally(trials.filter(|trial| trial.id.stack == info.name));
    StackReport { info, tally }
}

fn undeclared(name: &str) -> StackInfo {
    StackInfo {
        name: name.to_owned(),
        version: String::new(),
        clock: String::new(),
        capabilities: Vec::new(),
        profile: Vec::new(),
        unavailable: String::new(),
        declared: serde_json::Value::Null,
    }
}

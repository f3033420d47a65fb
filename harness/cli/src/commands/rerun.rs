//! `tcpspec rerun`: what has not passed yet in a run, again, as it was played.

use std::collections::BTreeSet;
use std::num::{NonZeroU32, NonZeroUsize};

use tcpspec_record::{Exit, Log, TrialId};
use tcpspec_reports::terminal::Style;

use super::explain::read_verdicts;
use super::last::unsettled;
use super::run::{NONE, play_only};
use crate::args::{Ip, IsnArg, RerunArgs, RunArgs};
use crate::failure::Failure;
use crate::select::SelectArgs;
use crate::stacks::StackName;

pub(crate) fn run(args: &RerunArgs, style: Style) -> Result<Exit, Failure> {
    let run = args.run.as_ref().unwrap_or(&args.play.out);
    let log = read_verdicts(run)?;
    let open = unsettled(&log);
    if open.is_empty() {
        let run = run.display();
        return Err(Failure::none(format!("nothing is left to pass in {run}")));
    }
    play_only(&open, &as_played(args, &log, &open)?, style)
}

/// The command line that plays these trials of a run again.
fn as_played(args: &RerunArgs, log: &Log, open: &BTreeSet<TrialId>) -> Result<RunArgs, Failure> {
    let names: BTreeSet<&str> = open.iter().map(|id| id.stack.as_str()).collect();
    let stacks = log.header.stacks.iter().map(|stack| stack.name.as_str());
    let stacks = stacks.filter(|name| names.contains(name));
    let stacks: Result<Vec<StackName>, Failure> = stacks
        .map(|name| {
            name.parse()
                .map_err(|error| Failure::usage(format!("{name}: {error}")))
        })
        .collect();
    Ok(RunArgs {
        select: SelectArgs::default(),
        last_failed: false,
        watch: false,
        stack: stacks?,
        ip: Ip::of(open.iter().map(|id| id.ip)),
        isn: IsnArg::of(open.iter().map(|id| id.isn)),
        seed: log.header.seed,
        faults: faults(open),
        seeds: seeds(log.header.seed, open),
        shrink: false,
        shard: None,
        strict: log.header.strict,
        runs: NonZeroUsize::MIN,
        at_once: false,
        play: args.play.clone(),
    })
}

/// The fault profiles of these trials.
fn faults(open: &BTreeSet<TrialId>) -> Vec<String> {
    let names = open.iter().map(|id| match id.faults.as_str() {
        "" => NONE.to_owned(),
        name => name.to_owned(),
    });
    let names: BTreeSet<String> = names.collect();
    names.into_iter().collect()
}

/// How many seeds there are up to the largest one.
fn seeds(first: u64, open: &BTreeSet<TrialId>) -> NonZeroU32 {
    let last = open.iter().map(|id| id.seed).max().unwrap_or(first);
    let count = u32::try_from(last.saturating_sub(first)).unwrap_or(u32::MAX);
    NonZeroU32::MIN.saturating_add(count)
}

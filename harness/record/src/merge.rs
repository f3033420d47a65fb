//! The shards of a run, put together again: the log that the run would have
//! left had it not been sharded. Of a shard's trials only the names and where
//! they lie are held; each is read again when its turn has come.
//!
//! What a shard cannot know stays unknown: a baseline entry that matches no
//! trial at all is told as stale by an unsharded run of everything alone.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, BufReader, Read, Seek, Write};

use serde::Deserialize;

use crate::health::Health;
use crate::id::{CaseId, TrialId};
use crate::log::{CaseInfo, FORMAT, Footer, Header, Line, Log, Shard, write};
use crate::reader::{Lines, LogError};
use crate::room::TraceRoom;
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

/// Why the merged log cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// A shard's log is not what it was when it was looked through.
    #[error("cannot read shard {shard} again")]
    Read {
        /// Which shard.
        shard: usize,
        /// What is wrong with it.
        #[source]
        source: LogError,
    },
    /// The file cannot be written.
    #[error("cannot write the merged log")]
    Io(#[from] io::Error),
}

/// A shard's log, looked through.
#[derive(Debug)]
pub struct ShardLog<R> {
    lines: Lines<BufReader<R>>,
    /// Without its trials.
    log: Log,
    trials: Vec<Place>,
}

/// Where a trial lies in its shard's log.
#[derive(Debug)]
struct Place {
    id: TrialId,
    /// Octets before its line.
    at: u64,
    /// Lines before its line.
    line: usize,
}

/// A line, as far as it is looked at before its turn has come.
#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Glance {
    Header(Header),
    Case(CaseInfo),
    Trial(Named),
    Footer(Footer),
}

#[derive(Deserialize)]
struct Named {
    id: TrialId,
}

impl<R: Read + Seek> ShardLog<R> {
    /// Looks through a log, from its beginning.
    ///
    /// # Errors
    ///
    /// [`LogError`].
    pub fn read(input: R) -> Result<Self, LogError> {
        let mut lines = Lines::of(BufReader::new(input));
        let header = match lines.next_line()? {
            Some(Glance::Header(header)) if header.format == FORMAT => header,
            _ => return Err(LogError::NoHeader),
        };
        let mut log = Log {
            header,
            cases: Vec::new(),
            trials: Vec::new(),
            footer: None,
        };
        let mut trials = Vec::new();
        loop {
            let (at, line) = lines.place();
            match lines.next_line()? {
                None => break,
                Some(Glance::Header(_)) => return Err(LogError::NoHeader),
                Some(Glance::Case(case)) => log.cases.push(case),
                Some(Glance::Trial(Named { id })) => trials.push(Place { id, at, line }),
                Some(Glance::Footer(footer)) => log.footer = Some(footer),
            }
        }
        Ok(Self { lines, log, trials })
    }

    /// The line at a place.
    fn line_at(&mut self, at: u64, line: usize) -> Result<Line, LogError> {
        self.lines.go_to(at, line)?;
        let cut_off = || io::Error::from(io::ErrorKind::UnexpectedEof);
        Ok(self.lines.next_line()?.ok_or_else(cut_off)?)
    }
}

/// The shards of a run, ready to be written as one log.
#[derive(Debug)]
pub struct Merged<R> {
    shards: Vec<ShardLog<R>>,
    /// Without trials and footer.
    log: Log,
    /// All trials in their order: the shard, and the place there.
    order: Vec<(usize, Place)>,
}

/// Puts the shards of a run together, in whatever order they come.
///
/// # Errors
///
/// [`MergeError`].
pub fn merge<R: Read + Seek>(shards: Vec<ShardLog<R>>) -> Result<Merged<R>, MergeError> {
    let mut shards = in_order(shards)?;
    let logs: Vec<&Log> = shards.iter().map(|shard| &shard.log).collect();
    let mut header = logs[0].header.clone();
    header.shard = None;
    header.planned = logs.iter().map(|log| log.header.planned).sum();
    let requirements = logs.iter().flat_map(|log| &log.header.requirements);
    let requirements: BTreeMap<_, _> = requirements.map(|rule| (&rule.id, rule)).collect();
    header.requirements = requirements.into_values().cloned().collect();
    let log = Log {
        header,
        cases: interleaved(&logs),
        trials: Vec::new(),
        footer: None,
    };
    let trials = shards.iter_mut().enumerate().flat_map(|(number, shard)| {
        let trials = std::mem::take(&mut shard.trials).into_iter();
        trials.map(move |place| (number, place))
    });
    let order = sorted(trials.collect(), &log);
    Ok(Merged { shards, log, order })
}

impl<R: Read + Seek> Merged<R> {
    /// Writes the log, trial by trial, and gives it with as many traces as there
    /// is room for.
    ///
    /// # Errors
    ///
    /// [`WriteError`].
    pub fn write(mut self, out: &mut impl Write, mut room: TraceRoom) -> Result<Log, WriteError> {
        let mut log = self.log;
        write(out, &Line::Header(log.header.clone()))?;
        for case in &log.cases {
            write(out, &Line::Case(case.clone()))?;
        }
        for (shard, Place { at, line, .. }) in self.order {
            let line = self.shards[shard].line_at(at, line);
            let shard = shard + 1;
            let line = line.map_err(|source| WriteError::Read { shard, source })?;
            write(out, &line)?;
            if let Line::Trial(mut trial) = line {
                room.fit(&mut trial);
                log.trials.push(*trial);
            }
        }
        log.footer = footer(&self.shards, &log);
        if let Some(footer) = &log.footer {
            write(out, &Line::Footer(footer.clone()))?;
        }
        out.flush()?;
        Ok(log)
    }
}

/// The logs by shard, checked to be those of one run.
fn in_order<R>(mut shards: Vec<ShardLog<R>>) -> Result<Vec<ShardLog<R>>, MergeError> {
    let count = shards.len();
    let mut first: Option<(Header, Shard)> = None;
    for (number, ShardLog { log, .. }) in (1..).zip(&shards) {
        let shard = log.header.shard.ok_or(MergeError::NoShard { number })?;
        let (header, of) = first.get_or_insert_with(|| (log.header.clone(), shard));
        if let Some(what) = difference(header, &log.header, *of, shard) {
            return Err(MergeError::Different { number, what });
        }
    }
    let Some((_, Shard { of, .. })) = first else {
        return Err(MergeError::NoShard { number: 1 });
    };
    shards.sort_by_key(|shard| shard.log.header.shard);
    let given = |number: usize| shards.get(number - 1)?.log.header.shard;
    match (1..=of.max(count)).find(|number| given(*number).map(|it| it.number) != Some(*number)) {
        Some(shard) => Err(MergeError::Shards { count, shard, of }),
        None => Ok(shards),
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
fn interleaved(logs: &[&Log]) -> Vec<CaseInfo> {
    let rounds = logs.iter().map(|log| log.cases.len()).max().unwrap_or(0);
    let round = |at: usize| logs.iter().filter_map(move |log| log.cases.get(at));
    (0..rounds).flat_map(round).cloned().collect()
}

/// Trials in the order of an unsharded run: by stack, variant and world.
fn sorted(mut trials: Vec<(usize, Place)>, log: &Log) -> Vec<(usize, Place)> {
    let cases = log.cases.iter().enumerate();
    let variants: BTreeMap<(&CaseId, &str), usize> = cases
        .map(|(place, case)| ((&case.id, case.variant.as_str()), place))
        .collect();
    trials.sort_by_cached_key(|(_, Place { id, .. })| {
        let stacks = log.header.stacks.iter();
        let stack = stacks.take_while(|stack| stack.name != id.stack).count();
        let variant = variants.get(&(&id.case, id.variant.as_str())).copied();
        (stack, variant.unwrap_or(usize::MAX), id.clone())
    });
    trials
}

/// The end of the run; none if a shard has none.
fn footer<R>(shards: &[ShardLog<R>], log: &Log) -> Option<Footer> {
    let footers = shards.iter().map(|shard| shard.log.footer.as_ref());
    let footers: Vec<&Footer> = footers.collect::<Option<_>>()?;
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

//! The run's log: written as trials end, kept for the report.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use tcpspec_record::log::{FORMAT, write};
use tcpspec_record::{
    Baseline, BaselineEntry, CaseInfo, Footer, Header, Health, Line, Log, Tally, TraceRoom, Trial,
    Verdict,
};

use crate::schedule::Pace;
use crate::stacks::is_line;

/// A log in the making.
///
/// Trials on virtual clocks are written in the order of the run, so that equal
/// runs leave equal logs; those on the real clock as they end, so that an
/// interrupted run has lost none of them.
pub(crate) struct Ledger {
    out: Box<dyn Write>,
    log: Log,
    baselines: BTreeMap<String, Baseline>,
    /// Ended trials by their place in the run's order.
    ended: BTreeMap<usize, Trial>,
    /// Places whose trials are written in order, those not yet written.
    in_order: BTreeSet<usize>,
    tally: Tally,
    health: Option<Health>,
    /// Room for traces that are kept for the report.
    room: TraceRoom,
}

impl Ledger {
    /// Begins a log: header, then the variants. `in_order` are the places of
    /// the trials to be written in order.
    pub(crate) fn begin(
        mut out: Box<dyn Write>,
        header: Header,
        cases: Vec<CaseInfo>,
        baselines: BTreeMap<String, Baseline>,
        in_order: BTreeSet<usize>,
    ) -> io::Result<Self> {
        write(&mut out, &Line::Header(header.clone()))?;
        for case in &cases {
            write(&mut out, &Line::Case(case.clone()))?;
        }
        let log = Log {
            header,
            cases,
            trials: Vec::new(),
            footer: None,
        };
        Ok(Self {
            out,
            log,
            baselines,
            ended: BTreeMap::new(),
            in_order,
            tally: Tally::default(),
            health: None,
            room: TraceRoom::default(),
        })
    }

    /// Connectors are not honest, as these words say.
    pub(crate) fn remark(&mut self, connectors: Vec<String>) {
        if !connectors.is_empty() {
            self.health.get_or_insert_default().connectors = connectors;
        }
    }

    /// A trial has ended; the harness kept up with it like this, where time was
    /// real.
    pub(crate) fn enter(
        &mut self,
        place: usize,
        mut trial: Trial,
        pace: Option<Pace>,
    ) -> io::Result<()> {
        if let Some(pace) = pace {
            let health = self.health.get_or_insert_default();
            health.add(pace.late, pace.again, pace.at_once);
        }
        trial.known = self.known(&trial);
        if is_told_by_its_seed(&trial, self.log.header.seed) {
            (trial.trace, trial.steps) = (Vec::new(), Vec::new());
        }
        self.tally.add(trial.verdict, trial.known.is_some());
        let ordered = self.in_order.contains(&place);
        self.ended.insert(place, trial);
        if !ordered {
            self.write(place)?;
        }
        while let Some(next) = self
            .in_order
            .first()
            .copied()
            .filter(|next| self.ended.contains_key(next))
        {
            self.in_order.remove(&next);
            self.write(next)?;
        }
        self.out.flush()
    }

    /// Writes a trial. What is written need not all be kept.
    fn write(&mut self, place: usize) -> io::Result<()> {
        let Some(trial) = self.ended.get_mut(&place) else {
            return Ok(());
        };
        write(&mut self.out, &Line::Trial(Box::new(trial.clone())))?;
        self.room.fit(trial);
        Ok(())
    }

    /// The baseline's reason, if it expects this verdict of this trial.
    fn known(&self, trial: &Trial) -> Option<String> {
        let strict = self.log.header.strict;
        let baseline = self.baselines.get(&trial.id.stack)?;
        let mut entries = baseline
            .known
            .iter()
            .filter(|entry| entry.covers(&trial.id) && entry.has_reason());
        let entry = entries.find(|entry| entry.verdict == trial.verdict)?;
        // A deviation that is no failure needs no excuse; and one that has still
        // to be explained excuses nothing.
        trial
            .verdict
            .is_failure(strict)
            .then(|| entry.reason.clone())
    }

    /// Entries that say what is not so, each held to the stack that it names
    /// alone.
    fn stale(&self) -> Vec<String> {
        let header = &self.log.header;
        let mut stale = Vec::new();
        for (name, baseline) in &self.baselines {
            let known = baseline.known.iter();
            // What a stack in another process calls itself is not how it is reached.
            let is_line = is_line(name);
            let speaks = |entry: &&BaselineEntry| match is_line {
                true => entry.with.is_none(),
                false => entry.stack(&baseline.stack) == *name,
            };
            for entry in known.filter(speaks) {
                let standing = entry.standing(name, header, self.ended.values());
                if standing.is_stale() {
                    stale.push(format!("{name}: {}", entry.variant));
                }
            }
        }
        stale
    }

    /// The run came to its end; `valid` says whether every case file was.
    pub(crate) fn finish(mut self, valid: bool) -> io::Result<Log> {
        let stale = self.stale();
        self.tally.stale = stale.len();
        let trials = self.ended.values();
        let exit = self.log.header.exit(trials, &self.tally, valid).code();
        let footer = Footer {
            tally: self.tally,
            stale,
            health: self.health.take(),
            exit,
        };
        write(&mut self.out, &Line::Footer(footer.clone()))?;
        self.log.footer = Some(footer);
        self.abandon()
    }

    /// The run ends here, before its end: the log gets no footer.
    pub(crate) fn abandon(mut self) -> io::Result<Log> {
        for place in std::mem::take(&mut self.in_order) {
            self.write(place)?;
        }
        self.out.flush()?;
        self.log.trials = self.ended.into_values().collect();
        Ok(self.log)
    }
}

/// Whether nobody needs to read how a trial went: it passed under faults, as the
/// one with the first seed shows how, and its seed plays it again.
fn is_told_by_its_seed(trial: &Trial, first: u64) -> bool {
    trial.verdict == Verdict::Pass && !trial.id.faults.is_empty() && trial.id.seed != first
}

/// The header's constant part.
pub(crate) fn tool() -> (u32, String) {
    (FORMAT, format!("tcpspec {}", env!("CARGO_PKG_VERSION")))
}

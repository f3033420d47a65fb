//! `tcpspec replay`: a run judged again without its stacks. Each trial's trace is
//! played back to the cases as they are now, by the judge as it is now, and
//! what ends otherwise is told.
//!
//! Left as they are: trials that were not played to an end at which the stack
//! was judged, and those whose case now asks for what the trace does not hold.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, BufRead, BufReader, Write};
use std::sync::Arc;

use tcpspec_casefile::{Coverage, Suite, Variant};
use tcpspec_connector::Hello;
use tcpspec_engine::recorded::UNKNOWN;
use tcpspec_engine::{Plan, Recorded, drive};
use tcpspec_record::{Baseline, CaseInfo, Exit, Header, Line, Log, LogReader, Trial, Verdict};
use tcpspec_reports::Report;
use tcpspec_reports::terminal::{self, Style};

use super::explain::{open, read_verdicts};
use super::run::{case_info, cited};
use super::{cases_dir, count, diff, load, unusable};
use crate::args::ReplayArgs;
use crate::baselines;
use crate::failure::Failure;
use crate::ledger::{self, Ledger};
use crate::output;

pub(crate) fn run(args: &ReplayArgs, style: Style) -> Result<Exit, Failure> {
    let old = read_verdicts(&args.run)?;
    let suite = load(&args.cases, style)?;
    let bench = Bench::new(&old, &suite, args, style)?;
    let (path, file) = open(&args.run)?;
    let log = LogReader::begin(BufReader::new(file));
    let log = log.map_err(|error| Failure::file("read", &path, error))?;
    let (new, kept) = match &args.out {
        Some(dir) => output::write_log(dir, |out| bench.judge_all(log, Box::new(out)))?,
        None => bench.judge_all(log, Box::new(io::sink()))?,
    };
    let again = new.trials.len() - kept.values().sum::<usize>();
    diff::print(&old, &new);
    for (reason, trials) in kept {
        let trials = count(trials, "trial");
        anstream::println!("left as they are: {trials}: {}", reason.escape_debug());
    }
    anstream::println!(
        "{again} of {} judged again",
        count(new.trials.len(), "trial")
    );
    let report = Report::from_log(&new);
    if let Some(dir) = &args.out {
        output::write_reports(&report, &args.format, dir)?;
        anstream::print!("{}", terminal::summary(&report, style));
        output::print_files(&args.format, dir);
    }
    let exit = new.footer.as_ref().map(tcpspec_record::Footer::exit);
    Ok(exit.unwrap_or(Exit::Inconclusive))
}

/// Where trials are judged again.
struct Bench<'a> {
    /// Without traces.
    old: &'a Log,
    suite: &'a Suite,
    /// The cases as the new log tells of them.
    cases: Vec<CaseInfo>,
    variants: BTreeMap<String, Arc<Variant>>,
    /// What each stack declared.
    hellos: BTreeMap<&'a str, Arc<Hello>>,
    baselines: BTreeMap<String, Baseline>,
}

/// How many trials are left as they are, by the reason.
type Kept = BTreeMap<String, usize>;

impl<'a> Bench<'a> {
    fn new(
        old: &'a Log,
        suite: &'a Suite,
        args: &ReplayArgs,
        style: Style,
    ) -> Result<Self, Failure> {
        let dir = &cases_dir(&args.cases)?;
        let named = &args.baselines.baseline;
        let variants: BTreeMap<String, Arc<Variant>> = suite
            .variants()
            .map(|variant| (variant.id(), Arc::new(variant.clone())))
            .collect();
        let info = |old: &CaseInfo| {
            let id = tcpspec_record::id::variant_id(&old.id, &old.variant);
            let now = variants.get(&id);
            now.map_or_else(|| old.clone(), |now| case_info(now, dir))
        };
        let mut baselines = BTreeMap::new();
        let mut hellos = BTreeMap::new();
        for stack in &old.header.stacks {
            let path = baselines::file_of(dir, stack, named);
            if let Some(path) = path {
                let baseline = tcpspec_casefile::load_baseline(&path);
                let baseline = baseline.map_err(|error| unusable(&error, style))?;
                baselines.insert(stack.name.clone(), baseline);
            }
            if let Ok(hello) = serde_json::from_value(stack.declared.clone()) {
                hellos.insert(stack.name.as_str(), Arc::new(hello));
            }
        }
        Ok(Self {
            cases: old.cases.iter().map(info).collect(),
            old,
            suite,
            variants,
            hellos,
            baselines,
        })
    }

    /// Judges every trial again as it is read, and writes the log of that.
    fn judge_all(
        &self,
        log: LogReader<impl BufRead>,
        out: Box<dyn Write>,
    ) -> Result<(Log, Kept), Failure> {
        let in_order: BTreeSet<usize> = (0..self.old.trials.len()).collect();
        let (cases, baselines) = (self.cases.clone(), self.baselines.clone());
        let failed = |error| Failure::error(&error);
        let mut ledger =
            Ledger::begin(out, self.header(), cases, baselines, in_order).map_err(failed)?;
        let mut kept = Kept::new();
        let trials = log.filter_map(|line| match line {
            Ok(Line::Trial(trial)) => Some(Ok(trial)),
            Ok(Line::Header(_) | Line::Case(_) | Line::Footer(_)) => None,
            Err(error) => Some(Err(error)),
        });
        for (place, old) in trials.enumerate() {
            let old = old.map_err(|error| Failure::error(&error))?;
            let trial = self.judge(&old).unwrap_or_else(|reason| {
                *kept.entry(reason).or_default() += 1;
                *old
            });
            ledger.enter(place, trial, None).map_err(failed)?;
        }
        let log = match self.old.footer {
            Some(_) => ledger.finish(self.suite.diagnostics.is_empty()),
            None => ledger.abandon(),
        };
        Ok((log.map_err(failed)?, kept))
    }

    fn header(&self) -> Header {
        let is_played = |variant: &&Arc<Variant>| {
            let mut cases = self.cases.iter();
            cases.any(|case| case.id == variant.case && case.variant == variant.name)
        };
        let played: Vec<Arc<Variant>> = self.variants.values().filter(is_played).cloned().collect();
        let (format, tool) = ledger::tool();
        Header {
            format,
            tool,
            requirements: cited(self.suite, &played),
            catalogue: Coverage::of(self.suite).counts(),
            ..self.old.header.clone()
        }
    }

    /// A trial as it is judged now, or why it cannot be.
    fn judge(&self, old: &Trial) -> Result<Trial, String> {
        match old.verdict {
            Verdict::Pass | Verdict::Fail | Verdict::Deviates | Verdict::Blocked => {}
            Verdict::Crash | Verdict::Stuck | Verdict::Inconclusive | Verdict::Skip => {
                return Err(format!("its verdict is {}", old.verdict));
            }
        }
        if !old.id.faults.is_empty() {
            return Err(
                "what happened on a faulty link can be drawn again, but not replayed".to_owned(),
            );
        }
        let variant = self.variants.get(&old.id.variant_id());
        let variant = variant.ok_or("the case is there no more")?;
        let hello = self.hellos.get(old.id.stack.as_str());
        let hello = hello.ok_or("the log does not hold what its stack declared")?;
        let plan = Plan {
            id: old.id.clone(),
            variant: Arc::clone(variant),
            hello: Arc::clone(hello),
            faults: None,
            even_late: None,
        };
        if let Some(reason) = plan.skip_reason() {
            return Ok(Trial::unplayed(plan.id, Verdict::Skip, reason));
        }
        let trial = drive(plan, &mut Recorded::new(old, Arc::clone(hello)));
        match trial.reason.strip_prefix(UNKNOWN) {
            Some(why) => Err(format!("the log has no answer{why}")),
            None => Ok(trial),
        }
    }
}

//! `tcpspec run`: select, schedule, record, report.

mod info;
mod many;
mod mutants;
mod part;
mod play;
mod shrink;
mod watch;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::BufWriter;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tcpspec_casefile::{Coverage, Suite, Variant};
use tcpspec_connector::Clock;
use tcpspec_engine::{Faults, Plan};
use tcpspec_record::log::MutantScore;
use tcpspec_record::{Baseline, Exit, Header, Log, Shard, TrialId, World};
use tcpspec_reports::Report;
use tcpspec_reports::terminal::Style;

pub(super) use info::{case_info, cited};
pub(crate) use part::Part;

use super::explain::read_verdicts;
use super::last::unsettled;
use super::{cases_dir, faults, load, unusable};
use crate::args::RunArgs;
use crate::baselines;
use crate::failure::Failure;
use crate::ledger::{self, Ledger};
use crate::output;
use crate::schedule::{End, Job};
use crate::stacks::{Participant, Terms};

pub(crate) fn run(args: &RunArgs, style: Style) -> Result<Exit, Failure> {
    if args.watch {
        return watch::run(args);
    }
    perform(&Course::new(args, None, style)?, style)
}

/// Plays these trials and no other.
pub(super) fn play_only(
    trials: &BTreeSet<TrialId>,
    args: &RunArgs,
    style: Style,
) -> Result<Exit, Failure> {
    perform(&Course::new(args, Some(trials), style)?, style)
}

fn perform(course: &Course<'_>, style: Style) -> Result<Exit, Failure> {
    let args = course.args;
    let valid = course.suite.diagnostics.is_empty();
    if course.variants.is_empty() || course.participants.is_empty() {
        anstream::eprintln!("tcpspec: nothing is selected");
        return Ok(if valid {
            Exit::NothingRun
        } else {
            Exit::InvalidCase
        });
    }
    for stack in &course.participants {
        if !stack.unavailable.is_empty() {
            anstream::eprintln!("tcpspec: {} is skipped: {}", stack.name, stack.unavailable);
        }
        for remark in &stack.remarks {
            anstream::eprintln!("tcpspec: the connector of {}: {remark}", stack.name);
        }
    }
    if args.runs.get() > 1 {
        return many::run(course, style);
    }
    let (log, end) = course.play(&args.play.out)?;
    let report = Report::from_log(&log);
    output::print_run(&log, &report, &args.play.out, style);
    output::print_files(&args.play.report, &args.play.out);
    if args.shrink {
        anstream::println!("{}", shrink::told(course, &log)?);
    }
    output::tell_github(&report)?;
    Ok(exit(&log, end))
}

/// What is the same in every run of a command.
struct Course<'a> {
    args: &'a RunArgs,
    participants: Vec<Participant>,
    suite: Suite,
    /// Those selected.
    variants: Vec<Arc<Variant>>,
    /// What is laid over them, each in turn; nothing is the case as it stands.
    faults: Vec<Option<Arc<Faults>>>,
    /// Of all their trials, these alone.
    only: Option<&'a BTreeSet<TrialId>>,
    baselines: BTreeMap<String, Baseline>,
    /// Which part of the variants this is, if not all of them.
    shard: Option<Shard>,
    /// An earlier run to compare with. Read before anything is written: it may
    /// lie where this run's log will.
    before: Option<Log>,
    mutants: Option<MutantScore>,
}

impl<'a> Course<'a> {
    fn new(
        args: &'a RunArgs,
        only: Option<&'a BTreeSet<TrialId>>,
        style: Style,
    ) -> Result<Self, Failure> {
        // First of all: it may have to enter a user namespace, which a process
        // can only do while it has one thread.
        let stacks = args.stack.iter();
        let terms = Terms {
            patience: Duration::from_secs(args.play.wall_limit),
            seed: args.seed,
        };
        let participants: Vec<Participant> = stacks
            .map(|name| Participant::enlist(name.clone(), terms))
            .collect();
        let suite = load(&args.play.cases, style)?;
        let mut selected = args.select.select(&suite)?;
        if args.last_failed {
            retain_last_failed(&mut selected, &args.play.out)?;
        }
        if let Some(only) = only {
            retain_of(&mut selected, only);
        }
        let before = args.play.against.as_deref().map(read_verdicts);
        let dir = cases_dir(&args.play.cases)?;
        let shard = args.shard.map(|part| part.shard(&selected, &dir));
        let selected = selected.into_iter().enumerate();
        let own = selected.filter(|(place, _)| args.shard.is_none_or(|part| part.has(*place)));
        let variants = own.map(|(_, variant)| Arc::new(variant.clone())).collect();
        let baselines = baselines::of_stacks(&dir, &participants, &args.play.baselines.baseline)
            .map_err(|error| unusable(&error, style))?;
        Ok(Self {
            faults: laid_over(&dir, &args.faults, style)?,
            args,
            participants,
            suite,
            variants,
            only,
            baselines,
            shard,
            before: before.transpose()?,
            mutants: mutants::score(&dir)?,
        })
    }

    /// Plays everything once, and writes log and reports into a directory.
    fn play(&self, out: &Path) -> Result<(Log, End), Failure> {
        let (log, end) = play::once(self, out)?;
        self.report(&log, out)?;
        Ok((log, end))
    }

    /// All trials of a run.
    fn planned(&self) -> Planned {
        let mut planned = Planned::new(self);
        planned.valid = self.suite.diagnostics.is_empty();
        planned.expect(&self.baselines);
        planned
    }

    /// Writes the reports of a run into its directory.
    fn report(&self, log: &Log, out: &Path) -> Result<(), Failure> {
        let report = Report::from_log(log);
        let report = match &self.before {
            Some(before) => report.against(before, log),
            None => report,
        };
        output::write_reports(&report, &self.args.play.report, out)
    }

    /// A log that has begun.
    fn ledger(&self, path: &Path, planned: &Planned) -> Result<Ledger, Failure> {
        let dir = cases_dir(&self.args.play.cases)?;
        let variants = self.variants.iter();
        let cases = variants.map(|variant| case_info(variant, &dir)).collect();
        let (baselines, in_order) = (self.baselines.clone(), planned.in_order.clone());
        let header = self.header(planned.jobs.len());
        let failed = |error| Failure::file("write", path, error);
        let out = Box::new(BufWriter::new(fs::File::create(path).map_err(failed)?));
        let mut ledger = Ledger::begin(out, header, cases, baselines, in_order).map_err(failed)?;
        let stacks = self.participants.iter();
        let told = |stack: &Participant| {
            let (name, remarks) = (stack.name.to_string(), stack.remarks.clone());
            let told = remarks.into_iter();
            told.map(move |remark| format!("{name}: {remark}"))
        };
        ledger.remark(stacks.flat_map(told).collect());
        Ok(ledger)
    }

    /// What was selected; nothing if that is everything.
    fn selection(&self) -> Vec<String> {
        let words = self.args.select.words().into_iter();
        let last_failed = self.args.last_failed.then(|| "--last-failed".to_owned());
        let only = self.only.map(|_| "(what had not passed)".to_owned());
        let faults = self.args.faults.iter().filter(|name| *name != NONE);
        let faults = faults.map(|name| format!("--faults={name}"));
        let seeds = self.args.seeds.get();
        let seeds = (seeds > 1).then(|| format!("--seeds={seeds}"));
        let narrowed = words.chain(last_failed).chain(only);
        narrowed.chain(faults).chain(seeds).collect()
    }

    fn header(&self, planned: usize) -> Header {
        let (format, tool) = ledger::tool();
        let args = self.args;
        Header {
            format,
            tool,
            seed: args.seed,
            selection: self.selection(),
            strict: args.strict,
            shard: self.shard,
            worlds: worlds(args).collect(),
            planned,
            stacks: self.participants.iter().map(Participant::info).collect(),
            requirements: cited(&self.suite, &self.variants),
            catalogue: Coverage::of(&self.suite).counts(),
            mutants: self.mutants,
        }
    }
}

/// What the log says, or why it has no end.
fn exit(log: &Log, end: End) -> Exit {
    match (&log.footer, end) {
        (Some(footer), _) => footer.exit(),
        (None, End::Interrupted) => Exit::Interrupted,
        (None, End::Complete | End::Bug) => Exit::Bug,
    }
}

/// All trials in order: those to be played, and those settled before.
struct Planned {
    jobs: Vec<Job>,
    /// Why a job is not played, by its place.
    skipped: BTreeMap<usize, String>,
    /// Places of trials on virtual clocks.
    in_order: BTreeSet<usize>,
    /// Whether every case file was valid.
    valid: bool,
    first_seed: u64,
}

impl Planned {
    fn new(course: &Course<'_>) -> Self {
        let mut planned = Self {
            jobs: Vec::new(),
            skipped: BTreeMap::new(),
            in_order: BTreeSet::new(),
            valid: true,
            first_seed: course.args.seed,
        };
        let is_meant = |id: &TrialId| course.only.is_none_or(|only| only.contains(id));
        for stack in &course.participants {
            for variant in &course.variants {
                for (World { ip, isn }, faults, seed) in rounds(course) {
                    let id = TrialId {
                        case: variant.case.clone(),
                        variant: variant.name.clone(),
                        stack: stack.name.to_string(),
                        ip,
                        isn,
                        faults: faults
                            .map_or_else(String::new, |faults| faults.profile.name.clone()),
                        seed,
                    };
                    if is_meant(&id) {
                        planned.add(stack, variant, id, faults);
                    }
                }
            }
        }
        planned
    }

    fn add(
        &mut self,
        stack: &Participant,
        variant: &Arc<Variant>,
        id: TrialId,
        faults: Option<&Arc<Faults>>,
    ) {
        let plan = Plan {
            id,
            variant: Arc::clone(variant),
            hello: Arc::clone(&stack.hello),
            faults: faults.cloned(),
            even_late: None,
        };
        let index = self.jobs.len();
        let unavailable = Some(stack.unavailable.clone()).filter(|reason| !reason.is_empty());
        if let Some(reason) = unavailable.or_else(|| plan.skip_reason()) {
            // Once is enough: another seed changes nothing of it.
            if plan.id.seed != self.first_seed {
                return;
            }
            self.skipped.insert(index, reason);
        }
        if stack.hello.clock == Clock::Virtual {
            self.in_order.insert(index);
        }
        self.jobs.push(Job {
            index,
            stack: stack.name.clone(),
            greeting: stack.greeting.clone(),
            plan,
            expected: None,
        });
    }

    /// Notes what the baselines expect.
    fn expect(&mut self, baselines: &BTreeMap<String, Baseline>) {
        for job in &mut self.jobs {
            let id = &job.plan.id;
            let known = baselines.get(&id.stack).map(|baseline| &baseline.known);
            let entry = known.and_then(|known| known.iter().find(|entry| entry.covers(id)));
            job.expected = entry.map(|entry| entry.verdict);
        }
    }
}

/// What each variant is played in: world, faults, seed. Without faults one seed
/// is as good as another.
fn rounds<'c>(
    course: &'c Course<'_>,
) -> impl Iterator<Item = (World, Option<&'c Arc<Faults>>, u64)> {
    let first = course.args.seed;
    let seeds = move |faults: Option<_>| {
        let count = faults.map_or(1, |_: &Arc<Faults>| course.args.seeds.get());
        (first..).take(count as usize)
    };
    let faults = move || course.faults.iter().map(Option::as_ref);
    let rounds = move |world, faults| seeds(faults).map(move |seed| (world, faults, seed));
    worlds(course.args)
        .flat_map(move |world| faults().flat_map(move |faults| rounds(world, faults)))
}

/// The word for a case as it stands.
pub(super) const NONE: &str = "none";

fn laid_over(
    cases: &Path,
    asked: &[String],
    style: Style,
) -> Result<Vec<Option<Arc<Faults>>>, Failure> {
    let (none, named): (Vec<String>, Vec<String>) =
        asked.iter().cloned().partition(|name| name == NONE);
    let none = none.first().map(|_| None);
    let profiles = match named.as_slice() {
        [] => Vec::new(),
        named => faults::profiles(cases, named, style)?,
    };
    let drawn = |profile| Some(Arc::new(Faults::drawn(profile)));
    Ok(none
        .into_iter()
        .chain(profiles.into_iter().map(drawn))
        .collect())
}

/// The worlds that each variant is played in.
fn worlds(args: &RunArgs) -> impl Iterator<Item = World> {
    let ips = args.ip.versions().iter().copied();
    let isns = args.isn.values().iter().copied();
    ips.flat_map(move |ip| isns.clone().map(move |isn| World { ip, isn }))
}

fn retain_of(selected: &mut Vec<&Variant>, trials: &BTreeSet<TrialId>) {
    let wanted: BTreeSet<String> = trials.iter().map(TrialId::variant_id).collect();
    selected.retain(|variant| wanted.contains(&variant.id()));
}

/// Leaves of the selected variants those of which the last run says that they
/// have not passed.
fn retain_last_failed(selected: &mut Vec<&Variant>, out: &Path) -> Result<(), Failure> {
    retain_of(selected, &unsettled(&read_verdicts(out)?));
    if selected.is_empty() {
        let out = out.display();
        return Err(Failure::none(format!(
            "of what is selected nothing is left to pass in the last run ({out})"
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests;

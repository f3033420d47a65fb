//! `tcpspec run`: select, schedule, record, report.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tcpspec_casefile::{BaselineError, Step, Suite, Variant};
use tcpspec_connector::Clock;
use tcpspec_engine::Plan;
use tcpspec_record::{
    Baseline, CaseInfo, Exit, Header, Log, Requirement, RequirementId, StepInfo, Trial, TrialId,
    Verdict,
};
use tcpspec_reports::Report;
use tcpspec_reports::terminal::Style;

use super::{cases_dir, load};
use crate::args::RunArgs;
use crate::baselines;
use crate::failure::Failure;
use crate::ledger::{self, Ledger};
use crate::output::{self, Progress};
use crate::schedule::{self, End, Job, News};
use crate::stacks::Participant;

pub(crate) fn run(args: &RunArgs, style: Style) -> Result<Exit, Failure> {
    // First of all: it may have to enter a user namespace, which a process
    // can only do while it has one thread.
    let participants: Vec<Participant> = args
        .stack
        .iter()
        .map(|name| Participant::enlist(*name))
        .collect();
    let suite = load(&args.cases, style)?;
    let selected = suite
        .select(&args.selection)
        .map_err(|error| Failure::nothing(&error))?;
    let variants: Vec<Arc<Variant>> = selected.into_iter().cloned().map(Arc::new).collect();
    let baselines = baselines::of_stacks(&cases_dir(&args.cases)?, &participants)
        .map_err(|error| unusable(&error, style))?;
    fs::create_dir_all(&args.out).map_err(|error| Failure::file("create", &args.out, error))?;
    let mut planned = Planned::new(&variants, &participants, args);
    planned.valid = suite.diagnostics.is_empty();
    if planned.jobs.is_empty() {
        anstream::eprintln!("tcpspec: nothing is selected");
        return Ok(if suite.diagnostics.is_empty() {
            Exit::NothingRun
        } else {
            Exit::InvalidCase
        });
    }
    for stack in participants
        .iter()
        .filter(|stack| !stack.unavailable.is_empty())
    {
        anstream::eprintln!("tcpspec: {} is skipped: {}", stack.name, stack.unavailable);
    }
    let header = header(&suite, &variants, &participants, args, planned.jobs.len());
    let (log, end) = play(planned, header, &variants, baselines, args)?;
    let report = Report::from_log(&log);
    output::write_reports(&report, &args.out)?;
    output::print_run(&log, &report, &args.out, style);
    anstream::println!("{}", args.out.join("report.html").display());
    Ok(exit(&log, end))
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
}

impl Planned {
    fn new(variants: &[Arc<Variant>], participants: &[Participant], args: &RunArgs) -> Self {
        let mut planned = Self {
            jobs: Vec::new(),
            skipped: BTreeMap::new(),
            in_order: BTreeSet::new(),
            valid: true,
        };
        for stack in participants {
            for variant in variants {
                for ip in args.ip.versions() {
                    let id = TrialId {
                        case: variant.case.clone(),
                        variant: variant.name.clone(),
                        stack: stack.name.to_string(),
                        ip: *ip,
                        seed: args.seed,
                    };
                    let plan = Plan {
                        id,
                        variant: Arc::clone(variant),
                        hello: Arc::clone(&stack.hello),
                    };
                    planned.add(stack, plan);
                }
            }
        }
        planned
    }

    fn add(&mut self, stack: &Participant, plan: Plan) {
        let index = self.jobs.len();
        let unavailable = Some(stack.unavailable.clone()).filter(|reason| !reason.is_empty());
        if let Some(reason) = unavailable.or_else(|| plan.skip_reason()) {
            self.skipped.insert(index, reason);
        }
        if stack.hello.clock == Clock::Virtual {
            self.in_order.insert(index);
        }
        self.jobs.push(Job {
            index,
            stack: stack.name,
            plan,
        });
    }
}

/// Plays all trials and writes the log.
fn play(
    planned: Planned,
    header: Header,
    variants: &[Arc<Variant>],
    baselines: BTreeMap<String, Baseline>,
    args: &RunArgs,
) -> Result<(Log, End), Failure> {
    let dir = cases_dir(&args.cases)?;
    let path = args.out.join("log.jsonl");
    let failed = |error: std::io::Error| Failure::file("write", &path, error);
    let cases = variants
        .iter()
        .map(|variant| case_info(variant, &dir))
        .collect();
    let mut ledger =
        Ledger::begin(&path, header, cases, baselines, planned.in_order).map_err(failed)?;
    let progress = RefCell::new(Progress::of(planned.jobs.len()));
    let (settled, jobs): (Vec<Job>, Vec<Job>) = planned
        .jobs
        .into_iter()
        .partition(|job| planned.skipped.contains_key(&job.index));
    let mut entered = Ok(());
    let mut enter = |index, trial| {
        progress.borrow_mut().ended();
        let result = ledger.enter(index, trial);
        if entered.is_ok() {
            entered = result;
        }
    };
    for job in settled {
        let reason = planned.skipped.get(&job.index).cloned();
        let reason = reason.unwrap_or_default();
        enter(
            job.index,
            Trial::unplayed(job.plan.id, Verdict::Skip, reason),
        );
    }
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let workers = args.jobs.map_or(cores, usize::from);
    let wall_limit = Duration::from_secs(args.wall_limit);
    let end = schedule::run(jobs, workers, wall_limit, |news| match news {
        News::Ended(index, trial) => enter(index, *trial),
        News::Waiting => progress.borrow().still_waiting(),
    })
    .map_err(|error| Failure::usage(format!("cannot start threads and timers: {error}")))?;
    progress.borrow().finish();
    entered.map_err(failed)?;
    let log = match end {
        End::Complete => ledger.finish(planned.valid),
        End::Interrupted | End::Bug => ledger.abandon(),
    };
    Ok((log.map_err(failed)?, end))
}

fn unusable(error: &BaselineError, style: Style) -> Failure {
    match error {
        BaselineError::Load(error) => Failure::error(error),
        BaselineError::Invalid(diagnostics) => {
            output::print_diagnostics(diagnostics, style);
            Failure::invalid(error)
        }
    }
}

fn header(
    suite: &Suite,
    variants: &[Arc<Variant>],
    participants: &[Participant],
    args: &RunArgs,
    planned: usize,
) -> Header {
    let (format, tool) = ledger::tool();
    Header {
        format,
        tool,
        seed: args.seed,
        selection: args.selection.clone(),
        strict: args.strict,
        planned,
        stacks: participants.iter().map(Participant::info).collect(),
        requirements: cited(suite, variants),
        catalogue: suite.catalogue.counts(),
    }
}

/// The requirements that the variants cite, in the order of their ids.
fn cited(suite: &Suite, variants: &[Arc<Variant>]) -> Vec<Requirement> {
    let of_steps = variants
        .iter()
        .flat_map(|variant| &variant.steps)
        .filter_map(|step| step.claim.as_ref());
    let of_cases = variants.iter().flat_map(|variant| &variant.claims);
    let ids: BTreeSet<&RequirementId> = of_cases.chain(of_steps).collect();
    ids.into_iter()
        .filter_map(|id| suite.catalogue.get(id))
        .cloned()
        .collect()
}

/// What a report has to know of a variant. Files are named from the directory
/// of the cases on, so that equal runs leave equal logs wherever they are made.
fn case_info(variant: &Variant, dir: &Path) -> CaseInfo {
    CaseInfo {
        id: variant.case.clone(),
        variant: variant.name.clone(),
        title: variant.title.clone(),
        purpose: variant.purpose.trim().to_owned(),
        level: variant.level,
        claims: variant.claims.clone(),
        steps: variant
            .steps
            .iter()
            .map(|step| StepInfo {
                text: step.text.clone(),
                place: place(step, dir),
                from: step.from.clone(),
                prelude: step.prelude,
                why: step.why.clone(),
                claim: step.claim.clone(),
            })
            .collect(),
        disputed: variant.disputed.clone(),
    }
}

fn place(step: &Step, dir: &Path) -> String {
    let file = Path::new(&*step.place.file);
    let file = file.strip_prefix(dir).unwrap_or(file);
    format!("{}:{}", file.display(), step.place.line)
}

//! Plays all trials of a run, or of several runs side by side, each into a log
//! of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tcpspec_record::{Log, Trial, Verdict};

use super::{Course, Planned};
use crate::failure::Failure;
use crate::ledger::Ledger;
use crate::output::Progress;
use crate::schedule::{self, End, Heard, Job, Limits, News};

/// Plays everything once, and writes the log into the directory.
pub(super) fn once(course: &Course<'_>, out: &Path) -> Result<(Log, End), Failure> {
    let (logs, end) = side_by_side(course, &[out.to_owned()])?;
    let log = logs.into_iter().next();
    let log = log.ok_or_else(|| Failure::usage("nothing was played".to_owned()))?;
    Ok((log, end))
}

/// Plays everything as often as there are directories, all at once, and writes
/// a log into each.
pub(super) fn side_by_side(
    course: &Course<'_>,
    outs: &[PathBuf],
) -> Result<(Vec<Log>, End), Failure> {
    let planned = || course.planned();
    let span = planned().jobs.len();
    let mut progress = Progress::of(span * outs.len());
    let (mut runs, mut jobs) = (Vec::new(), Vec::new());
    for (number, out) in outs.iter().enumerate() {
        let (run, to_play) = Run::begin(course, planned(), out)?;
        (0..span - to_play.len()).for_each(|_| progress.ended());
        runs.push(run);
        jobs.extend(to_play.into_iter().map(|job| Job {
            index: number * span + job.index,
            ..job
        }));
    }
    let mut failed = None;
    let end = schedule::run(jobs, limits(course), |news| {
        match news {
            News::Ended(index, trial, pace) => {
                progress.ended();
                let run = &mut runs[index / span];
                let entered = run.ledger.enter(index % span, *trial, pace);
                failed = entered.err().map(|error| run.failed(error));
            }
            News::Waiting => progress.still_waiting(),
            News::Less(why) => progress.say(&why),
        }
        // Without its log a run is for nothing.
        match failed {
            None => Heard::Continue(()),
            Some(_) => Heard::Break(()),
        }
    })
    .map_err(|error| Failure::usage(format!("cannot start threads and timers: {error}")))?;
    progress.finish();
    if let Some(failed) = failed {
        return Err(failed);
    }
    let logs: Result<_, _> = runs.into_iter().map(|run| run.end(end)).collect();
    Ok((logs?, end))
}

/// How much may be at once, and for how long.
fn limits(course: &Course<'_>) -> Limits {
    let play = &course.args.play;
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    Limits {
        workers: play.jobs.map_or(cores, usize::from),
        lanes: usize::from(play.lanes.get()),
        wall: Duration::from_secs(play.wall_limit),
    }
}

/// A run whose log is being written.
struct Run {
    path: PathBuf,
    ledger: Ledger,
    /// Whether every case file was valid.
    valid: bool,
}

impl Run {
    /// Begins the log with what is settled before anything is played; what is
    /// to be played is left.
    fn begin(
        course: &Course<'_>,
        planned: Planned,
        out: &Path,
    ) -> Result<(Self, Vec<Job>), Failure> {
        fs::create_dir_all(out).map_err(|error| Failure::file("create", out, error))?;
        let path = out.join("log.jsonl");
        let mut run = Self {
            ledger: course.ledger(&path, &planned)?,
            path,
            valid: planned.valid,
        };
        let mut jobs = Vec::new();
        for job in planned.jobs {
            let Some(reason) = planned.skipped.get(&job.index) else {
                jobs.push(job);
                continue;
            };
            let trial = Trial::unplayed(job.plan.id, Verdict::Skip, reason.clone());
            let entered = run.ledger.enter(job.index, trial, None);
            entered.map_err(|error| run.failed(error))?;
        }
        Ok((run, jobs))
    }

    fn end(self, end: End) -> Result<Log, Failure> {
        let Self {
            path,
            ledger,
            valid,
        } = self;
        let log = match end {
            End::Complete => ledger.finish(valid),
            End::Interrupted | End::Bug => ledger.abandon(),
        };
        log.map_err(|error| Failure::file("write", &path, error))
    }

    fn failed(&self, error: std::io::Error) -> Failure {
        Failure::file("write", &self.path, error)
    }
}

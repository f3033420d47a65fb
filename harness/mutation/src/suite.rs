//! One run of the suite by a `tcpspec` that was built from a mutated tree: the
//! program is run as its users run it, and its log is read.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};

use tcpspec_record::{Log, LogError, Verdict};

/// Seconds after which a run is given up: a mutant may loop without end.
const WALL_LIMIT: &str = "120";
/// Address space of a run in KiB: a mutant may ask for memory without end.
const MEMORY_LIMIT: &str = "8000000";

/// What a run of the suite showed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// The variants with a trial that counts against the stack.
    pub failing: BTreeSet<String>,
    /// The variants that were played at all.
    pub played: BTreeSet<String>,
    /// Whether the run came to its end.
    pub ended: bool,
}

/// Why a run says nothing.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The program cannot be started.
    #[error("cannot start the suite")]
    Start(#[from] std::io::Error),
    /// It left no log.
    #[error("the run left no log ({0})")]
    Log(ExitStatus, #[source] LogError),
}

/// Runs every case on `stacks`, deviations counted, with the program `tcpspec`
/// and the cases below `root`.
///
/// # Errors
///
/// If the program cannot be started, or leaves nothing behind.
pub fn run(tcpspec: &Path, root: &Path, stacks: &[&str], out: &Path) -> Result<Run, RunError> {
    let mut command = Command::new("timeout");
    command
        .args(["--kill-after=5", WALL_LIMIT, "sh", "-c"])
        .arg(format!("ulimit -v {MEMORY_LIMIT}; exec \"$@\""))
        .arg("sh")
        .arg(tcpspec)
        .args(["run", "--strict", "--isn", "both", "--jobs", "1"])
        .arg("--cases")
        .arg(root.join("cases"))
        .arg("--out")
        .arg(out);
    for stack in stacks {
        command.args(["--stack", stack]);
    }
    let status = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()?;
    let log = File::open(out.join("log.jsonl"))?;
    let log = Log::read(&mut BufReader::new(log)).map_err(|error| RunError::Log(status, error))?;
    Ok(Run::of(&log))
}

impl Run {
    fn of(log: &Log) -> Self {
        let mut run = Self {
            failing: BTreeSet::new(),
            played: BTreeSet::new(),
            ended: log.footer.is_some(),
        };
        for trial in &log.trials {
            let variant = trial.id.variant_id();
            if trial.verdict != Verdict::Skip {
                run.played.insert(variant.clone());
            }
            if trial.verdict.is_failure(true) && trial.known.is_none() {
                run.failing.insert(variant);
            }
        }
        run
    }
}

//! `--watch`: plays again whenever a case, the program itself, and with it a
//! stack that is built in, or a file of a stack's command has changed, and says what ends otherwise than before.
//!
//! Each round is a process of its own: it is the new program, and what it does
//! to itself for the kernel's sake ends with it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::{Duration, SystemTime};

use tcpspec_record::{Exit, Log};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::{Interval, interval};

use super::{cases_dir, read_verdicts};
use crate::args::RunArgs;
use crate::commands::diff;
use crate::failure::Failure;
use crate::stacks::StackName;

/// How often files are looked at. What changes while others still do is waited
/// for: a build, or an editor that writes twice.
const LOOK: Duration = Duration::from_millis(300);

pub(super) fn run(args: &RunArgs) -> Result<Exit, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let runtime = runtime.map_err(|error| Failure::usage(format!("cannot wait: {error}")))?;
    runtime.block_on(rounds(args))
}

async fn rounds(args: &RunArgs) -> Result<Exit, Failure> {
    let failed = |error| Failure::usage(format!("cannot watch: {error}"));
    let program = std::env::current_exe().map_err(failed)?;
    let roots = [cases_dir(&args.play.cases)?, program.clone()].into_iter();
    let commands = args.stack.iter().flat_map(StackName::files);
    let mut watch = Watch {
        roots: roots.chain(commands).collect(),
        interrupt: signal(SignalKind::interrupt()).map_err(failed)?,
        ticks: interval(LOOK),
    };
    let mut last: Option<Log> = None;
    loop {
        let seen = watch.look();
        let mut round = Command::new(&program);
        round.args(std::env::args_os().skip(1).filter(|word| word != "--watch"));
        let child = round.spawn().map_err(failed)?;
        if watch
            .is_interrupted_before_end(child)
            .await
            .map_err(failed)?
        {
            return Ok(Exit::Interrupted);
        }
        if let Ok(log) = read_verdicts(&args.play.out) {
            if let Some(last) = &last {
                anstream::println!("Since the last round:");
                diff::print(last, &log);
            }
            last = Some(log);
        }
        anstream::println!("Waiting for a change; Ctrl-C ends.");
        let Some(changed) = watch.change(seen).await else {
            return Ok(Exit::Interrupted);
        };
        for path in changed {
            anstream::println!("changed: {}", path.display());
        }
    }
}

/// Files by path, with the time at which each was last changed.
type Seen = BTreeMap<PathBuf, SystemTime>;

struct Watch {
    roots: Vec<PathBuf>,
    interrupt: Signal,
    ticks: Interval,
}

impl Watch {
    fn look(&self) -> Seen {
        let mut seen = Seen::new();
        self.roots.iter().for_each(|root| gather(root, &mut seen));
        seen
    }

    /// Waits for a round to end; an interrupt is passed on to it.
    async fn is_interrupted_before_end(&mut self, mut round: Child) -> std::io::Result<bool> {
        let mut interrupted = false;
        loop {
            if let Some(status) = round.try_wait()? {
                let own = i32::from(Exit::Interrupted.code());
                return Ok(interrupted || status.code() == Some(own));
            }
            tokio::select! {
                _ = self.interrupt.recv() => {
                    interrupted = true;
                    if let Some(id) = rustix::process::Pid::from_raw(round.id().cast_signed()) {
                        // It may have ended in the meantime.
                        let _ = rustix::process::kill_process(id, rustix::process::Signal::INT);
                    }
                }
                _ = self.ticks.tick() => {}
            }
        }
    }

    /// What has changed, once nothing changes any more; `None` if interrupted.
    async fn change(&mut self, seen: Seen) -> Option<Vec<PathBuf>> {
        let mut before = seen.clone();
        loop {
            tokio::select! {
                _ = self.interrupt.recv() => return None,
                _ = self.ticks.tick() => {}
            }
            let now = self.look();
            if now == before && now != seen {
                return Some(difference(&seen, &now));
            }
            before = now;
        }
    }
}

/// Files that are new, changed or gone.
fn difference(before: &Seen, after: &Seen) -> Vec<PathBuf> {
    let paths: std::collections::BTreeSet<&PathBuf> = before.keys().chain(after.keys()).collect();
    let differs = |path: &&PathBuf| before.get(*path) != after.get(*path);
    paths.into_iter().filter(differs).cloned().collect()
}

/// A file, or all files below a directory. What cannot be read now is looked at
/// again the next time.
fn gather(path: &Path, seen: &mut Seen) {
    let Ok(about) = fs::symlink_metadata(path) else {
        return;
    };
    if about.is_dir() {
        let entries = fs::read_dir(path).into_iter().flatten().flatten();
        entries.for_each(|entry| gather(&entry.path(), seen));
    } else if let Ok(time) = about.modified() {
        seen.insert(path.to_owned(), time);
    }
}

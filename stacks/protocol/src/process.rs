//! The process of a stack: started in a group of its own, and gone with all its
//! children once nobody holds it.

use std::collections::BTreeSet;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process, kill_process_group, pidfd_open};

/// How long a process may take to end by itself after its input has ended.
const GRACE: Duration = Duration::from_secs(1);

/// Every process that has not ended, so that none outlives the program.
static LIVING: Mutex<BTreeSet<i32>> = Mutex::new(BTreeSet::new());
static ONE_LESS: Condvar = Condvar::new();

fn living() -> MutexGuard<'static, BTreeSet<i32>> {
    LIVING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Ends every process that a [`Client`](crate::Client) has started, whoever still
/// waits for it: call it last. Those that are about to end by themselves have
/// `grace` to do so.
pub fn end_processes(grace: Duration) {
    let any = |living: &mut BTreeSet<i32>| !living.is_empty();
    let waited = ONE_LESS.wait_timeout_while(living(), grace, any);
    let (living, _) = waited.unwrap_or_else(PoisonError::into_inner);
    for pid in living.iter().copied().filter_map(Pid::from_raw) {
        // It may have ended in the meantime.
        let _ = kill_process_group(pid, Signal::KILL);
        let _ = kill_process(pid, Signal::KILL);
    }
}

/// A process under way.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    pid: Pid,
    /// Readable once it has ended.
    end: OwnedFd,
    /// Whether it may end by itself.
    patient: bool,
}

/// Its three standard streams.
pub(crate) struct Streams {
    pub(crate) stdin: OwnedFd,
    pub(crate) stdout: OwnedFd,
    pub(crate) stderr: OwnedFd,
}

impl Process {
    /// Starts a command of at least one word.
    pub(crate) fn start(words: &[String]) -> io::Result<(Self, Streams)> {
        let missing = io::ErrorKind::InvalidInput;
        let (program, arguments) = words.split_first().ok_or(missing)?;
        let mut command = Command::new(program);
        command.args(arguments).process_group(0);
        let (its_stdin, stdin) = pipe_with(PipeFlags::CLOEXEC)?;
        let (stdout, its_stdout) = pipe_with(PipeFlags::CLOEXEC)?;
        let (stderr, its_stderr) = pipe_with(PipeFlags::CLOEXEC)?;
        let child = tcpspec_starter::start(command, [its_stdin, its_stdout, its_stderr])?;
        let pid = Pid::from_child(&child);
        living().insert(pid.as_raw_pid());
        let end = pidfd_open(pid, PidfdFlags::empty())?;
        let streams = Streams {
            stdin,
            stdout,
            stderr,
        };
        let process = Self {
            child,
            pid,
            end,
            patient: true,
        };
        Ok((process, streams))
    }

    /// Its number.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Readable once it has ended.
    pub(crate) const fn end(&self) -> &OwnedFd {
        &self.end
    }

    /// How it ended, if it does within this time.
    pub(crate) fn ended_within(&mut self, time: Duration) -> Option<ExitStatus> {
        let mut ends = [PollFd::new(&self.end, PollFlags::IN)];
        let timeout = Timespec::try_from(time).ok()?;
        while poll(&mut ends, Some(&timeout)) == Err(rustix::io::Errno::INTR) {}
        match ends[0].revents().contains(PollFlags::IN) {
            true => self.child.try_wait().ok().flatten(),
            false => None,
        }
    }

    /// It has shown that it does not end by itself.
    pub(crate) const fn lose_patience(&mut self) {
        self.patient = false;
    }
}

/// Its input has been closed before.
impl Drop for Process {
    fn drop(&mut self) {
        let mut ends = [PollFd::new(&self.end, PollFlags::IN)];
        if self.patient
            && let Ok(grace) = Timespec::try_from(GRACE)
        {
            // Whatever comes of it, what is left is killed.
            let _ = poll(&mut ends, Some(&grace));
        }
        // Before it is waited for, its number is nobody else's; its group may live
        // on without it.
        let _ = kill_process_group(self.pid, Signal::KILL);
        // It may have left its group.
        let _ = self.child.kill();
        let _ = self.child.wait();
        living().remove(&self.pid.as_raw_pid());
        ONE_LESS.notify_all();
    }
}

//! Trials on the kernel: tasks side by side on one thread, each on a lane of
//! its own, so that a wait of a minute costs nobody else a core.
//!
//! A trial that went wrong while the harness itself was late has shown nothing
//! about the stack. It is played again in the end, when no other is under way.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::thread::{self, JoinHandle};

use tcpspec_connector::StackUnderTest;
use tcpspec_engine::{Ask, Interpreter, Plan, Progress};
use tcpspec_linux::{LinuxStack, Options};
use tcpspec_record::{Trial, Verdict};
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::{Barrier, Semaphore, SemaphorePermit, oneshot};

use super::{Job, Message};
use crate::stacks;

/// Lanes in use at once: some 4 file descriptors each, of 1,024 that a process
/// usually has.
const LANES: usize = 200;

/// How often a trial is played alone before the machine is given up as too
/// slow for it.
const TRIES: usize = 3;

/// The thread of the lanes.
///
/// Its messages carry the number of no worker: waits in real time have no wall
/// deadline but those of the steps.
pub(super) struct Lanes {
    thread: JoinHandle<()>,
    /// Dropped to end it.
    stop: oneshot::Sender<()>,
}

impl Lanes {
    /// Begins to run these jobs.
    pub(super) fn begin(jobs: Vec<Job>, sender: UnboundedSender<Message>) -> Self {
        let (stop, stopped) = oneshot::channel();
        let thread = thread::spawn(move || {
            let played = catch_unwind(AssertUnwindSafe(|| play(jobs, &sender, stopped)));
            if !matches!(played, Ok(Ok(()))) {
                // If nobody listens any more, the run is over anyhow.
                let _ = sender.send(Message::Panicked);
            }
        });
        Self { thread, stop }
    }

    /// Ends the lanes, whatever they are at, and waits until the kernel has
    /// nothing of theirs: a connection that outlives its process would keep
    /// its namespace for minutes.
    pub(super) fn end(self) {
        drop(self.stop);
        // Its panic, if any, was told by a message.
        let _ = self.thread.join();
    }
}

/// What the lanes have in common.
struct Course {
    queue: RefCell<VecDeque<Job>>,
    /// Trials in which the harness was too late to tell anything.
    again: RefCell<Vec<Job>>,
    ready: Barrier,
    /// Held by the lane that begins a trial. Beginning is most of the work; if
    /// all lanes began at once, a trial that is under way would wait for its
    /// turn through all of that.
    begins: Semaphore,
    sender: UnboundedSender<Message>,
}

/// Runs the jobs until all are done or the run is stopped.
fn play(
    jobs: Vec<Job>,
    sender: &UnboundedSender<Message>,
    stopped: oneshot::Receiver<()>,
) -> std::io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let tasks = tokio::task::LocalSet::new();
    let count = jobs.len().min(LANES);
    let course = Rc::new(Course {
        queue: RefCell::new(jobs.into()),
        again: RefCell::default(),
        ready: Barrier::new(count),
        begins: Semaphore::new(1),
        sender: sender.clone(),
    });
    for _ in 0..count {
        let course = Rc::clone(&course);
        tasks.spawn_local(async move { lane(&course).await });
    }
    let all = async {
        tasks.await;
        alone(&course).await;
    };
    runtime.block_on(async {
        tokio::select! {
            () = all => {}
            _ = stopped => {}
        }
    });
    Ok(())
}

/// A lane: trials on the kernel, one after the other.
///
/// All lanes are made before the first trial begins: making one takes longer
/// than most trials, and a trial must not be kept waiting in its middle.
async fn lane(course: &Course) {
    let mut kernel = Kernel::default();
    let first = course.queue.borrow().front().cloned();
    if let Some(job) = first {
        // If it fails, so will the trial's own `open`, which is heard.
        let _ = kernel.of(&job).open(&job.plan.setup());
    }
    course.ready.wait().await;
    while let Ok(turn) = course.begins.acquire().await {
        // Whoever has been woken meanwhile goes first.
        tokio::task::yield_now().await;
        let Some(job) = course.queue.borrow_mut().pop_front() else {
            return;
        };
        let (trial, late) = drive_real(job.plan.clone(), kernel.of(&job), Some(turn)).await;
        if late {
            course.again.borrow_mut().push(job);
        } else if !course.tell(job.index, trial) {
            return;
        }
    }
}

/// The trials to be played again, one by one.
async fn alone(course: &Course) {
    let mut kernel = Kernel::default();
    for job in course.again.take() {
        let stack = kernel.of(&job);
        let trial = in_time(async || drive_real(job.plan.clone(), stack, None).await).await;
        if !course.tell(job.index, trial) {
            return;
        }
    }
}

/// The kernel with the options of the last job, and the lane that it has.
#[derive(Default)]
struct Kernel(Option<(Options, LinuxStack)>);

impl Kernel {
    /// The kernel with the options that a job asks for. Another lane is made
    /// only where they are others than before.
    fn of(&mut self, job: &Job) -> &mut LinuxStack {
        let asked = job.stack.options();
        let made = self.0.take().filter(|(options, _)| *options == asked);
        let made = made.unwrap_or_else(|| (asked, stacks::linux(asked)));
        &mut self.0.insert(made).1
    }
}

impl Course {
    /// Tells that a trial has ended; whether anybody still listens.
    fn tell(&self, index: usize, trial: Trial) -> bool {
        let ended = Message::Ended {
            worker: usize::MAX,
            index,
            trial: Box::new(trial),
        };
        self.sender.send(ended).is_ok()
    }
}

/// Plays until the harness is in time, but not for ever: on a machine that is
/// always late the last outcome says so.
async fn in_time<T>(mut play: impl AsyncFnMut() -> (T, bool)) -> T {
    for _ in 1..TRIES {
        let (outcome, late) = play().await;
        if !late {
            return outcome;
        }
    }
    play().await.0
}

/// [`drive`](tcpspec_engine::drive) for a stack whose waits are real; at the
/// first of them the `turn` to begin goes to another trial. Says as well whether
/// the trial was decided by the harness being late.
async fn drive_real(
    plan: Plan,
    stack: &mut LinuxStack,
    mut turn: Option<SemaphorePermit<'_>>,
) -> (Trial, bool) {
    let mut interpreter = Interpreter::new(plan.clone());
    let mut answer = None;
    loop {
        answer = Some(match interpreter.resume(answer) {
            Progress::Done(trial) => {
                let undecided = trial.verdict == Verdict::Inconclusive;
                return (
                    *trial,
                    undecided && plan.excuses(interpreter.lateness(), true),
                );
            }
            Progress::Ask(Ask::Open(setup)) => stack.open(&setup),
            Progress::Ask(Ask::Call(call)) => stack.call(&call),
            Progress::Ask(Ask::Deliver(packets)) => stack.deliver(&packets),
            Progress::Ask(Ask::Run(until, stop)) => {
                drop(turn.take());
                stack.run_async(until, stop).await
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    /// Whether the harness is late, play for play, and how many there are.
    #[rstest]
    #[case::in_time(&[false], 1)]
    #[case::late_once(&[true, false], 2)]
    #[case::always_late(&[true; TRIES], TRIES)]
    fn a_late_trial_is_played_again(#[case] late: &[bool], #[case] expected: usize) {
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        let mut plays = 0;
        let play = async || {
            plays += 1;
            (plays, late[plays - 1])
        };
        assert_eq!(runtime.unwrap().block_on(in_time(play)), expected);
    }
}

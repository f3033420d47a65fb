//! Trials on the kernel: tasks side by side on a thread for each core, each on
//! a lane of its own, so that a wait of a minute costs nobody else a core.
//!
//! A trial that went wrong while the harness itself was late has shown nothing
//! about the stack. It is played again in the end, when few others are under
//! way.
//!
//! A lane that panics is a bug, but takes no more than its own trial with it.

use std::collections::VecDeque;
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use tcpspec_connector::{Reply, StackError, StackUnderTest, Stop};
use tcpspec_engine::{Ask, Interpreter, Plan, Progress};
use tcpspec_linux::{LinuxStack, Options, sandbox};
use tcpspec_record::{Trial, Verdict};
use tcpspec_wire::Instant;
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::{Semaphore, SemaphorePermit, watch};
use tokio::task::{LocalSet, spawn_local};

use super::{Job, Message, Pace};
use crate::stacks;

/// Lanes in use at once: each is some 300 KiB of the kernel's memory.
const LANES: usize = 400;

/// Lanes for trials that are played again: few enough to keep up with, and
/// enough that a minute of waiting is not waited many times.
const FEW: usize = 8;

/// How often a trial is played again before the machine is given up as too
/// slow for it.
const TRIES: usize = 3;

/// A stack whose waits are real.
trait Waits: StackUnderTest {
    /// [`run`](StackUnderTest::run) for a task among others.
    async fn wait(&mut self, until: Instant, stop: Stop) -> Result<Reply, StackError>;
}

impl Waits for LinuxStack {
    async fn wait(&mut self, until: Instant, stop: Stop) -> Result<Reply, StackError> {
        self.run_async(until, stop).await
    }
}

/// The threads of the lanes.
///
/// Their messages carry the number of no worker: waits in real time have no
/// wall deadline but those of the steps.
pub(super) struct Lanes {
    threads: Vec<JoinHandle<()>>,
    /// Dropped to end them.
    stop: watch::Sender<()>,
}

impl Lanes {
    /// Begins to run these jobs on the kernel.
    pub(super) fn begin(jobs: Vec<Job>, sender: UnboundedSender<Message>) -> Self {
        let cores = thread::available_parallelism().map_or(1, NonZeroUsize::get);
        let lanes = jobs.len().min(LANES).min(sandbox::lanes_allowed());
        let threads = cores.min(lanes).max(1);
        Self::begin_on(
            threads,
            lanes.div_ceil(threads),
            jobs,
            sender,
            stacks::linux,
        )
    }

    /// Begins with so many threads of so many lanes each.
    fn begin_on<S: Waits + 'static>(
        threads: usize,
        lanes: usize,
        jobs: Vec<Job>,
        sender: UnboundedSender<Message>,
        make: fn(Options) -> S,
    ) -> Self {
        let (stop, stopped) = watch::channel(());
        let shared = Arc::new(Shared {
            queue: Mutex::new(jobs.into()),
            again: Mutex::default(),
            at_work: Mutex::new(threads),
            panicked: Mutex::new(false),
            sender,
        });
        let begin = |_| {
            let (shared, stopped) = (Arc::clone(&shared), stopped.clone());
            thread::spawn(move || {
                let played = catch_unwind(AssertUnwindSafe(|| play(&shared, lanes, make, stopped)));
                if !matches!(played, Ok(Ok(()))) {
                    // If nobody listens any more, the run is over anyhow.
                    let _ = shared.sender.send(Message::Panicked);
                }
            })
        };
        let threads = (0..threads).map(begin).collect();
        Self { threads, stop }
    }

    /// Ends the lanes, whatever they are at, and waits until the kernel has
    /// nothing of theirs: a connection that outlives its process would keep
    /// its namespace for minutes.
    pub(super) fn end(self) {
        drop(self.stop);
        for thread in self.threads {
            // Its panic, if any, was told by a message.
            let _ = thread.join();
        }
    }
}

/// What the threads have in common.
struct Shared {
    queue: Mutex<VecDeque<Job>>,
    /// Trials in which the harness was too late to tell anything.
    again: Mutex<Vec<Job>>,
    /// Threads that may still have a trial under way.
    at_work: Mutex<usize>,
    /// A lane has.
    panicked: Mutex<bool>,
    sender: UnboundedSender<Message>,
}

/// What the lanes of a thread have in common.
struct Course {
    shared: Arc<Shared>,
    /// Held by the lane that begins a trial. Beginning is most of the work; if
    /// all lanes began at once, a trial that is under way would wait for its
    /// turn through all of that.
    begins: Semaphore,
}

/// A thread: runs jobs until all are done or the run is stopped.
///
/// All lanes are made before the first trial begins: making one takes longer
/// than most trials, and a trial must not be kept waiting in its middle.
fn play<S: Waits + 'static>(
    shared: &Arc<Shared>,
    lanes: usize,
    make: fn(Options) -> S,
    mut stopped: watch::Receiver<()>,
) -> std::io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let tasks = LocalSet::new();
    let course = Rc::new(Course {
        shared: Arc::clone(shared),
        begins: Semaphore::new(1),
    });
    let kernels: Vec<Kernel<S>> = (0..lanes).map(|_| ready(shared, make)).collect();
    for kernel in kernels {
        tasks.spawn_local(watched(Rc::clone(&course), kernel));
    }
    let all = async {
        tasks.await;
        if shared.is_last() {
            play_again(&course, make).await;
            // Not before: whoever hears of it waits for no more trials.
            if *lock(&shared.panicked) {
                return Err(std::io::Error::other("a lane panicked"));
            }
        }
        Ok(())
    };
    runtime.block_on(async {
        tokio::select! {
            played = all => played,
            // There is nothing to receive: it tells that the sender has gone.
            _ = stopped.changed() => Ok(()),
        }
    })
}

/// Plays again what has to be, on a few lanes, with all threads but this idle.
async fn play_again<S: Waits + 'static>(course: &Rc<Course>, make: fn(Options) -> S) {
    let tasks = LocalSet::new();
    let begin = |_| tasks.spawn_local(again(Rc::clone(course), make));
    let lanes: Vec<_> = (0..FEW).map(begin).collect();
    tasks.await;
    for lane in lanes {
        *lock(&course.shared.panicked) |= lane.await.is_err();
    }
}

/// A kernel that is ready for the first trial.
fn ready<S: Waits>(shared: &Shared, make: fn(Options) -> S) -> Kernel<S> {
    let mut kernel = Kernel::new(make);
    let first = lock(&shared.queue).front().cloned();
    if let Some(job) = first {
        // If it fails, so will the trial's own `open`, which is heard.
        let _ = kernel.of(&job).open(&job.plan.setup());
    }
    kernel
}

/// A lane, and another in its place if it panics.
async fn watched<S: Waits + 'static>(course: Rc<Course>, mut kernel: Kernel<S>) {
    let make = kernel.make;
    while let Err(panic) = spawn_local(lane(Rc::clone(&course), kernel)).await {
        *lock(&course.shared.panicked) |= panic.is_panic();
        kernel = Kernel::new(make);
    }
}

/// A lane: trials on the kernel, one after the other.
async fn lane(course: Rc<Course>, mut kernel: Kernel<impl Waits>) {
    let shared = &course.shared;
    while let Ok(turn) = course.begins.acquire().await {
        // Whoever has been woken meanwhile goes first.
        tokio::task::yield_now().await;
        let Some(job) = lock(&shared.queue).pop_front() else {
            return;
        };
        let (trial, pace) = drive_real(job.plan.clone(), kernel.of(&job), Some(turn)).await;
        if pace.too_late {
            lock(&shared.again).push(job);
        } else if !shared.tell(job.index, trial, pace) {
            return;
        }
    }
}

/// A lane of those on which trials are played again.
async fn again<S: Waits>(course: Rc<Course>, make: fn(Options) -> S) {
    let (shared, mut kernel) = (&course.shared, Kernel::new(make));
    while let Some(job) = pop(&shared.again) {
        let stack = kernel.of(&job);
        let play = async || {
            let turn = course.begins.acquire().await.ok();
            drive_real(job.plan.clone(), stack, turn).await
        };
        let (trial, pace) = in_time(play).await;
        if !shared.tell(job.index, trial, pace) {
            return;
        }
    }
}

fn pop(jobs: &Mutex<Vec<Job>>) -> Option<Job> {
    lock(jobs).pop()
}

/// The kernel with the options of the last job, and the lane that it has.
struct Kernel<S> {
    made: Option<(Options, S)>,
    make: fn(Options) -> S,
}

impl<S> Kernel<S> {
    const fn new(make: fn(Options) -> S) -> Self {
        Self { made: None, make }
    }

    /// The kernel with the options that a job asks for. Another lane is made
    /// only where they are others than before.
    fn of(&mut self, job: &Job) -> &mut S {
        let asked = job.stack.options();
        let made = self.made.take().filter(|(options, _)| *options == asked);
        let made = made.unwrap_or_else(|| (asked, (self.make)(asked)));
        &mut self.made.insert(made).1
    }
}

impl Shared {
    /// Tells that a trial has ended; whether anybody still listens.
    fn tell(&self, index: usize, trial: Trial, pace: Pace) -> bool {
        let ended = Message::Ended {
            worker: usize::MAX,
            index,
            trial: Box::new(trial),
            pace: Some(pace),
        };
        self.sender.send(ended).is_ok()
    }

    /// A thread has no more to do; whether it was the last.
    fn is_last(&self) -> bool {
        let mut at_work = lock(&self.at_work);
        *at_work = at_work.saturating_sub(1);
        *at_work == 0
    }
}

/// What a thread that panicked has left behind is whole: nothing is changed in
/// more than one step.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Plays until the harness is in time, but not for ever: on a machine that is
/// always late the last outcome says so.
async fn in_time<T>(mut play: impl AsyncFnMut() -> (T, Pace)) -> (T, Pace) {
    let mut again = 1;
    loop {
        let (outcome, pace) = play().await;
        if !pace.too_late || again == TRIES {
            return (outcome, Pace { again, ..pace });
        }
        again += 1;
    }
}

/// [`drive`](tcpspec_engine::drive) for a stack whose waits are real; at the
/// first of them the `turn` to begin goes to another trial.
async fn drive_real(
    plan: Plan,
    stack: &mut impl Waits,
    mut turn: Option<SemaphorePermit<'_>>,
) -> (Trial, Pace) {
    let mut interpreter = Interpreter::new(plan.clone());
    let mut answer = None;
    loop {
        answer = Some(match interpreter.resume(answer) {
            Progress::Done(trial) => {
                let late = interpreter.lateness();
                let undecided = trial.verdict == Verdict::Inconclusive;
                let pace = Pace {
                    late,
                    too_late: undecided && plan.excuses(late, true),
                    again: 0,
                };
                return (*trial, pace);
            }
            Progress::Ask(Ask::Open(setup)) => stack.open(&setup),
            Progress::Ask(Ask::Call(call)) => stack.call(&call),
            Progress::Ask(Ask::Deliver(packets)) => stack.deliver(&packets),
            Progress::Ask(Ask::Run(until, stop)) => {
                drop(turn.take());
                stack.wait(until, stop).await
            }
        });
    }
}

#[cfg(test)]
mod tests;

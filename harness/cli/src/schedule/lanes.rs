//! Trials on the kernel: tasks side by side on a thread for each core, each on
//! a lane of its own, so that a wait of a minute costs nobody else a core.
//!
//! A trial that went wrong while the harness itself was late has shown nothing
//! about the stack. It is [played again](again) when no more trials begin.
//!
//! A lane that panics is a bug, but takes no more than its own trial with it.

mod again;

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
use tokio::runtime::Runtime;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::sync::{Semaphore, SemaphorePermit, watch};
use tokio::task::{LocalSet, spawn_local};

use super::{Job, Message, Pace};
use crate::stacks;

/// Lanes in use at once: each is some 300 KiB of the kernel's memory.
const LANES: usize = 400;

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
        let (late, late_jobs) = unbounded_channel();
        let shared = Arc::new(Shared {
            queue: Mutex::new(jobs.into()),
            panicked: Mutex::new(false),
            sender,
        });
        let mut all = Vec::new();
        for _ in 0..threads {
            let late = late.clone();
            all.push(shared.thread(stopped.clone(), move |shared| {
                play(Arc::clone(shared), late, lanes, make)
            }));
        }
        all.push(shared.thread(stopped, move |shared| {
            again::play(Arc::clone(shared), late_jobs, make)
        }));
        Self { threads: all, stop }
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
    /// A lane has.
    panicked: Mutex<bool>,
    sender: UnboundedSender<Message>,
}

/// What the lanes of a thread have in common.
struct Course {
    shared: Arc<Shared>,
    /// Where trials go in which the harness was too late to tell anything.
    late: UnboundedSender<Job>,
    /// Held by the lane that begins a trial. Beginning is most of the work; if
    /// all lanes began at once, a trial that is under way would wait for its
    /// turn through all of that.
    begins: Semaphore,
}

/// A thread: runs jobs until all are done.
///
/// All lanes are made before the first trial begins: making one takes longer
/// than most trials, and a trial must not be kept waiting in its middle.
async fn play<S: Waits + 'static>(
    shared: Arc<Shared>,
    late: UnboundedSender<Job>,
    lanes: usize,
    make: fn(Options) -> S,
) -> std::io::Result<()> {
    let tasks = LocalSet::new();
    let kernels: Vec<Kernel<S>> = (0..lanes).map(|_| ready(&shared, make)).collect();
    let course = Rc::new(Course {
        shared,
        late,
        begins: Semaphore::new(1),
    });
    for kernel in kernels {
        tasks.spawn_local(watched(Rc::clone(&course), kernel));
    }
    tasks.await;
    Ok(())
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
            // Whoever plays it again is there for as long as there are lanes.
            let _ = course.late.send(job);
        } else if !shared.tell(job.index, trial, pace) {
            return;
        }
    }
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

    /// Begins a thread that plays until it has, or the run is stopped.
    fn thread<P: Future<Output = std::io::Result<()>>>(
        self: &Arc<Self>,
        mut stopped: watch::Receiver<()>,
        play: impl FnOnce(&Arc<Self>) -> P + Send + 'static,
    ) -> JoinHandle<()> {
        let shared = Arc::clone(self);
        let until_stopped = async move |shared: &Arc<Self>| {
            tokio::select! {
                played = play(shared) => played,
                // There is nothing to receive: it tells that the sender has gone.
                _ = stopped.changed() => Ok(()),
            }
        };
        thread::spawn(move || {
            let run = || runtime()?.block_on(until_stopped(&shared));
            let played = catch_unwind(AssertUnwindSafe(run));
            if !matches!(played, Ok(Ok(()))) {
                // If nobody listens any more, the run is over anyhow.
                let _ = shared.sender.send(Message::Panicked);
            }
        })
    }
}

/// What a thread that panicked has left behind is whole: nothing is changed in
/// more than one step.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn runtime() -> std::io::Result<Runtime> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
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
                    too_late: undecided && plan.excuses(late),
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

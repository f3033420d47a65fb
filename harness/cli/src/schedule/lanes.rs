//! Trials on the kernel: tasks side by side on a thread for each core, each on
//! a lane of its own, so that a wait of a minute costs nobody else a core.
//!
//! There are as many lanes as trials wait: a few are made before the first
//! trial, and [another](supply) whenever most of those that there are wait.
//!
//! A trial that went wrong while the harness itself was late has shown nothing
//! about the stack. It is [played again](again) when no more trials begin.
//!
//! A lane that panics is a bug, but takes no more than its own trial with it.

mod again;
mod kernel;
mod supply;

use std::cell::Cell;
use std::collections::VecDeque;
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use tcpspec_connector::{Reply, StackError, StackUnderTest, Stop};
use tcpspec_engine::{Ask, Interpreter, Plan, Progress};
use tcpspec_linux::{LinuxStack, Options, Room};
use tcpspec_record::{Trial, Verdict};
use tcpspec_wire::Instant;
use tokio::runtime::Runtime;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::sync::{Semaphore, SemaphorePermit, watch};
use tokio::task::{LocalSet, spawn_local};

use super::{Job, Message, Pace};
use crate::stacks;
use kernel::Kernel;
use supply::{Order, supply};

/// Lanes of a thread that are made before the first trial begins: nothing keeps
/// up with trials as well as if none were made meanwhile.
const FIRST: usize = if cfg!(test) { 4 } else { 200 };

/// Lanes of a thread that are to be free or on order for trials that begin: with
/// fewer a trial would wait for its lane, and each takes its time to be made.
const SPARE: usize = 32;

/// A stack whose waits are real.
trait Waits: StackUnderTest + Send {
    /// [`run`](StackUnderTest::run) for a task among others.
    async fn wait(&mut self, until: Instant, stop: Stop) -> Result<Reply, StackError>;

    /// Holds little of the machine until it is used again.
    fn rest(&mut self) {}
}

impl Waits for LinuxStack {
    async fn wait(&mut self, until: Instant, stop: Stop) -> Result<Reply, StackError> {
        self.run_async(until, stop).await
    }

    fn rest(&mut self) {
        Self::rest(self);
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
    /// Begins to run these jobs on the kernel, at most so many at once, and no
    /// more than the machine has room for.
    pub(super) fn begin(jobs: Vec<Job>, most: usize, sender: UnboundedSender<Message>) -> Self {
        let cores = thread::available_parallelism().map_or(1, NonZeroUsize::get);
        let wanted = jobs.len().min(most);
        let Room { lanes, why, fix } = Room::now(wanted);
        if lanes < wanted {
            let less = format!("at most {lanes} trials at once on the kernel: {why}; {fix}");
            // If nobody listens any more, the run is over anyhow.
            let _ = sender.send(Message::Less(less));
        }
        let lanes = lanes.min(wanted);
        let threads = cores.min(lanes).max(1);
        Self::begin_on(
            threads,
            lanes.div_ceil(threads),
            jobs,
            sender,
            stacks::linux,
        )
    }

    /// Begins with so many threads of at most so many lanes each.
    fn begin_on<S: Waits + 'static>(
        threads: usize,
        most: usize,
        jobs: Vec<Job>,
        sender: UnboundedSender<Message>,
        make: fn(Options) -> S,
    ) -> Self {
        let (stop, stopped) = watch::channel(());
        let (late, late_jobs) = unbounded_channel();
        let (orders, ordered) = unbounded_channel();
        let shared = Arc::new(Shared {
            queue: Mutex::new(jobs.into()),
            panicked: Mutex::new(false),
            under_way: AtomicUsize::new(0),
            sender,
        });
        let mut all = Vec::new();
        for _ in 0..threads {
            let (late, orders) = (late.clone(), orders.clone());
            all.push(shared.thread(stopped.clone(), move |shared| {
                play(Arc::clone(shared), late, orders, most, make)
            }));
        }
        all.push(shared.thread(stopped.clone(), move |shared| {
            supply(Arc::clone(shared), ordered, make)
        }));
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
    /// Trials that have begun and not ended.
    under_way: AtomicUsize,
    sender: UnboundedSender<Message>,
}

/// What the lanes of a thread have in common.
struct Course<S> {
    shared: Arc<Shared>,
    /// Where trials go in which the harness was too late to tell anything.
    late: UnboundedSender<Job>,
    /// Held by the lane that begins a trial. Beginning is most of the work; if
    /// all lanes began at once, a trial that is under way would wait for its
    /// turn through all of that.
    begins: Semaphore,
    /// Lanes that have no trial, and those on order.
    spare: Cell<usize>,
    /// Lanes that may still be ordered.
    may_order: Cell<usize>,
    orders: UnboundedSender<Order<S>>,
    /// Where a lane that was ordered comes to.
    made: UnboundedSender<Kernel<S>>,
}

/// A thread: runs jobs until all are done.
///
/// Lanes are made here before the first trial begins and nowhere else but in a
/// thread of its own: making one takes longer than most trials, and a trial must
/// not be kept waiting in its middle.
async fn play<S: Waits + 'static>(
    shared: Arc<Shared>,
    late: UnboundedSender<Job>,
    orders: UnboundedSender<Order<S>>,
    most: usize,
    make: fn(Options) -> S,
) -> std::io::Result<()> {
    let first = most.min(FIRST);
    // If one fails, so will the trial's own `open`, which is heard.
    let kernels: Vec<Kernel<S>> = (0..first).map(|_| supply::ready(&shared, make).0).collect();
    let (made, mut comes) = unbounded_channel();
    let course = Rc::new(Course {
        shared,
        late,
        begins: Semaphore::new(1),
        spare: Cell::new(first),
        may_order: Cell::new(most - first),
        orders,
        made,
    });
    let tasks = LocalSet::new();
    for kernel in kernels {
        tasks.spawn_local(watched(Rc::clone(&course), kernel));
    }
    // It goes with its last lane, and `made` with it.
    let alive = Rc::downgrade(&course);
    drop(course);
    let joined = async {
        while let Some(kernel) = comes.recv().await {
            if let Some(course) = alive.upgrade() {
                spawn_local(watched(course, kernel));
            }
        }
    };
    tasks.run_until(joined).await;
    tasks.await;
    Ok(())
}

/// A lane, and another in its place if it panics.
async fn watched<S: Waits + 'static>(course: Rc<Course<S>>, mut kernel: Kernel<S>) {
    let make = kernel.make;
    while let Err(panic) = spawn_local(lane(Rc::clone(&course), kernel)).await {
        *lock(&course.shared.panicked) |= panic.is_panic();
        course.spare.update(|spare| spare + 1);
        kernel = Kernel::new(make);
    }
}

/// A lane: trials on the kernel, one after the other.
async fn lane<S: Waits>(course: Rc<Course<S>>, mut kernel: Kernel<S>) {
    let shared = &course.shared;
    while let Ok(turn) = course.begins.acquire().await {
        // Whoever has been woken meanwhile goes first.
        tokio::task::yield_now().await;
        let Some(job) = lock(&shared.queue).pop_front() else {
            return;
        };
        course.takes_lane();
        let trial = shared.drive(job.plan.clone(), kernel.of(&job), Some(turn));
        let (trial, pace) = trial.await;
        course.spare.update(|spare| spare + 1);
        if course.spare.get() > FIRST {
            // It will take a while until its turn comes.
            kernel.rest();
        }
        if pace.too_late {
            // Whoever plays it again is there for as long as there are lanes.
            let _ = course.late.send(job);
        } else if !shared.tell(job.index, trial, pace) {
            return;
        }
    }
}

impl<S> Course<S> {
    /// A trial has got a lane; another is ordered if few are left.
    fn takes_lane(&self) {
        self.spare.update(|spare| spare.saturating_sub(1));
        let may_order = self.may_order.get();
        if self.spare.get() >= SPARE || may_order == 0 {
            return;
        }
        if self.orders.send(Order(self.made.clone())).is_ok() {
            self.may_order.set(may_order - 1);
            self.spare.update(|spare| spare + 1);
        }
    }
}

impl Shared {
    /// Plays a trial, and says how many were under way when it began.
    async fn drive(
        &self,
        plan: Plan,
        stack: &mut impl Waits,
        turn: Option<SemaphorePermit<'_>>,
    ) -> (Trial, Pace) {
        let under_way = UnderWay::begin(&self.under_way);
        let (trial, pace) = drive_real(plan, stack, turn).await;
        let at_once = under_way.at_once;
        (trial, Pace { at_once, ..pace })
    }

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

/// A trial that has begun; dropped when it ends, however that is.
struct UnderWay<'a> {
    all: &'a AtomicUsize,
    /// How many there were then, with this one.
    at_once: usize,
}

impl<'a> UnderWay<'a> {
    fn begin(all: &'a AtomicUsize) -> Self {
        let at_once = all.fetch_add(1, Ordering::Relaxed) + 1;
        Self { all, at_once }
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.all.fetch_sub(1, Ordering::Relaxed);
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
                    ..Pace::default()
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
            Progress::Ask(Ask::Leap(to)) => stack.leap(to),
        });
    }
}

#[cfg(test)]
mod tests;

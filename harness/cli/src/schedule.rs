//! Runs trials: those on virtual clocks on worker threads in a plain loop,
//! those on the real clock side by side as tasks of one thread, so that a wait
//! of a minute costs nobody else a core.
//!
//! A stack in this process that never returns cannot be stopped; its worker is
//! given up and another takes its place.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use tcpspec_connector::StackUnderTest;
use tcpspec_engine::{Ask, Interpreter, Plan, Progress, drive};
use tcpspec_linux::LinuxStack;
use tcpspec_record::{Trial, Verdict};
use tokio::sync::Barrier;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::Instant;

use crate::stacks::{self, StackName};

/// Lanes of the kernel in use at once: some 4 file descriptors each, of 1,024
/// that a process usually has.
const LANES: usize = 200;

/// How long to wait for a deadline when there is none.
const NO_DEADLINE: Duration = Duration::from_secs(3600);

/// A trial to run: its place in the run's order, and what to do.
#[derive(Clone, Debug)]
pub(crate) struct Job {
    pub(crate) index: usize,
    pub(crate) stack: StackName,
    pub(crate) plan: Plan,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// Every trial has ended.
    Complete,
    /// Ctrl-C.
    Interrupted,
    /// A panic outside a stack.
    Bug,
}

enum Message {
    Started {
        worker: usize,
        index: usize,
    },
    Ended {
        worker: usize,
        index: usize,
        trial: Box<Trial>,
    },
    Panicked,
}

type Queue = Arc<Mutex<VecDeque<Job>>>;

/// Runs all jobs; `ended` is called for each as it ends.
///
/// # Errors
///
/// If threads or timers cannot be had.
pub(crate) fn run(
    jobs: Vec<Job>,
    workers: usize,
    wall_limit: Duration,
    mut ended: impl FnMut(usize, Trial),
) -> std::io::Result<End> {
    let (real, fictive): (Vec<Job>, Vec<Job>) = jobs
        .into_iter()
        .partition(|job| job.stack == StackName::Linux);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let (sender, receiver) = unbounded_channel();
    let mut run = Run {
        left: real.len() + fictive.len(),
        plans: fictive
            .iter()
            .map(|job| (job.index, job.plan.clone()))
            .collect(),
        queue: Arc::new(Mutex::new(fictive.into())),
        sender,
        at_work: BTreeMap::new(),
        given_up: Vec::new(),
        wall_limit,
        next_worker: 0,
    };
    let enough = run.plans.len().min(workers);
    for _ in 0..enough {
        run.spawn_worker();
    }
    if !real.is_empty() {
        spawn_lanes(real, run.sender.clone());
    }
    Ok(runtime.block_on(run.watch(receiver, &mut ended)))
}

/// The run as its main thread sees it.
struct Run {
    left: usize,
    /// Plans of the trials on virtual clocks, to say which one hung.
    plans: BTreeMap<usize, Plan>,
    queue: Queue,
    sender: UnboundedSender<Message>,
    /// What each worker is at, and since when.
    at_work: BTreeMap<usize, (usize, Instant)>,
    /// Workers that hang for ever; their words do not count any more.
    given_up: Vec<usize>,
    wall_limit: Duration,
    next_worker: usize,
}

impl Run {
    async fn watch(
        &mut self,
        mut receiver: UnboundedReceiver<Message>,
        ended: &mut impl FnMut(usize, Trial),
    ) -> End {
        let interrupt = tokio::signal::ctrl_c();
        tokio::pin!(interrupt);
        while self.left > 0 {
            let oldest = self.at_work.values().map(|(_, since)| *since).min();
            let deadline = oldest.map_or_else(
                || Instant::now() + NO_DEADLINE,
                |since| since + self.wall_limit,
            );
            tokio::select! {
                biased;
                _ = &mut interrupt => return End::Interrupted,
                message = receiver.recv() => match message {
                    Some(Message::Panicked) | None => return End::Bug,
                    Some(message) => self.note(message, ended),
                },
                () = tokio::time::sleep_until(deadline) => self.give_up_overdue(ended),
            }
        }
        End::Complete
    }

    fn note(&mut self, message: Message, ended: &mut impl FnMut(usize, Trial)) {
        match message {
            Message::Started { worker, index } => {
                self.at_work.insert(worker, (index, Instant::now()));
            }
            Message::Ended {
                worker,
                index,
                trial,
            } if !self.given_up.contains(&worker) => {
                self.at_work.remove(&worker);
                self.left -= 1;
                ended(index, *trial);
            }
            Message::Ended { .. } | Message::Panicked => {}
        }
    }

    /// Trials whose stack has not answered for too long are stuck; others take
    /// the place of their workers.
    fn give_up_overdue(&mut self, ended: &mut impl FnMut(usize, Trial)) {
        let now = Instant::now();
        let overdue = |since: Instant| now.duration_since(since) >= self.wall_limit;
        let stuck: Vec<(usize, usize)> = self
            .at_work
            .iter()
            .filter(|(_, (_, since))| overdue(*since))
            .map(|(worker, (index, _))| (*worker, *index))
            .collect();
        for (worker, index) in stuck {
            self.at_work.remove(&worker);
            self.given_up.push(worker);
            self.left -= 1;
            if let Some(plan) = self.plans.get(&index) {
                let reason = format!(
                    "the stack did not answer within {:?} of real time",
                    self.wall_limit
                );
                ended(index, unplayed(plan, Verdict::Stuck, reason));
            }
            self.spawn_worker();
        }
    }

    fn spawn_worker(&mut self) {
        let (worker, queue, sender) = (
            self.next_worker,
            Arc::clone(&self.queue),
            self.sender.clone(),
        );
        self.next_worker += 1;
        thread::spawn(move || {
            let played = catch_unwind(AssertUnwindSafe(|| work(worker, &queue, &sender)));
            if played.is_err() {
                // If nobody listens any more, the run is over anyhow.
                let _ = sender.send(Message::Panicked);
            }
        });
    }
}

/// The record of a trial that was not played, or not to its end.
pub(crate) fn unplayed(plan: &Plan, verdict: Verdict, reason: String) -> Trial {
    Trial {
        id: plan.id.clone(),
        verdict,
        reason,
        known: None,
        tags: Vec::new(),
        failure: None,
        steps: Vec::new(),
        trace: Vec::new(),
        elapsed: 0,
    }
}

/// A worker: trials on virtual clocks, one after the other.
fn work(worker: usize, queue: &Queue, sender: &UnboundedSender<Message>) {
    let mut stack: Option<(StackName, stacks::Guarded)> = None;
    while let Some(Job {
        index,
        stack: name,
        plan,
    }) = take(queue)
    {
        if sender.send(Message::Started { worker, index }).is_err() {
            return;
        }
        let made = stack
            .take()
            .filter(|(of, _)| *of == name)
            .map(|(_, stack)| stack);
        let Some(mut fresh) = made.or_else(|| stacks::virtual_stack(name)) else {
            return;
        };
        let trial = Box::new(drive(plan, &mut fresh));
        if trial.verdict != Verdict::Crash {
            stack = Some((name, fresh));
        }
        if sender
            .send(Message::Ended {
                worker,
                index,
                trial,
            })
            .is_err()
        {
            return;
        }
    }
}

fn take(queue: &Queue) -> Option<Job> {
    queue
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .pop_front()
}

/// Starts the thread of the lanes. Its messages carry the number of no worker:
/// waits in real time have no wall deadline but those of the steps.
fn spawn_lanes(jobs: Vec<Job>, sender: UnboundedSender<Message>) {
    thread::spawn(move || {
        let played = catch_unwind(AssertUnwindSafe(|| lanes(jobs, &sender)));
        if !matches!(played, Ok(Ok(()))) {
            let _ = sender.send(Message::Panicked);
        }
    });
}

fn lanes(jobs: Vec<Job>, sender: &UnboundedSender<Message>) -> std::io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let tasks = tokio::task::LocalSet::new();
    let count = jobs.len().min(LANES);
    let queue = Rc::new(RefCell::new(VecDeque::from(jobs)));
    let ready = Rc::new(Barrier::new(count));
    for _ in 0..count {
        let ready = Rc::clone(&ready);
        let (queue, sender) = (Rc::clone(&queue), sender.clone());
        tasks.spawn_local(async move { lane(&queue, &ready, &sender).await });
    }
    runtime.block_on(tasks);
    Ok(())
}

/// A lane: trials on the kernel, one after the other.
///
/// All lanes are made before the first trial begins: making one takes longer
/// than most trials, and a trial must not be kept waiting in its middle.
async fn lane(queue: &RefCell<VecDeque<Job>>, ready: &Barrier, sender: &UnboundedSender<Message>) {
    let mut stack = stacks::linux();
    let first = queue.borrow().front().map(|job| job.plan.setup());
    if let Some(setup) = first {
        // If it fails, so will the trial's own `open`, which is heard.
        let _ = stack.open(&setup);
    }
    ready.wait().await;
    loop {
        let Some(Job { index, plan, .. }) = queue.borrow_mut().pop_front() else {
            return;
        };
        let trial = Box::new(drive_real(plan, &mut stack).await);
        if sender
            .send(Message::Ended {
                worker: usize::MAX,
                index,
                trial,
            })
            .is_err()
        {
            return;
        }
        tokio::task::yield_now().await;
    }
}

/// [`drive`] for a stack whose waits are real.
async fn drive_real(plan: Plan, stack: &mut LinuxStack) -> Trial {
    let mut interpreter = Interpreter::new(plan);
    let mut answer = None;
    loop {
        answer = Some(match interpreter.resume(answer) {
            Progress::Done(trial) => return *trial,
            Progress::Ask(Ask::Open(setup)) => stack.open(&setup),
            Progress::Ask(Ask::Call(call)) => stack.call(&call),
            Progress::Ask(Ask::Deliver(packets)) => stack.deliver(&packets),
            Progress::Ask(Ask::Run(until, stop)) => stack.run_async(until, stop).await,
        });
    }
}

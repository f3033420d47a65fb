//! Trials on the kernel: tasks side by side on one thread, each on a lane of
//! its own, so that a wait of a minute costs nobody else a core.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::thread::{self, JoinHandle};

use tcpspec_connector::StackUnderTest;
use tcpspec_engine::{Ask, Interpreter, Plan, Progress};
use tcpspec_linux::LinuxStack;
use tcpspec_record::Trial;
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::{Barrier, oneshot};

use super::{Job, Message};
use crate::stacks;

/// Lanes in use at once: some 4 file descriptors each, of 1,024 that a process
/// usually has.
const LANES: usize = 200;

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
    let queue = Rc::new(RefCell::new(VecDeque::from(jobs)));
    let ready = Rc::new(Barrier::new(count));
    for _ in 0..count {
        let ready = Rc::clone(&ready);
        let (queue, sender) = (Rc::clone(&queue), sender.clone());
        tasks.spawn_local(async move { lane(&queue, &ready, &sender).await });
    }
    runtime.block_on(async {
        tokio::select! {
            () = tasks => {}
            _ = stopped => {}
        }
    });
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

/// [`drive`](tcpspec_engine::drive) for a stack whose waits are real.
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

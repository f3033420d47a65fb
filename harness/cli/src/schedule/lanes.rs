//! Trials on the kernel: tasks side by side on one thread, each on a lane of
//! its own, so that a wait of a minute costs nobody else a core.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::thread;

use tcpspec_connector::StackUnderTest;
use tcpspec_engine::{Ask, Interpreter, Plan, Progress};
use tcpspec_linux::LinuxStack;
use tcpspec_record::Trial;
use tokio::sync::Barrier;
use tokio::sync::mpsc::UnboundedSender;

use super::{Job, Message};
use crate::stacks;

/// Lanes in use at once: some 4 file descriptors each, of 1,024 that a process
/// usually has.
const LANES: usize = 200;

/// Starts the thread of the lanes. Its messages carry the number of no worker:
/// waits in real time have no wall deadline but those of the steps.
pub(super) fn spawn(jobs: Vec<Job>, sender: UnboundedSender<Message>) {
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

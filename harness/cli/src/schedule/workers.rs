//! Trials on virtual clocks, and on stacks in other processes: a plain loop on a
//! thread.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use tcpspec_engine::{Plan, drive};
use tcpspec_record::{Trial, Verdict};
use tokio::sync::mpsc::UnboundedSender;

use super::{Job, Message};
use crate::stacks::{self, Driven, StackName};

/// Trials that wait for a worker.
pub(super) type Queue = Arc<Mutex<VecDeque<Job>>>;

/// A worker: trials on virtual clocks, one after the other.
pub(super) fn work(worker: usize, queue: &Queue, sender: &UnboundedSender<Message>) {
    let mut stack: Option<(StackName, Driven)> = None;
    while let Some(Job {
        index,
        stack: name,
        greeting,
        plan,
        ..
    }) = take(queue)
    {
        // A stack in another process has its deadlines by itself, and who waits for
        // packets waits no longer than the case says.
        let is_packets = matches!(name, StackName::Packets(_));
        let is_watched = greeting.is_none() && !is_packets;
        if is_watched && sender.send(Message::Started { worker, index }).is_err() {
            return;
        }
        let made = stack
            .take()
            .filter(|(of, _)| *of == name)
            .map(|(_, stack)| stack);
        let Some(mut fresh) = made.or_else(|| stacks::driven(&name, greeting.as_ref())) else {
            return;
        };
        let tries = if is_packets { TRIES } else { 1 };
        let mut trial = Box::new(play(&plan, &mut fresh, tries));
        if wants_explanation(trial.verdict) {
            trial.transcript = fresh.transcript().map(Box::new);
        }
        if trial.verdict != Verdict::Crash || fresh.revives() {
            stack = Some((name, fresh));
        }
        if sender
            .send(Message::Ended {
                worker,
                index,
                trial,
                pace: None,
            })
            .is_err()
        {
            return;
        }
    }
}

/// How often a trial on the real clock is played while it shows nothing, as where
/// the harness was late.
const TRIES: usize = 3;

fn play(plan: &Plan, stack: &mut Driven, tries: usize) -> Trial {
    let mut trial = drive(plan.clone(), stack.as_stack());
    for _ in 1..tries {
        if trial.verdict != Verdict::Inconclusive {
            break;
        }
        trial = drive(plan.clone(), stack.as_stack());
    }
    trial
}

const fn wants_explanation(verdict: Verdict) -> bool {
    !matches!(verdict, Verdict::Pass | Verdict::Deviates | Verdict::Skip)
}

fn take(queue: &Queue) -> Option<Job> {
    queue
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .pop_front()
}

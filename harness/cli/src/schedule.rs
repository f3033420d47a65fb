//! Runs trials: those on virtual clocks on worker threads, those on the real
//! clock on lanes, and watches over both.
//!
//! A stack in this process that never returns cannot be stopped; its worker is
//! given up and another takes its place.

mod lanes;
mod workers;

use std::collections::{BTreeMap, VecDeque};
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use tcpspec_engine::Plan;
use tcpspec_protocol::{Greeting, end_processes};
use tcpspec_record::{Trial, Verdict};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::{Instant, interval};

use crate::stacks::StackName;
use lanes::Lanes;
use workers::Queue;

/// How often a run that waits says so.
const HEARTBEAT: Duration = Duration::from_secs(10);

/// How long to wait for a deadline when there is none.
const NO_DEADLINE: Duration = Duration::from_secs(3600);

/// How long processes of stacks may take to end themselves.
const GRACE: Duration = Duration::from_secs(2);

/// A trial to run: its place in the run's order, and what to do.
#[derive(Clone, Debug)]
pub(crate) struct Job {
    pub(crate) index: usize,
    pub(crate) stack: StackName,
    /// What the stack has said of itself, if it is in another process.
    pub(crate) greeting: Option<Arc<Greeting>>,
    pub(crate) plan: Plan,
    /// The verdict that the stack's baseline expects.
    pub(crate) expected: Option<Verdict>,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// Every trial has ended.
    Complete,
    /// Ctrl-C, or the request to terminate, or nobody wants to hear more.
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
        /// How the harness kept up, where time was real.
        pace: Option<Pace>,
    },
    /// Fewer trials can be under way at once than were to be, and why.
    Less(String),
    Panicked,
}

/// How the harness kept up with a trial on the real clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Pace {
    /// The most by which it was late.
    pub(crate) late: Duration,
    /// That is why the trial has shown nothing.
    too_late: bool,
    /// How often the trial was played again.
    pub(crate) again: usize,
    /// Trials under way when it began, with this one.
    pub(crate) at_once: usize,
}

/// What there is to tell while a run goes on.
pub(crate) enum News {
    /// The trial at this place has ended; how the harness kept up, where time
    /// was real.
    Ended(usize, Box<Trial>, Option<Pace>),
    /// Some time has passed.
    Waiting,
    /// Fewer trials can be under way at once than were to be, and why.
    Less(String),
}

/// Whether to go on.
pub(crate) type Heard = ControlFlow<()>;

/// How much there may be at once, and for how long.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Threads for trials on virtual clocks.
    pub(crate) workers: usize,
    /// Trials on the real clock.
    pub(crate) lanes: usize,
    /// Real time after which a stack on a virtual clock is stuck.
    pub(crate) wall: Duration,
}

/// Runs all jobs, and tells how it goes for as long as that is heard.
///
/// # Errors
///
/// If threads or timers cannot be had.
pub(crate) fn run(
    jobs: Vec<Job>,
    limits: Limits,
    mut tell: impl FnMut(News) -> Heard,
) -> std::io::Result<End> {
    let (real, fictive): (Vec<Job>, Vec<Job>) = jobs
        .into_iter()
        .partition(|job| matches!(job.stack, StackName::Linux(_)));
    let (packets, fictive): (Vec<Job>, Vec<Job>) = fictive
        .into_iter()
        .partition(|job| matches!(job.stack, StackName::Packets(_)));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let (sender, receiver) = unbounded_channel();
    let mut run = Run {
        left: real.len() + packets.len() + fictive.len(),
        plans: fictive
            .iter()
            .map(|job| (job.index, job.plan.clone()))
            .collect(),
        queue: Arc::new(Mutex::new(fictive.into())),
        sender,
        at_work: BTreeMap::new(),
        given_up: Vec::new(),
        wall_limit: limits.wall,
        next_worker: 0,
    };
    let enough = run.plans.len().min(limits.workers);
    for _ in 0..enough {
        run.spawn_worker(Arc::clone(&run.queue));
    }
    run.begin_packets(packets);
    let lanes = (!real.is_empty()).then(|| Lanes::begin(real, limits.lanes, run.sender.clone()));
    let end = runtime.block_on(run.watch(receiver, &mut tell));
    if let Some(lanes) = lanes {
        lanes.end();
    }
    end_processes(match end {
        End::Complete => GRACE,
        End::Interrupted | End::Bug => Duration::ZERO,
    });
    Ok(end)
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
        tell: &mut impl FnMut(News) -> Heard,
    ) -> End {
        let (Ok(mut interrupt), Ok(mut terminate)) = (
            signal(SignalKind::interrupt()),
            signal(SignalKind::terminate()),
        ) else {
            return End::Bug;
        };
        let mut heartbeat = interval(HEARTBEAT);
        heartbeat.reset();
        while self.left > 0 {
            let oldest = self.at_work.values().map(|(_, since)| *since).min();
            let deadline = oldest.map_or_else(
                || Instant::now() + NO_DEADLINE,
                |since| since + self.wall_limit,
            );
            let heard = tokio::select! {
                biased;
                _ = interrupt.recv() => return End::Interrupted,
                _ = terminate.recv() => return End::Interrupted,
                message = receiver.recv() => match message {
                    Some(Message::Panicked) | None => return End::Bug,
                    Some(message) => self.note(message, tell),
                },
                () = tokio::time::sleep_until(deadline) => self.give_up_overdue(tell),
                _ = heartbeat.tick() => tell(News::Waiting),
            };
            if heard.is_break() {
                return End::Interrupted;
            }
        }
        End::Complete
    }

    fn note(&mut self, message: Message, tell: &mut impl FnMut(News) -> Heard) -> Heard {
        match message {
            Message::Started { worker, index } => {
                self.at_work.insert(worker, (index, Instant::now()));
                Heard::Continue(())
            }
            Message::Ended {
                worker,
                index,
                trial,
                pace,
            } if !self.given_up.contains(&worker) => {
                self.at_work.remove(&worker);
                self.left -= 1;
                tell(News::Ended(index, trial, pace))
            }
            Message::Less(why) => tell(News::Less(why)),
            Message::Ended { .. } | Message::Panicked => Heard::Continue(()),
        }
    }

    /// Trials whose stack has not answered for too long are stuck; others take
    /// the place of their workers.
    fn give_up_overdue(&mut self, tell: &mut impl FnMut(News) -> Heard) -> Heard {
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
                let trial = Trial::unplayed(plan.id.clone(), Verdict::Stuck, reason);
                tell(News::Ended(index, Box::new(trial), None))?;
            }
            self.spawn_worker(Arc::clone(&self.queue));
        }
        Heard::Continue(())
    }

    /// Trials that wait for packets, by stack: as many at once as it declares.
    fn begin_packets(&mut self, jobs: Vec<Job>) {
        let mut queues: BTreeMap<String, (usize, VecDeque<Job>)> = BTreeMap::new();
        for job in jobs {
            let StackName::Packets(target) = &job.stack else {
                continue;
            };
            let (name, parallel) = (job.stack.to_string(), target.parallel());
            let (_, queue) = queues.entry(name).or_insert((parallel, VecDeque::new()));
            queue.push_back(job);
        }
        for (parallel, jobs) in queues.into_values() {
            let workers = parallel.min(jobs.len());
            let queue: Queue = Arc::new(Mutex::new(jobs));
            for _ in 0..workers {
                self.spawn_worker(Arc::clone(&queue));
            }
        }
    }

    fn spawn_worker(&mut self, queue: Queue) {
        let (worker, sender) = (self.next_worker, self.sender.clone());
        self.next_worker += 1;
        thread::spawn(move || {
            let played = catch_unwind(AssertUnwindSafe(|| workers::work(worker, &queue, &sender)));
            if played.is_err() {
                // If nobody listens any more, the run is over anyhow.
                let _ = sender.send(Message::Panicked);
            }
        });
    }
}

//! Trials in which the harness was late are played again: when no others begin
//! any more, on a thread that whatever else the machine does keeps waiting as
//! little as its rights allow.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use tcpspec_engine::Plan;
use tcpspec_linux::{Options, Priority};
use tcpspec_record::Verdict;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::{Mutex, Semaphore};
use tokio::task::LocalSet;
use tokio::time::{Instant, sleep};

use super::{Job, Kernel, Pace, Shared, Waits, lock};

/// Lanes for trials that are played again: few enough to keep up with, and
/// enough that a minute of waiting is not waited many times.
const LANES: usize = 8;

/// How often a trial is played again at least before the machine is given up as
/// too slow for it.
pub(super) const TRIES: usize = 3;

/// And for how long: what keeps the harness waiting may pass. In tests it never
/// does.
const PATIENCE: Duration = Duration::from_secs(if cfg!(test) { 0 } else { 30 });

/// Time between two tries: the first, of which each is twice the one before.
const PAUSE: Duration = Duration::from_millis(50);

/// How often to look whether trials still begin.
const LOOK: Duration = Duration::from_millis(20);

/// What the lanes have in common.
struct Course {
    shared: Arc<Shared>,
    late: Mutex<UnboundedReceiver<Job>>,
    begins: Semaphore,
}

/// The thread: plays until nobody is left who could be late.
pub(super) async fn play<S: Waits + 'static>(
    shared: Arc<Shared>,
    late: UnboundedReceiver<Job>,
    make: fn(Options) -> S,
) -> std::io::Result<()> {
    // Whatever it gets, trials say how late it was.
    let _ = Priority::raise();
    let tasks = LocalSet::new();
    let course = Rc::new(Course {
        shared: Arc::clone(&shared),
        late: Mutex::new(late),
        begins: Semaphore::new(1),
    });
    let begin = |_| tasks.spawn_local(lane(Rc::clone(&course), make));
    let lanes: Vec<_> = (0..LANES).map(begin).collect();
    tasks.await;
    for lane in lanes {
        *lock(&shared.panicked) |= lane.await.is_err();
    }
    // Not before: whoever hears of it waits for no more trials.
    if *lock(&shared.panicked) {
        return Err(std::io::Error::other("a lane panicked"));
    }
    Ok(())
}

/// A lane: late trials, one after the other.
async fn lane<S: Waits>(course: Rc<Course>, make: fn(Options) -> S) {
    let mut kernel = Kernel::new(make);
    while let Some(job) = course.next().await {
        let stack = kernel.of(&job);
        let play = async |even_late| {
            let turn = course.begins.acquire().await.ok();
            let plan = Plan {
                even_late,
                ..job.plan.clone()
            };
            course.shared.drive(plan, stack, turn).await
        };
        let (trial, pace) = in_time(play, job.expected).await;
        if !course.shared.tell(job.index, trial, pace) {
            return;
        }
    }
}

impl Course {
    /// The next trial to be played again, once no others begin.
    async fn next(&self) -> Option<Job> {
        let job = self.late.lock().await.recv().await?;
        while !lock(&self.shared.queue).is_empty() {
            sleep(LOOK).await;
        }
        Some(job)
    }
}

/// Plays until the harness is in time, but not for ever. On a machine that is
/// always late the last time is one at which the verdict stands that is
/// `expected`; if that is not what comes, the outcome says how late it was.
pub(super) async fn in_time<T>(
    mut play: impl AsyncFnMut(Option<Verdict>) -> (T, Pace),
    expected: Option<Verdict>,
) -> (T, Pace) {
    let (began, mut pause, mut again) = (Instant::now(), PAUSE, 1);
    loop {
        let last = again >= TRIES && began.elapsed() >= PATIENCE;
        let (outcome, pace) = play(expected.filter(|_| last)).await;
        if !pace.too_late || last {
            return (outcome, Pace { again, ..pace });
        }
        sleep(pause).await;
        pause *= 2;
        again += 1;
    }
}

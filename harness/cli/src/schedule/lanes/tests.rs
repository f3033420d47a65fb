//! What the lanes do when something is wrong: with the harness's pace, with a
//! lane, with the machine.

use std::sync::Arc;
use std::time::Duration;

use rstest::rstest;
use tcpspec_casefile::{SourceFile, load_files};
use tcpspec_connector::control::{Control, ControlStack};
use tcpspec_connector::{Call, Hello, Setup};
use tcpspec_record::{IpVersion, TrialId};
use tokio::sync::mpsc::unbounded_channel;

use super::again::{TRIES, in_time};
use super::*;
use crate::stacks::StackName;

/// Whether the harness is late, play for play, how many there are, and what
/// stands in the last one even if that is late.
#[rstest]
#[case::in_time(&[false], 1, None)]
#[case::late_once(&[true, false], 2, None)]
#[case::always_late(&[true; TRIES], TRIES, Some(Verdict::Fail))]
fn a_late_trial_is_played_again(
    #[case] late: &[bool],
    #[case] expected: usize,
    #[case] stands: Option<Verdict>,
) {
    let mut plays = 0;
    let play = async |even_late| {
        plays += 1;
        let pace = Pace {
            too_late: late[plays - 1],
            ..Pace::default()
        };
        ((plays, even_late), pace)
    };
    let played = runtime().map(|runtime| runtime.block_on(in_time(play, Some(Verdict::Fail))));
    let (outcome, pace) = played.unwrap();
    assert_eq!((outcome, pace.again), ((expected, stands), expected));
}

/// A stack that answers nothing.
struct Faulty {
    silent: ControlStack,
    /// What it does when it is opened.
    open: fn(&Setup) -> Result<(), StackError>,
    /// Whether its waits never end.
    hangs: bool,
    /// By how much the harness is late when it acts.
    late: Duration,
}

impl Faulty {
    fn new(open: fn(&Setup) -> Result<(), StackError>) -> Self {
        Self {
            silent: ControlStack::new(Control::Silent),
            open,
            hangs: false,
            late: Duration::ZERO,
        }
    }
}

impl StackUnderTest for Faulty {
    fn hello(&self) -> &Hello {
        self.silent.hello()
    }

    fn open(&mut self, setup: &Setup) -> Result<Reply, StackError> {
        (self.open)(setup)?;
        self.silent.open(setup)
    }

    fn call(&mut self, call: &Call) -> Result<Reply, StackError> {
        self.silent.call(call)
    }

    fn deliver(&mut self, packets: &[Vec<u8>]) -> Result<Reply, StackError> {
        let (late, reply) = (self.late, self.silent.deliver(packets));
        reply.map(|reply| Reply { late, ..reply })
    }

    fn run(&mut self, until: Instant, stop: Stop) -> Result<Reply, StackError> {
        self.silent.run(until, stop)
    }
}

impl Waits for Faulty {
    async fn wait(&mut self, until: Instant, stop: Stop) -> Result<Reply, StackError> {
        if self.hangs {
            std::future::pending::<()>().await;
        }
        self.run(until, stop)
    }
}

/// A seed at which the stacks below go wrong.
const BAD: u64 = 3;

/// Panics in the middle of the third trial.
fn panics(_: Options) -> Faulty {
    let open = |setup: &Setup| {
        assert_ne!(setup.seed, BAD, "a panic on purpose");
        Ok(())
    };
    Faulty::new(open)
}

/// The machine does not give the third trial what it needs.
fn is_refused(_: Options) -> Faulty {
    let open = |setup: &Setup| match setup.seed {
        BAD => Err(StackError::Environment("refused".to_owned())),
        _ => Ok(()),
    };
    Faulty::new(open)
}

const CATALOGUE: &str = include_str!("../../../../../cases/requirements/rfc9293.yaml");

/// Ten trials that any stack passes.
fn jobs() -> Vec<Job> {
    jobs_of("quiet: 1s")
}

/// Ten trials of which this is the second step, each with a seed of its own.
fn jobs_of(step: &str) -> Vec<Job> {
    let case = format!(
        "title: t\npurpose: p\nlevel: must\nclaims: ['9293:MUST-13']\n\
         steps: [{{peer: SYN}}, {{{step}}}]"
    );
    let suite = load_files(&[
        SourceFile::new("requirements/rfc9293.yaml", CATALOGUE),
        SourceFile::new("a/b.yaml", &case),
    ]);
    let variant = suite.variants().next();
    let variant = Arc::new(
        variant
            .unwrap_or_else(|| panic!("{:?}", suite.diagnostics))
            .clone(),
    );
    let hello = Arc::new(ControlStack::new(Control::Silent).hello().clone());
    let job = |index| Job {
        index,
        stack: StackName::Linux(Options::default()),
        greeting: None,
        expected: None,
        plan: Plan {
            id: TrialId {
                case: variant.case.clone(),
                variant: variant.name.clone(),
                stack: "faulty".to_owned(),
                ip: IpVersion::V4,
                isn: tcpspec_record::Isn::Random,
                faults: String::new(),
                seed: index as u64,
            },
            variant: Arc::clone(&variant),
            hello: Arc::clone(&hello),
            faults: None,
            even_late: None,
        },
    };
    (1..=10).map(job).collect()
}

/// One lane or several, on one thread or several: what is lost, and what the
/// trial that went wrong is.
#[rstest]
#[case::panic(panics, true, None)]
#[case::refused(is_refused, false, Some(Verdict::Inconclusive))]
fn a_fault_costs_its_own_trial_alone(
    #[case] make: fn(Options) -> Faulty,
    #[case] expected_panic: bool,
    #[case] expected: Option<Verdict>,
    #[values((1, 1), (1, 3), (2, 1), (2, 4))] (threads, lanes): (usize, usize),
) {
    let (sender, mut receiver) = unbounded_channel();
    let running = Lanes::begin_on(threads, lanes, jobs(), sender, make);
    let (mut passed, mut bad, mut panicked) = (0, None, false);
    while let Some(message) = receiver.blocking_recv() {
        match message {
            Message::Ended { index, trial, .. } if index as u64 == BAD => bad = Some(trial.verdict),
            Message::Ended { trial, .. } => passed += usize::from(trial.verdict == Verdict::Pass),
            Message::Panicked => panicked = true,
            Message::Started { .. } | Message::Less(_) => {}
        }
    }
    running.end();
    assert_eq!((passed, bad, panicked), (9, expected, expected_panic));
}

/// What the baseline expects, and what comes of failures that are all late.
#[rstest]
#[case::nothing(None, Verdict::Inconclusive)]
#[case::another(Some(Verdict::Deviates), Verdict::Inconclusive)]
#[case::this(Some(Verdict::Fail), Verdict::Fail)]
fn late_trials_are_played_again_and_none_is_lost(
    #[case] known: Option<Verdict>,
    #[case] expected: Verdict,
    #[values(1, 2)] threads: usize,
) {
    let (sender, mut receiver) = unbounded_channel();
    let make = |_| Faulty {
        late: Duration::from_secs(1),
        ..Faulty::new(|_| Ok(()))
    };
    let mut jobs = jobs_of("sut: SYN+ACK");
    jobs.iter_mut().for_each(|job| job.expected = known);
    let running = Lanes::begin_on(threads, 2, jobs, sender, make);
    let mut again = Vec::new();
    while let Some(message) = receiver.blocking_recv() {
        if let Message::Ended { trial, pace, .. } = message {
            assert_eq!(trial.verdict, expected, "{}", trial.reason);
            again.push(pace.unwrap().again);
        }
    }
    running.end();
    assert_eq!(again, [TRIES; 10]);
}

/// Waits until ten trials are under way.
struct Patient(Faulty);

impl StackUnderTest for Patient {
    fn hello(&self) -> &Hello {
        self.0.hello()
    }

    fn open(&mut self, setup: &Setup) -> Result<Reply, StackError> {
        self.0.open(setup)
    }

    fn call(&mut self, call: &Call) -> Result<Reply, StackError> {
        self.0.call(call)
    }

    fn deliver(&mut self, packets: &[Vec<u8>]) -> Result<Reply, StackError> {
        self.0.deliver(packets)
    }

    fn run(&mut self, until: Instant, stop: Stop) -> Result<Reply, StackError> {
        self.0.run(until, stop)
    }
}

impl Waits for Patient {
    async fn wait(&mut self, until: Instant, stop: Stop) -> Result<Reply, StackError> {
        static WAITING: AtomicUsize = AtomicUsize::new(0);
        WAITING.fetch_add(1, Ordering::Relaxed);
        while WAITING.load(Ordering::Relaxed) < 10 {
            tokio::task::yield_now().await;
        }
        self.run(until, stop)
    }
}

/// Fewer are made before the first trial begins.
#[test]
fn there_is_a_lane_for_each_trial_that_waits() {
    let (sender, mut receiver) = unbounded_channel();
    let make = |_| Patient(Faulty::new(|_| Ok(())));
    let running = Lanes::begin_on(1, 10, jobs(), sender, make);
    let mut at_once = Vec::new();
    while let Some(message) = receiver.blocking_recv() {
        if let Message::Ended { pace, .. } = message {
            at_once.push(pace.unwrap().at_once);
        }
    }
    running.end();
    at_once.sort_unstable();
    assert_eq!(at_once, (1..=10).collect::<Vec<_>>());
}

#[test]
fn lanes_end_in_the_middle_of_a_wait() {
    let (sender, mut receiver) = unbounded_channel();
    let make = |_| Faulty {
        hangs: true,
        ..Faulty::new(|_| Ok(()))
    };
    Lanes::begin_on(2, 2, jobs(), sender, make).end();
    assert!(receiver.blocking_recv().is_none(), "no trial has ended");
}

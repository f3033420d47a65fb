//! A trial on the kernel beside its floor: the same exchange once through the
//! whole harness, judged and logged, and once as a plain loop of system calls.
//!
//! On one lane and on a lane for each core; as time that passes and as time of
//! the processor.

#![expect(clippy::expect_used, reason = "a bench that cannot run has to say why")]

use std::fs::File;
use std::io::{BufWriter, Write};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use rustix::time::{ClockId, clock_gettime};
use tcpspec_casefile::{SourceFile, load_files};
use tcpspec_connector::StackUnderTest;
use tcpspec_engine::{Plan, drive};
use tcpspec_linux::{Floor, LinuxStack, Settings, sandbox};
use tcpspec_record::{IpVersion, Line, TrialId, Verdict, log};

/// The exchange of [`Floor`] as a case.
const CASE: &str = "
title: A handshake, 100 octets, a RST
purpose: What a trial costs.
level: step
claims: ['9293:3.10.7.4-5-ack-ok/SYN-RECEIVED']
steps:
  - app: listen
  - peer: SYN seq=0
  - sut: SYN+ACK seq=0 ack=1
  - peer: ACK seq=1 ack=1
  - app: accept
  - peer: ACK seq=1 ack=1 len=100
  - sut: ACK seq=1 ack=101
  - app: recv len=100 expect bytes=100
  - peer: RST seq=101
    state: CLOSED
";

const CATALOGUE: &str = include_str!("../../../cases/requirements/rfc9293.yaml");

/// Something that plays the exchange, and does so many at once.
trait Lane: Send {
    fn play(&mut self, times: u64);
}

impl Lane for Floor {
    fn play(&mut self, times: u64) {
        Self::play(self, times).expect("the kernel answers");
    }
}

/// A lane of the harness, with the log that all share.
struct Trials {
    stack: LinuxStack,
    plan: Plan,
    log: Arc<Mutex<BufWriter<File>>>,
}

impl Lane for Trials {
    fn play(&mut self, times: u64) {
        for _ in 0..times {
            let trial = drive(self.plan.clone(), &mut self.stack);
            assert_eq!(trial.verdict, Verdict::Pass, "{}", trial.reason);
            let mut log = self.log.lock().expect("no lane panics");
            log::write(&mut *log, &Line::Trial(Box::new(trial))).expect("the log can be written");
            log.flush().expect("the log can be written");
        }
    }
}

/// Lanes of the harness.
fn trials(settings: &Settings, count: usize) -> Vec<Trials> {
    let suite = load_files(&[
        SourceFile::new("requirements/rfc9293.yaml", CATALOGUE),
        SourceFile::new("bench/exchange.yaml", CASE),
    ]);
    assert!(suite.diagnostics.is_empty(), "{:?}", suite.diagnostics);
    let variant = suite.variants().next().expect("there is a case");
    let log = tempfile::tempfile().expect("a file for the log");
    let log = Arc::new(Mutex::new(BufWriter::new(log)));
    let lane = |_| {
        let stack = LinuxStack::new(settings.clone());
        Trials {
            plan: Plan {
                id: TrialId {
                    case: variant.case.clone(),
                    variant: variant.name.clone(),
                    stack: "linux".to_owned(),
                    ip: IpVersion::V4,
                    isn: tcpspec_record::Isn::Random,
                    faults: String::new(),
                    seed: 1,
                },
                variant: Arc::new(variant.clone()),
                hello: Arc::new(stack.hello().clone()),
                faults: None,
                even_late: None,
            },
            stack,
            log: Arc::clone(&log),
        }
    };
    (0..count).map(lane).collect()
}

fn bench(criterion: &mut Criterion, name: &str, lanes: &mut [impl Lane]) {
    let mut group = criterion.benchmark_group("exchange");
    group.throughput(Throughput::Elements(lanes.len() as u64));
    for (clock, suffix) in [
        (ClockId::Monotonic, ""),
        (ClockId::ProcessCPUTime, ", processor"),
    ] {
        group.bench_function(format!("{name}{suffix}"), |bencher| {
            bencher.iter_custom(|times| timed(clock, || play(lanes, times)));
        });
    }
    group.finish();
}

/// Each lane plays the exchange so many times, on a thread of its own.
fn play(lanes: &mut [impl Lane], times: u64) {
    thread::scope(|scope| {
        for lane in lanes {
            scope.spawn(move || lane.play(times));
        }
    });
}

fn timed(clock: ClockId, act: impl FnOnce()) -> Duration {
    let before = read(clock);
    act();
    read(clock).saturating_sub(before)
}

fn read(clock: ClockId) -> Duration {
    let now = clock_gettime(clock);
    Duration::new(now.tv_sec as u64, now.tv_nsec as u32)
}

fn exchange(criterion: &mut Criterion) {
    let settings = Settings::from_env();
    let good = |check: &sandbox::Check| check.ok;
    if sandbox::enter().is_err() || !sandbox::probe(&settings).iter().all(good) {
        // Nothing to measure: `tcpspec doctor` says why.
        return;
    }
    let cores = thread::available_parallelism().map_or(1, usize::from);
    for (count, on) in [(1, "one lane"), (cores, "a lane for each core")] {
        let floor = |_| Floor::open(&settings).expect("the lane of the probe worked");
        let mut floor: Vec<Floor> = (0..count).map(floor).collect();
        bench(criterion, &format!("floor, {on}"), &mut floor);
        bench(
            criterion,
            &format!("trial, {on}"),
            &mut trials(&settings, count),
        );
    }
}

criterion_group!(benches, exchange);
criterion_main!(benches);

//! The whole way through, from case files to verdicts: cases per second on the
//! bundled stack, in process and behind the line protocol, and microseconds per trial on the kernel that waits for
//! nothing.

#![expect(clippy::expect_used, reason = "a bench that cannot run has to say why")]

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use rustix::thread::{CpuSet, sched_getaffinity, sched_getcpu, sched_setaffinity};
use tcpspec_bundled_adapter::Bundled;
use tcpspec_casefile::{Suite, Variant};
use tcpspec_connector::StackUnderTest;
use tcpspec_engine::{Plan, drive};
use tcpspec_linux::{LinuxStack, Settings, sandbox};
use tcpspec_protocol::Client;
use tcpspec_record::{IpVersion, Trial, TrialId};

fn suite() -> Suite {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../cases");
    let suite = tcpspec_casefile::load(&dir).expect("the cases of the project can be read");
    assert!(
        suite.diagnostics.is_empty(),
        "the cases of the project are valid"
    );
    suite
}

/// The trials of these variants on a stack, but for those it would skip.
fn plans(variants: &[&Variant], stack: &dyn StackUnderTest) -> Vec<Plan> {
    let hello = Arc::new(stack.hello().clone());
    let plan = |variant: &&Variant| Plan {
        id: TrialId {
            case: variant.case.clone(),
            variant: variant.name.clone(),
            stack: hello.name.clone(),
            ip: IpVersion::V4,
            isn: tcpspec_record::Isn::Random,
            faults: String::new(),
            seed: 1,
        },
        variant: Arc::new((*variant).clone()),
        hello: Arc::clone(&hello),
        faults: None,
        even_late: None,
    };
    variants
        .iter()
        .map(plan)
        .filter(|plan| plan.skip_reason().is_none())
        .collect()
}

/// Plays these variants, one after the other, on one stack.
fn play(
    criterion: &mut Criterion,
    name: &str,
    variants: &[&Variant],
    stack: &mut dyn StackUnderTest,
) {
    let plans = plans(variants, stack);
    let mut group = criterion.benchmark_group("play");
    group.throughput(Throughput::Elements(plans.len() as u64));
    // A whole suite behind lines takes seconds.
    group.sample_size(10);
    group.bench_function(name, |bencher| {
        let all = |plans: Vec<Plan>| -> Vec<Trial> {
            plans.into_iter().map(|plan| drive(plan, stack)).collect()
        };
        bencher.iter_batched(|| plans.clone(), all, BatchSize::PerIteration);
    });
    group.finish();
}

fn bundled(criterion: &mut Criterion) {
    let suite = suite();
    let variants: Vec<&Variant> = suite.variants().collect();
    let name = "the whole suite on bundled, one core";
    play(criterion, name, &variants, &mut Bundled::default());
}

/// On the kernel: a trial that waits for nothing.
fn linux(criterion: &mut Criterion) {
    let settings = Settings::from_env();
    let good = |check: &sandbox::Check| check.ok;
    if sandbox::enter().is_err() || !sandbox::probe(&settings).iter().all(good) {
        // Nothing to measure: `tcpspec doctor` says why.
        return;
    }
    let suite = suite();
    let chosen = suite
        .select(&["handshake/three-way".to_owned()])
        .expect("the suite has a three-way handshake");
    let name = "handshake/three-way on linux";
    play(criterion, name, &chosen, &mut LinuxStack::new(settings));
}

/// Does something on one core. Who asks and who answers take turns: on two cores every
/// turn wakes one that sleeps, which on a virtual machine is most of what is measured.
fn on_one_core(act: impl FnOnce()) {
    let all = sched_getaffinity(None).expect("a thread knows its cores");
    let mut one = CpuSet::new();
    one.set(sched_getcpu());
    sched_setaffinity(None, &one).expect("a thread may stay where it is");
    act();
    sched_setaffinity(None, &all).expect("a thread may have its cores back");
}

/// The bundled stack in a process of its own: what lines cost.
fn protocol(criterion: &mut Criterion) {
    on_one_core(|| served(criterion));
}

fn served(criterion: &mut Criterion) {
    let stack = || {
        let command = format!("exec:'{}' serve bundled", env!("CARGO_BIN_EXE_tcpspec"));
        let address = command.parse().expect("a command is an address");
        Client::connect(address, Duration::from_secs(10)).expect("the program serves its stack")
    };
    let suite = suite();
    let variants: Vec<&Variant> = suite.variants().collect();
    let mut served = stack();
    let name = "the whole suite on bundled in another process";
    play(criterion, name, &variants, &mut served);

    let chosen = suite
        .select(&["handshake/three-way".to_owned()])
        .expect("the suite has a three-way handshake");
    let plan = plans(&chosen, &served).swap_remove(0);
    let setup = plan.setup();
    served.open(&setup).expect("the stack can be opened");
    let mut group = criterion.benchmark_group("protocol");
    group.bench_function("a packet of 60 octets there and back", |bencher| {
        // No TCP of this host: it is looked at, and dropped.
        let packet = [vec![0x45; 60]];
        bencher.iter(|| served.deliver(&packet).expect("the stack answers"));
    });
    group.bench_function(
        "handshake/three-way with a process started for it",
        |bencher| {
            bencher.iter(|| drive(plan.clone(), &mut stack()));
        },
    );
    group.finish();
}

criterion_group!(benches, bundled, protocol, linux);
criterion_main!(benches);

//! The whole way through, from case files to verdicts: cases per second on the
//! bundled stack, and microseconds per trial on the kernel that waits for
//! nothing.

#![expect(clippy::expect_used, reason = "a bench that cannot run has to say why")]

use std::path::Path;
use std::sync::Arc;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use tcpspec_bundled_adapter::Bundled;
use tcpspec_casefile::{Suite, Variant};
use tcpspec_connector::StackUnderTest;
use tcpspec_engine::{Plan, drive};
use tcpspec_linux::{LinuxStack, Settings, sandbox};
use tcpspec_record::{IpVersion, TrialId};

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
            seed: 1,
        },
        variant: Arc::new((*variant).clone()),
        hello: Arc::clone(&hello),
    };
    variants
        .iter()
        .map(plan)
        .filter(|plan| plan.skip_reason().is_none())
        .collect()
}

fn bundled(criterion: &mut Criterion) {
    let suite = suite();
    let mut stack = Bundled::default();
    let variants: Vec<&Variant> = suite.variants().collect();
    let plans = plans(&variants, &stack);
    let mut group = criterion.benchmark_group("bundled");
    group.throughput(Throughput::Elements(plans.len() as u64));
    group.bench_function("the whole suite, one core", |bencher| {
        bencher.iter_batched(
            || plans.clone(),
            |plans| {
                plans
                    .into_iter()
                    .map(|plan| drive(plan, &mut stack))
                    .collect::<Vec<_>>()
            },
            BatchSize::PerIteration,
        );
    });
    group.finish();
}

fn linux(criterion: &mut Criterion) {
    let settings = Settings::from_env();
    if sandbox::enter().is_err() || sandbox::probe(&settings).iter().any(|check| !check.ok) {
        // Nothing to measure: `tcpspec doctor` says why.
        return;
    }
    let suite = suite();
    let chosen = suite
        .select(&["handshake/three-way".to_owned()])
        .expect("the suite has a three-way handshake");
    let mut stack = LinuxStack::new(settings);
    let plans = plans(&chosen, &stack);
    let mut group = criterion.benchmark_group("linux");
    group.throughput(Throughput::Elements(plans.len() as u64));
    group.bench_function("handshake/three-way", |bencher| {
        bencher.iter_batched(
            || plans.clone(),
            |plans| {
                plans
                    .into_iter()
                    .map(|plan| drive(plan, &mut stack))
                    .collect::<Vec<_>>()
            },
            BatchSize::PerIteration,
        );
    });
    group.finish();
}

fn load(criterion: &mut Criterion) {
    let variants = suite().variants().count();
    let mut group = criterion.benchmark_group("casefile");
    group.throughput(Throughput::Elements(variants as u64));
    group.bench_function("load the whole suite", |bencher| bencher.iter(suite));
    group.finish();
}

criterion_group!(benches, bundled, linux, load);
criterion_main!(benches);

//! Trials under a fault profile: cases of ten segments or so on the bundled
//! stack, each with another seed.

#![expect(clippy::expect_used, reason = "a bench that cannot run has to say why")]

use std::path::Path;
use std::sync::Arc;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use tcpspec_bundled_adapter::Bundled;
use tcpspec_casefile::{Variant, load, load_profile};
use tcpspec_connector::{Hello, StackUnderTest};
use tcpspec_engine::{Faults, Plan, drive};
use tcpspec_record::{IpVersion, Isn, TrialId, Verdict};

/// A handshake and text each way; a close by either side; a close by both.
const CASES: [&str; 4] = [
    "handshake/three-way",
    "close/active",
    "close/passive",
    "closing/simultaneous",
];

fn faulted(criterion: &mut Criterion) {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../cases");
    let suite = load(&dir).expect("the cases of the project can be read");
    let chosen = suite
        .select(&CASES.map(str::to_owned))
        .expect("the cases are there");
    let mut stack = Bundled::default();
    let hello = Arc::new(stack.hello().clone());
    let mut group = criterion.benchmark_group("faulted");
    group.throughput(Throughput::Elements(chosen.len() as u64));
    for name in ["perfect", "lossy-10", "everything"] {
        let path = dir.join("faults").join(name).with_extension("yaml");
        let profile = load_profile(&path).expect("the profile can be read");
        let faults = Arc::new(Faults::drawn(profile));
        let plans = chosen.iter().map(|variant| plan(variant, &hello, &faults));
        let mut plans: Vec<Plan> = plans.collect();
        group.bench_function(name, |bench| {
            bench.iter(|| {
                for plan in &mut plans {
                    plan.id.seed += 1;
                    let trial = drive(plan.clone(), &mut stack);
                    assert_eq!(trial.verdict, Verdict::Pass, "{}", trial.reason);
                }
            });
        });
    }
    group.finish();
}

fn plan(variant: &Variant, hello: &Arc<Hello>, faults: &Arc<Faults>) -> Plan {
    Plan {
        id: TrialId {
            case: variant.case.clone(),
            variant: variant.name.clone(),
            stack: hello.name.clone(),
            ip: IpVersion::V4,
            isn: Isn::Random,
            faults: faults.profile.name.clone(),
            seed: 0,
        },
        variant: Arc::new(variant.clone()),
        hello: Arc::clone(hello),
        faults: Some(Arc::clone(faults)),
        even_late: None,
    }
}

criterion_group!(benches, faulted);
criterion_main!(benches);

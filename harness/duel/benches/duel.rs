//! Whole duels: the bundled stack with itself, from SYN to TIME-WAIT, over a
//! link that is perfect and over one that loses packets, with the witness.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use tcpspec_bundled::Config;
use tcpspec_bundled_adapter::Bundled;
use tcpspec_duel::{Terms, duel};
use tcpspec_link::{Conditions, Link, Loss};

/// Ten segments or so.
const OCTETS: u64 = 5000;

fn duels(c: &mut Criterion) {
    let lossy = Conditions {
        loss: Loss::Single("10%".parse().expect("a share")),
        delay: std::time::Duration::from_millis(10),
        ..Conditions::default()
    };
    let mut group = c.benchmark_group("duel");
    group.throughput(Throughput::Elements(1));
    for (name, way) in [
        ("5 kB, a perfect link", Conditions::default()),
        ("5 kB, a packet in ten lost", lossy),
    ] {
        let mut left = Bundled::new(Config::default());
        let mut right = Bundled::new(Config::default());
        let mut seed = 0;
        group.bench_function(name, |bench| {
            bench.iter(|| {
                seed += 1;
                let link = Link::new(way.clone(), way.clone(), &[], seed);
                let outcome = duel(&mut left, &mut right, link, &Terms::new([OCTETS, 0], seed));
                assert!(outcome.is_right(), "seed {seed}: {:?}", outcome.ended);
            });
        });
    }
    group.finish();
}

criterion_group!(benches, duels);
criterion_main!(benches);

//! Microseconds for one case from text to checked steps, and milliseconds for
//! the whole directory: budgets of 50 us and 50 ms.

#![expect(
    clippy::unwrap_used,
    reason = "a benchmark that cannot read its own files has failed"
)]

use std::fs;
use std::hint::black_box;
use std::path::Path;

use criterion::{Criterion, criterion_group, criterion_main};
use tcpspec_casefile::{SourceFile, load, load_files};

fn bench(criterion: &mut Criterion) {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../cases");
    let path = "closing/fin-retransmitted.yaml";
    let text = fs::read_to_string(cases.join(path)).unwrap();
    // Claims and prelude are unknown here, so this counts complaining as well.
    let one = [SourceFile::new(path, &text)];
    criterion.bench_function("casefile/one case", |bencher| {
        bencher.iter(|| load_files(black_box(&one)));
    });
    criterion.bench_function("casefile/all cases and the catalogue", |bencher| {
        bencher.iter(|| load(black_box(&cases)).unwrap());
    });
}

criterion_group!(benches, bench);
criterion_main!(benches);

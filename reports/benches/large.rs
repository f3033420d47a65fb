//! A run of 100,000 trials, reported: how long it takes, what it takes in
//! memory, and how large the page is.
//!
//! Memory is the growth of the resident set at its highest, so it counts all
//! that the log, the model and the page take together. Where there is no /proc
//! it is not told. What was measured goes to the terminal, and to `large.tsv` in
//! the target directory for `make figures`.

#![expect(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a bench looks at the clock, is a program, and says why it cannot run"
)]

#[expect(dead_code, reason = "the tests use the rest of it")]
#[path = "../tests/it/fixture.rs"]
mod fixture;

use std::fs::File;
use std::io::{BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::Instant as WallClock;

use tcpspec_record::{Line, Log, TraceRoom, Trial, Verdict, log};
use tcpspec_reports::{Report, html};

const CASES: usize = 1_000;
const SEEDS: u64 = 20;

fn main() -> std::io::Result<()> {
    // `cargo test` passes no `--bench`, and is there to build this alone.
    if !std::env::args().any(|arg| arg == "--bench") {
        return Ok(());
    }
    let path = target().join("large.jsonl");
    let trials = write(&path)?;
    let (before, began) = (resident("VmRSS:"), WallClock::now());
    let mut input = BufReader::new(File::open(&path)?);
    let log = Log::read_within(&mut input, TraceRoom::default()).expect("the log just written");
    let page = html::render(&Report::from_log(&log));
    let (elapsed, after) = (began.elapsed(), resident("VmHWM:"));
    std::fs::remove_file(&path)?;
    let each = elapsed.as_nanos() / u128::from(trials);
    let grown = before.zip(after).map(|(before, after)| after - before);
    let octets = grown.map_or_else(String::new, |grown| (grown / trials).to_string());
    println!("{trials} trials: {each} ns and {octets} octets of memory each");
    println!("the page: {} octets", page.len());
    let told = format!("{trials} trials, log to page\t{each}\t{octets}\n");
    std::fs::write(target().join("large.tsv"), told)
}

/// Writes a log of five trials for each case and seed, one of which fails, on
/// each seed in its own way. Tells how many trials there are.
fn write(path: &Path) -> std::io::Result<u64> {
    let (model, small) = (fixture::log(), fixture::many(CASES));
    let fail = fixture::trial(&model, Verdict::Fail);
    let mut out = BufWriter::new(File::create(path)?);
    log::write(&mut out, &Line::Header(small.header))?;
    for case in small.cases {
        log::write(&mut out, &Line::Case(case))?;
    }
    let mut trials = 0;
    for seed in 0..SEEDS {
        for (number, passed) in small.trials.iter().enumerate() {
            let failed = (number % 4 == 0).then(|| failed(fail, passed, seed));
            let mut passed = passed.clone();
            passed.id.seed = seed;
            for trial in [Some(passed), failed].into_iter().flatten() {
                log::write(&mut out, &Line::Trial(Box::new(trial)))?;
                trials += 1;
            }
        }
    }
    out.flush()?;
    Ok(trials)
}

fn failed(model: &Trial, passed: &Trial, seed: u64) -> Trial {
    let mut trial = model.clone();
    trial.id = passed.id.clone();
    trial.id.seed = SEEDS + seed;
    trial.reason = format!("{} This is way {seed}.", model.reason);
    trial
}

fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../target"),
        PathBuf::from,
    )
}

/// Octets of the resident set, now or at its highest.
fn resident(which: &str) -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with(which))?;
    let kib: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib * 1024)
}

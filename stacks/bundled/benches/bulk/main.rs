//! One bulk transfer, four megabytes one way, by this TCP and by smoltcp, on the
//! same exchange: the same loop carries the packets one at a time and asks for
//! timers; both have buffers of 65,535 octets at either end, an MTU of 1500,
//! Reno, delayed ACKs, window scale, SACK and timestamps (or none, in the rows
//! that say so); both make and check every checksum, copy the application's
//! octets in and out, and put each packet into memory of its own. How many
//! packets each needs is printed: nearly the same.
//!
//! Back to back it shows what a segment costs the processor, both ends together;
//! over a path that loses packets, how fast losses are repaired, too. The latter
//! is virtual time, the same on every machine, and printed once. So is the ratio
//! of both by turns, which holds on a machine that has other things to do.

#![expect(clippy::print_stdout, reason = "a bench reports on the terminal")]

mod ours;
mod smol;

use std::collections::VecDeque;
use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, SamplingMode, Throughput, criterion_group, criterion_main};
use tcpspec_bundled::Config;
use tcpspec_wire::Instant;

use ours::Ours;
use smol::Smol;

/// Octets of one transfer.
const TOTAL: usize = 4 << 20;
/// Octets of either buffer of either stack.
const BUFFER: usize = 65_535;
const MTU: u16 = 1500;
/// How often both stacks take their turn.
const TURNS: usize = 200;

/// One end of the transfer, its application included.
trait End {
    /// Takes a packet, then does what is due: timers, and the application's
    /// reading and writing.
    fn act(&mut self, now: Instant, packet: Option<Vec<u8>>);
    fn transmit(&mut self) -> Option<Vec<u8>>;
    fn poll_at(&mut self, now: Instant) -> Option<Instant>;
    /// Octets that the application has read.
    fn received(&self) -> usize;
}

/// What an end has to do.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Source,
    Sink,
}

/// A path that loses one data packet of so many, by a sequence that is always
/// the same.
#[derive(Clone, Copy)]
struct Path {
    delay: Duration,
    one_lost_of: Option<u32>,
}

const BACK_TO_BACK: Path = Path {
    delay: Duration::ZERO,
    one_lost_of: None,
};

/// 20 ms there and back.
const fn distant(one_lost_of: Option<u32>) -> Path {
    Path {
        delay: Duration::from_millis(10),
        one_lost_of,
    }
}

/// Whether packets are lost, one after the other.
struct Fate(u32);

impl Fate {
    fn loses(&mut self, path: Path, packet: &[u8]) -> bool {
        if packet.len() < 1000 {
            return false;
        }
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let dice = self.0 >> 8;
        path.one_lost_of
            .is_some_and(|count| dice.is_multiple_of(count))
    }
}

/// Runs a transfer to its end and says how long that took in virtual time, and
/// how many packets.
fn transfer(mut source: impl End, mut sink: impl End, path: Path) -> (Duration, u64) {
    let mut fate = Fate(1);
    let mut now = Instant::ZERO;
    let (mut forth, mut back) = (VecDeque::new(), VecDeque::new());
    let mut count = 0;
    loop {
        sink.act(now, take(&mut forth, now));
        source.act(now, take(&mut back, now));
        while let Some(packet) = source.transmit() {
            count += 1;
            if !fate.loses(path, &packet) {
                forth.push_back((now + path.delay, packet));
            }
        }
        while let Some(packet) = sink.transmit() {
            count += 1;
            back.push_back((now + path.delay, packet));
        }
        if sink.received() >= TOTAL {
            return (now.since(Instant::ZERO), count);
        }
        let arrivals = [forth.front(), back.front()].into_iter().flatten();
        let timers = [source.poll_at(now), sink.poll_at(now)];
        let next = arrivals
            .map(|(at, _)| *at)
            .chain(timers.into_iter().flatten())
            .min();
        now = now.max(next.expect("the transfer goes on"));
    }
}

/// The next packet that has arrived: one at a time, as from a line.
fn take(way: &mut VecDeque<(Instant, Vec<u8>)>, now: Instant) -> Option<Vec<u8>> {
    let (_, packet) = way.pop_front_if(|(at, _)| *at <= now)?;
    Some(packet)
}

fn by_ours(config: &Config, path: Path) -> (Duration, u64) {
    let source = Ours::new(config, Role::Source);
    transfer(source, Ours::new(config, Role::Sink), path)
}

fn by_smoltcp(timestamps: bool, path: Path) -> (Duration, u64) {
    let source = Smol::new(Role::Source, timestamps);
    transfer(source, Smol::new(Role::Sink, timestamps), path)
}

fn plain() -> Config {
    Config {
        window_scale: false,
        timestamps: false,
        sack: false,
        fast_retransmit: false,
        limited_transmit: false,
        ..Config::default()
    }
}

/// The paths on which the processor's time is taken.
const PATHS: [(&str, Path); 2] = [
    ("back to back", BACK_TO_BACK),
    ("one in 100 lost", distant(Some(100))),
];

fn with_timestamps(timestamps: bool) -> Config {
    Config {
        timestamps,
        ..Config::default()
    }
}

fn processor(c: &mut Criterion) {
    let without = with_timestamps(false);
    for (name, path) in PATHS {
        let mut group = c.benchmark_group(name);
        group.throughput(Throughput::Bytes(TOTAL as u64));
        // A transfer is long enough to be a sample of its own.
        group.sampling_mode(SamplingMode::Flat);
        group.bench_function("bundled", |bench| {
            bench.iter(|| by_ours(&Config::default(), path));
        });
        group.bench_function("smoltcp", |bench| bench.iter(|| by_smoltcp(true, path)));
        group.bench_function("bundled, no timestamps", |bench| {
            bench.iter(|| by_ours(&without, path));
        });
        group.bench_function("smoltcp, no timestamps", |bench| {
            bench.iter(|| by_smoltcp(false, path));
        });
        group.finish();
    }
}

/// One after the other, many times over: whatever else the machine does falls on
/// both alike, and the fastest run of each had the processor to itself.
fn by_turns(_: &mut Criterion) {
    println!("\nfastest of {TURNS} runs, bundled / smoltcp: with timestamps, without");
    for (name, path) in PATHS {
        let ratios = [true, false].map(|timestamps| {
            let config = with_timestamps(timestamps);
            let turns = (0..TURNS).map(|_| {
                let ours = timed(|| by_ours(&config, path));
                (ours, timed(|| by_smoltcp(timestamps, path)))
            });
            let (ours, theirs): (Vec<_>, Vec<_>) = turns.unzip();
            let fastest = |times: Vec<Duration>| times.into_iter().min().unwrap_or_default();
            let ratio = fastest(ours).as_secs_f64() / fastest(theirs).as_secs_f64();
            format!("{ratio:>8.3}")
        });
        println!("{name:<16}{}", ratios.concat());
    }
}

fn timed<R>(run: impl FnOnce() -> R) -> Duration {
    #[expect(clippy::disallowed_methods, reason = "a bench takes the time")]
    let begin = std::time::Instant::now();
    black_box(run());
    begin.elapsed()
}

/// What losses cost in virtual time, by what is switched on.
fn repair(_: &mut Criterion) {
    let new_reno = Config {
        fast_retransmit: true,
        limited_transmit: true,
        ..plain()
    };
    let rows = [
        ("timer alone", plain()),
        ("NewReno", new_reno),
        ("SACK", Config::default()),
    ];
    println!("\nKB/s over 20 ms (virtual): nothing lost, 1 of 1000, of 100, of 20");
    for (name, config) in rows {
        show(name, |path| by_ours(&config, path));
    }
    show("smoltcp", |path| by_smoltcp(true, path));
    let counts = [
        by_ours(&Config::default(), BACK_TO_BACK),
        by_smoltcp(true, BACK_TO_BACK),
    ];
    let [(_, ours), (_, smoltcp)] = counts;
    println!("\npackets back to back: bundled {ours}, smoltcp {smoltcp}\n");
}

fn show(name: &str, run: impl Fn(Path) -> (Duration, u64)) {
    let rate = |one_lost_of| {
        let seconds = run(distant(one_lost_of)).0.as_secs_f64();
        format!("{:>8.0}", TOTAL as f64 / 1000.0 / seconds)
    };
    let rates = [None, Some(1000), Some(100), Some(20)].map(rate).concat();
    println!("{name:<12}{rates}");
}

criterion_group!(benches, repair, by_turns, processor);
criterion_main!(benches);

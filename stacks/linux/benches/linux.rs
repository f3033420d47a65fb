//! What a trial on the kernel costs when it waits for nothing, and what it costs that
//! many wait at once.

#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a benchmark, which clippy does not take for a test"
)]

use std::hint::black_box;
use std::net::IpAddr;
use std::slice::from_ref;
use std::time::Duration;

use criterion::{Criterion, SamplingMode, Throughput, criterion_group, criterion_main};
use tcpspec_connector::{Call, Handle, Reply, Setup, StackUnderTest, Stop};
use tcpspec_linux::{LinuxStack, Settings};
use tcpspec_wire::{Flags, Instant, Packet, Segment, SeqNumber, WindowField};
use tokio::runtime::Builder;
use tokio::task::LocalSet;

fn trials(criterion: &mut Criterion) {
    let mut stack = LinuxStack::new(Settings::from_env());
    let setup = setup();
    if let Err(reason) = stack.open(&setup) {
        eprintln!("skipped: {reason}");
        return;
    }
    criterion.bench_function("linux/whole trial on a pooled lane", |bencher| {
        bencher.iter(|| black_box(trial(&mut stack, &setup)));
    });
    criterion.bench_function("linux/open again", |bencher| {
        bencher.iter(|| black_box(stack.open(&setup).unwrap()));
    });
    listen(&mut stack);
    let (syn, rst) = (
        packet(&setup, Flags::SYN, 1000, 0),
        packet(&setup, Flags::RST, 1001, 0),
    );
    criterion.bench_function("linux/SYN, SYN-ACK, RST", |bencher| {
        bencher.iter(|| {
            black_box(stack.deliver(from_ref(&syn)).unwrap());
            black_box(stack.deliver(from_ref(&rst)).unwrap());
        });
    });
    criterion.bench_function("linux/run to a time that has come", |bencher| {
        bencher.iter(|| black_box(stack.run(Instant::ZERO, Stop::AtEnd).unwrap()));
    });
    criterion.bench_function("linux/fresh lane", |bencher| {
        bencher.iter(|| {
            let mut stack = LinuxStack::new(Settings::from_env());
            black_box(stack.open(&setup).unwrap());
        });
    });
}

/// Listen, SYN, SYN-ACK, ACK, accept, RST, and a fresh state.
fn trial(stack: &mut LinuxStack, setup: &Setup) -> Reply {
    listen(stack);
    let deliver = |stack: &mut LinuxStack, flags, seq, ack| {
        let packet = packet(setup, flags, seq, ack);
        stack.deliver(&[packet]).unwrap()
    };
    let answer = deliver(stack, Flags::SYN, 1000, 0);
    let answer = Packet::decode(&answer.tx[0].octets).unwrap();
    let iss = answer.packet.segment().unwrap().seq;
    deliver(stack, Flags::ACK, 1001, (iss + 1).value());
    let accept = Call::Accept {
        handle: Handle("L".to_owned()),
        new: Handle("C".to_owned()),
    };
    stack.call(&accept).unwrap();
    deliver(stack, Flags::RST, 1001, 0);
    stack.open(setup).unwrap()
}

/// Trials that wait a second for the kernel to repeat its SYN-ACK, all at once on
/// one thread, each on a lane that was made before: what is above a second is
/// the harness's own.
fn at_once(criterion: &mut Criterion) {
    let first = LinuxStack::new(Settings::from_env()).open(&setup());
    if first.is_err() {
        return; // `trials` has said why
    }
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let mut group = criterion.benchmark_group("linux");
    group.sample_size(10).sampling_mode(SamplingMode::Flat);
    for count in [100, 1000] {
        let mut stacks: Vec<LinuxStack> = Vec::new();
        stacks.resize_with(count, || LinuxStack::new(Settings::from_env()));
        group.throughput(Throughput::Elements(count as u64));
        let name = format!("{count} trials that wait a second, at once");
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let tasks = LocalSet::new();
                let trials: Vec<_> = stacks
                    .drain(..)
                    .map(|stack| tasks.spawn_local(repeated(stack)))
                    .collect();
                let all = async {
                    for trial in trials {
                        stacks.push(trial.await.unwrap());
                    }
                };
                runtime.block_on(tasks.run_until(all));
            });
        });
    }
    group.finish();
}

/// A SYN to a listener, whose SYN-ACK is not acknowledged and comes again.
async fn repeated(mut stack: LinuxStack) -> LinuxStack {
    let setup = setup();
    stack.open(&setup).unwrap();
    listen(&mut stack);
    let answer = stack
        .deliver(&[packet(&setup, Flags::SYN, 1000, 0)])
        .unwrap();
    assert_eq!(answer.tx.len(), 1);
    let until = answer.now + Duration::from_secs(5);
    let again = stack.run_async(until, Stop::FirstPacket).await.unwrap();
    assert!(!again.tx.is_empty(), "the SYN-ACK comes again");
    stack
}

fn listen(stack: &mut LinuxStack) {
    let listen = Call::Listen {
        handle: Handle("L".to_owned()),
        port: 80,
        backlog: 8,
    };
    stack.call(&listen).unwrap();
}

fn packet(setup: &Setup, flags: Flags, seq: u32, ack: u32) -> Vec<u8> {
    let segment = Segment {
        src_port: 40_000,
        dst_port: 80,
        seq: SeqNumber::new(seq),
        ack: SeqNumber::new(ack),
        flags,
        window: WindowField::new(65_535),
        ..Segment::default()
    };
    Packet::tcp(setup.peer, setup.stack, segment).encode()
}

fn setup() -> Setup {
    Setup {
        stack: IpAddr::from([192, 0, 2, 1]),
        prefix: 24,
        peer: IpAddr::from([192, 0, 2, 2]),
        mtu: 1500,
        iss: None,
        seed: 0,
    }
}

criterion_group!(benches, trials, at_once);
criterion_main!(benches);

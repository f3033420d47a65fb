//! What a trial on the kernel costs when it waits for nothing.

#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a benchmark, which clippy does not take for a test"
)]

use std::hint::black_box;
use std::net::IpAddr;
use std::slice::from_ref;

use criterion::{Criterion, criterion_group, criterion_main};
use tcpspec_connector::{Call, Handle, Reply, Setup, StackUnderTest, Stop};
use tcpspec_linux::{LinuxStack, Settings};
use tcpspec_wire::{Flags, Instant, Packet, Segment, SeqNumber, WindowField};

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

criterion_group!(benches, trials);
criterion_main!(benches);

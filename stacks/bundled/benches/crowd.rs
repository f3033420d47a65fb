//! Many connections at once: what each costs in memory, what a flood of SYNs
//! costs, and whether a peer who means it gets through one.
//!
//! Memory is the growth of the resident set, so it counts what the allocator
//! keeps around each block too. Where there is no /proc it is not told.
//! Criterion is no help here: a crowd is counted once. What was measured goes to
//! the terminal, and to `crowd.tsv` in the target directory for `make figures`.

use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant as WallClock};

use tcpspec_bundled::{Config, ConnectionId, FullBacklog, Host, TimeWaitPolicy};
use tcpspec_wire::{Flags, Instant, Packet, Segment, SeqNumber, State, WindowField};

const CONNECTIONS: u32 = 65_536;
const SYNS: u32 = 1_000_000;
const BACKLOG: usize = 1024;
const OWN: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);

/// The scenes by name. Each has a process of its own, for what one has freed
/// would hide what the next one takes.
const SCENES: [(&str, fn()); 4] = [
    ("open", open_connections),
    ("time-wait", time_wait),
    ("flood", || flood(FullBacklog::DropSyn)),
    ("flood-recycled", || flood(FullBacklog::DropOldest)),
];

fn main() -> std::io::Result<()> {
    let args: Vec<String> = std::env::args().collect();
    for (name, scene) in SCENES {
        if args.iter().any(|arg| arg == name) {
            scene();
            return Ok(());
        }
    }
    // `cargo test` passes no `--bench`, and is there to build this alone.
    if args.iter().any(|arg| arg == "--bench") {
        measure_all()?;
    }
    Ok(())
}

/// Runs every scene and keeps what it tells.
fn measure_all() -> std::io::Result<()> {
    let mut told = String::new();
    for (name, _) in SCENES {
        let output = Command::new(std::env::current_exe()?).arg(name).output()?;
        told += &String::from_utf8_lossy(&output.stdout);
        if !output.status.success() {
            return Err(std::io::Error::other(format!("{name}: {}", output.status)));
        }
    }
    for line in told.lines() {
        let columns: Vec<&str> = line.split('\t').collect();
        if let [label, nanos, octets] = columns[..] {
            print(&format!(
                "{label:<45} {nanos:>8} ns each {octets:>8} octets each"
            ));
        }
    }
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target"),
        PathBuf::from,
    );
    std::fs::write(target.join("crowd.tsv"), told)
}

/// A connection each for as many peers, with nothing in any buffer.
fn open_connections() {
    let mut host = host(CONNECTIONS as usize, FullBacklog::DropSyn);
    let (before, began) = (resident(), now());
    let ids: Vec<ConnectionId> = (0..CONNECTIONS)
        .map(|peer| establish(&mut host, peer))
        .collect();
    tell("65,536 connections opened", CONNECTIONS, began, before);

    let began = now();
    for peer in 0..CONNECTIONS {
        host.deliver(Instant::ZERO, &segment(peer, Flags::ACK, 1, 1, b"x"));
    }
    drain(&mut host);
    tell("one octet into each", CONNECTIONS, began, before);
    for id in ids {
        black_box(host.recv(Instant::ZERO, id, 10)).expect("the octet");
    }
}

/// The same connections closed by us, so that all wait for 2 MSL.
fn time_wait() {
    let mut host = host(CONNECTIONS as usize, FullBacklog::DropSyn);
    let (before, began) = (resident(), now());
    for peer in 0..CONNECTIONS {
        let id = establish(&mut host, peer);
        host.close(Instant::ZERO, id).expect("open");
        let fin = segment(peer, Flags::FIN | Flags::ACK, 1, 2, b"");
        host.deliver(Instant::ZERO, &fin);
        drain(&mut host);
        assert_eq!(host.state(id), State::TimeWait);
    }
    tell(
        "65,536 connections in TIME-WAIT",
        CONNECTIONS,
        began,
        before,
    );
    let began = now();
    let end = host.poll_at().expect("2 MSL");
    host.on_time(end);
    drain(&mut host);
    assert_eq!(host.poll_at(), None);
    tell("2 MSL of all of them", CONNECTIONS, began, before);
}

/// SYNs from a million sockets that never answer, one in a microsecond; then
/// one that does.
fn flood(full_backlog: FullBacklog) {
    let mut host = host(BACKLOG, full_backlog);
    let (before, began) = (resident(), now());
    let mut at = Instant::ZERO;
    for peer in 0..SYNS {
        at += Duration::from_micros(1);
        host.on_time(at);
        host.deliver(at, &segment(peer, Flags::SYN, 0, 0, b""));
        drain(&mut host);
    }
    let label = match full_backlog {
        FullBacklog::DropSyn => "1,000,000 SYNs, the latest dropped",
        FullBacklog::DropOldest => "1,000,000 SYNs, the oldest dropped",
    };
    tell(label, SYNS, began, before);
    host.deliver(at, &segment(SYNS, Flags::SYN, 0, 0, b""));
    host.deliver(at, &segment(SYNS, Flags::ACK, 1, 1, b""));
    // Only where the oldest make room does a peer who answers get through.
    let gets_through = host.accept(80).is_ok();
    assert_eq!(gets_through, full_backlog == FullBacklog::DropOldest);
}

fn host(backlog: usize, full_backlog: FullBacklog) -> Host {
    let config = Config {
        full_backlog,
        isn: tcpspec_bundled::Isn::Fixed(SeqNumber::new(0)),
        time_wait: TimeWaitPolicy {
            max: CONNECTIONS as usize,
            ..TimeWaitPolicy::default()
        },
        ..Config::default()
    };
    let mut host = Host::new(config, &[OWN.into()], 1);
    host.listen(Instant::ZERO, 80, backlog).expect("free");
    host
}

fn establish(host: &mut Host, peer: u32) -> ConnectionId {
    host.deliver(Instant::ZERO, &segment(peer, Flags::SYN, 0, 0, b""));
    host.deliver(Instant::ZERO, &segment(peer, Flags::ACK, 1, 1, b""));
    drain(host);
    host.accept(80).expect("established")
}

/// A segment of the peer with this number, whose ISS is 0 as ours is.
fn segment(peer: u32, flags: Flags, seq: u32, ack: u32, octets: &[u8]) -> Vec<u8> {
    let address: IpAddr = Ipv4Addr::from_bits(0x0a00_0001 + peer).into();
    let segment = Segment {
        src_port: 40_000,
        dst_port: 80,
        seq: SeqNumber::new(seq),
        ack: SeqNumber::new(ack),
        flags,
        window: WindowField::new(u16::MAX),
        payload: octets.to_vec(),
        ..Segment::default()
    };
    Packet::tcp(address, OWN.into(), segment).encode()
}

fn drain(host: &mut Host) {
    while host.poll_transmit().is_some() {}
    while host.poll_transition().is_some() {}
}

#[expect(
    clippy::disallowed_methods,
    reason = "a bench is there to look at the clock"
)]
fn now() -> WallClock {
    WallClock::now()
}

/// Octets of the resident set.
fn resident() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    let kib: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib * 1024)
}

/// One line: what it was, nanoseconds and octets for each; no octets where
/// memory is not known.
fn tell(label: &str, count: u32, began: WallClock, before: Option<u64>) {
    let nanos = (began.elapsed() / count).as_nanos();
    let grown = before.zip(resident()).map(|(before, after)| {
        let octets = after.saturating_sub(before);
        (octets / u64::from(count)).to_string()
    });
    print(&format!("{label}\t{nanos}\t{}", grown.unwrap_or_default()));
}

#[expect(clippy::print_stdout, reason = "a bench is a program")]
fn print(line: &str) {
    println!("{line}");
}

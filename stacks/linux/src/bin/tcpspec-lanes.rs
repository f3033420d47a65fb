//! Opens lanes with connections on them and holds them until its standard
//! input ends: to try what a machine allows, and for the tests of what a
//! killed process leaves behind.
//!
//! Usage: `tcpspec-lanes COUNT`. It writes where its rights come from, and
//! `ready` once everything is open.

use std::error::Error;
use std::io::{Read, Write, stdin, stdout};
use std::net::IpAddr;

use tcpspec_connector::{Call, Handle, Setup, StackUnderTest};
use tcpspec_linux::{LinuxStack, Settings, sandbox};
use tcpspec_wire::{Flags, Packet, Segment, SeqNumber, WindowField};

fn main() -> Result<(), Box<dyn Error>> {
    let count = std::env::args().nth(1).unwrap_or_else(|| "1".to_owned());
    let privilege = sandbox::enter()?;
    writeln!(stdout(), "{privilege}")?;
    let lanes: Vec<LinuxStack> = (0..count.parse()?)
        .map(|_| lane())
        .collect::<Result<_, _>>()?;
    writeln!(stdout(), "ready")?;
    stdin().read_to_end(&mut Vec::new())?;
    drop(lanes);
    Ok(())
}

/// A lane with a listener, a half-open connection, one that was accepted, and
/// one that is being opened.
fn lane() -> Result<LinuxStack, Box<dyn Error>> {
    let mut stack = LinuxStack::new(Settings::from_env());
    let setup = setup();
    stack.open(&setup)?;
    let name = |name: &str| Handle(name.to_owned());
    stack.call(&Call::Listen {
        handle: name("L"),
        port: 80,
        backlog: 8,
    })?;
    stack.deliver(&[packet(&setup, 40_001, Flags::SYN, SeqNumber::new(0))])?;
    let answer = stack.deliver(&[packet(&setup, 40_000, Flags::SYN, SeqNumber::new(0))])?;
    let answer = answer.tx.first().ok_or("no answer to a SYN")?;
    let answer = Packet::decode(&answer.octets)?.packet;
    let ack = answer.segment().ok_or("no segment")?.end();
    stack.deliver(&[packet(&setup, 40_000, Flags::ACK, ack)])?;
    let accepted = stack.call(&Call::Accept {
        handle: name("L"),
        new: name("accepted"),
    })?;
    accepted.ret.ok_or("no answer to accept")??;
    stack.call(&Call::Connect {
        handle: name("opening"),
        port: 5000,
        to: (setup.peer, 40_000).into(),
        route: None,
    })?;
    Ok(stack)
}

/// A segment of the peer: a SYN, or what follows it.
fn packet(setup: &Setup, port: u16, flags: Flags, ack: SeqNumber) -> Vec<u8> {
    let segment = Segment {
        src_port: port,
        dst_port: 80,
        seq: SeqNumber::new(if flags == Flags::SYN { 1000 } else { 1001 }),
        ack,
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

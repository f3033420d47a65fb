//! The adapter against the seam's contract, and against a real peer.

use std::net::IpAddr;

use rstest::rstest;
use tcpspec_bundled_adapter::Bundled;
use tcpspec_connector::call::SocketOption;
use tcpspec_connector::{
    Call, CallError, CallResult, Handle, Next, Reply, Setup, StackUnderTest, Stop,
};
use tcpspec_duel::{Ended, Outcome, Terms, duel};
use tcpspec_link::{Conditions, Link};
use tcpspec_smoltcp::{Smoltcp, VERSION};
use tcpspec_wire::{Flags, Instant, Packet, Segment, SeqNumber, State, WindowField};

const STACK: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
const PEER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 2));

#[rstest]
#[case::opens(true, [70_000, 0])]
#[case::is_opened(false, [70_000, 0])]
#[case::both_send(true, [30_000, 70_000])]
fn transfer_with_the_bundled_stack(#[case] opens: bool, #[case] transfer: [u64; 2]) {
    for v6 in [false, true] {
        let terms = Terms {
            v6,
            ..Terms::new(transfer, 1)
        };
        let outcome = fight(opens, &terms);
        assert_eq!(outcome.ended, Ended::Well);
        assert!(outcome.is_right(), "{:?}", outcome.findings);
    }
}

#[test]
fn same_seed_is_the_same_exchange() {
    let play = |seed| fight(true, &Terms::new([20_000, 0], seed));
    assert_eq!(play(3), play(3));
}

fn fight(opens: bool, terms: &Terms) -> Outcome {
    let link = Link::new(Conditions::default(), Conditions::default(), &[], 0);
    let (mut smoltcp, mut bundled) = (Smoltcp::new(), Bundled::default());
    if opens {
        duel(&mut smoltcp, &mut bundled, link, terms)
    } else {
        duel(&mut bundled, &mut smoltcp, link, terms)
    }
}

#[test]
fn states_come_as_they_change_and_calls_are_answered() {
    let mut stack = open();
    assert_eq!(call(&mut stack, &accept()), Err(CallError::Closed));
    assert!(call(&mut stack, &listen()).is_ok());
    assert_eq!(call(&mut stack, &listen()), Err(CallError::InUse));
    assert_eq!(call(&mut stack, &accept()), Err(CallError::Again));
    let reply = stack
        .deliver(&[segment(Flags::SYN, 100, 0)])
        .expect("lives");
    let states: Vec<State> = reply.states.iter().map(|change| change.state).collect();
    assert_eq!(states, [State::SynReceived]);
    assert!(
        matches!(reply.next, Next::At(_)),
        "the SYN,ACK would be repeated"
    );
    let iss = segment_in(&reply).seq.value();
    let ack = segment(Flags::ACK, 101, iss.wrapping_add(1));
    let reply = stack.deliver(&[ack]).expect("lives");
    let state = reply.states.last().map(|change| change.state);
    assert_eq!(state, Some(State::Established));
    assert!(call(&mut stack, &accept()).is_ok());
    assert_eq!(call(&mut stack, &recv()), Err(CallError::Again));
    stack
        .deliver(&[segment(Flags::RST, 101, 0)])
        .expect("lives");
    assert_eq!(call(&mut stack, &recv()), Err(CallError::Reset));
}

#[test]
fn time_stands_still_unless_it_is_let_pass() {
    let mut stack = open();
    let reply = stack.call(&connect()).expect("lives");
    assert_eq!((reply.now, reply.tx.len()), (Instant::ZERO, 1));
    let until = Instant::from_millis(60_000);
    let reply = stack.run(until, Stop::FirstPacket).expect("lives");
    assert_eq!(reply.now, Instant::from_millis(1000), "the SYN is repeated");
    let reply = stack.run(until, Stop::AtEnd).expect("lives");
    assert_eq!(reply.now, until);
}

#[test]
fn leap_fires_a_timer_once_however_often_it_would_have_run_out() {
    let mut stack = open();
    stack.call(&connect()).expect("lives");
    let to = Instant::from_millis(60_000);
    let reply = stack.leap(to).expect("lives");
    let times: Vec<Instant> = reply.tx.iter().map(|emitted| emitted.at).collect();
    assert_eq!((reply.now, times), (to, vec![to]));
}

#[test]
fn what_it_lacks_is_refused() {
    let mut stack = open();
    assert!(call(&mut stack, &listen()).is_ok());
    let set = Call::SetOption {
        handle: handle("L"),
        option: SocketOption::Ds(46),
    };
    assert_eq!(call(&mut stack, &set), Err(CallError::Unsupported));
}

/// Who called a listener that is closed then is told so.
#[test]
fn closed_listener_resets_its_callers() {
    let mut stack = open();
    assert!(call(&mut stack, &listen()).is_ok());
    stack
        .deliver(&[segment(Flags::SYN, 100, 0)])
        .expect("lives");
    let close = Call::Close {
        handle: handle("L"),
    };
    let reply = stack.call(&close).expect("lives");
    assert!(segment_in(&reply).flags.contains(Flags::RST));
}

#[rstest]
#[case::zero(0)]
#[case::near_the_end(u32::MAX - 3)]
#[case::middle(0x8000_0000)]
fn initial_number_is_the_one_that_was_set(#[case] iss: u32) {
    for seed in [0, 42, u64::MAX] {
        let mut stack = opened(Some(SeqNumber::new(iss)), seed);
        let reply = stack.call(&connect()).expect("lives");
        assert_eq!(segment_in(&reply).seq.value(), iss);
    }
}

/// The version that is told is the version that is built.
#[test]
fn version_is_that_of_the_lock_file() {
    let lock = concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.lock");
    let lock = std::fs::read_to_string(lock).expect("the lock file");
    assert!(lock.contains(&format!("name = \"smoltcp\"\nversion = \"{VERSION}\"")));
}

fn open() -> Smoltcp {
    opened(None, 42)
}

fn opened(iss: Option<SeqNumber>, seed: u64) -> Smoltcp {
    let mut stack = Smoltcp::new();
    let setup = Setup {
        stack: STACK,
        prefix: 24,
        peer: PEER,
        mtu: 1500,
        iss,
        seed,
    };
    stack.open(&setup).expect("opens");
    stack
}

fn handle(name: &str) -> Handle {
    Handle(name.to_owned())
}

fn call(stack: &mut Smoltcp, call: &Call) -> CallResult {
    stack.call(call).expect("lives").ret.expect("an answer")
}

fn listen() -> Call {
    Call::Listen {
        handle: handle("L"),
        port: 80,
        backlog: 2,
    }
}

fn connect() -> Call {
    Call::Connect {
        handle: handle("C"),
        port: 5000,
        to: (PEER, 40_000).into(),
        route: None,
    }
}

fn accept() -> Call {
    Call::Accept {
        handle: handle("L"),
        new: handle("C"),
    }
}

fn recv() -> Call {
    Call::Recv {
        handle: handle("C"),
        max: 10,
    }
}

/// The first segment of the stack in a reply.
fn segment_in(reply: &Reply) -> Segment {
    let packet = Packet::decode(&reply.tx[0].octets).expect("a packet");
    packet.packet.segment().expect("a segment").clone()
}

/// A segment of the peer.
fn segment(flags: Flags, seq: u32, ack: u32) -> Vec<u8> {
    let segment = Segment {
        src_port: 40_000,
        dst_port: 80,
        seq: SeqNumber::new(seq),
        ack: SeqNumber::new(ack),
        flags,
        window: WindowField::new(1000),
        ..Segment::default()
    };
    Packet::tcp(PEER, STACK, segment).encode()
}

//! The adapter against the seam's contract: the barrier, virtual time, handles,
//! exact state log, determinism, and a declaration that is true.

use std::net::IpAddr;
use std::time::Duration;

use rstest::rstest;
use tcpspec_bundled::{CloseKind, Config};
use tcpspec_bundled_adapter::Bundled;
use tcpspec_connector::call::SocketOption;
use tcpspec_connector::{
    Call, CallError, CallResult, Handle, Next, Reply, Ret, Setup, StackUnderTest, Stop,
};
use tcpspec_wire::{Capability, Flags, Instant, Packet, Segment, SeqNumber, State, WindowField};

const STACK: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
const PEER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 2));

fn open() -> Bundled {
    let mut stack = Bundled::default();
    stack.open(&setup(42)).expect("opens");
    stack
}

fn setup(seed: u64) -> Setup {
    Setup {
        stack: STACK,
        prefix: 24,
        peer: PEER,
        mtu: 1500,
        iss: None,
        seed,
    }
}

fn handle(name: &str) -> Handle {
    Handle(name.to_owned())
}

fn call(stack: &mut Bundled, call: &Call) -> CallResult {
    stack.call(call).expect("lives").ret.expect("an answer")
}

fn listen() -> Call {
    Call::Listen {
        handle: handle("L"),
        port: 80,
        backlog: 8,
    }
}

fn accept() -> Call {
    Call::Accept {
        handle: handle("L"),
        new: handle("C"),
    }
}

fn segment(flags: Flags, seq: u32, ack: SeqNumber) -> Vec<u8> {
    let segment = Segment {
        src_port: 40_000,
        dst_port: 80,
        seq: SeqNumber::new(seq),
        ack,
        flags,
        window: WindowField::new(u16::MAX),
        ..Segment::default()
    };
    Packet::tcp(PEER, STACK, segment).encode()
}

fn states(reply: &Reply) -> Vec<State> {
    reply.states.iter().map(|change| change.state).collect()
}

fn sent(reply: &Reply) -> Vec<Segment> {
    let decode = |octets: &[u8]| Packet::decode(octets).expect("sound").packet;
    let packets = reply.tx.iter().map(|emitted| decode(&emitted.octets));
    packets
        .map(|packet| packet.segment().expect("TCP").clone())
        .collect()
}

/// Opens a connection passively and hands back the last reply.
fn establish(stack: &mut Bundled) -> SeqNumber {
    assert_eq!(call(stack, &listen()), Ok(Ret::Done));
    let reply = stack
        .deliver(&[segment(Flags::SYN, 1000, SeqNumber::default())])
        .expect("lives");
    assert_eq!(states(&reply), [State::SynReceived]);
    let iss = sent(&reply)[0].seq;
    let reply = stack
        .deliver(&[segment(Flags::ACK, 1001, iss + 1)])
        .expect("lives");
    assert_eq!(states(&reply), [State::Established]);
    assert_eq!(call(stack, &accept()), Ok(Ret::Done));
    iss
}

#[test]
fn every_change_of_state_is_in_one_reply_in_order() {
    let mut stack = open();
    let iss = establish(&mut stack);
    let reply = stack
        .call(&Call::Shutdown {
            handle: handle("C"),
        })
        .expect("lives");
    assert_eq!(states(&reply), [State::FinWait1]);
    let fin = segment(Flags::FIN | Flags::ACK, 1001, iss + 2);
    let reply = stack.deliver(&[fin]).expect("lives");
    assert_eq!(states(&reply), [State::FinWait2, State::TimeWait]);
    assert_eq!(reply.states[0].connection.local, 80);
    assert_eq!(reply.states[0].connection.remote, 40_000);
}

#[test]
fn run_jumps_to_the_first_packet_or_to_the_end() {
    let mut stack = open();
    assert_eq!(call(&mut stack, &listen()), Ok(Ret::Done));
    let syn = segment(Flags::SYN, 1000, SeqNumber::default());
    let reply = stack.deliver(&[syn]).expect("lives");
    assert_eq!(reply.next, Next::At(Instant::from_millis(1000)));

    let far = Instant::from_millis(10_000);
    let reply = stack.run(far, Stop::FirstPacket).expect("lives");
    assert_eq!(reply.now, Instant::from_millis(1000));
    assert_eq!(reply.tx[0].at, Instant::from_millis(1000));
    assert_eq!(reply.next, Next::At(Instant::from_millis(3000)));

    let reply = stack.run(far, Stop::AtEnd).expect("lives");
    assert_eq!(reply.now, far);
    let times: Vec<Instant> = reply.tx.iter().map(|emitted| emitted.at).collect();
    assert_eq!(times, [3000, 7000].map(Instant::from_millis));
}

#[test]
fn leap_fires_a_timer_once_however_often_it_would_have_run_out() {
    let mut stack = open();
    assert_eq!(call(&mut stack, &listen()), Ok(Ret::Done));
    let syn = segment(Flags::SYN, 1000, SeqNumber::default());
    stack.deliver(&[syn]).expect("lives");

    let to = Instant::from_millis(60_000);
    let reply = stack.leap(to).expect("lives");
    let times: Vec<Instant> = reply.tx.iter().map(|emitted| emitted.at).collect();
    assert_eq!((reply.now, times), (to, vec![to]));
    assert_eq!(reply.next, Next::At(Instant::from_millis(62_000)));
}

#[test]
fn run_without_timers_ends_at_its_end() {
    let mut stack = open();
    let until = Instant::from_millis(5000);
    let reply = stack.run(until, Stop::FirstPacket).expect("lives");
    assert_eq!((reply.now, reply.next), (until, Next::Never));
}

#[test]
fn same_seed_gives_the_same_packets_and_another_one_does_not() {
    let first_packet = |seed| {
        let mut stack = Bundled::default();
        stack.open(&setup(seed)).expect("opens");
        let connect = Call::Connect {
            handle: handle("C"),
            port: 5000,
            to: (PEER, 80).into(),
            route: None,
        };
        stack.call(&connect).expect("lives").tx
    };
    assert_eq!(first_packet(1), first_packet(1));
    assert_ne!(first_packet(1), first_packet(2));
}

#[test]
fn open_forgets_the_trial_before() {
    let mut stack = open();
    establish(&mut stack);
    stack
        .run(Instant::from_millis(99), Stop::AtEnd)
        .expect("lives");
    let reply = stack.open(&setup(42)).expect("opens");
    assert_eq!(reply, Reply::nothing(Instant::ZERO));
    assert_eq!(call(&mut stack, &accept()), Err(CallError::Closed));
    assert_eq!(call(&mut stack, &listen()), Ok(Ret::Done));
}

#[rstest]
#[case::accept_too_early(accept(), Err(CallError::Again))]
#[case::listen_twice(listen(), Err(CallError::InUse))]
#[case::unknown_handle(Call::Recv { handle: handle("?"), max: 1 }, Err(CallError::Closed))]
#[case::nagle_on_a_listener(
    Call::SetOption { handle: handle("L"), option: SocketOption::Nagle(false) }, Ok(Ret::Done))]
#[case::keepalive_on_a_listener(
    Call::SetOption { handle: handle("L"), option: SocketOption::KeepAlive(None) }, Ok(Ret::Done))]
#[case::keepalive_by_default_on_a_listener(
    Call::SetOption { handle: handle("L"), option: SocketOption::KeepAliveByDefault }, Ok(Ret::Done))]
#[case::ttl_on_a_listener(
    Call::SetOption { handle: handle("L"), option: SocketOption::Ttl(7) }, Ok(Ret::Done))]
#[case::close_of_the_listener(Call::Close { handle: handle("L") }, Ok(Ret::Done))]
fn call_with_a_listener_alone(#[case] made: Call, #[case] told: CallResult) {
    let mut stack = open();
    assert_eq!(call(&mut stack, &listen()), Ok(Ret::Done));
    assert_eq!(call(&mut stack, &made), told);
}

#[test]
fn handle_is_void_after_close() {
    let mut stack = open();
    establish(&mut stack);
    let close = Call::Close {
        handle: handle("C"),
    };
    assert_eq!(call(&mut stack, &close), Ok(Ret::Done));
    assert_eq!(call(&mut stack, &close), Err(CallError::Closed));
}

#[rstest]
#[case::half_duplex(CloseKind::HalfDuplex, true)]
#[case::full_duplex(CloseKind::FullDuplex, false)]
fn declaration_follows_the_configuration(#[case] close: CloseKind, #[case] resets: bool) {
    let config = Config {
        close,
        msl: Duration::from_secs(7),
        ..Config::default()
    };
    let stack = Bundled::new(config);
    let hello = stack.hello();
    let declared = |capability| hello.capabilities.contains(&capability);
    assert_eq!(declared(Capability::HalfDuplexClose), resets);
    assert_eq!(declared(Capability::CloseUnreadResets), resets);
    assert_eq!(hello.profile.msl, Duration::from_secs(7));
    assert_eq!(hello.profile.rto_initial, Duration::from_secs(1));
}

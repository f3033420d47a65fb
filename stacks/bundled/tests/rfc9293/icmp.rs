//! ICMP errors: soft, hard, too big, out of place (RFC 9293 section 3.9.2.2,
//! RFC 1191, RFC 5927).

use std::time::Duration;

use rstest::rstest;
use tcpspec_bundled::{Config, Error, HardErrors, IcmpPolicy, Reason};
use tcpspec_wire::State;
use tcpspec_wire::icmp::Report;

use crate::rig::{Rig, WORLDS, World};

/// The number of the first segment in flight, by state: the SYN, text or FIN.
const IN_FLIGHT: [(State, i64); 7] = [
    (State::SynSent, 0),
    (State::SynReceived, 0),
    (State::Established, 1),
    (State::FinWait1, 1),
    (State::CloseWait, 1),
    (State::Closing, 1),
    (State::LastAck, 1),
];

/// A connection with something in flight.
fn rig(world: World, icmp: IcmpPolicy, state: State) -> Rig {
    let config = Config {
        icmp,
        ..Config::default()
    };
    let mut rig = Rig::in_state(world, config, state);
    if matches!(state, State::Established | State::CloseWait) {
        rig.write(3000).expect("room");
        rig.sent();
    }
    rig
}

fn reasons(rig: &mut Rig) -> Vec<Reason> {
    std::iter::from_fn(|| rig.host.poll_error_report())
        .map(|report| report.reason)
        .collect()
}

#[rstest]
#[case::net_unreachable(Report::NetUnreachable)]
#[case::host_unreachable(Report::HostUnreachable)]
#[case::time_exceeded(Report::TimeExceeded)]
#[case::parameter_problem(Report::ParameterProblem { pointer: 1 })]
fn soft_error_ends_nothing_and_is_told(#[case] report: Report) {
    for world in [WORLDS[0], WORLDS[1], WORLDS[2]] {
        for (state, seq) in IN_FLIGHT {
            let mut rig = rig(world, IcmpPolicy::default(), state);
            rig.icmp(report, seq, |_| ());
            assert_eq!((rig.sent(), rig.state()), ("-".to_owned(), state));
            // In SYN-RECEIVED no user has the connection yet.
            let told = usize::from(state != State::SynReceived);
            assert_eq!(reasons(&mut rig).len(), told, "{state:?}");
        }
    }
}

#[rstest]
#[case::protocol_unreachable(Report::ProtocolUnreachable)]
#[case::port_unreachable(Report::PortUnreachable)]
fn hard_error_ends_the_connection(#[case] report: Report) {
    for world in [WORLDS[0], WORLDS[1], WORLDS[2]] {
        for (state, seq) in IN_FLIGHT {
            let mut rig = rig(world, IcmpPolicy::default(), state);
            rig.icmp(report, seq, |_| ());
            assert_eq!(rig.sent(), "-");
            let (end, error) = match state {
                State::SynReceived => ("LISTEN", None),
                State::SynSent => ("CLOSED", Some(Error::Refused)),
                _ => ("CLOSED", Some(Error::Unreachable)),
            };
            assert_eq!(rig.transitions(), end, "{state:?}");
            if let Some(error) = error {
                assert_eq!(rig.write(1), Err(error));
            }
        }
    }
}

#[test]
fn hard_error_can_be_soft_once_the_connection_is_open() {
    let policy = IcmpPolicy {
        hard_errors: HardErrors::AbortOpening,
        ..IcmpPolicy::default()
    };
    for (state, seq) in IN_FLIGHT {
        let mut rig = rig(World::default(), policy, state);
        rig.icmp(Report::PortUnreachable, seq, |_| ());
        let opening = matches!(state, State::SynSent | State::SynReceived);
        assert_eq!(rig.transitions() != "", opening, "{state:?}");
    }
}

/// With 3000 octets in flight from 1 on, of a connection or of another.
#[rstest]
#[case::first(1, 80, true)]
#[case::last(3000, 80, true)]
#[case::acknowledged(0, 80, false)]
#[case::not_sent_yet(3001, 80, false)]
#[case::far_off(1_000_000, 80, false)]
#[case::other_port(1, 81, false)]
fn error_counts_if_it_quotes_what_is_in_flight(
    #[case] seq: i64,
    #[case] port: u16,
    #[case] counts: bool,
) {
    for world in WORLDS {
        let mut rig = rig(world, IcmpPolicy::default(), State::Established);
        rig.icmp(Report::PortUnreachable, seq, |error| {
            let ports = if world.ipv6 { 40 } else { 20 };
            error.quote[ports..ports + 2].copy_from_slice(&port.to_be_bytes());
        });
        assert_eq!(rig.transitions() == "CLOSED", counts, "{world:?}");
    }
}

#[rstest]
#[case::established(State::Established)]
#[case::fin_wait_2(State::FinWait2)]
#[case::time_wait(State::TimeWait)]
fn nothing_in_flight_means_no_error_can_be_true(#[case] state: State) {
    let mut rig = Rig::in_state(World::default(), Config::default(), state);
    for seq in 0..3 {
        rig.icmp(Report::PortUnreachable, seq, |_| ());
    }
    assert_eq!(rig.state(), state);
}

#[test]
fn source_quench_does_nothing() {
    let mut rig = rig(World::default(), IcmpPolicy::default(), State::Established);
    rig.icmp(Report::NetUnreachable, 1, |error| {
        (error.kind, error.code) = (4, 0);
    });
    assert_eq!((rig.sent(), reasons(&mut rig)), ("-".to_owned(), vec![]));
}

#[test]
fn quote_that_is_cut_short_does_nothing() {
    for len in 0..28 {
        let mut rig = rig(World::default(), IcmpPolicy::default(), State::Established);
        rig.icmp(Report::PortUnreachable, 1, |error| {
            error.quote.truncate(len)
        });
        assert_eq!(rig.transitions(), "", "{len}");
    }
}

/// What 3000 octets in flight, in segments of 1000, become: as many segments as
/// the initial window has, four, but smaller ones.
#[rstest]
#[case::told(
    600,
    "ACK seq=1 ack=1 len=560; ACK seq=561 ack=1 len=560; ACK seq=1121 ack=1 len=560; ACK seq=1681 ack=1 len=560"
)]
#[case::no_news(1500, "-")]
#[case::absurd(
    68,
    "ACK seq=1 ack=1 len=512; ACK seq=513 ack=1 len=512; ACK seq=1025 ack=1 len=512; ACK seq=1537 ack=1 len=512"
)]
fn too_big_is_sent_again_in_smaller_pieces(#[case] mtu: u32, #[case] sent: &str) {
    let mut rig = rig(World::default(), IcmpPolicy::default(), State::Established);
    rig.icmp(Report::PacketTooBig { mtu }, 1, |_| ());
    assert_eq!(rig.sent(), sent);
    assert_eq!(rig.state(), State::Established);
}

#[test]
fn size_that_was_confirmed_is_given_up_only_after_a_timeout() {
    let mut rig = rig(World::default(), IcmpPolicy::default(), State::Established);
    rig.peer("ACK seq=1 ack=1001", "-");
    rig.icmp(Report::PacketTooBig { mtu: 600 }, 1001, |_| ());
    assert_eq!(rig.sent(), "-");
    let (_, resent) = rig.next();
    assert!(resent.starts_with("ACK seq=1001 ack=1 len=560"), "{resent}");
}

#[test]
fn too_big_is_soft_where_the_path_mtu_is_not_discovered() {
    let policy = IcmpPolicy {
        path_mtu: false,
        ..IcmpPolicy::default()
    };
    let mut rig = rig(World::default(), policy, State::Established);
    rig.icmp(Report::PacketTooBig { mtu: 600 }, 1, |_| ());
    assert_eq!(rig.sent(), "-");
    assert_eq!(reasons(&mut rig).len(), 1);
}

/// In both versions of IP: narrowed, tried again after ten minutes, narrowed at
/// once by a router that still minds, and after a timeout if that is silent.
#[rstest]
#[case::ipv4(WORLDS[0], 600, "ACK seq=1 ack=1 len=560")]
#[case::ipv6(WORLDS[1], 1280, "ACK seq=1 ack=1 len=1220")]
fn larger_packets_are_tried_again_after_ten_minutes(
    #[case] world: World,
    #[case] mtu: u32,
    #[case] narrow: &str,
) {
    let config = Config {
        nagle: false,
        ..Config::default()
    };
    let mut rig = Rig::new(world, config);
    rig.listen();
    rig.deliver("SYN seq=0 mss=1440");
    rig.sent();
    rig.peer("ACK seq=1 ack=1", "-");
    rig.id = Some(rig.host.accept(80).expect("established"));
    let narrow = |seq: u32| narrow.replace("seq=1", &format!("seq={seq}"));
    let whole = |seq: u32| format!("PSH+ACK seq={seq} ack=1 len=1440");
    let acknowledge = |rig: &mut Rig, seq: u32| rig.peer(&format!("ACK seq=1 ack={seq}"), "-");

    assert_eq!(write_1440(&mut rig), whole(1));
    rig.icmp(Report::PacketTooBig { mtu }, 1, |_| ());
    assert_eq!(first(&rig.sent()), narrow(1));
    acknowledge(&mut rig, 1441);
    rig.wait(Duration::from_secs(599));
    assert_eq!(first(&write_1440(&mut rig)), narrow(1441));
    acknowledge(&mut rig, 2881);
    rig.wait(Duration::from_secs(1));
    assert_eq!(write_1440(&mut rig), whole(2881));
    rig.icmp(Report::PacketTooBig { mtu }, 2881, |_| ());
    assert_eq!(first(&rig.sent()), narrow(2881));
    acknowledge(&mut rig, 4321);
    rig.wait(Duration::from_secs(600));
    assert_eq!(write_1440(&mut rig), whole(4321));
    assert_eq!(first(&rig.next().1), narrow(4321));
}

fn write_1440(rig: &mut Rig) -> String {
    rig.write(1440).expect("room");
    rig.sent()
}

fn first(sent: &str) -> &str {
    sent.split("; ").next().unwrap_or_default()
}

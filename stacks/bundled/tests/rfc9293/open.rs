//! Opening: simultaneous, queued, refused, and what the SYNs agree on.

use rstest::rstest;
use tcpspec_bundled::{Config, Error, FullBacklog, Host};
use tcpspec_wire::{Instant, Packet, State};

use crate::rig::{Rig, WORLDS, World};

/// RFC 9293 figure 7, with either form of the peer's acknowledgment.
#[rstest]
#[case::by_ack(&[("ACK seq=1 ack=1", "-")])]
#[case::by_syn_ack_then_ack(&[("SYN+ACK seq=0 ack=1", "ACK seq=1 ack=1"), ("ACK seq=1 ack=1", "-")])]
#[case::by_text(&[("ACK seq=1 ack=1 len=5", "-")])]
fn simultaneous_open_establishes_one_connection(#[case] exchange: &[(&str, &str)]) {
    for world in WORLDS {
        let mut rig = Rig::simultaneous(world);
        for (segment, reply) in exchange {
            rig.peer(segment, reply);
        }
        assert_eq!(rig.transitions(), "ESTABLISHED");
        assert_eq!(rig.write(3), Ok(3));
        assert!(rig.sent().starts_with("PSH+ACK seq=1"));
    }
}

#[test]
fn simultaneous_open_repeats_syn_ack_and_not_syn() {
    let mut rig = Rig::simultaneous(World::default());
    assert_eq!(rig.next().1, "SYN+ACK seq=0 ack=1");
}

#[test]
fn two_hosts_that_open_at_once_meet() {
    let now = Instant::ZERO;
    let address = |last: u8| std::net::IpAddr::from([192, 0, 2, last]);
    let mut a = Host::new(Config::default(), &[address(1)], 1);
    let mut b = Host::new(Config::default(), &[address(2)], 2);
    let on_a = a.connect(now, 1000, (address(2), 2000).into()).unwrap();
    let on_b = b.connect(now, 2000, (address(1), 1000).into()).unwrap();
    loop {
        // Both speak before either hears, so that all segments cross.
        let from_a: Vec<_> = std::iter::from_fn(|| a.poll_transmit()).collect();
        let from_b: Vec<_> = std::iter::from_fn(|| b.poll_transmit()).collect();
        if from_a.is_empty() && from_b.is_empty() {
            break;
        }
        from_a.iter().for_each(|packet| b.deliver(now, packet));
        from_b.iter().for_each(|packet| a.deliver(now, packet));
    }
    assert_eq!(a.state(on_a), State::Established);
    assert_eq!(b.state(on_b), State::Established);
}

#[test]
fn listener_serves_again_after_a_child_was_refused() {
    let mut rig = Rig::in_state(World::default(), Config::default(), State::SynReceived);
    rig.peer("RST seq=1", "-");
    assert_eq!(rig.host.accept(80), Err(Error::Again));
    rig.peer("SYN seq=0", "SYN+ACK seq=0 ack=1");
    rig.peer("ACK seq=1 ack=1", "-");
    assert!(rig.host.accept(80).is_ok());
}

#[test]
fn full_backlog_drops_syns_until_there_is_room() {
    let mut rig = Rig::new(World::default(), Config::default());
    rig.host.listen(rig.now, 80, 1).unwrap();
    rig.peer("SYN seq=0", "SYN+ACK seq=0 ack=1");
    rig.use_port(40_001);
    rig.peer("SYN seq=0", "-");
    rig.use_port(40_000);
    rig.peer("ACK seq=1 ack=1", "-");
    rig.use_port(40_001);
    rig.peer("SYN seq=0", "-");
    rig.host.accept(80).unwrap();
    rig.peer("SYN seq=0", "SYN+ACK seq=0 ack=1");
}

#[test]
fn full_backlog_can_give_up_its_oldest_handshake() {
    let config = Config {
        full_backlog: FullBacklog::DropOldest,
        ..Config::default()
    };
    let mut rig = Rig::new(World::default(), config);
    rig.host.listen(rig.now, 80, 1).unwrap();
    for port in 40_000..40_003 {
        rig.use_port(port);
        rig.peer("SYN seq=0", "SYN+ACK seq=0 ack=1");
    }
    assert_eq!(
        rig.transitions(),
        "LISTEN SYN-RECEIVED LISTEN SYN-RECEIVED LISTEN SYN-RECEIVED"
    );
    rig.peer("ACK seq=1 ack=1", "-");
    rig.use_port(40_000);
    // Whoever waits to be accepted keeps the place.
    rig.peer("SYN seq=0", "-");
    rig.peer("ACK seq=1 ack=1", "RST seq=1");
}

#[test]
fn child_reset_before_accept_is_accepted_and_tells_its_end() {
    let mut rig = Rig::in_state(World::default(), Config::default(), State::SynReceived);
    rig.peer("ACK seq=1 ack=1", "-");
    rig.peer("RST seq=1", "-");
    rig.id = Some(rig.host.accept(80).unwrap());
    assert_eq!(rig.read(1), Err(Error::Reset));
}

#[test]
fn closed_listener_resets_whom_nobody_accepted() {
    let mut rig = Rig::in_state(World::default(), Config::default(), State::SynReceived);
    rig.host.close_listener(rig.now, 80).unwrap();
    assert_eq!(rig.sent(), "RST seq=1");
    assert_eq!(rig.transitions(), "CLOSED CLOSED");
    rig.peer("SYN seq=0", "RST+ACK seq=0 ack=1");
}

/// The MSS we offer follows from the link's MTU.
#[rstest]
#[case::ipv4(false, 1500, 1460)]
#[case::ipv6(true, 1500, 1440)]
#[case::small(false, 576, 536)]
fn syn_offers_what_the_link_takes(#[case] ipv6: bool, #[case] mtu: u16, #[case] offered: u16) {
    let world = World {
        ipv6,
        ..World::default()
    };
    let config = Config {
        mtu,
        ..Config::default()
    };
    let mut rig = Rig::new(world, config);
    rig.listen();
    rig.deliver("SYN seq=0");
    let packet = Packet::decode(&rig.host.poll_transmit().unwrap()).unwrap();
    assert_eq!(packet.packet.segment().unwrap().mss(), Some(offered));
}

#[rstest]
#[case::narrow(500, 500)]
#[case::as_wide_as_the_field(100_000, 65_535)]
fn syn_announces_the_receive_buffer(#[case] receive_buffer: u32, #[case] window: u16) {
    let config = Config {
        receive_buffer,
        ..Config::default()
    };
    let mut rig = Rig::new(World::default(), config);
    let (now, remote) = (rig.now, rig.remote());
    rig.host.connect(now, 80, remote).unwrap();
    let packet = Packet::decode(&rig.host.poll_transmit().unwrap()).unwrap();
    let syn = packet.packet.segment().unwrap();
    assert_eq!(syn.window.value(), window);
}

/// The effective send MSS: the peer's offer, or the default, and no more than
/// the link takes.
#[rstest]
#[case::offered(false, "mss=1000", 1000)]
#[case::none_ipv4(false, "", 536)]
#[case::none_ipv6(true, "", 1220)]
#[case::zero_counts_as_none(false, "mss=0", 536)]
#[case::more_than_the_link_takes(false, "mss=9000", 1460)]
#[case::tiny(false, "mss=1", 1)]
fn peer_mss_bounds_segments(#[case] ipv6: bool, #[case] option: &str, #[case] mss: usize) {
    let world = World {
        ipv6,
        ..World::default()
    };
    let mut rig = Rig::new(world, Config::default());
    rig.listen();
    rig.deliver(&format!("SYN seq=0 {option}"));
    rig.peer("ACK seq=1 ack=1", "SYN+ACK seq=0 ack=1");
    rig.id = Some(rig.host.accept(80).unwrap());
    rig.write(2 * mss).unwrap();
    let second = mss + 1;
    assert_eq!(
        rig.sent(),
        format!("ACK seq=1 ack=1 len={mss}; PSH+ACK seq={second} ack=1 len={mss}")
    );
}

/// What is no sound segment for this host leaves no trace.
#[rstest]
#[case::bad_tcp_checksum(|packet: &mut Vec<u8>| packet[36] ^= 1)]
#[case::bad_ip_checksum(|packet: &mut Vec<u8>| packet[10] ^= 1)]
#[case::other_destination(|packet: &mut Vec<u8>| packet[19] = 9)]
#[case::cut_short(|packet: &mut Vec<u8>| packet.truncate(39))]
#[case::empty(|packet: &mut Vec<u8>| packet.clear())]
fn unsound_packet_is_dropped_silently(#[case] spoil: fn(&mut Vec<u8>)) {
    let mut rig = Rig::in_state(World::default(), Config::default(), State::Listen);
    let mut packet = rig.packet("SYN seq=0");
    spoil(&mut packet);
    rig.host.deliver(rig.now, &packet);
    assert_eq!(rig.sent(), "-");
    rig.peer("SYN seq=0", "SYN+ACK seq=0 ack=1");
}

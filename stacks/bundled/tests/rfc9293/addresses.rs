//! Addresses that no peer can have (RFC 9293 section 3.9.2.3, MUST-46, MUST-57,
//! MUST-63), and what the user may choose.

use std::net::{IpAddr, SocketAddr};

use rstest::rstest;
use tcpspec_bundled::{Config, Error, Host};
use tcpspec_wire::{Flags, Instant, Packet, Segment};

const OWN: [&str; 3] = ["192.0.2.1", "198.51.100.1", "2001:db8::1"];

fn ip(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

fn host() -> Host {
    let config = Config {
        ipv4_prefix: 24,
        ttl: 9,
        ..Config::default()
    };
    let mut host = Host::new(config, &OWN.map(ip), 1);
    host.listen(Instant::ZERO, 80, 4).expect("free");
    host
}

fn answer(src: &str, dst: &str) -> Option<Packet> {
    let syn = Segment {
        src_port: 40_000,
        dst_port: 80,
        flags: Flags::SYN,
        ..Segment::default()
    };
    let mut host = host();
    host.deliver(Instant::ZERO, &Packet::tcp(ip(src), ip(dst), syn).encode());
    let reply = host.poll_transmit()?;
    Some(Packet::decode(&reply).expect("sound").packet)
}

#[rstest]
#[case::peer("192.0.2.9", "192.0.2.1", true)]
#[case::peer_of_ipv6("2001:db8::9", "2001:db8::1", true)]
#[case::second_address("192.0.2.9", "198.51.100.1", true)]
#[case::not_for_us("192.0.2.9", "192.0.2.2", false)]
#[case::to_broadcast("192.0.2.9", "255.255.255.255", false)]
#[case::to_directed_broadcast("192.0.2.9", "192.0.2.255", false)]
#[case::to_multicast("192.0.2.9", "224.0.0.1", false)]
#[case::to_multicast_of_ipv6("2001:db8::9", "ff02::1", false)]
#[case::from_broadcast("255.255.255.255", "192.0.2.1", false)]
#[case::from_directed_broadcast("192.0.2.255", "192.0.2.1", false)]
#[case::from_multicast("224.0.0.1", "192.0.2.1", false)]
#[case::from_multicast_of_ipv6("ff02::1", "2001:db8::1", false)]
#[case::from_nowhere("0.0.0.0", "192.0.2.1", false)]
#[case::from_this_network("0.0.0.9", "192.0.2.1", false)]
#[case::from_nowhere_of_ipv6("::", "2001:db8::1", false)]
#[case::from_loopback("127.0.0.1", "192.0.2.1", false)]
#[case::from_ourselves("192.0.2.1", "192.0.2.1", false)]
fn syn_is_answered(#[case] src: &str, #[case] dst: &str, #[case] answered: bool) {
    let reply = answer(src, dst);
    assert_eq!(reply.is_some(), answered);
    if let Some(reply) = reply {
        assert_eq!((reply.ip.src, reply.ip.dst), (ip(dst), ip(src)));
        assert_eq!(reply.ip.ttl, 9);
    }
}

/// A listener that was given an address of ours, all of them, or another.
#[rstest]
#[case::its_address("198.51.100.1", "198.51.100.1", Ok(true))]
#[case::other_address("198.51.100.1", "192.0.2.1", Ok(false))]
#[case::other_version("198.51.100.1", "2001:db8::1", Ok(false))]
#[case::any("0.0.0.0", "198.51.100.1", Ok(true))]
#[case::any_of_both_versions("::", "192.0.2.1", Ok(true))]
#[case::not_ours("203.0.113.1", "192.0.2.1", Err(Error::NoAddress))]
fn passive_open_takes_the_address(
    #[case] at: &str,
    #[case] dst: &str,
    #[case] expected: Result<bool, Error>,
) {
    let mut host = Host::new(Config::default(), &OWN.map(ip), 1);
    let opened = host.listen_at(Instant::ZERO, (ip(at), 80).into(), 4);
    let syn = Segment {
        src_port: 40_000,
        dst_port: 80,
        flags: Flags::SYN,
        ..Segment::default()
    };
    let src = if ip(dst).is_ipv4() {
        "192.0.2.9"
    } else {
        "2001:db8::9"
    };
    host.deliver(Instant::ZERO, &Packet::tcp(ip(src), ip(dst), syn).encode());
    let reply = host.poll_transmit().expect("SYN,ACK or RST");
    let reply = Packet::decode(&reply).expect("sound").packet;
    let flags = reply.segment().expect("TCP").flags;
    let accepted = flags.contains(Flags::SYN);
    assert_eq!(opened.map(|()| accepted), expected);
}

/// RFC 9293 MUST-48 and SHLD-21; the two bits of ECN are not its.
#[test]
fn differentiated_services_field_is_the_users_and_can_change() {
    let mut host = Host::new(
        Config {
            dscp: 10,
            ..Config::default()
        },
        &OWN.map(ip),
        1,
    );
    let remote = SocketAddr::new(ip("192.0.2.9"), 80);
    let id = host.connect(Instant::ZERO, 5000, remote).expect("free");
    let mut sent = Vec::new();
    for dscp in [46, 255] {
        host.set_dscp(Instant::ZERO, id, dscp).expect("open");
        sent.extend(host.poll_transmit());
        host.on_time(host.poll_at().expect("a timer"));
    }
    sent.extend(host.poll_transmit());
    let class = |packet: &Vec<u8>| {
        let decoded = Packet::decode(packet).expect("sound");
        decoded.packet.ip.traffic_class
    };
    assert_eq!(
        sent.iter().map(class).collect::<Vec<_>>(),
        [10 << 2, 46 << 2, 63 << 2]
    );
}

#[rstest]
#[case::choice_is_ours("0.0.0.0:5000", "192.0.2.9:80", Ok("192.0.2.1:5000"))]
#[case::named("198.51.100.1:5000", "192.0.2.9:80", Ok("198.51.100.1:5000"))]
#[case::ipv6("[::]:5000", "[2001:db8::9]:80", Ok("[2001:db8::1]:5000"))]
#[case::not_ours("192.0.2.2:5000", "192.0.2.9:80", Err(Error::NoAddress))]
#[case::versions_differ("192.0.2.1:5000", "[2001:db8::9]:80", Err(Error::NoAddress))]
#[case::to_broadcast("0.0.0.0:0", "255.255.255.255:80", Err(Error::BadAddress))]
#[case::to_directed_broadcast("0.0.0.0:0", "192.0.2.255:80", Err(Error::BadAddress))]
#[case::to_multicast("0.0.0.0:0", "224.0.0.1:80", Err(Error::BadAddress))]
#[case::to_nowhere("0.0.0.0:0", "0.0.0.0:80", Err(Error::BadAddress))]
#[case::to_ourselves("0.0.0.0:0", "192.0.2.1:80", Err(Error::BadAddress))]
#[case::to_port_zero("0.0.0.0:0", "192.0.2.9:0", Err(Error::BadAddress))]
fn open_uses_the_address(
    #[case] local: &str,
    #[case] remote: &str,
    #[case] expected: Result<&str, Error>,
) {
    let socket = |text: &str| -> SocketAddr { text.parse().expect("a socket") };
    let mut host = host();
    let opened = host.connect_from(Instant::ZERO, socket(local), socket(remote));
    assert_eq!(opened.map(|_| ()), expected.map(|_| ()));
    let syn = host.poll_transmit();
    assert_eq!(syn.is_some(), expected.is_ok());
    if let (Some(syn), Ok(expected)) = (syn, expected) {
        let packet = Packet::decode(&syn).expect("sound").packet;
        let port = packet.segment().expect("TCP").src_port;
        assert_eq!(SocketAddr::new(packet.ip.src, port), socket(expected));
    }
}

#[test]
fn every_ephemeral_port_is_given_out_once_and_not_in_order() {
    let mut host = Host::new(Config::default(), &[ip("192.0.2.1")], 1);
    let remote = SocketAddr::new(ip("192.0.2.9"), 80);
    let mut ports = Vec::new();
    while host.connect(Instant::ZERO, 0, remote).is_ok() {
        let syn = host.poll_transmit().expect("a SYN");
        let packet = Packet::decode(&syn).expect("sound").packet;
        ports.push(packet.segment().expect("TCP").src_port);
    }
    assert_ne!(ports[0], 49_152);
    ports.sort_unstable();
    assert_eq!(ports, (49_152..=u16::MAX).collect::<Vec<_>>());
}

//! Source routes (RFC 9293 section 3.9.2.1): whose counts, where they lead, and
//! what they leave of a segment.

use std::net::{IpAddr, Ipv4Addr};

use rstest::rstest;
use tcpspec_bundled::{Config, Error, Host, Isn};
use tcpspec_wire::icmp::{IcmpError, Report};
use tcpspec_wire::{
    Body, Flags, Instant, IpHeader, Packet, Segment, SeqNumber, SourceRoute, State, TcpOption,
    WindowField,
};

const OWN: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
const PEER: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 9);
const NOW: Instant = Instant::ZERO;

/// A route by these hosts of 198.51.100.0/24; `!` first if it is strict, nothing
/// for none.
fn route(text: &str) -> Option<SourceRoute> {
    let (strict, hosts) = match text.strip_prefix('!') {
        Some(hosts) => (true, hosts),
        None => (false, text),
    };
    let router = |host: &str| Ipv4Addr::new(198, 51, 100, host.parse().expect("a host"));
    let routers: Vec<Ipv4Addr> = hosts.split_whitespace().map(router).collect();
    SourceRoute::new(strict, &routers)
}

/// What has come by all its routers.
fn arrived(text: &str) -> Option<SourceRoute> {
    route(text).map(|route| route.with_passed(SourceRoute::MAX))
}

fn host(config: Config) -> Host {
    let config = Config {
        isn: Isn::Fixed(SeqNumber::new(0)),
        timestamps: false,
        ..config
    };
    let mut host = Host::new(config, &[OWN.into()], 1);
    host.listen(NOW, 80, 4).expect("free");
    host
}

/// The peer's segment, numbered from 0 as are ours.
fn segment(flags: Flags, seq: u32, len: usize) -> Segment {
    Segment {
        src_port: 40_000,
        dst_port: 80,
        seq: SeqNumber::new(seq),
        ack: SeqNumber::new(u32::from(flags.contains(Flags::ACK))),
        flags,
        window: WindowField::new(u16::MAX),
        payload: vec![7; len],
        ..Segment::default()
    }
}

fn deliver(host: &mut Host, route: Option<SourceRoute>, segment: Segment) {
    let packet = Packet::tcp(PEER.into(), OWN.into(), segment);
    let packet = Packet { route, ..packet };
    host.deliver(NOW, &packet.encode());
}

/// What the host sends, which has to be for the peer.
fn sent(host: &mut Host) -> Vec<Packet> {
    let packets = std::iter::from_fn(|| host.poll_transmit());
    let sent = packets.map(|octets| {
        let read = Packet::decode(&octets).expect("an IP packet");
        assert_eq!(read.defects, []);
        assert_eq!(read.packet.ip.dst, IpAddr::from(PEER));
        read.packet
    });
    sent.collect()
}

fn last_route(host: &mut Host) -> Option<SourceRoute> {
    sent(host).pop().expect("an answer").route
}

/// How the SYN has come, and then text; by which routes the SYN,ACK and the ACK
/// go. MUST-53, SHLD-24.
#[rstest]
#[case::none("", "", "", "")]
#[case::reversed("1 2 3", "1 2 3", "3 2 1", "3 2 1")]
#[case::strict("!1 2", "!1 2", "!2 1", "!2 1")]
#[case::longest("1 2 3 4 5 6 7 8 9", "", "9 8 7 6 5 4 3 2 1", "9 8 7 6 5 4 3 2 1")]
#[case::later_one_holds("1 2", "3", "2 1", "3")]
#[case::first_one_late("", "3 4", "", "4 3")]
#[case::none_is_no_other("1 2", "", "2 1", "2 1")]
fn passive_open_goes_back_as_it_was_called(
    #[case] syn: &str,
    #[case] text: &str,
    #[case] syn_ack: &str,
    #[case] ack: &str,
) {
    let mut host = host(Config {
        ack_delay: std::time::Duration::ZERO,
        ..Config::default()
    });
    deliver(&mut host, arrived(syn), segment(Flags::SYN, 0, 0));
    assert_eq!(last_route(&mut host), route(syn_ack));
    deliver(&mut host, arrived(text), segment(Flags::ACK, 1, 5));
    assert_eq!(last_route(&mut host), route(ack));
}

/// Routes by which nothing is taken, not even what is for us.
#[rstest]
#[case::leads_on(route("1 2"))]
#[case::leads_on_by_one(route("1 2").map(|route| route.with_passed(1)))]
#[case::by_a_group(SourceRoute::new(false, &[[224, 0, 0, 1].into()]).map(|route| route.with_passed(1)))]
#[case::by_ourselves(SourceRoute::new(false, &[OWN]).map(|route| route.with_passed(1)))]
fn route_that_does_not_end_here_is_refused(#[case] route: Option<SourceRoute>) {
    let mut host = host(Config::default());
    deliver(&mut host, route, segment(Flags::SYN, 0, 0));
    assert_eq!(sent(&mut host), []);
}

#[test]
fn routes_that_are_not_wanted_are_refused() {
    let mut host = host(Config {
        source_routes: false,
        ..Config::default()
    });
    deliver(&mut host, arrived("1"), segment(Flags::SYN, 0, 0));
    assert_eq!(sent(&mut host), []);
    deliver(&mut host, None, segment(Flags::SYN, 0, 0));
    assert_eq!(sent(&mut host).len(), 1);
}

/// What anybody could send changes nothing.
#[rstest]
#[case::outside_the_window(segment(Flags::ACK, 1_000_000, 0))]
#[case::acknowledges_what_was_not_sent(Segment { ack: SeqNumber::new(9), ..segment(Flags::ACK, 1, 0) })]
#[case::syn(segment(Flags::SYN, 1, 0))]
fn route_of_a_segment_that_is_not_taken_does_not_count(#[case] false_one: Segment) {
    let mut host = host(Config::default());
    deliver(&mut host, arrived("1"), segment(Flags::SYN, 0, 0));
    deliver(&mut host, None, segment(Flags::ACK, 1, 0));
    sent(&mut host);
    deliver(&mut host, arrived("2"), false_one);
    assert_eq!(last_route(&mut host), route("1"));
}

/// The user's route, and that by which the SYN,ACK comes. MUST-51, MUST-52.
#[rstest]
#[case::named("1 2", "")]
#[case::strict("!1 2", "")]
#[case::takes_precedence("1 2", "3")]
#[case::none_named("", "3")]
fn active_open_goes_as_the_user_says(#[case] named: &str, #[case] received: &str) {
    let mut host = host(Config::default());
    let (local, remote) = ((OWN, 80).into(), (PEER, 40_000).into());
    match route(named) {
        Some(route) => host.connect_via(NOW, local, remote, route),
        None => host.connect_from(NOW, local, remote),
    }
    .expect("free");
    assert_eq!(last_route(&mut host), route(named));
    deliver(
        &mut host,
        arrived(received),
        segment(Flags::SYN | Flags::ACK, 0, 0),
    );
    assert_eq!(last_route(&mut host), route(named));
    deliver(
        &mut host,
        arrived(received),
        segment(Flags::FIN | Flags::ACK, 1, 0),
    );
    assert_eq!(last_route(&mut host), route(named));
}

#[rstest]
#[case::of_ipv6("2001:db8::9", [198, 51, 100, 1])]
#[case::by_a_group("192.0.2.9", [224, 0, 0, 1])]
#[case::by_nobody("192.0.2.9", [0, 0, 0, 0])]
fn route_that_cannot_be_is_an_error(#[case] remote: &str, #[case] router: [u8; 4]) {
    let mut host = host(Config::default());
    let remote: IpAddr = remote.parse().expect("an address");
    let route = SourceRoute::new(false, &[router.into()]).expect("one router");
    let local = (Ipv4Addr::UNSPECIFIED, 0).into();
    let opened = host.connect_via(NOW, local, (remote, 80).into(), route);
    assert_eq!(opened, Err(Error::BadRoute));
}

/// The route of the SYN and of its ACK, the MSS that the peer offers, and the
/// length of full segments: RFC 9293 section 3.7.1 takes off what options take.
#[rstest]
#[case::none("", "", 1460, 1460)]
#[case::one("1", "", 1460, 1452)]
#[case::of_the_peers_offer("1 2 3", "", 536, 520)]
#[case::longer_later("1", "1 2 3", 1460, 1444)]
#[case::shorter_later("1 2 3", "1", 1460, 1452)]
#[case::nothing_left("1 2 3", "", 10, 1)]
fn options_leave_less_for_text(
    #[case] syn: &str,
    #[case] ack: &str,
    #[case] mss: u16,
    #[case] full: usize,
) {
    let mut host = host(Config::default());
    let call = Segment {
        options: vec![TcpOption::Mss(mss)],
        ..segment(Flags::SYN, 0, 0)
    };
    deliver(&mut host, arrived(syn), call);
    deliver(&mut host, arrived(ack), segment(Flags::ACK, 1, 0));
    sent(&mut host);
    let id = host.accept(80).expect("established");
    host.send(NOW, id, &[7; 5000]).expect("open");
    let first = sent(&mut host).remove(0);
    assert_eq!(
        first.segment().map(|segment| segment.payload.len()),
        Some(full)
    );
    if full > 1 {
        assert!(first.encode().len() <= 1500);
    }
}

/// A router on the way quotes a header that goes to the next one.
#[test]
fn error_about_a_packet_on_its_way_finds_the_connection() {
    let mut host = host(Config::default());
    let by = route("1 2").expect("two routers");
    let (local, remote) = ((OWN, 80).into(), (PEER, 40_000).into());
    let id = host.connect_via(NOW, local, remote, by).expect("free");
    let mut syn = sent(&mut host).remove(0);
    syn.route = Some(by.with_passed(1));
    let error = IcmpError::new(Report::PortUnreachable, &syn).expect("IPv4 has it");
    let ip = IpHeader::new(PEER.into(), OWN.into());
    host.deliver(NOW, &Packet::new(ip, Body::Icmp(error)).encode());
    assert_eq!(host.state(id), State::Closed);
}

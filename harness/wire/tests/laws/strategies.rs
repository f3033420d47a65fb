//! Generators of the vocabulary, with the edges of each range made likely.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use proptest::collection::vec;
use proptest::prelude::*;
use tcpspec_wire::icmp::IcmpError;
use tcpspec_wire::{
    Body, Flags, IpHeader, Packet, Segment, SeqNumber, SourceRoute, TcpOption, WindowField,
};

/// Octets of options that a TCP header can hold.
const OPTION_SPACE: usize = 40;

pub(crate) fn seq_number() -> impl Strategy<Value = SeqNumber> {
    prop_oneof![any::<u32>(), 0..100_u32, u32::MAX - 100..=u32::MAX].prop_map(SeqNumber::new)
}

pub(crate) fn flags() -> impl Strategy<Value = Flags> {
    (0..0x1000_u16).prop_map(Flags::from_bits)
}

/// An option that has only one reading on the wire.
pub(crate) fn well_formed_option() -> impl Strategy<Value = TcpOption> {
    let block = (seq_number(), seq_number());
    prop_oneof![
        Just(TcpOption::Nop),
        any::<u16>().prop_map(TcpOption::Mss),
        any::<u8>().prop_map(TcpOption::WindowScale),
        Just(TcpOption::SackPermitted),
        vec(block, 1..4).prop_map(TcpOption::Sack),
        (any::<u32>(), any::<u32>())
            .prop_map(|(value, echo)| TcpOption::Timestamps { value, echo }),
        any::<u16>().prop_map(TcpOption::UserTimeout),
        (29..=u8::MAX, vec(any::<u8>(), 0..6)).prop_map(|(kind, data)| TcpOption::Unknown {
            kind,
            len: data.len() as u8 + 2,
            data,
        }),
    ]
}

/// Any option at all, but for a SACK option without blocks (whose text is that
/// of the unknown option it is).
pub(crate) fn option() -> impl Strategy<Value = TcpOption> {
    let octets = || vec(any::<u8>(), 0..6);
    prop_oneof![
        8 => well_formed_option(),
        1 => Just(TcpOption::EndOfList),
        1 => (any::<u8>(), any::<u8>(), octets())
            .prop_map(|(kind, len, data)| TcpOption::Unknown { kind, len, data }),
        1 => octets().prop_map(TcpOption::Malformed),
    ]
}

/// Well-formed options, as many as fit a header.
fn options() -> impl Strategy<Value = Vec<TcpOption>> {
    vec(well_formed_option(), 0..6).prop_map(|mut options| {
        let wire_len =
            |options: &[TcpOption]| options.iter().map(TcpOption::wire_len).sum::<usize>();
        while wire_len(&options) > OPTION_SPACE {
            options.pop();
        }
        options
    })
}

pub(crate) fn segment() -> impl Strategy<Value = Segment> {
    let ports = (any::<u16>(), any::<u16>());
    let numbers = (seq_number(), seq_number());
    let fields = (flags(), any::<u16>(), any::<u16>());
    let payload = prop_oneof![3 => vec(any::<u8>(), 0..40), 1 => Just(vec![0xa5; 1460])];
    (ports, numbers, fields, options(), payload).prop_map(
        |((src_port, dst_port), (seq, ack), (flags, window, urgent), options, payload)| Segment {
            src_port,
            dst_port,
            seq,
            ack,
            flags,
            window: WindowField::new(window),
            urgent,
            options,
            payload,
        },
    )
}

pub(crate) fn ip_header() -> impl Strategy<Value = IpHeader> {
    let octets = (any::<u8>(), any::<u8>());
    let v4 = (any::<[[u8; 4]; 2]>(), octets, any::<u16>(), any::<bool>()).prop_map(
        |([src, dst], (ttl, traffic_class), ident, dont_fragment)| IpHeader {
            src: Ipv4Addr::from(src).into(),
            dst: Ipv4Addr::from(dst).into(),
            ttl,
            traffic_class,
            ident,
            dont_fragment,
        },
    );
    let v6 = (any::<[[u8; 16]; 2]>(), octets).prop_map(|([src, dst], (ttl, traffic_class))| {
        let (src, dst): (IpAddr, IpAddr) = (Ipv6Addr::from(src).into(), Ipv6Addr::from(dst).into());
        IpHeader {
            ttl,
            traffic_class,
            ..IpHeader::new(src, dst)
        }
    });
    prop_oneof![v4, v6]
}

pub(crate) fn tcp_packet() -> impl Strategy<Value = Packet> {
    (ip_header(), segment()).prop_map(|(ip, segment)| Packet::new(ip, Body::Tcp(segment)))
}

/// A packet of any kind; what it carries is what a reader takes it for.
pub(crate) fn packet() -> impl Strategy<Value = Packet> {
    let octets = || vec(any::<u8>(), 0..40);
    let error = (ip_header(), 0..4_usize, any::<u8>(), any::<u32>(), octets()).prop_map(
        |(ip, kind, code, parameter, quote)| {
            let v6 = !ip.is_v4();
            let kinds = if v6 { [1, 2, 3, 4] } else { [3, 4, 11, 12] };
            let kind = kinds[kind];
            let error = IcmpError {
                v6,
                kind,
                code,
                parameter,
                quote,
            };
            Packet::new(ip, Body::Icmp(error))
        },
    );
    let fragment = (
        ip_header(),
        any::<u8>(),
        1..0x2000_u16,
        any::<bool>(),
        octets(),
    )
        .prop_map(|(ip, protocol, eighths, more, octets)| {
            let offset = eighths * 8;
            let body = Body::Fragment {
                protocol,
                offset,
                more,
                octets,
            };
            Packet::new(ip, body)
        });
    let other = (ip_header(), 100..=u8::MAX, octets())
        .prop_map(|(ip, protocol, octets)| Packet::new(ip, Body::Other { protocol, octets }));
    let kinds = prop_oneof![3 => tcp_packet(), 1 => error, 1 => fragment, 1 => other];
    (kinds, source_route()).prop_map(|(packet, route)| by(route, packet))
}

/// A route half the time, with some of its routers passed.
pub(crate) fn source_route() -> impl Strategy<Value = Option<SourceRoute>> {
    let routers = vec(
        any::<[u8; 4]>().prop_map(Ipv4Addr::from),
        0..=SourceRoute::MAX,
    );
    (any::<bool>(), routers, 0..=SourceRoute::MAX).prop_map(|(strict, routers, passed)| {
        SourceRoute::new(strict, &routers).map(|route| route.with_passed(passed))
    })
}

/// The packet by a route, as far as its version of IP has any.
pub(crate) fn by(route: Option<SourceRoute>, packet: Packet) -> Packet {
    let route = route.filter(|_| packet.ip.is_v4());
    Packet { route, ..packet }
}

/// Octets of a packet with some of them overwritten and some cut off.
pub(crate) fn mutated() -> impl Strategy<Value = Vec<u8>> {
    let edits = vec((any::<prop::sample::Index>(), any::<u8>()), 1..6);
    (packet(), edits, any::<prop::sample::Index>(), any::<bool>()).prop_map(
        |(packet, edits, end, cut)| {
            let mut octets = packet.encode();
            for (at, octet) in edits {
                // Headers are short and payloads long: most edits go there.
                let at = at.index(octets.len().min(80));
                octets[at] = octet;
            }
            if cut {
                octets.truncate(end.index(octets.len()));
            }
            octets
        },
    )
}

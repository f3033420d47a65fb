//! pnet as the independent check of our writer and of our reader: every field
//! and both checksums, both ways.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use pnet_packet::ip::IpNextHeaderProtocols;
use pnet_packet::ipv4::{self, Ipv4Packet, MutableIpv4Packet};
use pnet_packet::ipv6::{Ipv6Packet, MutableIpv6Packet};
use pnet_packet::tcp::{self, MutableTcpPacket, TcpPacket};
use pnet_packet::{FromPacket, Packet as _};
use proptest::prelude::*;
use tcpspec_wire::{Decoded, IpHeader, Packet, Segment, TcpOption};

use crate::strategies::{by, source_route, tcp_packet};

proptest! {
    #[test]
    fn pnet_reads_what_we_write(packet in tcp_packet()) {
        let octets = packet.encode();
        let segment = packet.segment().unwrap();
        match (packet.ip.src, packet.ip.dst) {
            (IpAddr::V4(src), IpAddr::V4(dst)) => {
                let ip = Ipv4Packet::new(&octets).unwrap();
                check_v4(&packet.ip, &ip, octets.len())?;
                check_tcp(segment, ip.payload(), |tcp| tcp::ipv4_checksum(tcp, &src, &dst))?;
            }
            (IpAddr::V6(src), IpAddr::V6(dst)) => {
                let ip = Ipv6Packet::new(&octets).unwrap();
                check_v6(&packet.ip, &ip, octets.len())?;
                check_tcp(segment, ip.payload(), |tcp| tcp::ipv6_checksum(tcp, &src, &dst))?;
            }
            mixed => prop_assert!(false, "two versions of IP: {mixed:?}"),
        }
    }

    #[test]
    fn pnet_reads_a_source_route(packet in tcp_packet(), route in source_route()) {
        let packet = by(route, packet);
        if let (Some(route), IpAddr::V4(end)) = (packet.route, packet.ip.dst) {
            let octets = packet.encode();
            let ip = Ipv4Packet::new(&octets).unwrap();
            let next = route.routers().get(route.passed()).copied().unwrap_or(end);
            prop_assert_eq!(ip.get_destination(), next);
            prop_assert_eq!(usize::from(ip.get_header_length()) * 4, packet.header_len());
            prop_assert_eq!(ip.get_checksum(), ipv4::checksum(&ip));
            let tcp = TcpPacket::new(ip.payload()).unwrap();
            prop_assert_eq!(tcp.get_checksum(), tcp::ipv4_checksum(&tcp, &ip.get_source(), &end));
            let options: Vec<u8> = ip.get_options_iter().map(|option| option.get_number().0).collect();
            prop_assert_eq!(options, [1, if route.is_strict() { 9 } else { 3 }]);
        }
    }

    #[test]
    fn we_read_what_pnet_writes(packet in tcp_packet()) {
        let segment = packet.segment().unwrap();
        let octets = match (packet.ip.src, packet.ip.dst) {
            (IpAddr::V4(src), IpAddr::V4(dst)) => {
                let tcp = write_tcp(segment, |tcp| tcp::ipv4_checksum(tcp, &src, &dst));
                write_v4(&packet.ip, src, dst, &tcp)
            }
            (IpAddr::V6(src), IpAddr::V6(dst)) => {
                let tcp = write_tcp(segment, |tcp| tcp::ipv6_checksum(tcp, &src, &dst));
                write_v6(&packet.ip, src, dst, &tcp)
            }
            mixed => return Err(TestCaseError::fail(format!("two versions of IP: {mixed:?}"))),
        };
        let read = Packet::decode(&octets);
        prop_assert_eq!(read, Ok(Decoded { packet, defects: Vec::new() }));
    }
}

fn check_v4(ip: &IpHeader, read: &Ipv4Packet<'_>, len: usize) -> Result<(), TestCaseError> {
    prop_assert_eq!((read.get_version(), read.get_header_length()), (4, 5));
    prop_assert_eq!(usize::from(read.get_total_length()), len);
    prop_assert_eq!(IpAddr::from(read.get_source()), ip.src);
    prop_assert_eq!(IpAddr::from(read.get_destination()), ip.dst);
    prop_assert_eq!(read.get_ttl(), ip.ttl);
    prop_assert_eq!(read.get_dscp() << 2 | read.get_ecn(), ip.traffic_class);
    prop_assert_eq!(read.get_identification(), ip.ident);
    prop_assert_eq!(read.get_flags(), if ip.dont_fragment { 2 } else { 0 });
    prop_assert_eq!(read.get_fragment_offset(), 0);
    prop_assert_eq!(read.get_next_level_protocol(), IpNextHeaderProtocols::Tcp);
    prop_assert_eq!(read.get_checksum(), ipv4::checksum(read));
    Ok(())
}

fn check_v6(ip: &IpHeader, read: &Ipv6Packet<'_>, len: usize) -> Result<(), TestCaseError> {
    prop_assert_eq!((read.get_version(), read.get_flow_label()), (6, 0));
    prop_assert_eq!(usize::from(read.get_payload_length()), len - 40);
    prop_assert_eq!(IpAddr::from(read.get_source()), ip.src);
    prop_assert_eq!(IpAddr::from(read.get_destination()), ip.dst);
    prop_assert_eq!(read.get_hop_limit(), ip.ttl);
    prop_assert_eq!(read.get_traffic_class(), ip.traffic_class);
    prop_assert_eq!(read.get_next_header(), IpNextHeaderProtocols::Tcp);
    Ok(())
}

fn check_tcp(
    segment: &Segment,
    octets: &[u8],
    checksum: impl Fn(&TcpPacket<'_>) -> u16,
) -> Result<(), TestCaseError> {
    let read = TcpPacket::new(octets).unwrap();
    prop_assert_eq!(read.get_source(), segment.src_port);
    prop_assert_eq!(read.get_destination(), segment.dst_port);
    prop_assert_eq!(read.get_sequence(), segment.seq.value());
    prop_assert_eq!(read.get_acknowledgement(), segment.ack.value());
    let flags = u16::from(read.get_reserved()) << 8 | u16::from(read.get_flags());
    prop_assert_eq!(flags, segment.flags.bits());
    prop_assert_eq!(read.get_window(), segment.window.value());
    prop_assert_eq!(read.get_urgent_ptr(), segment.urgent);
    prop_assert_eq!(
        usize::from(read.get_data_offset()) * 4,
        segment.header_len()
    );
    prop_assert_eq!(read.payload(), &segment.payload);
    prop_assert_eq!(read.get_checksum(), checksum(&read));
    let mut options: Vec<_> = read
        .get_options_iter()
        .map(|option| octets_of(option.from_packet()))
        .collect();
    // pnet gives each octet of padding as an option, ours are left out.
    options.truncate(segment.options.len());
    let ours: Vec<_> = segment
        .options
        .iter()
        .map(|option| octets_of(pnet_option(option)))
        .collect();
    prop_assert_eq!(options, ours);
    Ok(())
}

/// The option as pnet would make it.
fn pnet_option(option: &TcpOption) -> tcp::TcpOption {
    let plain = |kind, length: u8, data: &[u8]| tcp::TcpOption {
        number: tcp::TcpOptionNumber(kind),
        length: vec![length],
        data: data.to_vec(),
    };
    match option {
        TcpOption::Nop => tcp::TcpOption::nop(),
        TcpOption::Mss(mss) => tcp::TcpOption::mss(*mss),
        TcpOption::WindowScale(shift) => tcp::TcpOption::wscale(*shift),
        TcpOption::SackPermitted => tcp::TcpOption::sack_perm(),
        TcpOption::Timestamps { value, echo } => tcp::TcpOption::timestamp(*value, *echo),
        TcpOption::Sack(blocks) => {
            let edges: Vec<u32> = blocks
                .iter()
                .flat_map(|(left, right)| [left.value(), right.value()])
                .collect();
            tcp::TcpOption::selective_ack(&edges)
        }
        TcpOption::UserTimeout(timeout) => plain(28, 4, &timeout.to_be_bytes()),
        TcpOption::Unknown { kind, len, data } => plain(*kind, *len, data),
        TcpOption::EndOfList | TcpOption::Malformed(_) => plain(0, 0, &[]),
    }
}

fn octets_of(option: tcp::TcpOption) -> Vec<u8> {
    [vec![option.number.0], option.length, option.data].concat()
}

fn write_tcp(segment: &Segment, checksum: impl Fn(&TcpPacket<'_>) -> u16) -> Vec<u8> {
    let mut octets = vec![0; segment.header_len() + segment.payload.len()];
    let mut tcp = MutableTcpPacket::new(&mut octets).unwrap();
    tcp.set_source(segment.src_port);
    tcp.set_destination(segment.dst_port);
    tcp.set_sequence(segment.seq.value());
    tcp.set_acknowledgement(segment.ack.value());
    tcp.set_data_offset((segment.header_len() / 4) as u8);
    tcp.set_reserved((segment.flags.bits() >> 8) as u8);
    tcp.set_flags(segment.flags.bits() as u8);
    tcp.set_window(segment.window.value());
    tcp.set_urgent_ptr(segment.urgent);
    let options: Vec<_> = segment.options.iter().map(pnet_option).collect();
    tcp.set_options(&options);
    tcp.set_payload(&segment.payload);
    let sum = checksum(&tcp.to_immutable());
    tcp.set_checksum(sum);
    octets
}

fn write_v4(ip: &IpHeader, src: Ipv4Addr, dst: Ipv4Addr, tcp: &[u8]) -> Vec<u8> {
    let mut octets = vec![0; 20 + tcp.len()];
    let len = octets.len() as u16;
    let mut header = MutableIpv4Packet::new(&mut octets).unwrap();
    header.set_version(4);
    header.set_header_length(5);
    header.set_total_length(len);
    header.set_dscp(ip.traffic_class >> 2);
    header.set_ecn(ip.traffic_class & 3);
    header.set_identification(ip.ident);
    header.set_flags(if ip.dont_fragment { 2 } else { 0 });
    header.set_ttl(ip.ttl);
    header.set_next_level_protocol(IpNextHeaderProtocols::Tcp);
    header.set_source(src);
    header.set_destination(dst);
    header.set_payload(tcp);
    let sum = ipv4::checksum(&header.to_immutable());
    header.set_checksum(sum);
    octets
}

fn write_v6(ip: &IpHeader, src: Ipv6Addr, dst: Ipv6Addr, tcp: &[u8]) -> Vec<u8> {
    let mut octets = vec![0; 40 + tcp.len()];
    let mut header = MutableIpv6Packet::new(&mut octets).unwrap();
    header.set_version(6);
    header.set_traffic_class(ip.traffic_class);
    header.set_payload_length(tcp.len() as u16);
    header.set_next_header(IpNextHeaderProtocols::Tcp);
    header.set_hop_limit(ip.ttl);
    header.set_source(src);
    header.set_destination(dst);
    header.set_payload(tcp);
    octets
}

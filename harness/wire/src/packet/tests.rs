//! Packets that a receiver refuses, each with the reason; the laws of writing
//! and reading are in `tests/laws`.

use std::net::Ipv4Addr;

use rstest::rstest;

use super::*;

/// A bare segment over IPv4, with some octets overwritten.
fn with(edits: &[(usize, u8)]) -> Vec<u8> {
    let [src, dst] = [[192, 0, 2, 1], [192, 0, 2, 2]].map(IpAddr::from);
    let mut octets = Packet::tcp(src, dst, Segment::default()).encode();
    for (at, octet) in edits {
        octets[*at] = *octet;
    }
    octets
}

#[test]
fn a_packet_is_written_as_the_rfcs_draw_it() {
    let known = [
        0x45, 0, 0, 40, 0, 0, 0x40, 0, 64, 6, 0xb6, 0xcc, 192, 0, 2, 1, 192, 0, 2, 2, // IP
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x50, 0, 0, 0, 0x2b, 0xe1, 0, 0, // TCP
    ];
    assert_eq!(with(&[]), known);
}

#[rstest]
#[case::ttl_changed(&[(8, 63)], &[Defect::IpChecksum])]
#[case::port_changed(&[(20, 1)], &[Defect::TcpChecksum])]
#[case::both(&[(8, 63), (20, 1)], &[Defect::IpChecksum, Defect::TcpChecksum])]
#[case::data_offset(&[(32, 0x40)], &[Defect::TcpHeader])]
#[case::options_beyond_the_end(&[(32, 0x60)], &[Defect::TcpHeader])]
fn defects_are_listed(#[case] edits: &[(usize, u8)], #[case] defects: &[Defect]) {
    let read = Packet::decode(&with(edits)).unwrap();
    assert_eq!(read.defects, defects);
}

#[rstest]
#[case::no_octets(&[], DecodeError::Empty)]
#[case::version(&[0x50, 0], DecodeError::Version(5))]
#[case::header_v4(&[0x45; 19], DecodeError::Short { have: 19, need: 20 })]
#[case::header_v6(&[0x60; 39], DecodeError::Short { have: 39, need: 40 })]
#[case::header_length(&[0x44; 20], DecodeError::HeaderLength(4))]
#[case::ip_options(&[0x46; 20], DecodeError::Short { have: 20, need: 24 })]
fn what_is_no_packet_is_refused(#[case] octets: &[u8], #[case] error: DecodeError) {
    assert_eq!(Packet::decode(octets), Err(error));
}

#[rstest]
#[case::total_beyond_the_end(41, DecodeError::Short { have: 40, need: 41 })]
#[case::total_inside_the_header(19, DecodeError::Short { have: 40, need: 20 })]
fn a_wrong_total_length_is_refused(#[case] total: u8, #[case] error: DecodeError) {
    assert_eq!(Packet::decode(&with(&[(3, total)])), Err(error));
}

#[test]
fn addresses_of_two_versions_are_written_as_ipv6() {
    let mut packet = Packet::decode(&with(&[])).unwrap().packet;
    packet.ip.dst = [0x2001, 0xdb8, 0, 0, 0, 0, 0, 1].into();
    let read = Packet::decode(&packet.encode()).unwrap();
    assert_eq!(read.defects, []);
    let mapped = Ipv4Addr::new(192, 0, 2, 1).to_ipv6_mapped();
    assert_eq!(read.packet.ip.src, IpAddr::V6(mapped));
    assert_eq!(read.packet.ip.dst, packet.ip.dst);
}

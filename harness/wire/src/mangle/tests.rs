//! Each edit by its text, and what a receiver makes of the octets.

use rstest::rstest;

use super::*;
use crate::packet::Defect;
use crate::segment::{HEADER_LEN, Segment};
use crate::{Flags, TcpOption};

fn packet(version: u8) -> Packet {
    let [src, dst]: [IpAddr; 2] = if version == 4 {
        [[192, 0, 2, 1], [192, 0, 2, 2]].map(IpAddr::from)
    } else {
        [1, 2].map(|host| IpAddr::from([0x2001, 0xdb8, 0, 0, 0, 0, 0, host]))
    };
    let segment = Segment {
        flags: Flags::SYN,
        options: vec![TcpOption::Mss(1460)],
        payload: b"octets of text".to_vec(),
        ..Segment::default()
    };
    Packet::tcp(src, dst, segment)
}

fn edits(text: &str) -> Vec<Mangle> {
    text.split_whitespace()
        .map(|edit| edit.parse().unwrap())
        .collect()
}

/// Mangles a packet of each version, checks its defects, and gives the octets
/// of the TCP segment.
#[track_caller]
fn check(text: &str, defects: &[Defect]) -> Vec<u8> {
    let [v4, v6] = [4, 6].map(|version| {
        let packet = packet(version);
        let packets = mangle(&packet, &edits(text));
        assert_eq!(packets.len(), 1);
        let read = Packet::decode(&packets[0]).unwrap();
        assert_eq!(read.defects, defects, "IPv{version}");
        packets[0][packet.ip.wire_len()..].to_vec()
    });
    assert_eq!(v4[..CHECKSUM.start], v6[..CHECKSUM.start]);
    assert_eq!(v4[CHECKSUM.end..], v6[CHECKSUM.end..]);
    v4
}

#[rstest]
#[case::checksum("bad(checksum)", &[Defect::TcpChecksum])]
#[case::checksum_before_another_edit("bad(checksum) raw(offset=4,hex=ff)", &[Defect::TcpChecksum])]
#[case::data_offset_short("bad(dataoff=4)", &[Defect::TcpHeader])]
#[case::data_offset_beyond("bad(dataoff=15)", &[Defect::TcpHeader])]
#[case::data_offset_into_options("bad(dataoff=5)", &[])]
#[case::raw("raw(offset=13,hex=ff)", &[])]
#[case::raw_over_the_checksum("raw(offset=16,hex=0001)", &[Defect::TcpChecksum])]
#[case::raw_up_to_the_checksum("raw(offset=14,hex=0001)", &[])]
#[case::raw_of_nothing_in_the_checksum("raw(offset=17,hex=)", &[])]
#[case::nothing("", &[])]
fn a_receiver_sees_just_the_defect(#[case] text: &str, #[case] defects: &[Defect]) {
    check(text, defects);
}

#[test]
fn raw_overwrites_in_place_and_appends_beyond_the_end() {
    let plain = check("", &[]);
    let inside = check("raw(offset=24,hex=4f43)", &[]);
    assert_eq!(inside[24..], *b"OCtets of text");
    let over_the_end = check("raw(offset=37,hex=54212121)", &[]);
    assert_eq!(over_the_end[24..], *b"octets of texT!!!");
    let beyond = check("raw(offset=9999,hex=21)", &[]);
    assert_eq!(beyond[24..], *b"octets of text!");
    assert_eq!(inside[..CHECKSUM.start], plain[..CHECKSUM.start]);
}

#[rstest]
#[case::short_of_a_fixed_header("frag(16)", &[(0, 16), (16, 16), (32, 6)])]
#[case::smallest("frag(8)", &[(0, 8), (8, 8), (16, 8), (24, 8), (32, 6)])]
#[case::last_one_counts("frag(8) frag(24)", &[(0, 24), (24, 14)])]
#[case::edits_come_before("frag(24) raw(offset=40,hex=00000000)", &[(0, 24), (24, 18)])]
fn fragments_have_the_size_that_is_asked_for(
    #[case] text: &str,
    #[case] parts: &[(u16, usize)],
    #[values(4, 6)] version: u8,
) {
    let seen: Vec<_> = mangle(&packet(version), &edits(text))
        .iter()
        .map(|octets| {
            let read = Packet::decode(octets).unwrap().packet;
            assert_eq!(read.ip.dont_fragment, version == 6);
            match read.body {
                Body::Fragment { offset, octets, .. } => (offset, octets.len()),
                body => panic!("no fragment: {body:?}"),
            }
        })
        .collect();
    assert_eq!(seen, parts);
}

#[rstest]
#[case::with_room("frag(48)")]
#[case::exactly("frag(40)")]
fn what_fits_goes_whole(#[case] text: &str, #[values(4, 6)] version: u8) {
    // The segment is 38 octets long: two more fill five words of eight.
    let grown = edits("raw(offset=38,hex=0000)");
    let fragmented = [grown.clone(), edits(text)].concat();
    let packet = packet(version);
    assert_eq!(mangle(&packet, &fragmented), mangle(&packet, &grown));
}

#[rstest]
#[case::part_of_the_header("cut(19)", 19, &[Defect::TcpHeader])]
#[case::up_to_the_checksum("cut(18)", 18, &[Defect::TcpHeader])]
#[case::more_than_there_is("cut(4000)", 38, &[])]
fn segment_is_cut(#[case] text: &str, #[case] len: usize, #[case] defects: &[Defect]) {
    assert_eq!(check(text, defects).len(), len);
}

#[rstest]
#[case::none("ip-options()", 20)]
#[case::filled_up("ip-options(1e0301)", 24)]
#[case::all_there_is_room_for(&format!("ip-options({})", "01".repeat(50)), 60)]
fn options_stand_between_header_and_segment(#[case] text: &str, #[case] header: usize) {
    let plain = packet(4).encode();
    let packets = mangle(&packet(4), &edits(text));
    assert_eq!(packets[0][header..], plain[20..]);
    let read = Packet::decode(&packets[0]).unwrap();
    assert_eq!(
        (read.packet.segment(), read.defects),
        (packet(4).segment(), vec![])
    );
    assert_eq!(mangle(&packet(6), &edits(text)), [packet(6).encode()]);
}

#[rstest]
#[case::checksum_made_right("ip(offset=4,hex=abcd)", &[])]
#[case::checksum_covered("ip(offset=10,hex=0000)", &[Defect::IpChecksum])]
fn ip_header_is_overwritten(#[case] text: &str, #[case] defects: &[Defect]) {
    let read = Packet::decode(&mangle(&packet(4), &edits(text))[0]).unwrap();
    assert_eq!(read.defects, defects);
}

#[rstest]
#[case::version("ip(offset=0,hex=35)")]
#[case::header_length("ip(offset=0,hex=44)")]
#[case::length("ip(offset=2,hex=ffff)")]
#[case::beyond_the_header("ip(offset=0,hex=00) ip(offset=65535,hex=ff)")]
fn ip_header_is_broken(#[case] text: &str, #[values(4, 6)] version: u8) {
    let [octets] = mangle(&packet(version), &edits(text)).try_into().unwrap();
    assert_eq!(octets.len(), packet(version).encode().len());
    assert!(version == 6 || Packet::decode(&octets).is_err());
}

#[test]
fn without_a_segment_only_the_ip_header_is_edited() {
    let mut other = packet(4);
    let octets = vec![0; HEADER_LEN];
    other.body = Body::Other {
        protocol: 17,
        octets,
    };
    let text = "bad(checksum) bad(dataoff=4) raw(offset=0,hex=ff) src=192.0.2.9";
    let read = Packet::decode(&mangle(&other, &edits(text))[0]).unwrap();
    other.ip.src = [192, 0, 2, 9].into();
    assert_eq!((read.packet, read.defects), (other, vec![]));
}

#[rstest]
#[case::alone("zero(checksum)")]
#[case::before_another_edit("zero(checksum) raw(offset=4,hex=ff)")]
#[case::with_a_pointer_that_means_nothing("raw(offset=18,hex=1234) zero(checksum)")]
fn checksum_of_zero_is_right(#[case] text: &str, #[values(4, 6)] version: u8) {
    let packet = packet(version);
    let octets = &mangle(&packet, &edits(text))[0];
    assert_eq!(Packet::decode(octets).unwrap().defects, []);
    assert_eq!(octets[packet.ip.wire_len()..][CHECKSUM], [0, 0]);
}

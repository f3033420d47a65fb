//! Packets are written and read without loss, and nothing that arrives can
//! make the reader panic.

use proptest::collection::vec;
use proptest::prelude::*;
use tcpspec_wire::{Body, Decoded, OptionBuffer, Packet, Segment, SegmentDraft, TcpOption};

use crate::strategies::{mutated, option, packet, tcp_packet};

/// Octets of option space, with the kinds and lengths that mean something made
/// likely.
fn option_space() -> impl Strategy<Value = Vec<u8>> {
    let octet = prop_oneof![3 => 0..12_u8, 1 => any::<u8>()];
    vec(octet, 0..=40).prop_map(|mut space| {
        space.truncate(space.len() & !3);
        space
    })
}

/// An IPv4 packet whose TCP header holds just this option space.
fn with_option_space(space: &[u8]) -> Vec<u8> {
    let [src, dst] = [[192, 0, 2, 1], [192, 0, 2, 2]].map(Into::into);
    // A malformed tail is written as it stands, and a whole word of options
    // needs no padding.
    let options = vec![TcpOption::Malformed(space.to_vec())];
    let segment = Segment {
        options,
        ..Segment::default()
    };
    Packet::tcp(src, dst, segment).encode()
}

proptest! {
    #[test]
    fn what_is_written_is_read(packet in packet()) {
        let read = Packet::decode(&packet.encode());
        prop_assert_eq!(read, Ok(Decoded { packet, defects: Vec::new() }));
    }

    #[test]
    fn a_draft_is_written_as_the_segment_it_stands_for(packet in tcp_packet(), cut: prop::sample::Index) {
        let segment = packet.segment().unwrap();
        let mut options = OptionBuffer::new();
        options.extend(segment.options.clone());
        let (front, back) = segment.payload.split_at(cut.index(segment.payload.len() + 1));
        let draft = SegmentDraft {
            src_port: segment.src_port,
            dst_port: segment.dst_port,
            seq: segment.seq,
            ack: segment.ack,
            flags: segment.flags,
            window: segment.window,
            urgent: segment.urgent,
            options,
            payload: [front, back],
        };
        prop_assert_eq!(packet.ip.encode_tcp(&draft), packet.encode());
    }

    #[test]
    fn what_was_read_is_written_and_read_the_same(octets in mutated()) {
        if let Ok(first) = Packet::decode(&octets) {
            let second = Packet::decode(&first.packet.encode());
            prop_assert_eq!(second.map(|read| read.packet), Ok(first.packet));
        }
    }

    #[test]
    fn reading_arbitrary_octets_ends_well(version in 0..16_u8, mut octets in vec(any::<u8>(), 0..120)) {
        if let Some(first) = octets.first_mut() {
            *first = version << 4 | *first & 0xf;
        }
        if let Ok(read) = Packet::decode(&octets) {
            prop_assert!(matches!(version, 4 | 6));
            if let Body::Icmp(error) = &read.packet.body {
                let quoted = error.quoted();
                prop_assert!(quoted.is_none() || error.quote.len() >= 28);
            }
        }
    }

    #[test]
    fn option_space_survives_octet_by_octet(space in option_space()) {
        let octets = with_option_space(&space);
        let read = Packet::decode(&octets).map(|read| read.packet.encode());
        prop_assert_eq!(read, Ok(octets));
    }

    #[test]
    fn octets_behind_the_packet_are_left_out(packet in tcp_packet(), trailer in vec(any::<u8>(), 0..9)) {
        let mut octets = packet.encode();
        octets.extend(trailer);
        prop_assert_eq!(Packet::decode(&octets).map(|read| read.packet), Ok(packet));
    }

    #[test]
    fn lengths_foretell_what_is_written(packet in tcp_packet(), odd in option()) {
        let mut packet = packet;
        if let Body::Tcp(segment) = &mut packet.body {
            segment.options.push(odd);
            let len = packet.ip.wire_len() + segment.header_len() + segment.payload.len();
            prop_assert_eq!(packet.encode().len(), len);
        }
    }

    #[test]
    fn a_flipped_bit_under_the_checksum_is_seen(packet in tcp_packet(), at: prop::sample::Index, bit in 0..8_u8) {
        let mut octets = packet.encode();
        let start = packet.ip.wire_len();
        let at = start + at.index(octets.len() - start);
        octets[at] ^= 1_u8 << bit;
        let read = Packet::decode(&octets);
        prop_assert!(read.is_ok_and(|read| !read.defects.is_empty()));
    }
}

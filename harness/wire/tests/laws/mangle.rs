//! Edits of octets: no edit can panic, and what no edit asks for stays right.

use std::net::IpAddr;

use proptest::collection::vec;
use proptest::prelude::*;
use tcpspec_wire::{Body, Defect, Mangle, Packet, mangle};

use crate::strategies::{packet, tcp_packet};

/// Any edit, senseless ones included.
fn edit() -> impl Strategy<Value = Mangle> {
    prop_oneof![
        Just(Mangle::BadChecksum),
        Just(Mangle::ZeroChecksum),
        any::<u8>().prop_map(Mangle::DataOffset),
        (
            prop_oneof![0..64_u16, any::<u16>()],
            vec(any::<u8>(), 0..40)
        )
            .prop_map(|(offset, octets)| Mangle::Raw { offset, octets }),
        any::<u16>().prop_map(Mangle::Fragment),
        any::<IpAddr>().prop_map(Mangle::Source),
    ]
}

proptest! {
    #[test]
    fn any_edits_of_any_packet_give_packets(packet in packet(), edits in vec(edit(), 0..5)) {
        let packets = mangle(&packet, &edits);
        prop_assert!(!packets.is_empty());
        for octets in packets {
            let read = Packet::decode(&octets);
            let ip_is_right = read.is_ok_and(|read| !read.defects.contains(&Defect::IpChecksum));
            prop_assert!(ip_is_right);
        }
    }

    #[test]
    fn no_edits_change_nothing(packet in packet()) {
        prop_assert_eq!(mangle(&packet, &[]), [packet.encode()]);
    }

    #[test]
    fn a_bad_checksum_is_the_only_defect(packet in tcp_packet()) {
        let octets = &mangle(&packet, &[Mangle::BadChecksum])[0];
        let read = Packet::decode(octets).unwrap();
        prop_assert_eq!(read.defects, [Defect::TcpChecksum]);
        prop_assert_eq!(read.packet.segment(), packet.segment());
    }

    #[test]
    fn edits_beside_the_checksum_leave_it_right(packet in tcp_packet(), offset in 18..200_u16, octets in vec(any::<u8>(), 0..30)) {
        let edits = [Mangle::Raw { offset, octets }];
        let read = Packet::decode(&mangle(&packet, &edits)[0]).unwrap();
        prop_assert_eq!(read.defects, []);
    }

    #[test]
    fn another_source_keeps_the_checksum_right(packet in tcp_packet(), v4: [u8; 4], v6: [u8; 16]) {
        let source: IpAddr = if packet.ip.is_v4() { v4.into() } else { v6.into() };
        let read = Packet::decode(&mangle(&packet, &[Mangle::Source(source)])[0]).unwrap();
        prop_assert_eq!(read.defects, []);
        prop_assert_eq!(read.packet.ip.src, source);
        prop_assert_eq!(read.packet.body, packet.body);
    }

    #[test]
    fn fragments_make_up_the_whole(packet in tcp_packet(), eighths in 1..20_u16, odd in 0..8_u16) {
        let size = usize::from(eighths * 8);
        let whole = packet.encode().split_off(packet.ip.wire_len());
        let mut seen = Vec::new();
        let parts = mangle(&packet, &[Mangle::Fragment(eighths * 8 + odd)]);
        prop_assert_eq!(parts.len(), whole.len().div_ceil(size));
        for part in &parts {
            match Packet::decode(part).unwrap().packet.body {
                Body::Fragment { protocol, offset, more, octets } => {
                    prop_assert_eq!((protocol, usize::from(offset)), (6, seen.len()));
                    seen.extend(octets);
                    prop_assert_eq!(more, seen.len() < whole.len());
                }
                body => {
                    prop_assert_eq!(&body, &packet.body);
                    seen.extend(&whole);
                }
            }
        }
        prop_assert_eq!(seen, whole);
    }
}

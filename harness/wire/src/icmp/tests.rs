//! Errors by name in both versions of IP, and what they quote.

use rstest::rstest;

use super::*;
use crate::packet::{Body, Decoded, IpHeader};
use crate::segment::Segment;

fn packet(v6: bool, payload: usize) -> Packet {
    let [src, dst]: [IpAddr; 2] = if v6 {
        [1, 2].map(|host| IpAddr::from([0x2001, 0xdb8, 0, 0, 0, 0, 0, host]))
    } else {
        [[192, 0, 2, 1], [192, 0, 2, 2]].map(IpAddr::from)
    };
    let segment = Segment {
        src_port: 50_000,
        dst_port: 80,
        seq: SeqNumber::new(0xffff_fff0),
        payload: vec![0x61; payload],
        ..Segment::default()
    };
    Packet::tcp(src, dst, segment)
}

fn error(report: Report, packet: &Packet) -> IcmpError {
    IcmpError::new(report, packet).expect("this version of IP has it")
}

#[rstest]
#[case::net(Report::NetUnreachable, (3, 0, 0), (1, 0, 0))]
#[case::host(Report::HostUnreachable, (3, 1, 0), (1, 3, 0))]
#[case::protocol(Report::ProtocolUnreachable, (3, 2, 0), (4, 1, 6))]
#[case::port(Report::PortUnreachable, (3, 3, 0), (1, 4, 0))]
#[case::too_big(Report::PacketTooBig { mtu: 1280 }, (3, 4, 1280), (2, 0, 1280))]
#[case::source_route(Report::SourceRouteFailed, (3, 5, 0), (1, 7, 0))]
#[case::prohibited(Report::AdminProhibited, (3, 13, 0), (1, 1, 0))]
#[case::time(Report::TimeExceeded, (11, 0, 0), (3, 0, 0))]
#[case::reassembly(Report::ReassemblyTimeExceeded, (11, 1, 0), (3, 1, 0))]
#[case::parameter(Report::ParameterProblem { pointer: 9 }, (12, 0, 0x0900_0000), (4, 0, 9))]
fn a_report_goes_over_the_wire_in_both_versions(
    #[case] report: Report,
    #[case] v4: (u8, u8, u32),
    #[case] v6: (u8, u8, u32),
    #[values(0, 2000)] payload: usize,
) {
    for (fields, packet) in [(v4, packet(false, payload)), (v6, packet(true, payload))] {
        let error = error(report, &packet);
        assert_eq!((error.kind, error.code, error.parameter), fields);
        let ip = IpHeader::new(packet.ip.dst, packet.ip.src);
        let carrier = Packet::new(ip, Body::Icmp(error.clone()));
        let defects = Vec::new();
        let read = Packet::decode(&carrier.encode());
        let packet = carrier;
        assert_eq!(read, Ok(Decoded { packet, defects }));
        assert_eq!(error.report(), Some(report));
    }
}

#[rstest]
#[case::v4(false, 576)]
#[case::v6(true, 1280)]
fn an_error_quotes_as_much_as_it_may(#[case] v6: bool, #[case] message_max: usize) {
    for payload in [0, 2000] {
        let packet = packet(v6, payload);
        let error = error(Report::PortUnreachable, &packet);
        assert!(packet.encode().starts_with(&error.quote));
        let whole = packet.encode().len();
        let room = message_max - packet.ip.wire_len() - HEADER_LEN;
        assert_eq!(error.quote.len(), whole.min(room));
    }
}

#[rstest]
#[case::v4(false, V4_QUOTE_MIN)]
#[case::v6(true, IPV6_HEADER_LEN + 8)]
fn the_quote_names_the_connection(#[case] v6: bool, #[case] least: usize) {
    let packet = packet(v6, 10);
    let mut error = error(Report::TimeExceeded, &packet);
    error.quote.truncate(least);
    let quoted = Quoted {
        src: packet.ip.src,
        dst: packet.ip.dst,
        src_port: 50_000,
        dst_port: 80,
        seq: SeqNumber::new(0xffff_fff0),
    };
    assert_eq!(error.quoted(), Some(quoted));
    error.quote.pop();
    assert_eq!(error.quoted(), None);
}

#[test]
fn a_quote_of_another_protocol_names_no_connection() {
    let mut packet = packet(false, 0);
    let octets = vec![0; 8];
    packet.body = Body::Other {
        protocol: 17,
        octets,
    };
    let error = error(Report::PortUnreachable, &packet);
    assert_eq!(error.quoted(), None);
}

#[test]
fn source_quench_is_of_icmp_alone() {
    let quench = error(Report::SourceQuench, &packet(false, 0));
    assert_eq!((quench.kind, quench.code, quench.parameter), (4, 0, 0));
    assert_eq!(quench.report(), Some(Report::SourceQuench));
    assert_eq!(IcmpError::new(Report::SourceQuench, &packet(true, 0)), None);
    assert!(Report::SourceQuench.is_v4_only());
}

#[rstest]
#[case::v4(false)]
#[case::v6(true)]
fn a_quote_can_be_cut_and_made_false(#[case] v6: bool) {
    let mut error = error(Report::TimeExceeded, &packet(v6, 100));
    error.cut_quote(8);
    error.quoted_segment_mut()[4..8].copy_from_slice(&7_u32.to_be_bytes());
    assert_eq!(error.quoted_segment_mut().len(), 8);
    assert_eq!(
        error.quoted().map(|quoted| quoted.seq),
        Some(SeqNumber::new(7))
    );
    error.quote.clear();
    assert!(error.quoted_segment_mut().is_empty());
}

#[rstest]
#[case::unknown_network(false, 3, 6)]
#[case::beyond_scope(true, 1, 2)]
fn other_codes_have_no_name_but_are_kept(#[case] v6: bool, #[case] kind: u8, #[case] code: u8) {
    let error = IcmpError {
        kind,
        code,
        ..error(Report::TimeExceeded, &packet(v6, 0))
    };
    assert_eq!(error.report(), None);
    let body = Body::Icmp(error);
    let ip = packet(v6, 0).ip;
    let read = Packet::decode(&Packet::new(ip, body.clone()).encode());
    assert_eq!(read.map(|read| read.packet.body), Ok(body));
}

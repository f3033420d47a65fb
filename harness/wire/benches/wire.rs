//! Nanoseconds for each segment crafted and parsed, IPv4, both checksums made
//! or verified: our own, and pnet's beside it.

use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr};

use criterion::{Criterion, criterion_group, criterion_main};
use pnet_packet::Packet as _;
use pnet_packet::ip::IpNextHeaderProtocols;
use pnet_packet::ipv4::{self, Ipv4Packet, MutableIpv4Packet};
use pnet_packet::tcp::{self, MutableTcpPacket, TcpOption as PnetOption, TcpPacket};
use tcpspec_wire::option::OptionRef;
use tcpspec_wire::{Body, Flags, Packet, PacketRef, Segment, SeqNumber, TcpOption, WindowField};

const SRC: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
const DST: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 2);
const IP_HEADER: usize = 20;
const TCP_HEADER: usize = 20;

criterion_group!(benches, craft, parse);
criterion_main!(benches);

/// The three segments measured: name and packet.
fn subjects() -> [(&'static str, Packet); 3] {
    let segment = |flags, options, payload| Segment {
        src_port: 50_000,
        dst_port: 80,
        seq: SeqNumber::new(0x1234_5678),
        ack: SeqNumber::new(0x9abc_def0),
        flags,
        window: WindowField::new(64_240),
        urgent: 0,
        options,
        payload,
    };
    let syn_options = vec![
        TcpOption::Mss(1460),
        TcpOption::SackPermitted,
        TcpOption::Timestamps {
            value: 100,
            echo: 0,
        },
        TcpOption::Nop,
        TcpOption::WindowScale(7),
    ];
    let packet = |segment| Packet::tcp(IpAddr::V4(SRC), IpAddr::V4(DST), segment);
    [
        ("ack", packet(segment(Flags::ACK, vec![], vec![]))),
        ("syn+20", packet(segment(Flags::SYN, syn_options, vec![]))),
        (
            "1460",
            packet(segment(Flags::ACK, vec![], vec![0x61; 1460])),
        ),
    ]
}

fn craft(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("craft");
    for (name, packet) in subjects() {
        let mut buffer = Vec::with_capacity(2048);
        group.bench_function(format!("own/{name}"), |bencher| {
            bencher.iter(|| {
                buffer.clear();
                black_box(&packet).encode_into(&mut buffer);
                black_box(buffer.len())
            });
        });
        let Some(segment) = packet.segment() else {
            continue;
        };
        let mut buffer = vec![0; packet.encode().len()];
        group.bench_function(format!("pnet/{name}"), |bencher| {
            bencher.iter(|| pnet_craft(black_box(segment), &mut buffer));
        });
    }
    group.finish();
}

fn parse(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("parse");
    for (name, packet) in subjects() {
        let octets = packet.encode();
        group.bench_function(format!("own/{name}"), |bencher| {
            bencher.iter(|| own_parse(black_box(&octets)));
        });
        group.bench_function(format!("own, kept/{name}"), |bencher| {
            bencher.iter(|| {
                Packet::decode(black_box(&octets)).is_ok_and(|read| read.defects.is_empty())
            });
        });
        group.bench_function(format!("pnet/{name}"), |bencher| {
            bencher.iter(|| pnet_parse(black_box(&octets)));
        });
    }
    group.finish();
}

fn pnet_craft(segment: &Segment, buffer: &mut [u8]) -> Option<()> {
    let len = buffer.len() as u16;
    let mut ip = MutableIpv4Packet::new(buffer)?;
    ip.set_version(4);
    ip.set_header_length((IP_HEADER / 4) as u8);
    ip.set_total_length(len);
    ip.set_flags(2);
    ip.set_ttl(64);
    ip.set_next_level_protocol(IpNextHeaderProtocols::Tcp);
    ip.set_source(SRC);
    ip.set_destination(DST);
    ip.set_checksum(0);
    let sum = ipv4::checksum(&ip.to_immutable());
    ip.set_checksum(sum);
    let mut tcp = MutableTcpPacket::new(buffer.get_mut(IP_HEADER..)?)?;
    tcp.set_source(segment.src_port);
    tcp.set_destination(segment.dst_port);
    tcp.set_sequence(segment.seq.value());
    tcp.set_acknowledgement(segment.ack.value());
    tcp.set_data_offset((segment.header_len() / 4) as u8);
    tcp.set_flags(segment.flags.bits() as u8);
    tcp.set_window(segment.window.value());
    if segment.header_len() > TCP_HEADER {
        tcp.set_options(&[
            PnetOption::mss(1460),
            PnetOption::sack_perm(),
            PnetOption::timestamp(100, 0),
            PnetOption::nop(),
            PnetOption::wscale(7),
        ]);
    }
    tcp.set_payload(&segment.payload);
    tcp.set_checksum(0);
    let sum = tcp::ipv4_checksum(&tcp.to_immutable(), &SRC, &DST);
    tcp.set_checksum(sum);
    Some(())
}

/// Reads all fields; options are walked and the payload is not copied, as by
/// pnet below. To keep what was read is measured apart.
fn own_parse(octets: &[u8]) -> Option<u64> {
    let read = PacketRef::decode(octets).ok()?;
    let Body::Tcp(segment) = read.body else {
        return None;
    };
    let options: u64 = segment.options.iter().map(|option| kind(&option)).sum();
    let fields = u64::from(segment.seq.value())
        ^ u64::from(segment.ack.value())
        ^ u64::from(segment.flags.bits())
        ^ u64::from(segment.window.value());
    let is_right = read.defects.is_empty();
    is_right.then_some(options ^ fields ^ segment.payload.len() as u64)
}

fn kind(option: &OptionRef<'_>) -> u64 {
    match option {
        OptionRef::EndOfList | OptionRef::Malformed(_) => 0,
        OptionRef::Nop => 1,
        OptionRef::Mss(mss) => u64::from(*mss),
        OptionRef::WindowScale(shift) => u64::from(*shift),
        OptionRef::SackPermitted => 4,
        OptionRef::Sack(blocks) => blocks.iter().len() as u64,
        OptionRef::Timestamps { value, .. } => u64::from(*value),
        OptionRef::UserTimeout(timeout) => u64::from(*timeout),
        OptionRef::Unknown { kind, .. } => u64::from(*kind),
    }
}

fn pnet_parse(octets: &[u8]) -> Option<u64> {
    let ip = Ipv4Packet::new(octets)?;
    let tcp = TcpPacket::new(ip.payload())?;
    let (src, dst) = (ip.get_source(), ip.get_destination());
    let ip_is_right = ipv4::checksum(&ip) == ip.get_checksum();
    let tcp_is_right = tcp::ipv4_checksum(&tcp, &src, &dst) == tcp.get_checksum();
    let options: u64 = tcp
        .get_options_iter()
        .map(|option| u64::from(option.get_number().0))
        .sum();
    let fields = u64::from(tcp.get_sequence())
        ^ u64::from(tcp.get_acknowledgement())
        ^ u64::from(tcp.get_flags())
        ^ u64::from(tcp.get_window());
    (ip_is_right && tcp_is_right).then_some(options ^ fields ^ tcp.payload().len() as u64)
}

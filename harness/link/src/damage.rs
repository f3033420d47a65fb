//! Faults that change a packet's octets, or what becomes of one that is too
//! large.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use tcpspec_wire::icmp::Report;
use tcpspec_wire::packet::{Body, protocol};
use tcpspec_wire::{IcmpError, IpHeader, Mangle, Packet, PacketRef, checksum, mangle};

/// Where the text of a segment of these octets begins, and its checksum.
const TCP_CHECKSUM: std::ops::Range<usize> = 16..18;
const TCP_DATA_OFFSET: usize = 12;

/// The router that tells of packets that are too large: an address of
/// RFC 5737 or RFC 3849.
const ROUTER_V4: Ipv4Addr = Ipv4Addr::new(198, 51, 100, 1);
const ROUTER_V6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0xffff, 0, 0, 0, 0, 1);

/// Octets behind the IP header.
pub(crate) fn carried(packet: &[u8]) -> usize {
    packet.len() - header_len(packet)
}

/// Inverts one bit behind the IP header.
pub(crate) fn corrupt(packet: &mut [u8], bit: u32) {
    let start = header_len(packet);
    invert(&mut packet[start..], bit);
}

/// Inverts one bit of the text and makes the checksum right.
pub(crate) fn corrupt_silently(packet: &mut [u8], bit: u32) {
    let Ok(read) = PacketRef::decode(packet) else {
        return;
    };
    let ip = read.ip;
    let start = header_len(packet);
    let Some(words) = packet.get(start + TCP_DATA_OFFSET).map(|octet| octet >> 4) else {
        return;
    };
    let segment = &mut packet[start..];
    let Some(text) = segment.get_mut(usize::from(words) * 4..) else {
        return;
    };
    invert(text, bit);
    segment[TCP_CHECKSUM].fill(0);
    let sum = checksum::upper_layer(ip.src, ip.dst, protocol::TCP, segment);
    segment[TCP_CHECKSUM].copy_from_slice(&sum.to_be_bytes());
}

/// Cuts off octets at the end; the IP header stays.
pub(crate) fn truncate(packet: &mut Vec<u8>, octets: u16) {
    let keep = packet.len().saturating_sub(octets.into());
    packet.truncate(keep.max(header_len(packet)));
}

/// The packet in fragments of so many octets. A packet that bears no name of its
/// own is given `ident`, so that its fragments are told from those of others.
pub(crate) fn fragment(packet: Vec<u8>, size: u16, ident: u16) -> Vec<Vec<u8>> {
    match bare(&packet) {
        Some(mut whole) => {
            if whole.ip.ident == 0 {
                whole.ip.ident = ident;
            }
            mangle(&whole, &[Mangle::Fragment(size)])
        }
        None => vec![packet],
    }
}

/// What a link does with a packet that is larger than it carries.
pub(crate) enum TooLarge {
    /// It goes in pieces.
    Pieces(Vec<Vec<u8>>),
    /// It is lost, and its sender told by this packet.
    Told(Vec<u8>),
}

/// A packet that is larger than `mtu`.
pub(crate) fn too_large(packet: Vec<u8>, mtu: u16, ident: u16) -> Option<TooLarge> {
    let whole = bare(&packet)?;
    let header = whole.header_len();
    if whole.ip.is_v4() && !whole.ip.dont_fragment {
        let room = mtu.saturating_sub(header as u16);
        return Some(TooLarge::Pieces(fragment(packet, room, ident)));
    }
    let report = Report::PacketTooBig { mtu: mtu.into() };
    let error = IcmpError::quoting(report, !whole.ip.is_v4(), packet)?;
    let router: IpAddr = match whole.ip.src {
        IpAddr::V4(_) => ROUTER_V4.into(),
        IpAddr::V6(_) => ROUTER_V6.into(),
    };
    let told = Packet::new(IpHeader::new(router, whole.ip.src), Body::Icmp(error));
    Some(TooLarge::Told(told.encode()))
}

/// The packet with what it carries left as it is, whatever is wrong with it.
fn bare(packet: &[u8]) -> Option<Packet> {
    let read = PacketRef::decode(packet).ok()?;
    let route = read.route();
    let body = match read.body {
        Body::Fragment { .. } => Packet::decode(packet).ok()?.packet.body,
        Body::Tcp(_) | Body::Icmp(_) | Body::Other { .. } => Body::Other {
            protocol: read.body.protocol(),
            octets: packet[header_len(packet)..].to_vec(),
        },
    };
    Some(Packet {
        ip: read.ip,
        route,
        body,
    })
}

/// Octets of the IP header; of something else, none.
fn header_len(packet: &[u8]) -> usize {
    let len = match packet.first() {
        Some(first) if first >> 4 == 4 => usize::from(first & 0xf) * 4,
        Some(first) if first >> 4 == 6 => 40,
        _ => 0,
    };
    len.min(packet.len())
}

fn invert(octets: &mut [u8], bit: u32) {
    if octets.is_empty() {
        return;
    }
    let bit = bit as usize % (octets.len() * 8);
    octets[bit / 8] ^= 0x80 >> (bit % 8);
}

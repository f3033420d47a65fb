//! The IP header in both versions, with the fragment header of IPv6, and how it
//! is written. The one IPv4 option that is written is a source route.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::checksum;

/// Protocol numbers of IP.
pub mod protocol {
    /// ICMP for IPv4.
    pub const ICMP: u8 = 1;
    /// TCP.
    pub const TCP: u8 = 6;
    /// The IPv6 fragment header.
    pub const IPV6_FRAGMENT: u8 = 44;
    /// ICMP for IPv6.
    pub const ICMPV6: u8 = 58;
}

/// Octets of an IPv4 header without options.
pub(crate) const IPV4_HEADER_LEN: usize = 20;
/// Where an IPv4 header holds the length of the packet, its checksum and the
/// address to which the packet goes.
const TOTAL_LENGTH: std::ops::Range<usize> = 2..4;
pub(crate) const HEADER_CHECKSUM: std::ops::Range<usize> = 10..12;
pub(super) const DESTINATION: std::ops::Range<usize> = 16..20;
/// The longest IPv4 header: its length is a field of four bits.
const MAX_HEADER: usize = 60;
/// Octets of the IPv6 header.
pub(crate) const IPV6_HEADER_LEN: usize = 40;
/// Octets of the IPv6 fragment header.
pub(super) const FRAGMENT_HEADER_LEN: usize = 8;

/// The fields of an IP header that a TCP has to do with. The two addresses
/// are of one version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IpHeader {
    /// Source address.
    pub src: IpAddr,
    /// Destination address: where the packet ends, source route or not.
    pub dst: IpAddr,
    /// Time to live (IPv4) or hop limit (IPv6).
    pub ttl: u8,
    /// Type of service (IPv4) or traffic class (IPv6); the low two bits are ECN.
    pub traffic_class: u8,
    /// Identification (IPv4; IPv6 fragments).
    pub ident: u16,
    /// The don't-fragment bit (IPv4; always set on IPv6, which has none).
    pub dont_fragment: bool,
}

impl IpHeader {
    /// A header with the defaults that a host uses: TTL 64, no fragments.
    #[must_use]
    pub const fn new(src: IpAddr, dst: IpAddr) -> Self {
        Self {
            src,
            dst,
            ttl: 64,
            traffic_class: 0,
            ident: 0,
            dont_fragment: true,
        }
    }

    /// Octets that the header takes, without options and fragment header.
    #[must_use]
    pub const fn wire_len(&self) -> usize {
        if self.is_v4() {
            IPV4_HEADER_LEN
        } else {
            IPV6_HEADER_LEN
        }
    }

    /// Whether the header is written as IPv4. Addresses of two versions are a
    /// mistake of the caller; the IPv6 form holds both, so nothing is lost.
    #[must_use]
    pub const fn is_v4(&self) -> bool {
        self.src.is_ipv4() && self.dst.is_ipv4()
    }
}

/// All that is written in front of what a packet carries, in either version.
pub(super) struct Shell {
    pub(super) ip: IpHeader,
    pub(super) protocol: u8,
    pub(super) fragment: Option<Fragment>,
}

/// Which part of a datagram a fragment is.
#[derive(Clone, Copy)]
pub(super) struct Fragment {
    /// Where it begins, in octets.
    pub(super) offset: u16,
    /// Whether more fragments follow.
    pub(super) more: bool,
}

impl Shell {
    /// Appends the headers for `len` octets.
    #[inline]
    pub(super) fn encode(&self, len: usize, out: &mut Vec<u8>) {
        match (self.ip.src, self.ip.dst) {
            (IpAddr::V4(src), IpAddr::V4(dst)) => {
                out.extend_from_slice(&self.header_v4(src, dst, len));
            }
            (src, dst) => self.encode_v6(v6(src), v6(dst), len, out),
        }
    }

    #[inline]
    fn header_v4(&self, src: Ipv4Addr, dst: Ipv4Addr, len: usize) -> [u8; IPV4_HEADER_LEN] {
        let total = u16::try_from(IPV4_HEADER_LEN + len).unwrap_or(u16::MAX);
        let dont_fragment = u16::from(self.ip.dont_fragment) << 14;
        let fragment = self.fragment.map_or(0, Fragment::field_v4);
        let mut header = [0; IPV4_HEADER_LEN];
        let mut put = |at: usize, field: &[u8]| header[at..at + field.len()].copy_from_slice(field);
        put(0, &[0x45, self.ip.traffic_class]);
        put(2, &total.to_be_bytes());
        put(4, &self.ip.ident.to_be_bytes());
        put(6, &(dont_fragment | fragment).to_be_bytes());
        put(8, &[self.ip.ttl, self.protocol]);
        put(12, &src.octets());
        put(16, &dst.octets());
        let sum = checksum::internet(&header);
        header[HEADER_CHECKSUM].copy_from_slice(&sum.to_be_bytes());
        header
    }

    fn encode_v6(&self, src: Ipv6Addr, dst: Ipv6Addr, len: usize, out: &mut Vec<u8>) {
        let (next, len) = match self.fragment {
            Some(_) => (protocol::IPV6_FRAGMENT, len + FRAGMENT_HEADER_LEN),
            None => (self.protocol, len),
        };
        let len = u16::try_from(len).unwrap_or(u16::MAX);
        let first = 0x6000_0000_u32 | u32::from(self.ip.traffic_class) << 20;
        let mut header = [0; IPV6_HEADER_LEN];
        let mut put = |at: usize, field: &[u8]| header[at..at + field.len()].copy_from_slice(field);
        put(0, &first.to_be_bytes());
        put(4, &len.to_be_bytes());
        put(6, &[next, self.ip.ttl]);
        put(8, &src.octets());
        put(24, &dst.octets());
        out.extend_from_slice(&header);
        if let Some(fragment) = self.fragment {
            out.extend_from_slice(&[self.protocol, 0]);
            out.extend_from_slice(&fragment.field_v6().to_be_bytes());
            out.extend_from_slice(&u32::from(self.ip.ident).to_be_bytes());
        }
    }
}

/// Puts options, filled up by ends of the list, behind an IPv4 header.
pub(crate) fn insert_options(packet: &mut Vec<u8>, options: &[u8]) {
    let header = header_len(packet);
    let len = options.len().min(MAX_HEADER - header).next_multiple_of(4);
    let filled = options
        .iter()
        .copied()
        .chain(std::iter::repeat(0))
        .take(len);
    packet.splice(header..header, filled);
    let words = (header + len) / 4;
    packet[0] = 4 << 4 | words as u8;
    let total = u16::try_from(packet.len()).unwrap_or(u16::MAX);
    packet[TOTAL_LENGTH].copy_from_slice(&total.to_be_bytes());
    set_header_checksum(packet, header + len);
}

/// Octets of the IPv4 header, as it says itself as far as that can be.
pub(crate) fn header_len(packet: &[u8]) -> usize {
    (usize::from(packet[0] & 0xf) * 4).clamp(IPV4_HEADER_LEN, packet.len())
}

/// Makes the checksum of an IPv4 header right.
pub(crate) fn set_header_checksum(packet: &mut [u8], header: usize) {
    packet[HEADER_CHECKSUM].fill(0);
    let sum = checksum::internet(&packet[..header]);
    packet[HEADER_CHECKSUM].copy_from_slice(&sum.to_be_bytes());
}

impl Fragment {
    fn field_v4(self) -> u16 {
        u16::from(self.more) << 13 | self.offset >> 3
    }

    /// `None` for a datagram in one piece.
    #[inline]
    pub(super) fn from_field_v4(field: u16) -> Option<Self> {
        let (offset, more) = (field << 3, field & 0x2000 != 0);
        (offset != 0 || more).then_some(Self { offset, more })
    }

    fn field_v6(self) -> u16 {
        self.offset & !7 | u16::from(self.more)
    }

    pub(super) const fn from_field_v6(field: u16) -> Self {
        Self {
            offset: field & !7,
            more: field & 1 != 0,
        }
    }
}

const fn v6(address: IpAddr) -> Ipv6Addr {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped(),
        IpAddr::V6(address) => address,
    }
}

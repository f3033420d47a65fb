//! IPv4 and IPv6 packets: what a stack is fed and what it emits.
//!
//! The writer and the reader are our own because they are on the hot path; the
//! tests hold them to pnet's independent ones. IPv6 extension headers other
//! than the fragment header are left out: no stack in reach sends them for TCP.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::checksum;
use crate::icmp::IcmpError;
use crate::segment::Segment;

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
/// Octets of the IPv6 header.
pub(crate) const IPV6_HEADER_LEN: usize = 40;

/// An IP packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packet {
    /// The header.
    pub ip: IpHeader,
    /// What it carries.
    pub body: Body,
}

/// The fields of an IP header that a TCP has to do with. The two addresses
/// are of one version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IpHeader {
    /// Source address.
    pub src: IpAddr,
    /// Destination address.
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

/// What an IP packet carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// A TCP segment.
    Tcp(Segment),
    /// An ICMP or ICMPv6 error message.
    Icmp(IcmpError),
    /// One fragment of a datagram.
    Fragment {
        /// Protocol of the whole datagram.
        protocol: u8,
        /// Where the fragment begins, in octets.
        offset: u16,
        /// Whether more fragments follow.
        more: bool,
        /// This part of the datagram's payload.
        octets: Vec<u8>,
    },
    /// Anything else.
    Other {
        /// Protocol number (IPv4) or next header (IPv6).
        protocol: u8,
        /// The octets behind the IP header.
        octets: Vec<u8>,
    },
}

/// A packet that could be read, with all that is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decoded {
    /// The packet as far as it could be interpreted.
    pub packet: Packet,
    /// What a receiver must drop it for, in the order of the wire.
    pub defects: Vec<Defect>,
}

/// A fault of a packet that can be read all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Defect {
    /// The IPv4 header checksum does not match.
    #[error("wrong IPv4 header checksum")]
    IpChecksum,
    /// The TCP checksum does not match (RFC 9293 MUST-3).
    #[error("wrong TCP checksum")]
    TcpChecksum,
    /// The ICMP checksum does not match.
    #[error("wrong ICMP checksum")]
    IcmpChecksum,
    /// The TCP header is cut short, or its data offset is below 5 or beyond
    /// the segment.
    #[error("TCP header cut short or data offset out of range")]
    TcpHeader,
}

/// Octets that are not an IP packet.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// No octets at all.
    #[error("empty packet")]
    Empty,
    /// Neither version 4 nor 6.
    #[error("IP version {0}")]
    Version(u8),
    /// The header, or the length it states, goes beyond the octets.
    #[error("IP packet cut short: {have} octets, {need} needed")]
    Short {
        /// Octets there are.
        have: usize,
        /// Octets the header asks for.
        need: usize,
    },
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

    /// Octets that the header takes, without fragment header.
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

    /// Appends the header for `len` octets of `protocol`.
    fn encode(&self, protocol: u8, len: usize, fragment: u16, out: &mut Vec<u8>) {
        match (self.src, self.dst) {
            (IpAddr::V4(src), IpAddr::V4(dst)) => {
                self.encode_v4(src, dst, protocol, len, fragment, out);
            }
            (src, dst) => self.encode_v6(v6(src), v6(dst), protocol, len, out),
        }
    }

    fn encode_v4(
        &self,
        src: Ipv4Addr,
        dst: Ipv4Addr,
        protocol: u8,
        len: usize,
        fragment: u16,
        out: &mut Vec<u8>,
    ) {
        let total = u16::try_from(IPV4_HEADER_LEN + len).unwrap_or(u16::MAX);
        let fragment = fragment | if self.dont_fragment { 0x4000 } else { 0 };
        let mut header = [0; IPV4_HEADER_LEN];
        let mut put = |at: usize, field: &[u8]| header[at..at + field.len()].copy_from_slice(field);
        put(0, &[0x45, self.traffic_class]);
        put(2, &total.to_be_bytes());
        put(4, &self.ident.to_be_bytes());
        put(6, &fragment.to_be_bytes());
        put(8, &[self.ttl, protocol]);
        put(12, &src.octets());
        put(16, &dst.octets());
        let sum = checksum::internet(&header);
        header[10..12].copy_from_slice(&sum.to_be_bytes());
        out.extend_from_slice(&header);
    }

    fn encode_v6(&self, src: Ipv6Addr, dst: Ipv6Addr, protocol: u8, len: usize, out: &mut Vec<u8>) {
        let len = u16::try_from(len).unwrap_or(u16::MAX);
        let first = 0x6000_0000_u32 | u32::from(self.traffic_class) << 20;
        let mut header = [0; IPV6_HEADER_LEN];
        let mut put = |at: usize, field: &[u8]| header[at..at + field.len()].copy_from_slice(field);
        put(0, &first.to_be_bytes());
        put(4, &len.to_be_bytes());
        put(6, &[protocol, self.ttl]);
        put(8, &src.octets());
        put(24, &dst.octets());
        out.extend_from_slice(&header);
    }
}

const fn v6(address: IpAddr) -> Ipv6Addr {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped(),
        IpAddr::V6(address) => address,
    }
}

impl Body {
    /// The protocol number (IPv4) or next header (IPv6) of what is carried.
    #[must_use]
    pub const fn protocol(&self) -> u8 {
        match self {
            Self::Tcp(_) => protocol::TCP,
            Self::Icmp(error) => error.protocol(),
            Self::Fragment { protocol, .. } | Self::Other { protocol, .. } => *protocol,
        }
    }
}

impl Packet {
    /// A TCP packet with the defaults of [`IpHeader::new`].
    #[must_use]
    pub const fn tcp(src: IpAddr, dst: IpAddr, segment: Segment) -> Self {
        Self {
            ip: IpHeader::new(src, dst),
            body: Body::Tcp(segment),
        }
    }

    /// The packet's TCP segment, if it carries one.
    #[must_use]
    pub const fn segment(&self) -> Option<&Segment> {
        match &self.body {
            Body::Tcp(segment) => Some(segment),
            Body::Icmp(_) | Body::Fragment { .. } | Body::Other { .. } => None,
        }
    }

    /// The octets of the packet, with right lengths and checksums.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(128);
        self.encode_into(&mut out);
        out
    }

    /// Appends the octets of the packet, with right lengths and checksums.
    pub fn encode_into(&self, out: &mut Vec<u8>) {
        match &self.body {
            Body::Tcp(segment) => {
                let len = segment.header_len() + segment.payload.len();
                self.ip.encode(protocol::TCP, len, 0, out);
                let start = out.len();
                segment.encode(out);
                let sum =
                    checksum::upper_layer(self.ip.src, self.ip.dst, protocol::TCP, &out[start..]);
                out[start + 16..start + 18].copy_from_slice(&sum.to_be_bytes());
            }
            Body::Icmp(error) => {
                let message = error.encode(self.ip.src, self.ip.dst);
                self.ip.encode(error.protocol(), message.len(), 0, out);
                out.extend_from_slice(&message);
            }
            Body::Fragment {
                protocol,
                offset,
                more,
                octets,
            } => {
                self.encode_fragment(*protocol, *offset, *more, octets, out);
            }
            Body::Other { protocol, octets } => {
                self.ip.encode(*protocol, octets.len(), 0, out);
                out.extend_from_slice(octets);
            }
        }
    }

    fn encode_fragment(
        &self,
        protocol: u8,
        offset: u16,
        more: bool,
        octets: &[u8],
        out: &mut Vec<u8>,
    ) {
        if self.ip.is_v4() {
            let field = (offset / 8) | if more { 0x2000 } else { 0 };
            self.ip.encode(protocol, octets.len(), field, out);
        } else {
            self.ip
                .encode(protocol::IPV6_FRAGMENT, octets.len() + 8, 0, out);
            out.extend([protocol, 0]);
            out.extend((offset & !7 | u16::from(more)).to_be_bytes());
            out.extend(u32::from(self.ip.ident).to_be_bytes());
        }
        out.extend_from_slice(octets);
    }

    /// Reads a packet. Octets behind the length that the IP header states are
    /// left out, as a receiver does.
    ///
    /// # Errors
    ///
    /// If the octets are not an IP packet. Faults further in are listed in
    /// [`Decoded::defects`].
    pub fn decode(octets: &[u8]) -> Result<Decoded, DecodeError> {
        let shell = match octets.first().map(|octet| octet >> 4) {
            None => return Err(DecodeError::Empty),
            Some(4) => Shell::decode_v4(octets)?,
            Some(6) => Shell::decode_v6(octets)?,
            Some(version) => return Err(DecodeError::Version(version)),
        };
        let mut defects = Vec::new();
        defects.extend(shell.defect);
        let body = match shell.fragment {
            Some((offset, more)) => Body::Fragment {
                protocol: shell.protocol,
                offset,
                more,
                octets: shell.payload.to_vec(),
            },
            None => decode_body(&shell, &mut defects),
        };
        let packet = Self { ip: shell.ip, body };
        Ok(Decoded { packet, defects })
    }
}

/// What the IP header says, in either version.
struct Shell<'a> {
    ip: IpHeader,
    protocol: u8,
    /// Offset in octets, and whether more fragments follow.
    fragment: Option<(u16, bool)>,
    payload: &'a [u8],
    defect: Option<Defect>,
}

impl<'a> Shell<'a> {
    fn decode_v4(octets: &'a [u8]) -> Result<Self, DecodeError> {
        let fixed = take(octets, 0, IPV4_HEADER_LEN)?;
        let half = |at: usize| u16::from_be_bytes([fixed[at], fixed[at + 1]]);
        let address =
            |at: usize| Ipv4Addr::new(fixed[at], fixed[at + 1], fixed[at + 2], fixed[at + 3]);
        let header_len = usize::from(fixed[0] & 0xf) * 4;
        let header = take(octets, 0, header_len.max(IPV4_HEADER_LEN))?;
        let field = half(6);
        let (offset, more) = ((field & 0x1fff) * 8, field & 0x2000 != 0);
        Ok(Self {
            ip: IpHeader {
                src: address(12).into(),
                dst: address(16).into(),
                ttl: fixed[8],
                traffic_class: fixed[1],
                ident: half(4),
                dont_fragment: field & 0x4000 != 0,
            },
            protocol: fixed[9],
            fragment: (offset != 0 || more).then_some((offset, more)),
            payload: take(octets, header.len(), usize::from(half(2)))?,
            defect: (checksum::internet(header) != 0).then_some(Defect::IpChecksum),
        })
    }

    fn decode_v6(octets: &'a [u8]) -> Result<Self, DecodeError> {
        let header = take(octets, 0, IPV6_HEADER_LEN)?;
        let address = |at: usize| {
            let mut address = [0; 16];
            address.copy_from_slice(&header[at..at + 16]);
            IpAddr::V6(Ipv6Addr::from(address))
        };
        let len = usize::from(u16::from_be_bytes([header[4], header[5]]));
        let mut shell = Self {
            ip: IpHeader {
                src: address(8),
                dst: address(24),
                ttl: header[7],
                traffic_class: header[0] << 4 | header[1] >> 4,
                ident: 0,
                dont_fragment: true,
            },
            protocol: header[6],
            fragment: None,
            payload: take(octets, IPV6_HEADER_LEN, IPV6_HEADER_LEN + len)?,
            defect: None,
        };
        if let (protocol::IPV6_FRAGMENT, [protocol, _, hi, lo, _, _, id1, id0, rest @ ..]) =
            (shell.protocol, shell.payload)
        {
            let field = u16::from_be_bytes([*hi, *lo]);
            shell.ip.ident = u16::from_be_bytes([*id1, *id0]);
            shell.protocol = *protocol;
            shell.fragment = Some((field & !7, field & 1 != 0));
            shell.payload = rest;
        }
        Ok(shell)
    }
}

fn take(octets: &[u8], from: usize, to: usize) -> Result<&[u8], DecodeError> {
    octets.get(from..to).ok_or_else(|| DecodeError::Short {
        have: octets.len(),
        need: to.max(from),
    })
}

fn decode_body(shell: &Shell<'_>, defects: &mut Vec<Defect>) -> Body {
    let (ip, protocol, octets) = (&shell.ip, shell.protocol, shell.payload);
    let other = || Body::Other {
        protocol,
        octets: octets.to_vec(),
    };
    match protocol {
        protocol::TCP => {
            let Some(segment) = Segment::decode(octets) else {
                defects.push(Defect::TcpHeader);
                return other();
            };
            if checksum::upper_layer(ip.src, ip.dst, protocol, octets) != 0 {
                defects.push(Defect::TcpChecksum);
            }
            Body::Tcp(segment)
        }
        protocol::ICMP | protocol::ICMPV6 => {
            if !IcmpError::checksum_is_right(ip.src, ip.dst, protocol, octets) {
                defects.push(Defect::IcmpChecksum);
            }
            IcmpError::decode(protocol, octets).map_or_else(other, Body::Icmp)
        }
        _ => other(),
    }
}

#[cfg(test)]
mod tests;

//! IPv4 and IPv6 packets: what a stack is fed and what it emits.
//!
//! The writer and the reader are our own because they are on the hot path; the
//! tests hold them to pnet's independent ones. IPv6 extension headers other
//! than the fragment header are left out: no stack in reach sends them for TCP.
//! Of IPv4's options there are source routes.

mod header;
mod read;

use std::net::IpAddr;

use crate::checksum;
use crate::icmp::IcmpError;
use crate::route::SourceRoute;
use crate::segment::{CHECKSUM, Segment, SegmentDraft};

use header::{DESTINATION, Fragment, Shell};
pub(crate) use header::{
    HEADER_CHECKSUM, IPV4_HEADER_LEN, IPV6_HEADER_LEN, header_len, insert_options,
    set_header_checksum,
};
pub use header::{IpHeader, protocol};
pub(crate) use read::route;
pub use read::{BodyRef, Defects, PacketRef};

/// An IP packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packet {
    /// The header.
    pub ip: IpHeader,
    /// The source route, which only IPv4 has.
    pub route: Option<SourceRoute>,
    /// What it carries.
    pub body: Body,
}

/// What an IP packet carries: a segment `S`, or octets `B` of something else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body<S = Segment, B = Vec<u8>> {
    /// A TCP segment.
    Tcp(S),
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
        octets: B,
    },
    /// Anything else.
    Other {
        /// Protocol number (IPv4) or next header (IPv6).
        protocol: u8,
        /// The octets behind the IP header.
        octets: B,
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
    /// An IPv4 header that states a length of less than five words.
    #[error("IPv4 header of {0} words, 5 are the least")]
    HeaderLength(u8),
    /// The header, or the length it states, goes beyond the octets.
    #[error("IP packet cut short: {have} octets, {need} needed")]
    Short {
        /// Octets there are.
        have: usize,
        /// Octets the header asks for.
        need: usize,
    },
}

impl<S, B> Body<S, B> {
    /// The protocol number (IPv4) or next header (IPv6) of what is carried.
    #[must_use]
    pub const fn protocol(&self) -> u8 {
        match self {
            Self::Tcp(_) => protocol::TCP,
            Self::Icmp(error) => error.protocol(),
            Self::Fragment { protocol, .. } | Self::Other { protocol, .. } => *protocol,
        }
    }

    const fn fragment(&self) -> Option<Fragment> {
        match *self {
            Self::Fragment { offset, more, .. } => Some(Fragment { offset, more }),
            Self::Tcp(_) | Self::Icmp(_) | Self::Other { .. } => None,
        }
    }
}

impl Packet {
    /// A packet without source route.
    #[must_use]
    pub const fn new(ip: IpHeader, body: Body) -> Self {
        Self {
            ip,
            route: None,
            body,
        }
    }

    /// A TCP packet with the defaults of [`IpHeader::new`].
    #[must_use]
    pub const fn tcp(src: IpAddr, dst: IpAddr, segment: Segment) -> Self {
        Self::new(IpHeader::new(src, dst), Body::Tcp(segment))
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
        let mut out = Vec::with_capacity(self.usual_len());
        self.encode_into(&mut out);
        out
    }

    /// Octets of the IP header with its options, without fragment header.
    #[must_use]
    pub fn header_len(&self) -> usize {
        let route = self.route.filter(|_| self.ip.is_v4());
        self.ip.wire_len() + route.map_or(0, |route| route.wire_len())
    }

    /// Room for most packets without growing.
    fn usual_len(&self) -> usize {
        IPV6_HEADER_LEN + self.segment().map_or(128, |segment| segment.wire_len())
    }

    /// Appends the octets of the packet, with right lengths and checksums.
    pub fn encode_into(&self, out: &mut Vec<u8>) {
        let shell = Shell {
            ip: self.ip,
            protocol: self.body.protocol(),
            fragment: self.body.fragment(),
        };
        let begin = out.len();
        match &self.body {
            Body::Tcp(segment) => {
                shell.encode(segment.wire_len(), out);
                let start = out.len();
                segment.encode(out);
                set_checksum(&self.ip, &mut out[start..]);
            }
            Body::Icmp(error) => {
                let message = error.encode(self.ip.src, self.ip.dst);
                shell.encode(message.len(), out);
                out.extend_from_slice(&message);
            }
            Body::Fragment { octets, .. } | Body::Other { octets, .. } => {
                shell.encode(octets.len(), out);
                out.extend_from_slice(octets);
            }
        }
        if let Some(route) = &self.route {
            let mut packet = out.split_off(begin);
            reroute(route, &mut packet);
            out.append(&mut packet);
        }
    }

    /// Reads a packet. Octets behind the length that the IP header states are
    /// left out, as a receiver does.
    ///
    /// # Errors
    ///
    /// If the octets are not an IP packet. Faults further in are listed in
    /// [`Decoded::defects`].
    pub fn decode(octets: &[u8]) -> Result<Decoded, DecodeError> {
        PacketRef::decode(octets).map(Decoded::from)
    }
}

impl From<PacketRef<'_>> for Decoded {
    #[inline]
    fn from(read: PacketRef<'_>) -> Self {
        let route = read.has_route().then(|| read.route()).flatten();
        let body = match read.body {
            Body::Tcp(segment) => Body::Tcp(segment.into()),
            Body::Icmp(error) => Body::Icmp(error),
            Body::Fragment {
                protocol,
                offset,
                more,
                octets,
            } => Body::Fragment {
                protocol,
                offset,
                more,
                octets: octets.to_vec(),
            },
            Body::Other { protocol, octets } => Body::Other {
                protocol,
                octets: octets.to_vec(),
            },
        };
        Self {
            packet: Packet {
                ip: read.ip,
                route,
                body,
            },
            defects: read.defects.iter().collect(),
        }
    }
}

impl IpHeader {
    /// The octets of a packet that carries `segment` behind this header, with
    /// right lengths and checksums.
    #[must_use]
    pub fn encode_tcp(&self, segment: &SegmentDraft<'_>) -> Vec<u8> {
        let shell = Shell {
            ip: *self,
            protocol: protocol::TCP,
            fragment: None,
        };
        let len = segment.wire_len();
        let mut out = Vec::with_capacity(self.wire_len() + len);
        shell.encode(len, &mut out);
        let start = out.len();
        segment.encode(&mut out);
        set_checksum(self, &mut out[start..]);
        out
    }

    /// The same by a source route, if this is IPv4.
    #[must_use]
    pub fn encode_tcp_via(&self, route: &SourceRoute, segment: &SegmentDraft<'_>) -> Vec<u8> {
        let mut out = self.encode_tcp(segment);
        reroute(route, &mut out);
        out
    }
}

/// Sends an IPv4 packet that has no options by a source route.
fn reroute(route: &SourceRoute, packet: &mut Vec<u8>) {
    let end = packet.get(DESTINATION).and_then(<[u8]>::first_chunk::<4>);
    if let Some(end) = end.filter(|_| packet[0] >> 4 == 4) {
        let (next, options) = route.encode((*end).into());
        packet[DESTINATION].copy_from_slice(&next.octets());
        insert_options(packet, &options);
    }
}

/// Puts the right checksum where a TCP header has a zero.
fn set_checksum(ip: &IpHeader, tcp: &mut [u8]) {
    let sum = checksum::upper_layer(ip.src, ip.dst, protocol::TCP, tcp);
    tcp[CHECKSUM].copy_from_slice(&sum.to_be_bytes());
}

#[cfg(test)]
mod tests;

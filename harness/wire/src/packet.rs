//! IPv4 and IPv6 packets: what a stack is fed and what it emits.
//!
//! The writer and the reader are our own because they are on the hot path; the
//! tests hold them to pnet's independent ones. IPv6 extension headers other
//! than the fragment header are left out: no stack in reach sends them for TCP.

mod header;

use std::net::IpAddr;

use crate::checksum;
use crate::icmp::IcmpError;
use crate::segment::Segment;

use header::{Fragment, Shell};
pub(crate) use header::{IPV4_HEADER_LEN, IPV6_HEADER_LEN};
pub use header::{IpHeader, protocol};

/// An IP packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packet {
    /// The header.
    pub ip: IpHeader,
    /// What it carries.
    pub body: Body,
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

    const fn fragment(&self) -> Option<Fragment> {
        match *self {
            Self::Fragment { offset, more, .. } => Some(Fragment { offset, more }),
            Self::Tcp(_) | Self::Icmp(_) | Self::Other { .. } => None,
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
        let mut out = Vec::with_capacity(self.usual_len());
        self.encode_into(&mut out);
        out
    }

    /// Room for most packets without growing.
    fn usual_len(&self) -> usize {
        let carried = self
            .segment()
            .map_or(128, |segment| segment.header_len() + segment.payload.len());
        IPV6_HEADER_LEN + carried
    }

    /// Appends the octets of the packet, with right lengths and checksums.
    pub fn encode_into(&self, out: &mut Vec<u8>) {
        let shell = Shell {
            ip: self.ip,
            protocol: self.body.protocol(),
            fragment: self.body.fragment(),
        };
        match &self.body {
            Body::Tcp(segment) => {
                shell.encode(segment.header_len() + segment.payload.len(), out);
                let start = out.len();
                segment.encode(out);
                let (src, dst) = (self.ip.src, self.ip.dst);
                let sum = checksum::upper_layer(src, dst, protocol::TCP, &out[start..]);
                out[start + 16..start + 18].copy_from_slice(&sum.to_be_bytes());
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
    }

    /// Reads a packet. Octets behind the length that the IP header states are
    /// left out, as a receiver does.
    ///
    /// # Errors
    ///
    /// If the octets are not an IP packet. Faults further in are listed in
    /// [`Decoded::defects`].
    pub fn decode(octets: &[u8]) -> Result<Decoded, DecodeError> {
        let (shell, carried, defect) = Shell::decode(octets)?;
        let mut defects = Vec::new();
        defects.extend(defect);
        let body = match shell.fragment {
            Some(Fragment { offset, more }) => Body::Fragment {
                protocol: shell.protocol,
                offset,
                more,
                octets: carried.to_vec(),
            },
            None => decode_body(&shell, carried, &mut defects),
        };
        let packet = Self { ip: shell.ip, body };
        Ok(Decoded { packet, defects })
    }
}

fn decode_body(shell: &Shell, octets: &[u8], defects: &mut Vec<Defect>) -> Body {
    let (ip, protocol) = (&shell.ip, shell.protocol);
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

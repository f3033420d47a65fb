//! ICMP and ICMPv6 errors: the messages about a segment that a TCP has to
//! react to (RFC 9293 section 3.9.2.2). Off the hot path, so pnet reads and
//! writes them. Left out: messages that are no errors, and the extensions of
//! RFC 4884.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use pnet_packet::icmp::{IcmpCode, IcmpPacket, IcmpType, MutableIcmpPacket};

use crate::checksum;
use crate::packet::{self, IPV4_HEADER_LEN, IPV6_HEADER_LEN, Packet, protocol};
use crate::seq::SeqNumber;

/// Octets of an ICMP header.
const HEADER_LEN: usize = 8;
/// Octets of a whole ICMP error at most (RFC 1812 section 4.3.2.3).
const V4_MESSAGE_MAX: usize = 576;
/// Octets of a whole ICMPv6 error at most: the least IPv6 MTU (RFC 4443
/// section 2.4).
const V6_MESSAGE_MAX: usize = 1280;
/// Octets that an ICMP error quotes at least: an IPv4 header without options
/// and the 8 octets behind it, ports and sequence number (RFC 792).
pub const V4_QUOTE_MIN: usize = IPV4_HEADER_LEN + 8;

/// An error message with the beginning of the packet it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IcmpError {
    /// Whether this is ICMPv6.
    pub v6: bool,
    /// The type: 3, 4, 11 or 12 (ICMP); 1 to 4 (ICMPv6).
    pub kind: u8,
    /// The code.
    pub code: u8,
    /// The second word: the next-hop MTU of "packet too big", a pointer, or 0.
    pub parameter: u32,
    /// The beginning of the offending packet, from its IP header on.
    pub quote: Vec<u8>,
}

/// What an error message says, in words common to both versions of IP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Report {
    /// No route to the network.
    NetUnreachable,
    /// The host does not answer.
    HostUnreachable,
    /// The host has no such protocol. ICMPv6 says so by a parameter problem
    /// that points at the next header field.
    ProtocolUnreachable,
    /// Nobody uses the port.
    PortUnreachable,
    /// A filter on the way forbids it.
    AdminProhibited,
    /// The route that the packet itself asked for cannot be gone.
    SourceRouteFailed,
    /// The packet does not fit the next link, whose MTU is told ("fragmentation
    /// needed" in ICMP, where a router that knows no MTU says 0).
    PacketTooBig {
        /// Octets that would fit; ICMP has room for 16 bits.
        mtu: u32,
    },
    /// The time to live ran out on the way.
    TimeExceeded,
    /// Not all fragments came in time.
    ReassemblyTimeExceeded,
    /// A field of the IP header makes no sense.
    ParameterProblem {
        /// Which octet of the packet; ICMP has room for 8 bits.
        pointer: u32,
    },
    /// A router's buffers run full (ICMP alone; deprecated by RFC 6633).
    SourceQuench,
}

/// What the quote tells of the segment that an error is about: enough to find
/// the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quoted {
    /// Where the segment came from.
    pub src: IpAddr,
    /// Where it went.
    pub dst: IpAddr,
    /// Its source port.
    pub src_port: u16,
    /// Its destination port.
    pub dst_port: u16,
    /// SEG.SEQ.
    pub seq: SeqNumber,
}

impl Report {
    /// Whether only ICMP has it, and ICMPv6 has nothing that means the same.
    #[must_use]
    pub const fn is_v4_only(self) -> bool {
        matches!(self, Self::SourceQuench)
    }

    /// Type, code and second word; `None` if this version has no such error.
    fn fields(self, v6: bool) -> Option<(u8, u8, u32)> {
        const NEXT_HEADER_AT: u32 = 6;
        Some(match (self, v6) {
            (Self::NetUnreachable, false) => (3, 0, 0),
            (Self::HostUnreachable, false) => (3, 1, 0),
            (Self::ProtocolUnreachable, false) => (3, 2, 0),
            (Self::PortUnreachable, false) => (3, 3, 0),
            (Self::PacketTooBig { mtu }, false) => (3, 4, mtu.min(u32::from(u16::MAX))),
            (Self::SourceRouteFailed, false) => (3, 5, 0),
            (Self::AdminProhibited, false) => (3, 13, 0),
            (Self::SourceQuench, false) => (4, 0, 0),
            (Self::TimeExceeded, false) => (11, 0, 0),
            (Self::ReassemblyTimeExceeded, false) => (11, 1, 0),
            (Self::ParameterProblem { pointer }, false) => (12, 0, pointer << 24),
            (Self::NetUnreachable, true) => (1, 0, 0),
            (Self::AdminProhibited, true) => (1, 1, 0),
            (Self::HostUnreachable, true) => (1, 3, 0),
            (Self::PortUnreachable, true) => (1, 4, 0),
            (Self::SourceRouteFailed, true) => (1, 7, 0),
            (Self::PacketTooBig { mtu }, true) => (2, 0, mtu),
            (Self::TimeExceeded, true) => (3, 0, 0),
            (Self::ReassemblyTimeExceeded, true) => (3, 1, 0),
            (Self::ParameterProblem { pointer }, true) => (4, 0, pointer),
            (Self::ProtocolUnreachable, true) => (4, 1, NEXT_HEADER_AT),
            (Self::SourceQuench, true) => return None,
        })
    }
}

impl IcmpError {
    /// The error that reports `report` about `packet`, in the packet's version
    /// of IP; `None` if that has no such error. It quotes as much as an error
    /// may; cut the quote down to [`V4_QUOTE_MIN`] for the ICMP of old routers.
    #[must_use]
    pub fn new(report: Report, packet: &Packet) -> Option<Self> {
        Self::quoting(report, !packet.ip.is_v4(), packet.encode())
    }

    /// The same about a packet as it was on the wire.
    #[must_use]
    pub fn quoting(report: Report, v6: bool, mut packet: Vec<u8>) -> Option<Self> {
        let (kind, code, parameter) = report.fields(v6)?;
        let room = if v6 {
            V6_MESSAGE_MAX - IPV6_HEADER_LEN - HEADER_LEN
        } else {
            V4_MESSAGE_MAX - IPV4_HEADER_LEN - HEADER_LEN
        };
        packet.truncate(room);
        Some(Self {
            v6,
            kind,
            code,
            parameter,
            quote: packet,
        })
    }

    /// Cuts the quote down to so many octets behind its IP header.
    pub fn cut_quote(&mut self, octets: usize) {
        let header = self.quoted_header_len();
        self.quote.truncate(header + octets);
    }

    /// The octets of the quote behind its IP header, to make a false one.
    pub fn quoted_segment_mut(&mut self) -> &mut [u8] {
        let header = self.quoted_header_len();
        self.quote.get_mut(header..).unwrap_or_default()
    }

    fn quoted_header_len(&self) -> usize {
        match self.quote.first() {
            Some(first) if !self.v6 => usize::from(first & 0xf) * 4,
            _ => IPV6_HEADER_LEN,
        }
    }

    /// What the message says; `None` for codes beside those of [`Report`].
    #[must_use]
    pub fn report(&self) -> Option<Report> {
        let (mtu, pointer) = if self.v6 {
            (self.parameter, self.parameter)
        } else {
            (self.parameter & 0xffff, self.parameter >> 24)
        };
        Some(match (self.v6, self.kind, self.code) {
            (false, 3, 0) | (true, 1, 0) => Report::NetUnreachable,
            (false, 3, 1) | (true, 1, 3) => Report::HostUnreachable,
            (false, 3, 2) | (true, 4, 1) => Report::ProtocolUnreachable,
            (false, 3, 3) | (true, 1, 4) => Report::PortUnreachable,
            (false, 3, 4) | (true, 2, _) => Report::PacketTooBig { mtu },
            (false, 3, 5) | (true, 1, 7) => Report::SourceRouteFailed,
            (false, 3, 13) | (true, 1, 1) => Report::AdminProhibited,
            (false, 4, 0) => Report::SourceQuench,
            (false, 11, 0) | (true, 3, 0) => Report::TimeExceeded,
            (false, 11, 1) | (true, 3, 1) => Report::ReassemblyTimeExceeded,
            (false, 12, 0) | (true, 4, 0) => Report::ParameterProblem { pointer },
            _ => return None,
        })
    }

    /// The segment that the message is about; `None` if the quote is cut off
    /// before its sequence number, or quotes something else.
    #[must_use]
    pub fn quoted(&self) -> Option<Quoted> {
        let quote = self.quote.as_slice();
        let (protocol, src, dst, rest): (_, IpAddr, IpAddr, _) = match quote.first()? >> 4 {
            4 => {
                let header: &[u8; IPV4_HEADER_LEN] = quote.first_chunk()?;
                let len = usize::from(header[0] & 0xf) * 4;
                let (whole, rest) = quote.split_at_checked(len.max(IPV4_HEADER_LEN))?;
                let address = |at| Some(Ipv4Addr::from(*header.get(at..)?.first_chunk()?));
                let end = packet::route(whole).map_or(address(16)?, |(_, end)| end);
                (header[9], address(12)?.into(), end.into(), rest)
            }
            6 => {
                let (header, rest): (&[u8; IPV6_HEADER_LEN], _) = quote.split_first_chunk()?;
                let address = |at| Some(Ipv6Addr::from(*header.get(at..)?.first_chunk()?));
                (header[6], address(8)?.into(), address(24)?.into(), rest)
            }
            _ => return None,
        };
        let [s1, s0, d1, d0, q3, q2, q1, q0, ..] = *rest else {
            return None;
        };
        (protocol == protocol::TCP).then(|| Quoted {
            src,
            dst,
            src_port: u16::from_be_bytes([s1, s0]),
            dst_port: u16::from_be_bytes([d1, d0]),
            seq: SeqNumber::new(u32::from_be_bytes([q3, q2, q1, q0])),
        })
    }

    /// The IP protocol number that carries it.
    #[must_use]
    pub const fn protocol(&self) -> u8 {
        if self.v6 {
            protocol::ICMPV6
        } else {
            protocol::ICMP
        }
    }

    /// The octets of the message with its checksum.
    pub(crate) fn encode(&self, src: IpAddr, dst: IpAddr) -> Vec<u8> {
        let mut octets = vec![0; HEADER_LEN + self.quote.len()];
        octets[4..8].copy_from_slice(&self.parameter.to_be_bytes());
        octets[HEADER_LEN..].copy_from_slice(&self.quote);
        if let Some(mut message) = MutableIcmpPacket::new(&mut octets) {
            message.set_icmp_type(IcmpType(self.kind));
            message.set_icmp_code(IcmpCode(self.code));
        }
        let sum = if self.v6 {
            checksum::upper_layer(src, dst, protocol::ICMPV6, &octets)
        } else {
            checksum::internet(&octets)
        };
        octets[2..4].copy_from_slice(&sum.to_be_bytes());
        octets
    }

    /// Reads an error message; `None` for other messages and cut ones.
    pub(crate) fn decode(protocol: u8, octets: &[u8]) -> Option<Self> {
        let v6 = match protocol {
            protocol::ICMP => false,
            protocol::ICMPV6 => true,
            _ => return None,
        };
        let message = IcmpPacket::new(octets)?;
        let kind = message.get_icmp_type().0;
        let is_error = if v6 {
            matches!(kind, 1..=4)
        } else {
            matches!(kind, 3 | 4 | 11 | 12)
        };
        let parameter = u32::from_be_bytes(*octets.get(4..)?.first_chunk()?);
        is_error.then(|| Self {
            v6,
            kind,
            code: message.get_icmp_code().0,
            parameter,
            quote: octets[HEADER_LEN..].to_vec(),
        })
    }
}

#[cfg(test)]
mod tests;

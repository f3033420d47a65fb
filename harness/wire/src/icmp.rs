//! ICMP and ICMPv6 errors: the messages about a segment that a TCP has to
//! react to (RFC 9293 section 3.9.2.2). Off the hot path, so pnet reads and
//! writes them.

use std::net::IpAddr;

use pnet_packet::icmp::{IcmpCode, IcmpPacket, IcmpType, MutableIcmpPacket};

use crate::checksum;
use crate::packet::protocol;

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

impl IcmpError {
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
        let mut octets = vec![0; 8 + self.quote.len()];
        octets[4..8].copy_from_slice(&self.parameter.to_be_bytes());
        octets[8..].copy_from_slice(&self.quote);
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
        let v6 = protocol == protocol::ICMPV6;
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
            quote: octets[8..].to_vec(),
        })
    }

    pub(crate) fn checksum_is_right(src: IpAddr, dst: IpAddr, octets: &[u8]) -> bool {
        match src {
            IpAddr::V4(_) => checksum::internet(octets) == 0,
            IpAddr::V6(_) => checksum::upper_layer(src, dst, protocol::ICMPV6, octets) == 0,
        }
    }
}

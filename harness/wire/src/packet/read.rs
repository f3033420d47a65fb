//! Packets read where they lie. IPv4 options other than source routes are
//! skipped.
//!
//! Each header is read into its place in the result: to move it there later
//! costs more than to read it.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::header::{FRAGMENT_HEADER_LEN, Fragment, IPV4_HEADER_LEN, IPV6_HEADER_LEN, protocol};
use super::{Body, DecodeError, Defect, IpHeader};
use crate::checksum::{self, Sum};
use crate::icmp::IcmpError;
use crate::route::SourceRoute;
use crate::segment::SegmentRef;

/// A packet where it lies, with all that is wrong with it. To read one asks for
/// no memory, unless it reports an ICMP error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PacketRef<'a> {
    /// The header.
    pub ip: IpHeader,
    /// What it carries.
    pub body: BodyRef<'a>,
    /// What a receiver must drop it for.
    pub defects: Defects,
    /// The IPv4 header, if it holds a source route.
    routed: &'a [u8],
}

/// What a packet carries, where it lies.
pub type BodyRef<'a> = Body<SegmentRef<'a>, &'a [u8]>;

/// What is wrong with a packet: in the IP header, and behind it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Defects([Option<Defect>; 2]);

impl<'a> PacketRef<'a> {
    /// Reads a packet, as [`Packet::decode`](super::Packet::decode) does.
    ///
    /// # Errors
    ///
    /// If the octets are not an IP packet. Faults further in are listed in
    /// [`defects`](Self::defects).
    #[inline]
    pub fn decode(octets: &'a [u8]) -> Result<Self, DecodeError> {
        match octets.first() {
            None => Err(DecodeError::Empty),
            Some(0x40..=0x45) => Self::decode_v4(octets),
            Some(0x46..=0x4f) => Self::decode_v4_with_options(octets),
            Some(0x60..=0x6f) => Self::decode_v6(octets),
            Some(first) => Err(DecodeError::Version(first >> 4)),
        }
    }

    /// A packet with a source route ends where that says, and the checksum is
    /// about this end.
    #[cold]
    fn decode_v4_with_options(octets: &'a [u8]) -> Result<Self, DecodeError> {
        let mut read = Self::decode_v4(octets)?;
        let (header, carried) = octets.split_at(usize::from(octets[0] & 0xf) * 4);
        if let Some((_, end)) = route(header) {
            read.routed = header;
            read.ip.dst = end.into();
            let carrier = Carrier {
                addresses: Sum::addresses(read.ip.src, read.ip.dst),
                protocol: read.body.protocol(),
                fragment: read.body.fragment(),
            };
            let total = usize::from(u16::from_be_bytes([header[2], header[3]]));
            read.defects.0[1] = carrier.defect(&carried[..total - header.len()]);
        }
        Ok(read)
    }

    /// Whether the packet has a source route.
    #[must_use]
    pub const fn has_route(&self) -> bool {
        !self.routed.is_empty()
    }

    /// The source route, if it has one.
    #[must_use]
    pub fn route(&self) -> Option<SourceRoute> {
        route(self.routed).map(|(route, _)| route)
    }

    #[inline]
    fn decode_v4(octets: &'a [u8]) -> Result<Self, DecodeError> {
        let header: &[u8; IPV4_HEADER_LEN] = first(octets)?;
        let half = |at: usize| u16::from_be_bytes([header[at], header[at + 1]]);
        let address =
            |at: usize| Ipv4Addr::new(header[at], header[at + 1], header[at + 2], header[at + 3]);
        let words = header[0] & 0xf;
        if words < 5 {
            return Err(DecodeError::HeaderLength(words));
        }
        let start = usize::from(words) * 4;
        let options = take(octets, IPV4_HEADER_LEN, start)?;
        let carried = take(octets, start, usize::from(half(2)))?;
        let sum = Sum::default().octets(header).octets(options);
        let carrier = Carrier {
            addresses: Sum::default().octets(&header[12..]),
            protocol: header[9],
            fragment: Fragment::from_field_v4(half(6)),
        };
        let behind = carrier.defect(carried);
        Ok(Self {
            ip: IpHeader {
                src: address(12).into(),
                dst: address(16).into(),
                ttl: header[8],
                traffic_class: header[1],
                ident: half(4),
                dont_fragment: half(6) & 0x4000 != 0,
            },
            body: carrier.body(carried),
            defects: Defects([wrong(sum.finish(), Defect::IpChecksum), behind]),
            routed: &[],
        })
    }

    fn decode_v6(octets: &'a [u8]) -> Result<Self, DecodeError> {
        let header: &[u8; IPV6_HEADER_LEN] = first(octets)?;
        let address = |at: usize| {
            let mut address = [0; 16];
            address.copy_from_slice(&header[at..at + 16]);
            Ipv6Addr::from(address)
        };
        let len = usize::from(u16::from_be_bytes([header[4], header[5]]));
        let mut carried = take(octets, IPV6_HEADER_LEN, IPV6_HEADER_LEN + len)?;
        let mut carrier = Carrier {
            addresses: Sum::default().octets(&header[8..]),
            protocol: header[6],
            fragment: None,
        };
        let mut ident = 0;
        if carrier.protocol == protocol::IPV6_FRAGMENT
            && let Some((part, rest)) = carried.split_first_chunk::<FRAGMENT_HEADER_LEN>()
        {
            let [protocol, _, hi, lo, _, _, id1, id0] = *part;
            carrier.protocol = protocol;
            carrier.fragment = Some(Fragment::from_field_v6(u16::from_be_bytes([hi, lo])));
            carried = rest;
            ident = u16::from_be_bytes([id1, id0]);
        }
        let behind = carrier.defect(carried);
        Ok(Self {
            ip: IpHeader {
                ttl: header[7],
                traffic_class: header[0] << 4 | header[1] >> 4,
                ident,
                ..IpHeader::new(address(8).into(), address(24).into())
            },
            body: carrier.body(carried),
            defects: Defects([None, behind]),
            routed: &[],
        })
    }
}

/// The source route of an IPv4 header, and where the packet is to end.
pub(crate) fn route(header: &[u8]) -> Option<(SourceRoute, Ipv4Addr)> {
    let (header, options) = header.split_first_chunk::<IPV4_HEADER_LEN>()?;
    let next = header.last_chunk::<4>()?;
    SourceRoute::decode(Ipv4Addr::from(*next), options)
}

/// What the headers say of what they carry.
struct Carrier {
    /// The sum over both addresses.
    addresses: Sum,
    protocol: u8,
    fragment: Option<Fragment>,
}

impl Carrier {
    /// What is carried.
    #[inline]
    fn body<'a>(&self, octets: &'a [u8]) -> BodyRef<'a> {
        let protocol = self.protocol;
        match (self.fragment, protocol) {
            (None, protocol::TCP) => SegmentRef::decode(octets).map(Body::Tcp),
            (None, _) => IcmpError::decode(protocol, octets).map(Body::Icmp),
            (Some(Fragment { offset, more }), _) => Some(Body::Fragment {
                protocol,
                offset,
                more,
                octets,
            }),
        }
        .unwrap_or(Body::Other { protocol, octets })
    }

    /// What is wrong with it.
    #[inline]
    fn defect(&self, octets: &[u8]) -> Option<Defect> {
        let upper_layer = || checksum::message(self.addresses, self.protocol, octets);
        match (self.fragment, self.protocol) {
            (None, protocol::TCP) if SegmentRef::text_at(octets).is_none() => {
                Some(Defect::TcpHeader)
            }
            (None, protocol::TCP) => wrong(upper_layer(), Defect::TcpChecksum),
            (None, protocol::ICMP) => wrong(checksum::internet(octets), Defect::IcmpChecksum),
            (None, protocol::ICMPV6) => wrong(upper_layer(), Defect::IcmpChecksum),
            (None | Some(_), _) => None,
        }
    }
}

impl Defects {
    /// Whether nothing is wrong.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        matches!(self.0, [None, None])
    }

    /// Each defect, in the order of the wire.
    #[inline]
    pub fn iter(&self) -> impl Iterator<Item = Defect> {
        self.0.into_iter().flatten()
    }
}

/// The defect, if the checksum over what contains a checksum is not zero.
fn wrong(sum: u16, defect: Defect) -> Option<Defect> {
    (sum != 0).then_some(defect)
}

#[inline]
fn first<const N: usize>(octets: &[u8]) -> Result<&[u8; N], DecodeError> {
    octets.first_chunk().ok_or_else(|| short(octets, N))
}

#[inline]
fn take(octets: &[u8], from: usize, to: usize) -> Result<&[u8], DecodeError> {
    octets
        .get(from..to)
        .ok_or_else(|| short(octets, to.max(from)))
}

const fn short(octets: &[u8], need: usize) -> DecodeError {
    let have = octets.len();
    DecodeError::Short { have, need }
}

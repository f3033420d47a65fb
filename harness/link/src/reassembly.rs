//! What an end makes of fragments: the whole packet, once all of them are there.
//!
//! Left out: the time after which fragments are given up (RFC 791 section 3.2);
//! instead the oldest make room, and overlaps, of which the first word holds.

use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;

use tcpspec_wire::packet::{Body, BodyRef};
use tcpspec_wire::{IpHeader, Packet, PacketRef};

/// Packets of which some fragments have come, at most.
const PENDING: usize = 64;

/// Fragments that wait for others.
#[derive(Clone, Debug, Default)]
pub struct Reassembly {
    pending: VecDeque<(Key, Parts)>,
}

/// What fragments of one packet have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Key {
    src: IpAddr,
    dst: IpAddr,
    ident: u16,
    protocol: u8,
}

#[derive(Clone, Debug)]
struct Parts {
    ip: IpHeader,
    by_offset: BTreeMap<u16, Vec<u8>>,
    /// Octets of the whole, once the last fragment has come.
    len: Option<usize>,
}

impl Reassembly {
    /// Takes a packet: gives it back if it is whole, and the whole one if this
    /// was the last of its fragments.
    pub fn take(&mut self, packet: Vec<u8>) -> Option<Vec<u8>> {
        if !Self::is_fragment(&packet) {
            return Some(packet);
        }
        let Ok(read) = PacketRef::decode(&packet) else {
            return Some(packet);
        };
        let BodyRef::Fragment {
            protocol,
            offset,
            more,
            octets,
        } = read.body
        else {
            return Some(packet);
        };
        let IpHeader {
            src, dst, ident, ..
        } = read.ip;
        let key = Key {
            src,
            dst,
            ident,
            protocol,
        };
        let at = self.place(key, read.ip);
        let parts = &mut self.pending[at].1;
        if !more {
            parts.len = Some(usize::from(offset) + octets.len());
        }
        parts
            .by_offset
            .entry(offset)
            .or_insert_with(|| octets.to_vec());
        let whole = parts.whole()?;
        let ip = parts.ip;
        self.pending.remove(at);
        let body = Body::Other {
            protocol,
            octets: whole,
        };
        // A source route stands on each fragment.
        let route = read.route();
        Some(Packet { ip, route, body }.encode())
    }

    /// Whether a packet is a fragment, by the few octets that say so: most are
    /// none.
    #[must_use]
    pub const fn is_fragment(packet: &[u8]) -> bool {
        match packet {
            [first, _, _, _, _, _, hi, lo, ..] if *first >> 4 == 4 => {
                u16::from_be_bytes([*hi, *lo]) & 0x3fff != 0
            }
            [first, _, _, _, _, _, next, ..] if *first >> 4 == 6 => *next == IPV6_FRAGMENT,
            _ => false,
        }
    }

    fn place(&mut self, key: Key, ip: IpHeader) -> usize {
        if let Some(at) = self.pending.iter().position(|(other, _)| *other == key) {
            return at;
        }
        if self.pending.len() == PENDING {
            self.pending.pop_front();
        }
        let parts = Parts {
            ip,
            by_offset: BTreeMap::new(),
            len: None,
        };
        self.pending.push_back((key, parts));
        self.pending.len() - 1
    }
}

impl Parts {
    /// All octets, if none is missing.
    fn whole(&self) -> Option<Vec<u8>> {
        let len = self.len?;
        let mut whole = Vec::with_capacity(len);
        for (offset, octets) in &self.by_offset {
            let seen = whole.len().checked_sub(usize::from(*offset))?;
            whole.extend_from_slice(octets.get(seen..).unwrap_or_default());
        }
        (whole.len() == len).then_some(whole)
    }
}

/// The protocol number of IPv6's fragment header (RFC 8200 section 4.5).
const IPV6_FRAGMENT: u8 = 44;

#[cfg(test)]
mod tests {
    use tcpspec_wire::{Flags, Mangle, Segment, SourceRoute, mangle::mangle};

    use super::*;

    fn packet(v6: bool) -> Packet {
        let host = |last: u8| -> IpAddr {
            if v6 {
                std::net::Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, last.into()).into()
            } else {
                [192, 0, 2, last].into()
            }
        };
        let [src, dst] = [host(1), host(2)];
        let segment = Segment {
            flags: Flags::ACK,
            payload: (0..100).collect(),
            ..Segment::default()
        };
        Packet {
            ip: IpHeader {
                dont_fragment: false,
                ..IpHeader::new(src, dst)
            },
            // Of which IPv6 has none.
            route: SourceRoute::new(false, &[[192, 0, 2, 7].into()]).filter(|_| !v6),
            body: Body::Tcp(segment),
        }
    }

    #[test]
    fn fragments_in_any_order_become_the_packet() {
        for v6 in [false, true] {
            let whole = packet(v6);
            let mut pieces = mangle(&whole, &[Mangle::Fragment(32)]);
            assert!(pieces.len() > 3);
            pieces.reverse();
            pieces.insert(1, pieces[1].clone());
            let last = pieces.pop().expect("there are some");
            let mut reassembly = Reassembly::default();
            for piece in pieces {
                assert_eq!(reassembly.take(piece), None);
            }
            let found = reassembly.take(last).expect("nothing is missing");
            let found = Packet::decode(&found).expect("a packet");
            assert_eq!(found.packet.body, whole.body, "v6: {v6}");
            assert!(found.defects.is_empty());
        }
    }

    #[test]
    fn what_is_whole_passes() {
        let octets = packet(false).encode();
        assert_eq!(Reassembly::default().take(octets.clone()), Some(octets));
        assert_eq!(Reassembly::default().take(vec![0x45]), Some(vec![0x45]));
    }
}

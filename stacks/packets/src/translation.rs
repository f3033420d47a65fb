//! Between the addresses and ports of a case and the real ones. What is wrong in a
//! packet stays wrong: checksums are adjusted, not made anew.

use std::net::IpAddr;

use crate::checksum::Change;

/// Ports of a peer that a trial has at most: the lowest bits of a port are the
/// case's.
pub(crate) const PORTS: u16 = 16;

/// A pair: as the case has it, and as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Both<T> {
    pub(crate) case: T,
    pub(crate) real: T,
}

impl<T: Copy> Both<T> {
    const fn get(self, way: Way) -> (T, T) {
        match way {
            Way::Out => (self.case, self.real),
            Way::In => (self.real, self.case),
        }
    }
}

/// Into which words a packet is put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// The real ones.
    Out,
    /// Those of the case.
    In,
}

/// Whose an address or a port is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Peer,
    Stack,
}

/// The names of one trial.
#[derive(Clone, Debug)]
pub(crate) struct Translation {
    pub(crate) stack: Both<IpAddr>,
    pub(crate) peer: Both<IpAddr>,
    /// Another address of the peer's network, once a packet has come from one.
    pub(crate) other: Option<Both<IpAddr>>,
    /// The stack's port.
    pub(crate) stack_port: Both<u16>,
    /// The first of the peer's ports; a multiple of [`PORTS`].
    pub(crate) peer_ports: Both<u16>,
    /// What makes the fragments of this trial unlike those of others, which come
    /// from the same address at the same time.
    pub(crate) salt: u16,
}

impl Translation {
    /// Puts a packet of the peer, or an error that somebody reports to the stack,
    /// into real words.
    pub(crate) fn outward(&self, packet: &mut [u8]) {
        self.translate(packet, Way::Out, Side::Peer);
        self.identify(packet);
    }

    /// Puts a packet of the stack into the case's words.
    pub(crate) fn inward(&self, packet: &mut [u8]) {
        self.translate(packet, Way::In, Side::Stack);
    }

    /// Whoever has sent it, the stack's port stands beside its address.
    fn translate(&self, packet: &mut [u8], way: Way, sender: Side) {
        let Some(layout) = Layout::of(packet) else {
            return;
        };
        let addresses = self.readdress(packet, layout, way);
        if !layout.is_v6 {
            addresses.apply(packet, 10);
        }
        let payload = packet.get_mut(layout.payload..).unwrap_or_default();
        match layout.protocol {
            TCP => {
                let ports = self.renumber(payload, layout.offset, way, sender);
                if let Some(at) = 16_usize.checked_sub(layout.offset) {
                    addresses.and(ports).apply(payload, at);
                }
            }
            ICMP | ICMPV6 if layout.offset == 0 && payload.len() > QUOTE => {
                let (head, quote) = payload.split_at_mut(QUOTE);
                let before = quote.to_vec();
                // What is quoted went the other way.
                self.translate(quote, way, sender.other());
                let quoted = Change::of(&before, quote);
                let change = match layout.protocol {
                    ICMPV6 => quoted.and(addresses),
                    _ => quoted,
                };
                change.apply(head, 2);
            }
            _ => {}
        }
    }

    /// Gives a fragment an identification of the trial's own.
    fn identify(&self, packet: &mut [u8]) {
        let Some(layout) = Layout::of(packet) else {
            return;
        };
        let at = match layout.is_v6 {
            true if layout.payload == 48 => 46,
            false if packet[6] & 0x3f != 0 || packet[7] != 0 => 4,
            _ => return,
        };
        let old = u16::from_be_bytes([packet[at], packet[at + 1]]);
        let new = old ^ self.salt;
        packet[at..at + 2].copy_from_slice(&new.to_be_bytes());
        if !layout.is_v6 {
            Change::of_word(old, new).apply(packet, 10);
        }
    }

    fn readdress(&self, packet: &mut [u8], layout: Layout, way: Way) -> Change {
        let mut change = Change::default();
        let len = if layout.is_v6 { 16 } else { 4 };
        let from = if layout.is_v6 { 8 } else { 12 };
        for field in packet[from..from + 2 * len].chunks_mut(len) {
            let known = [Some(self.stack), Some(self.peer), self.other];
            let pairs = known.into_iter().flatten().map(|pair| pair.get(way));
            let octets = pairs.map(|(old, new)| (octets(old), octets(new)));
            if let Some((old, new)) = octets.into_iter().find(|(old, _)| old == field) {
                change = change.and(Change::of(&old, &new));
                field.copy_from_slice(&new);
            }
        }
        change
    }

    /// Changes the ports, if they are in this fragment. By how much the sum of the
    /// whole packet changes is the same in each.
    fn renumber(&self, payload: &mut [u8], offset: usize, way: Way, sender: Side) -> Change {
        let (stack, peers) = (self.stack_port.get(way), self.peer_ports.get(way));
        let change = Change::of_word(stack.0, stack.1).and(Change::of_word(peers.0, peers.1));
        let Some(ports) = payload.get_mut(..4).filter(|_| offset == 0) else {
            return change;
        };
        let (stack_at, peer_at) = match sender {
            Side::Peer => (2, 0),
            Side::Stack => (0, 2),
        };
        let at = |at: usize| u16::from_be_bytes([ports[at], ports[at + 1]]);
        let (stack_port, peer_port) = (at(stack_at), at(peer_at));
        if (stack_port, peer_port) == (stack.0, stack.0) {
            // It pretends to come from the very port that it goes to.
            let [high, low] = stack.1.to_be_bytes();
            ports.copy_from_slice(&[high, low, high, low]);
            let change = Change::of_word(stack.0, stack.1);
            return change.and(change);
        }
        if stack_port != stack.0 || peer_port & !(PORTS - 1) != peers.0 {
            return Change::default();
        }
        let peer_port = peers.1 | peer_port & (PORTS - 1);
        ports[stack_at..stack_at + 2].copy_from_slice(&stack.1.to_be_bytes());
        ports[peer_at..peer_at + 2].copy_from_slice(&peer_port.to_be_bytes());
        change
    }
}

impl Side {
    const fn other(self) -> Self {
        match self {
            Self::Peer => Self::Stack,
            Self::Stack => Self::Peer,
        }
    }
}

/// Where a packet has what.
#[derive(Clone, Copy, Debug)]
struct Layout {
    is_v6: bool,
    protocol: u8,
    /// Where the payload begins, and where that belongs in the whole datagram.
    payload: usize,
    offset: usize,
}

const TCP: u8 = 6;
const ICMP: u8 = 1;
const ICMPV6: u8 = 58;
const FRAGMENT: u8 = 44;
/// Octets of an ICMP error before the packet that it quotes.
const QUOTE: usize = 8;

impl Layout {
    /// `None` of what is too short for an IP header.
    fn of(packet: &[u8]) -> Option<Self> {
        match packet.first()? >> 4 {
            6 => Self::of_v6(packet),
            _ => Self::of_v4(packet),
        }
    }

    fn of_v4(packet: &[u8]) -> Option<Self> {
        let header = packet.get(..20)?;
        let fragment = u16::from_be_bytes([header[6], header[7]]) & 0x1fff;
        Some(Self {
            is_v6: false,
            protocol: header[9],
            payload: usize::from(header[0] & 0xf).max(5) * 4,
            offset: usize::from(fragment) * 8,
        })
    }

    fn of_v6(packet: &[u8]) -> Option<Self> {
        let header = packet.get(..40)?;
        let whole = Self {
            is_v6: true,
            protocol: header[6],
            payload: 40,
            offset: 0,
        };
        if whole.protocol != FRAGMENT {
            return Some(whole);
        }
        let fragment = packet.get(40..48)?;
        let offset = u16::from_be_bytes([fragment[2], fragment[3]]) & !7;
        Some(Self {
            protocol: fragment[0],
            payload: 48,
            offset: offset.into(),
            ..whole
        })
    }
}

fn octets(address: IpAddr) -> Vec<u8> {
    match address {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    }
}

/// The peer's port of a real packet of the stack: its destination, or what an
/// error of the stack quotes.
pub(crate) fn peer_port(packet: &[u8]) -> Option<u16> {
    let layout = Layout::of(packet).filter(|layout| layout.offset == 0)?;
    let port = match layout.protocol {
        TCP => packet.get(layout.payload + 2..layout.payload + 4)?,
        ICMP | ICMPV6 => {
            let quote = packet.get(layout.payload + QUOTE..)?;
            let at = Layout::of(quote)?.payload;
            quote.get(at..at + 2)?
        }
        _ => return None,
    };
    Some(u16::from_be_bytes(port.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use tcpspec_wire::mangle::mangle;
    use tcpspec_wire::{Flags, Mangle, Packet, Segment};

    use super::*;

    fn translation(is_v6: bool) -> Translation {
        let of = |case: [&str; 2], real: [&str; 2]| Both {
            case: case[usize::from(is_v6)].parse().unwrap(),
            real: real[usize::from(is_v6)].parse().unwrap(),
        };
        Translation {
            stack: of(
                ["192.0.2.1", "2001:db8::1"],
                ["198.51.100.9", "2001:db8:7::99"],
            ),
            peer: of(
                ["192.0.2.2", "2001:db8::2"],
                ["198.51.100.3", "2001:db8:7::3"],
            ),
            other: None,
            stack_port: Both { case: 80, real: 7 },
            peer_ports: Both {
                case: 40_000,
                real: 51_200,
            },
            salt: 0,
        }
    }

    fn packet(names: &Translation, way: Way, payload: usize) -> Packet {
        let segment = Segment {
            src_port: names.peer_ports.get(way).0 + 3,
            dst_port: names.stack_port.get(way).0,
            flags: Flags::ACK,
            payload: (0..payload).map(|at| at as u8).collect(),
            ..Segment::default()
        };
        Packet::tcp(names.peer.get(way).0, names.stack.get(way).0, segment)
    }

    #[rstest]
    fn a_packet_is_as_if_it_had_been_made_so(
        #[values(false, true)] is_v6: bool,
        #[values(0, 1, 100)] payload: usize,
    ) {
        let names = translation(is_v6);
        let mut octets = packet(&names, Way::Out, payload).encode();
        names.outward(&mut octets);
        assert_eq!(octets, packet(&names, Way::In, payload).encode());
    }

    #[rstest]
    fn a_packet_from_the_port_that_it_goes_to_stays_one(#[values(false, true)] is_v6: bool) {
        let names = translation(is_v6);
        let packet = |way| {
            let (port, address) = (names.stack_port.get(way).0, names.stack.get(way).0);
            let segment = Segment {
                src_port: port,
                dst_port: port,
                flags: Flags::SYN,
                ..Segment::default()
            };
            Packet::tcp(address, address, segment).encode()
        };
        let mut octets = packet(Way::Out);
        names.outward(&mut octets);
        assert_eq!(octets, packet(Way::In));
    }

    #[rstest]
    fn fragments_are_those_of_the_real_packet(#[values(false, true)] is_v6: bool) {
        let names = translation(is_v6);
        let cut = [Mangle::Fragment(8)];
        let mut pieces = mangle(&packet(&names, Way::Out, 20), &cut);
        assert!(pieces.len() > 2);
        pieces.iter_mut().for_each(|piece| names.outward(piece));
        assert_eq!(pieces, mangle(&packet(&names, Way::In, 20), &cut));
    }

    #[rstest]
    fn fragments_of_two_trials_are_told_apart(#[values(false, true)] is_v6: bool) {
        let (one, mut two) = (translation(is_v6), translation(is_v6));
        two.salt = 16;
        let pieces = mangle(&packet(&one, Way::Out, 20), &[Mangle::Fragment(8)]);
        let [ours, theirs] = [one, two].map(|names| {
            let mut piece = pieces[1].clone();
            names.outward(&mut piece);
            piece
        });
        assert_ne!(ours, theirs);
        assert!(Packet::decode(&theirs).unwrap().defects.is_empty());
    }

    #[rstest]
    fn a_wrong_checksum_stays_wrong(#[values(false, true)] is_v6: bool) {
        let names = translation(is_v6);
        let bad = [Mangle::BadChecksum];
        let mut octets = mangle(&packet(&names, Way::Out, 5), &bad).remove(0);
        names.outward(&mut octets);
        assert_eq!(Packet::decode(&octets).unwrap().defects.len(), 1);
    }

    #[rstest]
    #[case::nothing(&[])]
    #[case::short(&[0x45; 12])]
    #[case::long_header(&[0x4f; 20])]
    #[case::short_v6(&[0x60; 41])]
    fn what_is_cut_short_does_no_harm(#[case] octets: &[u8]) {
        let mut octets = octets.to_vec();
        translation(false).outward(&mut octets);
        translation(true).inward(&mut octets);
        assert_eq!(peer_port(&octets), None);
    }
}

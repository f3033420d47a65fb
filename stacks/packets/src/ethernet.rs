//! Frames of Ethernet around IP packets: the peer's addresses are answered for by
//! ARP (RFC 826) and neighbour discovery (RFC 4861), and the stack's are asked for.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ops::Range;

use crate::checksum;

/// Address of an Ethernet device.
type Mac = [u8; 6];

/// Who is who on the link.
#[derive(Debug)]
pub(crate) struct Ethernet {
    own: Vec<IpAddr>,
    known: BTreeMap<IpAddr, Mac>,
}

/// What a frame is to us.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Took {
    /// It carries an IP packet, there.
    Packet(Range<usize>),
    /// It asks for one of our addresses; this is the answer.
    Answer(Vec<u8>),
    /// It tells whose an address is.
    Learned,
    /// Nothing.
    Nothing,
}

const ARP: u16 = 0x0806;
const IPV4: u16 = 0x0800;
const IPV6: u16 = 0x86dd;
const EVERYBODY: Mac = [0xff; 6];
/// Octets of the header of a frame.
const HEADER: usize = 14;
/// What an ARP packet for IPv4 on Ethernet begins with.
const ARP_HEAD: [u8; 6] = [0, 1, 8, 0, 6, 4];
const ICMPV6: u8 = 58;
const SOLICITATION: u8 = 135;
const ADVERTISEMENT: u8 = 136;

impl Ethernet {
    /// A link on which these addresses are ours.
    pub(crate) const fn new(own: Vec<IpAddr>) -> Self {
        Self {
            own,
            known: BTreeMap::new(),
        }
    }

    /// Whether an address of the stack was told.
    pub(crate) fn knows(&self, address: IpAddr) -> bool {
        self.known.contains_key(&address)
    }

    /// A frame around a packet; `None` if nobody has told whose its destination is.
    pub(crate) fn wrap(&self, packet: &[u8]) -> Option<Vec<u8>> {
        let (src, dst) = addresses(packet)?;
        let to = match dst {
            IpAddr::V4(Ipv4Addr::BROADCAST) => EVERYBODY,
            IpAddr::V4(group) if group.is_multicast() => {
                let [_, a, b, c] = group.octets();
                [1, 0, 0x5e, a & 0x7f, b, c]
            }
            IpAddr::V6(group) if group.is_multicast() => group_of(group),
            _ => *self.known.get(&dst)?,
        };
        let kind = if src.is_ipv4() { IPV4 } else { IPV6 };
        Some(frame(to, mac_of(src), kind, packet))
    }

    /// The question whose an address is, asked by one of ours.
    pub(crate) fn question(&self, address: IpAddr) -> Option<Vec<u8>> {
        let mut own = self.own.iter();
        let asker = *own.find(|own| own.is_ipv4() == address.is_ipv4())?;
        Some(match (asker, address) {
            (IpAddr::V4(asker), IpAddr::V4(address)) => {
                arp(1, (mac_of(asker.into()), asker), ([0; 6], address))
            }
            (IpAddr::V6(asker), IpAddr::V6(address)) => {
                let [.., a, b, c] = address.octets();
                let group = Ipv6Addr::from_bits(0xff02_0000_0000_0000_0000_0001_ff00_0000)
                    | Ipv6Addr::from_bits(u32::from_be_bytes([0, a, b, c]).into());
                let mac = mac_of(asker.into());
                discovery(
                    SOLICITATION,
                    0,
                    (mac, asker),
                    (group_of(group), group),
                    address,
                )
            }
            _ => return None,
        })
    }

    /// Takes in a frame.
    pub(crate) fn take(&mut self, frame: &[u8]) -> Took {
        let kind = frame.get(12..HEADER).and_then(|kind| kind.try_into().ok());
        match kind.map(u16::from_be_bytes) {
            Some(ARP) => self.take_arp(frame).unwrap_or(Took::Nothing),
            Some(IPV6) if is_discovery(frame) => {
                self.take_discovery(frame).unwrap_or(Took::Nothing)
            }
            Some(IPV4 | IPV6) => Took::Packet(HEADER..frame.len()),
            _ => Took::Nothing,
        }
    }

    fn take_arp(&mut self, frame: &[u8]) -> Option<Took> {
        let arp_packet = frame.get(HEADER..HEADER + 28)?;
        if !arp_packet.starts_with(&ARP_HEAD) {
            return None;
        }
        let sender_mac: Mac = arp_packet.get(8..14)?.try_into().ok()?;
        let sender = Ipv4Addr::from(<[u8; 4]>::try_from(arp_packet.get(14..18)?).ok()?);
        let target = Ipv4Addr::from(<[u8; 4]>::try_from(arp_packet.get(24..28)?).ok()?);
        self.known.insert(sender.into(), sender_mac);
        let asked = arp_packet.get(7) == Some(&1) && self.own.contains(&target.into());
        Some(match asked {
            true => {
                let own = (mac_of(target.into()), target);
                Took::Answer(arp(2, own, (sender_mac, sender)))
            }
            false => Took::Learned,
        })
    }

    fn take_discovery(&mut self, frame: &[u8]) -> Option<Took> {
        let (src, _) = addresses(frame.get(HEADER..)?)?;
        let message = frame.get(HEADER + 40..)?;
        let target = Ipv6Addr::from(<[u8; 16]>::try_from(message.get(8..24)?).ok()?);
        let sender_mac: Mac = frame.get(6..12)?.try_into().ok()?;
        if message.first() == Some(&ADVERTISEMENT) {
            self.known.insert(target.into(), sender_mac);
            return Some(Took::Learned);
        }
        let IpAddr::V6(asker) = src else { return None };
        if !self.own.contains(&target.into()) || asker.is_unspecified() {
            return None;
        }
        self.known.insert(src, sender_mac);
        let own = (mac_of(target.into()), target);
        // Asked for, and in place of what was known.
        let flags = 0x60;
        let answer = discovery(ADVERTISEMENT, flags, own, (sender_mac, asker), target);
        Some(Took::Answer(answer))
    }
}

/// A device address for one of ours: locally administered, of its last octets.
fn mac_of(address: IpAddr) -> Mac {
    let [a, b, c, d] = match address {
        IpAddr::V4(address) => address.octets(),
        IpAddr::V6(address) => (address.to_bits() as u32).to_be_bytes(),
    };
    [2, 0, a, b, c, d]
}

/// The device address of a group of IPv6.
fn group_of(group: Ipv6Addr) -> Mac {
    let [a, b, c, d] = (group.to_bits() as u32).to_be_bytes();
    [0x33, 0x33, a, b, c, d]
}

/// Source and destination of a packet.
pub(crate) fn addresses(packet: &[u8]) -> Option<(IpAddr, IpAddr)> {
    let v4 = |at: usize| {
        let octets: [u8; 4] = packet.get(at..at + 4)?.try_into().ok()?;
        Some(IpAddr::from(octets))
    };
    let v6 = |at: usize| {
        let octets: [u8; 16] = packet.get(at..at + 16)?.try_into().ok()?;
        Some(IpAddr::from(octets))
    };
    match packet.first()? >> 4 {
        6 => Some((v6(8)?, v6(24)?)),
        _ => Some((v4(12)?, v4(16)?)),
    }
}

fn frame(to: Mac, from: Mac, kind: u16, payload: &[u8]) -> Vec<u8> {
    [&to[..], &from, &kind.to_be_bytes(), payload].concat()
}

fn arp(operation: u8, sender: (Mac, Ipv4Addr), target: (Mac, Ipv4Addr)) -> Vec<u8> {
    let to = if operation == 1 { EVERYBODY } else { target.0 };
    let (from_ip, to_ip) = (sender.1.octets(), target.1.octets());
    let payload = [
        &ARP_HEAD[..],
        &[0, operation],
        &sender.0,
        &from_ip,
        &target.0,
        &to_ip,
    ];
    frame(to, sender.0, ARP, &payload.concat())
}

/// Whether a frame of IPv6 is about who is who.
fn is_discovery(frame: &[u8]) -> bool {
    let kind = frame.get(HEADER + 40);
    frame.get(HEADER + 6) == Some(&ICMPV6) && matches!(kind, Some(&(SOLICITATION | ADVERTISEMENT)))
}

/// A message of neighbour discovery about `target`, with the sender's device address.
fn discovery(
    kind: u8,
    flags: u8,
    from: (Mac, Ipv6Addr),
    to: (Mac, Ipv6Addr),
    target: Ipv6Addr,
) -> Vec<u8> {
    let option = if kind == SOLICITATION { 1 } else { 2 };
    let target = target.octets();
    let head = [kind, 0, 0, 0, flags, 0, 0, 0];
    let mut message = [&head[..], &target, &[option, 1], &from.0].concat();
    let len = message.len() as u16;
    let (src, dst) = (from.1.octets(), to.1.octets());
    let pseudo = [
        &src[..],
        &dst,
        &[0, 0, 0, len as u8, 0, 0, 0, ICMPV6],
        &message,
    ]
    .concat();
    let sum = !checksum::sum(&pseudo);
    message[2..4].copy_from_slice(&sum.to_be_bytes());
    let [high, low] = len.to_be_bytes();
    // What comes from further away than the link has a lower hop limit.
    let header = [0x60, 0, 0, 0, high, low, ICMPV6, 255];
    let packet = [&header[..], &src, &dst, &message].concat();
    frame(to.0, from.0, IPV6, &packet)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use tcpspec_wire::{Packet, Segment};

    use super::*;

    const STACK: [&str; 2] = ["192.0.2.1", "2001:db8::1"];
    const PEER: [&str; 2] = ["192.0.2.2", "2001:db8::2"];

    fn link(own: [&str; 2]) -> Ethernet {
        Ethernet::new(own.map(|one| one.parse().unwrap()).to_vec())
    }

    #[rstest]
    #[case::arp(0)]
    #[case::neighbour_discovery(1)]
    fn two_links_find_each_other(#[case] version: usize) {
        let (mut ours, mut theirs) = (link(PEER), link(STACK));
        let stack = STACK[version].parse().unwrap();
        let peer = PEER[version].parse().unwrap();
        let packet = Packet::tcp(peer, stack, Segment::default()).encode();
        assert_eq!(ours.wrap(&packet), None, "nobody has told");
        let Took::Answer(answer) = theirs.take(&ours.question(stack).unwrap()) else {
            panic!("no answer");
        };
        assert_eq!(ours.take(&answer), Took::Learned);
        let frame = ours.wrap(&packet).unwrap();
        assert_eq!(theirs.take(&frame), Took::Packet(HEADER..frame.len()));
        assert_eq!(&frame[..6], mac_of(stack));
        assert!(theirs.knows(peer), "who asks tells its own");
    }

    #[rstest]
    #[case::empty(&[])]
    #[case::short_arp(&[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8, 6, 0, 1])]
    #[case::other_kind(&[0; 60])]
    fn what_is_no_frame_of_ours_is_nothing(#[case] frame: &[u8]) {
        assert_eq!(link(PEER).take(frame), Took::Nothing);
    }

    #[test]
    fn a_question_for_others_is_not_answered() {
        let theirs = link(STACK);
        let question = theirs.question("192.0.2.9".parse().unwrap()).unwrap();
        assert_eq!(link(PEER).take(&question), Took::Learned);
    }

    #[test]
    fn a_discovery_message_has_a_right_checksum() {
        let question = link(PEER).question(STACK[1].parse().unwrap()).unwrap();
        let packet = &question[HEADER..];
        let message = &packet[40..];
        let pseudo = [&packet[8..40], &[0, 0, 0, 32, 0, 0, 0, ICMPV6], message].concat();
        assert_eq!(checksum::sum(&pseudo), 0xffff);
    }
}

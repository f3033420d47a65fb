//! Edits of the IP header of a packet that is otherwise done.

use super::Mangle;
use crate::checksum;
use crate::packet::{IPV4_HEADER_LEN, IPV6_HEADER_LEN};

/// Where an IPv4 header holds its length, that of the packet, and its checksum.
const TOTAL_LENGTH: std::ops::Range<usize> = 2..4;
const HEADER_CHECKSUM: std::ops::Range<usize> = 10..12;

/// The most words of an IPv4 header, and so the most octets of its options.
const MAX_OPTIONS: usize = 40;

/// Carries out the edits that are about the IP header, in their order.
pub(super) fn edit(packet: &mut Vec<u8>, edits: &[Mangle]) {
    let is_v4 = packet.first().is_some_and(|first| first >> 4 == 4);
    for edit in edits {
        match edit {
            Mangle::IpOptions(options) if is_v4 => insert(packet, options),
            Mangle::Ip { offset, octets } => {
                let offset = usize::from(*offset);
                let header = if is_v4 {
                    header_len(packet)
                } else {
                    IPV6_HEADER_LEN
                };
                let end = (offset + octets.len()).min(header);
                for (place, octet) in (offset..end).zip(octets) {
                    packet[place] = *octet;
                }
                let covered = offset < HEADER_CHECKSUM.end && HEADER_CHECKSUM.start < end;
                if is_v4 && !covered {
                    set_checksum(packet, header);
                }
            }
            _ => {}
        }
    }
}

/// Octets of the IPv4 header, as it says itself as far as that can be.
fn header_len(packet: &[u8]) -> usize {
    (usize::from(packet[0] & 0xf) * 4).clamp(IPV4_HEADER_LEN, packet.len())
}

/// Puts options, filled up by ends of the list, behind an IPv4 header.
fn insert(packet: &mut Vec<u8>, options: &[u8]) {
    let len = options.len().min(MAX_OPTIONS).next_multiple_of(4);
    let filled = options
        .iter()
        .copied()
        .chain(std::iter::repeat(0))
        .take(len);
    packet.splice(IPV4_HEADER_LEN..IPV4_HEADER_LEN, filled);
    let words = (IPV4_HEADER_LEN + len) / 4;
    packet[0] = 4 << 4 | words as u8;
    let total = u16::try_from(packet.len()).unwrap_or(u16::MAX);
    packet[TOTAL_LENGTH].copy_from_slice(&total.to_be_bytes());
    set_checksum(packet, IPV4_HEADER_LEN + len);
}

fn set_checksum(packet: &mut [u8], header: usize) {
    packet[HEADER_CHECKSUM].fill(0);
    let sum = checksum::internet(&packet[..header]);
    packet[HEADER_CHECKSUM].copy_from_slice(&sum.to_be_bytes());
}

//! Malformed traffic: edits of the octets of a well-formed packet. What can be
//! said with the types of [`Packet`] is left to them.

mod ip;
mod text;

use std::net::IpAddr;

use crate::checksum;
use crate::packet::{Body, Packet, protocol};
use crate::segment::{CHECKSUM, DATA_OFFSET, URGENT_POINTER};

/// One edit of a packet's octets.
///
/// Edits apply in the order in which they are written, save that checksums are
/// made right after all of them (so `bad(checksum)` may stand anywhere); those
/// of the IP header and fragmentation come last. A packet that carries no TCP segment knows only
/// `ttl`, `src` and `frag`; the others leave it as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mangle {
    /// `bad(checksum)`: the TCP checksum with one bit flipped.
    BadChecksum,
    /// `zero(checksum)`: the TCP checksum is right, and zero. The urgent pointer
    /// makes it so; without URG nobody looks at that.
    ZeroChecksum,
    /// `bad(dataoff=N)`: another data offset, in 32-bit words (0 to 15); the
    /// TCP checksum is made right for it.
    DataOffset(u8),
    /// `raw(offset=N,hex=...)`: octets of the TCP header or text overwritten,
    /// counted from the start of the TCP header; the checksum is made right,
    /// unless the edit covers the checksum itself.
    Raw {
        /// Where to begin, in octets from the start of the TCP header.
        offset: u16,
        /// What to write; what would go beyond the packet's end is appended.
        octets: Vec<u8>,
    },
    /// `cut(N)`: only the first N octets of the segment are sent, and the IP
    /// header says so.
    Cut(u16),
    /// `ip-options(OCTETS)`: options in the IPv4 header, filled up to whole
    /// words; IPv6 has none, and its packets stay as they are.
    IpOptions(Vec<u8>),
    /// `ip(offset=N,hex=...)`: octets of the IP header overwritten; the checksum
    /// of IPv4 is made right, unless the edit covers it.
    Ip {
        /// Where to begin, in octets from the start of the IP header.
        offset: u16,
        /// What to write; what would go beyond the header is left out.
        octets: Vec<u8>,
    },
    /// `frag(N)`: sent as IP fragments of N octets, a multiple of eight; of
    /// several such edits the last one counts.
    Fragment(u16),
    /// `src=other`, or `src=ADDRESS`: another source address; the TCP checksum
    /// is made right for it.
    Source(IpAddr),
}

/// The octets of `packet` with `edits`: one packet, or its fragments in order.
#[must_use]
pub fn mangle(packet: &Packet, edits: &[Mangle]) -> Vec<Vec<u8>> {
    let mut draft = Draft::new(packet);
    for edit in edits {
        draft.apply(edit);
    }
    draft.finish()
}

/// A packet under edit.
struct Draft {
    /// The packet; a TCP segment is taken out, into `tcp`.
    packet: Packet,
    /// The octets of the TCP segment, its checksum zero until the end.
    tcp: Option<Vec<u8>>,
    /// Whether the checksum holds what an edit wrote there.
    checksum_written: bool,
    /// Whether a bit of the checksum is to be flipped.
    checksum_bad: bool,
    /// Whether the checksum is to be zero.
    checksum_zero: bool,
    /// How much of the segment is sent.
    cut: Option<u16>,
    fragment: Option<u16>,
    /// Edits of the IP header, for when there is one.
    ip: Vec<Mangle>,
}

impl Draft {
    fn new(packet: &Packet) -> Self {
        Self {
            packet: packet.clone(),
            tcp: packet.segment().map(|segment| {
                let mut octets = Vec::new();
                segment.encode(&mut octets);
                octets
            }),
            checksum_written: false,
            checksum_bad: false,
            checksum_zero: false,
            cut: None,
            fragment: None,
            ip: Vec::new(),
        }
    }

    fn apply(&mut self, edit: &Mangle) {
        match edit {
            Mangle::BadChecksum => self.checksum_bad = true,
            Mangle::ZeroChecksum => self.checksum_zero = true,
            Mangle::DataOffset(words) => {
                if let Some(tcp) = &mut self.tcp {
                    tcp[DATA_OFFSET] = words << 4 | tcp[DATA_OFFSET] & 0xf;
                }
            }
            Mangle::Raw { offset, octets } => self.overwrite(usize::from(*offset), octets),
            Mangle::Cut(len) => self.cut = Some(*len),
            Mangle::IpOptions(_) | Mangle::Ip { .. } => self.ip.push(edit.clone()),
            Mangle::Fragment(size) => self.fragment = Some(*size),
            Mangle::Source(address) => self.packet.ip.src = *address,
        }
    }

    fn overwrite(&mut self, offset: usize, octets: &[u8]) {
        let Some(tcp) = &mut self.tcp else {
            return;
        };
        let start = offset.min(tcp.len());
        let end = (start + octets.len()).min(tcp.len());
        tcp.splice(start..end, octets.iter().copied());
        self.checksum_written |= start.max(CHECKSUM.start) < end.min(CHECKSUM.end);
    }

    fn finish(mut self) -> Vec<Vec<u8>> {
        if let Some(mut octets) = self.tcp.take() {
            self.set_checksum(&mut octets);
            octets.truncate(self.cut.map_or(octets.len(), usize::from));
            self.packet.body = Body::Other {
                protocol: protocol::TCP,
                octets,
            };
        }
        let mut packets = match self.fragment {
            Some(size) => fragments(&self.packet, size),
            None => vec![self.packet.encode()],
        };
        for packet in &mut packets {
            ip::edit(packet, &self.ip);
        }
        packets
    }

    fn set_checksum(&self, tcp: &mut [u8]) {
        if self.checksum_zero {
            tcp[URGENT_POINTER].fill(0);
        }
        if !self.checksum_written {
            let ip = &self.packet.ip;
            let sum = checksum::upper_layer(ip.src, ip.dst, protocol::TCP, tcp);
            // Counted in, what the sum lacks leaves a checksum of zero.
            let place = if self.checksum_zero {
                URGENT_POINTER
            } else {
                CHECKSUM
            };
            tcp[place].copy_from_slice(&sum.to_be_bytes());
        }
        if self.checksum_bad {
            tcp[CHECKSUM.start] ^= 1;
        }
    }
}

/// The packet as fragments of `size` octets, rounded down to a multiple of
/// eight and at least eight. What fits one fragment goes whole, and a fragment
/// is not fragmented again.
fn fragments(packet: &Packet, size: u16) -> Vec<Vec<u8>> {
    let octets = packet.encode();
    let whole = &octets[packet.header_len()..];
    let size = usize::from(size & !7).max(8);
    if whole.len() <= size || matches!(packet.body, Body::Fragment { .. }) {
        return vec![octets];
    }
    let (mut ip, route) = (packet.ip, packet.route);
    ip.dont_fragment = false;
    let fragment = |(index, part): (usize, &[u8])| {
        let body = Body::Fragment {
            protocol: packet.body.protocol(),
            // What an IP packet holds is below 2^16, so no offset is lost.
            offset: u16::try_from(index * size).ok()?,
            more: (index + 1) * size < whole.len(),
            octets: part.to_vec(),
        };
        Some(Packet { ip, route, body }.encode())
    };
    whole.chunks(size).enumerate().map_while(fragment).collect()
}

#[cfg(test)]
mod tests;

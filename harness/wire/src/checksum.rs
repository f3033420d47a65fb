//! The Internet checksum (RFC 1071) and the TCP pseudo-header (RFC 9293
//! section 3.1, RFC 8200 section 8.1).

use std::net::IpAddr;

/// A ones' complement sum in the making.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sum(u64);

impl Sum {
    /// The sum over a pseudo-header.
    pub(crate) fn pseudo_header(src: IpAddr, dst: IpAddr, protocol: u8, len: usize) -> Self {
        Self::default()
            .address(src)
            .address(dst)
            .word(u64::from(protocol))
            .word(len as u64)
    }

    /// Adds octets that begin at an even offset. An odd last octet is padded.
    pub(crate) fn octets(mut self, octets: &[u8]) -> Self {
        // Sums of 32-bit words fold to the same result as sums of 16-bit words.
        let mut words = octets.chunks_exact(4);
        for word in &mut words {
            self.0 += u64::from(u32::from_be_bytes([word[0], word[1], word[2], word[3]]));
        }
        let mut rest = [0; 4];
        rest[..words.remainder().len()].copy_from_slice(words.remainder());
        self.word(u64::from(u32::from_be_bytes(rest)))
    }

    /// Adds a number.
    pub(crate) const fn word(mut self, word: u64) -> Self {
        self.0 += word;
        self
    }

    fn address(self, address: IpAddr) -> Self {
        match address {
            IpAddr::V4(address) => self.octets(&address.octets()),
            IpAddr::V6(address) => self.octets(&address.octets()),
        }
    }

    /// The checksum: the complement of the folded sum. Over octets that
    /// contain a right checksum it is zero.
    pub(crate) const fn finish(self) -> u16 {
        let mut sum = self.0;
        while sum > 0xffff {
            sum = (sum & 0xffff) + (sum >> 16);
        }
        // At most 0xffff after the loop.
        !(sum as u16)
    }
}

/// The Internet checksum over `octets`.
#[must_use]
pub fn internet(octets: &[u8]) -> u16 {
    Sum::default().octets(octets).finish()
}

/// The checksum of an upper-layer message (TCP, ICMPv6) under its
/// pseudo-header; zero if the message holds a right checksum.
#[must_use]
pub fn upper_layer(src: IpAddr, dst: IpAddr, protocol: u8, message: &[u8]) -> u16 {
    Sum::pseudo_header(src, dst, protocol, message.len())
        .octets(message)
        .finish()
}

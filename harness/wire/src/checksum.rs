//! The Internet checksum (RFC 1071) and the TCP pseudo-header (RFC 9293
//! section 3.1, RFC 8200 section 8.1).

use std::net::IpAddr;

/// A ones' complement sum in the making.
///
/// It is taken over words of 64 bits in the machine's own byte order: folded
/// and swapped at the end, it is that of 16-bit words in network order (RFC 1071
/// section 2). What they carry over gathers in the upper half.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sum(u128);

impl Sum {
    /// The sum over the addresses of a pseudo-header.
    pub(crate) const fn addresses(src: IpAddr, dst: IpAddr) -> Self {
        Self(0).address(src).address(dst)
    }

    /// Adds octets that begin at an even offset. An odd last octet is padded.
    #[inline]
    pub(crate) fn octets(mut self, octets: &[u8]) -> Self {
        let (pairs, rest) = octets.as_chunks::<16>();
        // Two sums, neither of which waits for the other.
        let mut second = 0;
        for pair in pairs {
            let pair = u128::from_ne_bytes(*pair);
            self.0 += pair & u128::from(u64::MAX);
            second += pair >> 64;
        }
        self.0 += second;
        let (words, rest) = rest.as_chunks::<8>();
        for word in words {
            self.0 += u128::from(u64::from_ne_bytes(*word));
        }
        if !rest.is_empty() {
            let mut padded = [0; 8];
            padded[..rest.len()].copy_from_slice(rest);
            self.0 += u128::from(u64::from_ne_bytes(padded));
        }
        self
    }

    /// Adds a number.
    const fn word(self, word: u32) -> Self {
        Self(self.0 + word.to_be() as u128)
    }

    const fn address(self, address: IpAddr) -> Self {
        match address {
            IpAddr::V4(address) => self.word(address.to_bits()),
            IpAddr::V6(address) => {
                let bits = address.to_bits();
                // Truncation picks the four words.
                self.word((bits >> 96) as u32)
                    .word((bits >> 64) as u32)
                    .word((bits >> 32) as u32)
                    .word(bits as u32)
            }
        }
    }

    /// The checksum: the complement of the folded sum. Over octets that
    /// contain a right checksum it is zero.
    pub(crate) const fn finish(self) -> u16 {
        // Nothing comes near 2^64 words, so the first fold leaves 65 bits.
        let words = (self.0 >> 64) + (self.0 & u64::MAX as u128);
        let mut sum = (words >> 32) as u64 + (words & u32::MAX as u128) as u64;
        while sum > 0xffff {
            sum = (sum & 0xffff) + (sum >> 16);
        }
        // At most 0xffff after the loop.
        u16::from_be(!(sum as u16))
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
    self::message(Sum::addresses(src, dst), protocol, message)
}

/// The same with the addresses summed up already.
#[inline]
pub(crate) fn message(addresses: Sum, protocol: u8, message: &[u8]) -> u16 {
    addresses
        .word(u32::from(protocol))
        .word(message.len() as u32)
        .octets(message)
        .finish()
}

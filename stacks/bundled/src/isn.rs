//! Initial sequence numbers (RFC 9293 section 3.4.1, RFC 6528).

use std::net::IpAddr;

use tcpspec_wire::{Instant, SeqNumber};

use crate::config::Isn;
use crate::connection::FourTuple;

/// ISN = M + F(four-tuple, key), where M counts every four microseconds.
///
/// F stands in for the keyed cryptographic hash of the RFC: a mixing function,
/// chosen because one seed must give one run and because this crate has no
/// dependency for cryptography. It scatters connections; it does not withstand
/// an attacker who sees many numbers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct IsnGenerator {
    source: Isn,
    key: u64,
}

impl IsnGenerator {
    pub(crate) const fn new(source: Isn, seed: u64) -> Self {
        Self {
            source,
            key: mix(seed),
        }
    }

    /// The ISS for a connection that is opened `now`.
    pub(crate) fn next(&self, now: Instant, tuple: &FourTuple) -> SeqNumber {
        match self.source {
            Isn::Fixed(number) => number,
            // Both truncations are arithmetic modulo 2^32.
            Isn::Keyed => SeqNumber::new(self.hash(tuple) as u32) + (now.as_nanos() / 4_000) as u32,
        }
    }

    fn hash(&self, tuple: &FourTuple) -> u64 {
        let ports = u64::from(tuple.local.port()) << 16 | u64::from(tuple.remote.port());
        [tuple.local.ip(), tuple.remote.ip()]
            .into_iter()
            .flat_map(address_words)
            .chain([ports])
            .fold(self.key, |state, word| mix(state ^ word))
    }
}

fn address_words(address: IpAddr) -> [u64; 2] {
    let bits = match address {
        IpAddr::V4(address) => u128::from(address.to_bits()),
        IpAddr::V6(address) => address.to_bits(),
    };
    [(bits >> 64) as u64, bits as u64]
}

/// A bijection in which every bit of the input moves about half of the output:
/// two rounds of xor-shift and multiplication by odd constants.
const fn mix(word: u64) -> u64 {
    let word = (word ^ (word >> 32)).wrapping_mul(0x9fb2_1c65_1e98_df25);
    let word = (word ^ (word >> 29)).wrapping_mul(0xd6e8_feb8_6659_fd93);
    word ^ (word >> 32)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tuple(remote_port: u16) -> FourTuple {
        FourTuple {
            local: ([192, 0, 2, 1], 80).into(),
            remote: ([192, 0, 2, 2], remote_port).into(),
        }
    }

    #[test]
    fn keyed_numbers_follow_the_clock_and_differ_by_tuple_and_seed() {
        let isn = IsnGenerator::new(Isn::Keyed, 1);
        let first = isn.next(Instant::ZERO, &tuple(1));
        let later = isn.next(Instant::from_millis(4), &tuple(1));
        assert_eq!(later, first + 1_000);
        assert_ne!(isn.next(Instant::ZERO, &tuple(2)), first);
        let other = IsnGenerator::new(Isn::Keyed, 2);
        assert_ne!(other.next(Instant::ZERO, &tuple(1)), first);
    }

    #[test]
    fn fixed_number_is_used_as_it_stands() {
        let isn = IsnGenerator::new(Isn::Fixed(SeqNumber::new(1000)), 1);
        assert_eq!(isn.next(Instant::from_millis(9), &tuple(1)).value(), 1000);
    }
}

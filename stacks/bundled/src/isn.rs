//! Initial sequence numbers (RFC 9293 section 3.4.1, RFC 6528).

use std::hash::Hasher;
#[expect(deprecated, reason = "see `hash`")]
use std::hash::SipHasher;
use std::net::IpAddr;
use std::time::Duration;

use tcpspec_wire::{Instant, SeqNumber};

use crate::config::Isn;
use crate::connection::FourTuple;

/// ISN = M + F(four-tuple, key), where M counts every four microseconds and F
/// is SipHash with a key of 128 bits: whoever sees numbers of some connections
/// learns nothing of those of others.
#[derive(Clone, Copy, Debug)]
pub(crate) struct IsnGenerator {
    source: Isn,
    key: u128,
    /// When the first connection was opened, and F of it.
    begun: Option<(Instant, u32)>,
}

impl IsnGenerator {
    pub(crate) const fn new(source: Isn, key: u128) -> Self {
        Self {
            source,
            key,
            begun: None,
        }
    }

    /// The ISS for a connection that is opened `now`.
    pub(crate) fn next(&mut self, now: Instant, tuple: &FourTuple) -> SeqNumber {
        match self.source {
            Isn::Fixed(number) => number,
            Isn::From(number) => {
                let keyed = self.keyed(tuple);
                let (begun, first) = *self.begun.get_or_insert((now, keyed));
                number + keyed.wrapping_sub(first) + ticks(now.since(begun))
            }
            Isn::Keyed => SeqNumber::new(self.keyed(tuple)) + ticks(now.since(Instant::ZERO)),
        }
    }

    /// F.
    fn keyed(&self, tuple: &FourTuple) -> u32 {
        // The truncation is arithmetic modulo 2^32.
        self.hash(tuple) as u32
    }

    /// Where the timestamp clock of this pair of sockets stands when the host's
    /// is at zero (RFC 7323 section 7). It stays from connection to connection,
    /// so that later ones have later timestamps (RFC 6191).
    pub(crate) fn timestamp_offset(&self, tuple: &FourTuple) -> u32 {
        match self.source {
            Isn::Fixed(_) => 0,
            // The half of the hash that no ISN shows.
            Isn::From(_) | Isn::Keyed => (self.hash(tuple) >> 32) as u32,
        }
    }

    /// Where the search for a local port begins (RFC 6056).
    pub(crate) fn port_offset(&self, tuple: &FourTuple) -> u64 {
        // The half of the hash that no ISN shows.
        self.hash(tuple) >> 32
    }

    #[expect(
        deprecated,
        reason = "SipHash-2-4 with a key of our own: its successor in std has neither"
    )]
    fn hash(&self, tuple: &FourTuple) -> u64 {
        let mut hasher = SipHasher::new_with_keys((self.key >> 64) as u64, self.key as u64);
        for socket in [tuple.local, tuple.remote] {
            match socket.ip() {
                IpAddr::V4(address) => hasher.write(&address.octets()),
                IpAddr::V6(address) => hasher.write(&address.octets()),
            }
            hasher.write(&socket.port().to_be_bytes());
        }
        hasher.finish()
    }
}

/// How far the clock of RFC 9293 section 3.4.1 goes in so long.
const fn ticks(span: Duration) -> u32 {
    // The truncation is arithmetic modulo 2^32.
    (span.as_nanos() / 4_000) as u32
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
        let mut isn = IsnGenerator::new(Isn::Keyed, 1);
        let first = isn.next(Instant::ZERO, &tuple(1));
        let later = isn.next(Instant::from_millis(4), &tuple(1));
        assert_eq!(later, first + 1_000);
        assert_ne!(isn.next(Instant::ZERO, &tuple(2)), first);
        let mut other = IsnGenerator::new(Isn::Keyed, 2);
        assert_ne!(other.next(Instant::ZERO, &tuple(1)), first);
    }

    #[test]
    fn numbers_follow_the_clock_from_where_they_begin() {
        let mut isn = IsnGenerator::new(Isn::From(SeqNumber::new(u32::MAX)), 1);
        assert_eq!(
            isn.next(Instant::from_millis(7), &tuple(1)).value(),
            u32::MAX
        );
        let again = isn.next(Instant::from_millis(11), &tuple(1));
        assert_eq!(again.value(), 999);
        assert_ne!(isn.next(Instant::from_millis(11), &tuple(2)), again);
    }

    #[test]
    fn fixed_number_is_used_as_it_stands() {
        let mut isn = IsnGenerator::new(Isn::Fixed(SeqNumber::new(1000)), 1);
        assert_eq!(isn.next(Instant::from_millis(9), &tuple(1)).value(), 1000);
    }
}

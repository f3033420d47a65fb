//! What is to be done, and how long anybody waits for it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use tcpspec_connector::Setup;

/// The port on which the right end listens.
pub(crate) const PORT: u16 = 80;
/// The port from which the left end connects.
pub(crate) const CLIENT_PORT: u16 = 5000;

/// The terms of a duel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Whether it is fought over IPv6.
    pub v6: bool,
    /// Octets that the left end sends, and the right one.
    pub transfer: [u64; 2],
    /// The largest IP packet of either end's own interface, in octets.
    pub mtu: u16,
    /// Seed of what the stacks draw.
    pub seed: u64,
    /// How long it may take, on the stacks' clock.
    pub patience: Duration,
    /// Packets that both ends may send together: an exchange that needs more is
    /// one without end.
    pub packets: u64,
}

impl Terms {
    /// A transfer over IPv4 with room for many losses: an hour, and sixty-four
    /// packets for each that a perfect link would need.
    #[must_use]
    pub fn new(transfer: [u64; 2], seed: u64) -> Self {
        let [left, right] = transfer;
        Self {
            v6: false,
            transfer,
            mtu: 1500,
            seed,
            patience: Duration::from_secs(3600),
            packets: 10_000 + 64 * (left + right) / 536,
        }
    }

    /// The world of an end (0 is the left one): documentation addresses
    /// (RFC 5737, RFC 3849).
    pub(crate) fn setup(&self, end: usize) -> Setup {
        let seeds = [self.seed, self.seed.rotate_left(32) ^ 1];
        Setup {
            stack: self.address(end),
            prefix: if self.v6 { 64 } else { 24 },
            peer: self.address(1 - end),
            mtu: self.mtu,
            iss: None,
            seed: seeds[end],
        }
    }

    /// Where the left end connects to.
    pub(crate) fn server(&self) -> SocketAddr {
        (self.address(1), PORT).into()
    }

    fn address(&self, end: usize) -> IpAddr {
        let host = end as u8 + 1;
        if self.v6 {
            Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, host.into()).into()
        } else {
            Ipv4Addr::new(192, 0, 2, host).into()
        }
    }
}

//! Addresses: whose packets count, who can be called, and from where (RFC 9293
//! section 3.9.2.3, RFC 1122 section 3.2.1.3).

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use tcpspec_wire::{PacketRef, SourceRoute};

use super::Host;
use crate::connection::FourTuple;
use crate::error::Error;
use crate::limits::FIRST_EPHEMERAL_PORT;

impl Host {
    /// Whether a host other than ourselves can have this address (RFC 9293
    /// MUST-57, MUST-63).
    pub(super) fn is_peer(&self, address: IpAddr) -> bool {
        let is_one_host = match address {
            IpAddr::V4(v4) => {
                // All of 0.0.0.0/8 means "this network".
                v4.octets()[0] != 0 && !v4.is_broadcast() && !self.is_directed_broadcast(v4)
            }
            IpAddr::V6(v6) => !v6.is_unspecified(),
        };
        is_one_host
            && !address.is_multicast()
            && !address.is_loopback()
            && !self.addresses.contains(&address)
    }

    /// Whether the source route of a packet is one to take: such are wanted at
    /// all, and it ends here. One that leads on is a router's business.
    #[cold]
    pub(super) fn leads_here(&self, packet: &PacketRef<'_>) -> bool {
        let is_sound = |route: SourceRoute| route.is_complete() && self.has_sound_routers(&route);
        self.config.source_routes && packet.route().is_some_and(is_sound)
    }

    /// Whether packets can be sent to all routers of a route.
    pub(super) fn has_sound_routers(&self, route: &SourceRoute) -> bool {
        let mut routers = route.routers().iter();
        routers.all(|router| self.is_peer((*router).into()))
    }

    /// Whether this is the broadcast address of a link that we are on.
    fn is_directed_broadcast(&self, address: Ipv4Addr) -> bool {
        let host_bits = u32::MAX
            .checked_shr(u32::from(self.config.ipv4_prefix))
            .unwrap_or(0);
        // On links of one or two hosts there is none (RFC 3021).
        host_bits > 1
            && self.addresses.iter().any(|own| match own {
                IpAddr::V4(own) => own.to_bits() | host_bits == address.to_bits(),
                IpAddr::V6(_) => false,
            })
    }

    /// The pair of sockets for an active OPEN: `local` as far as the user
    /// named it (unspecified address, port 0: our choice).
    pub(super) fn free_tuple(
        &self,
        local: SocketAddr,
        remote: SocketAddr,
    ) -> Result<FourTuple, Error> {
        if !self.is_peer(remote.ip()) || remote.port() == 0 {
            return Err(Error::BadAddress);
        }
        let address = self
            .addresses
            .iter()
            .find(|own| own.is_ipv4() == remote.is_ipv4() && is_meant(local.ip(), **own))
            .ok_or(Error::NoAddress)?;
        let tuple = FourTuple {
            local: SocketAddr::new(*address, local.port()),
            remote,
        };
        let free = |tuple: &FourTuple| !self.tuples.contains_key(tuple);
        if local.port() != 0 {
            return Some(tuple).filter(free).ok_or(Error::InUse);
        }
        self.ephemeral(tuple).find(free).ok_or(Error::InUse)
    }

    /// The same with every port of the dynamic range, from one on that an
    /// outsider cannot foretell (RFC 6056 algorithm 3).
    fn ephemeral(&self, tuple: FourTuple) -> impl Iterator<Item = FourTuple> {
        let count = u64::from(u16::MAX - FIRST_EPHEMERAL_PORT) + 1;
        let start = self.isn.port_offset(&tuple).wrapping_add(self.next_id);
        (0..count).map(move |step| {
            let offset = (start % count + step) % count;
            let mut tuple = tuple;
            // Below 2^16, for the range ends there.
            tuple.local.set_port(FIRST_EPHEMERAL_PORT + offset as u16);
            tuple
        })
    }
}

/// Whether a user who names `wanted` gets `own`.
fn is_meant(wanted: IpAddr, own: IpAddr) -> bool {
    wanted.is_unspecified() || wanted == own
}

/// The source route by which answers to a packet go back.
#[cold]
pub(super) fn way_back(packet: &PacketRef<'_>) -> Option<SourceRoute> {
    match packet.ip.src {
        IpAddr::V4(src) => packet.route()?.back_to(src),
        IpAddr::V6(_) => None,
    }
}

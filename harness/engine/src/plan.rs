//! What to run, and whether the stack can do it at all.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;
use std::time::Duration;

use tcpspec_casefile::{Address, Variant};
use tcpspec_connector::{Hello, Setup};
use tcpspec_record::{IpVersion, Isn, TrialId, Verdict};
use tcpspec_wire::{Capability, Need, SeqNumber};

use crate::eval::unclear;
use crate::faults::Faults;
use crate::halt::Halt;
use crate::service::unplayable;

/// Port on which the stack's application listens.
pub(crate) const LISTEN_PORT: u16 = 80;
/// Port from which the stack's application connects.
pub(crate) const CONNECT_PORT: u16 = 5000;
/// The peer's port.
pub(crate) const PEER_PORT: u16 = 40_000;

/// Where the peer begins if numbers are to wrap: its SYN and its first octet,
/// or its FIN if it has no text, are the last two numbers.
const PEER_WRAPS: u32 = u32::MAX - 1;
/// Where the stack begins then: its first octet is 0, which is also the field
/// of a segment that acknowledges nothing.
const STACK_WRAPS: u32 = u32::MAX;

/// The send MSS of a stack that was offered none (RFC 9293 MUST-15).
pub(crate) const fn default_mss(ip: IpVersion) -> u16 {
    match ip {
        IpVersion::V4 => 536,
        IpVersion::V6 => 1220,
    }
}

/// A trial to be run.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Its name.
    pub id: TrialId,
    /// What to play.
    pub variant: Arc<Variant>,
    /// The stack's declaration.
    pub hello: Arc<Hello>,
    /// What happens on the link besides; nothing if there is none.
    pub faults: Option<Arc<Faults>>,
    /// The verdict that stands even if the harness is late, where there is no
    /// hope any more that it will be in time: the one that is expected.
    pub even_late: Option<Verdict>,
}

impl Plan {
    /// Why the trial is not run on this stack: it is about the other version
    /// of IP, or its link is too small, or a service stands in for the application
    /// and does something else, or the stack lacks capabilities, or has
    /// some where the case is about doing without. `None` if it can be run.
    #[must_use]
    pub fn skip_reason(&self) -> Option<String> {
        let (own, other, other_name) = match self.id.ip {
            IpVersion::V4 => (Capability::Ipv4, Capability::Ipv6, "IPv6"),
            IpVersion::V6 => (Capability::Ipv6, Capability::Ipv4, "IPv4"),
        };
        if self.variant.needs.contains(&other.into()) {
            return Some(format!("the case is about {other_name} alone"));
        }
        if self.id.ip == IpVersion::V6 && self.hello.mtu < LEAST_V6_MTU {
            let mtu = self.hello.mtu;
            return Some(format!("IPv6 does not run over a link of {mtu} octets"));
        }
        let faults = self.faults.as_ref();
        if let Some(reason) =
            faults.and_then(|faults| faults.skip_reason(&self.variant, self.id.ip))
        {
            return Some(reason);
        }
        let room = self.variant.room();
        if room > self.link_mss().into() {
            let mtu = self.hello.mtu;
            return Some(format!(
                "segments of {room} octets do not fit a link of {mtu}"
            ));
        }
        let own = Need::from(own);
        let needs = self.variant.needs.iter().chain([&own]);
        let unmet = needs
            .copied()
            .filter(|need| !need.is_met_by(&self.hello.capabilities));
        let (missing, extra): (Vec<Need>, Vec<Need>) = unmet.partition(|need| need.declared);
        let names = self.variant.info().map(|check| check.name.as_str());
        let hidden = names.filter(|name| !self.hello.info.contains(*name));
        let reasons = [
            says(
                "does not declare",
                missing.iter().map(|need| need.capability.name()),
            ),
            says("declares", extra.iter().map(|need| need.capability.name())),
            says("does not show", hidden),
        ];
        let reasons: Vec<String> = reasons.into_iter().flatten().collect();
        if !reasons.is_empty() {
            return Some(reasons.join("; "));
        }
        let service = self.hello.service;
        service.and_then(|service| unplayable(service, &self.variant))
    }

    /// The seed of what is left to chance on the link: every case meets something
    /// else, or one that nothing happens to would be one for all.
    pub(crate) fn link_seed(&self) -> u64 {
        let name = self.id.variant_id();
        let world = [u8::from(self.id.ip == IpVersion::V6)];
        // FNV-1a: of no cryptographic use, but the same everywhere.
        let mix = |hash: u64, octet: &u8| (hash ^ u64::from(*octet)).wrapping_mul(0x100_0000_01b3);
        let octets = name.as_bytes().iter().chain(&world);
        octets.fold(0xcbf2_9ce4_8422_2325 ^ self.id.seed, mix)
    }

    /// What the link's largest packet carries, in octets of text without any
    /// options.
    pub(crate) fn link_mss(&self) -> u16 {
        let headers = match self.id.ip {
            IpVersion::V4 => 40,
            IpVersion::V6 => 60,
        };
        self.hello.mtu.saturating_sub(headers)
    }

    /// Whether a harness that was late by this much may itself be why the
    /// stack did not do what a step allows: a timer of the stack has to have come
    /// in between, and none is shorter than a tick.
    #[must_use]
    pub fn excuses(&self, lateness: Duration) -> bool {
        let profile = &self.hello.profile;
        lateness > profile.clock_error + profile.lateness.tick
    }

    /// The peer's initial sequence number: the case's, or as the trial wants
    /// it.
    pub(crate) fn peer_iss(&self) -> SeqNumber {
        SeqNumber::new(match (self.variant.peer.iss, self.id.isn) {
            (Some(iss), _) => iss,
            (None, Isn::Random) => peer_iss(self.id.seed),
            (None, Isn::Wrap) => PEER_WRAPS,
        })
    }

    /// The stack's, where the trial wants a certain one and the stack lets it
    /// be set.
    fn stack_iss(&self) -> Option<SeqNumber> {
        let settable = self.hello.capabilities.contains(&Capability::Isn);
        (settable && self.id.isn == Isn::Wrap).then(|| SeqNumber::new(STACK_WRAPS))
    }

    /// The world to open the stack in: documentation addresses (RFC 5737,
    /// RFC 3849) on a link
    /// of the size that the stack asks for.
    #[must_use]
    pub fn setup(&self) -> Setup {
        let (stack, peer, prefix): (IpAddr, IpAddr, u8) = match self.id.ip {
            IpVersion::V4 => (
                Ipv4Addr::new(192, 0, 2, 1).into(),
                Ipv4Addr::new(192, 0, 2, 2).into(),
                24,
            ),
            IpVersion::V6 => (documentation_v6(1).into(), documentation_v6(2).into(), 64),
        };
        Setup {
            stack,
            prefix,
            peer,
            mtu: self.hello.mtu,
            iss: self.stack_iss(),
            seed: self.id.seed,
        }
    }
}

/// What a stack says of these; nothing of none.
fn says<'a>(verb: &str, names: impl Iterator<Item = &'a str>) -> Option<String> {
    let names: BTreeSet<&str> = names.collect();
    let names: Vec<&str> = names.into_iter().collect();
    (!names.is_empty()).then(|| format!("the stack {verb} {}", names.join(", ")))
}

/// Octets that every link of IPv6 carries (RFC 8200 section 5).
const LEAST_V6_MTU: u16 = 1280;

/// An address of 2001:db8::/64.
fn documentation_v6(host: u16) -> Ipv6Addr {
    Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, host)
}

/// What an address of a case is in a run.
pub(crate) fn address(which: Address, setup: &Setup) -> Result<IpAddr, Halt> {
    let is_ipv4 = setup.peer.is_ipv4();
    Ok(match which {
        Address::Peer => setup.peer,
        Address::Stack => setup.stack,
        Address::Other => other_address(setup.peer),
        Address::Broadcast if is_ipv4 => Ipv4Addr::BROADCAST.into(),
        Address::Broadcast => {
            return Err(unclear("IPv6 has no broadcast: say `needs: [ipv4]`"));
        }
        // All hosts of the link.
        Address::Multicast if is_ipv4 => Ipv4Addr::new(224, 0, 0, 1).into(),
        Address::Multicast => Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1).into(),
        Address::Unspecified if is_ipv4 => Ipv4Addr::UNSPECIFIED.into(),
        Address::Unspecified => Ipv6Addr::UNSPECIFIED.into(),
    })
}

/// An address of the peer's network that is neither the peer's nor the
/// stack's.
pub(crate) fn other_address(peer: IpAddr) -> IpAddr {
    match peer {
        IpAddr::V4(_) => Ipv4Addr::new(192, 0, 2, 77).into(),
        IpAddr::V6(_) => documentation_v6(0x77).into(),
    }
}

/// The peer's initial sequence number for a seed, where the case gives none:
/// one round of a multiply-xor mix, so that neighbouring seeds lie far apart.
const fn peer_iss(seed: u64) -> u32 {
    let mixed = (seed ^ 0x9e37_79b9_7f4a_7c15).wrapping_mul(0xd6e8_feb8_6659_fd93);
    (mixed >> 32) as u32
}

//! The largest packet that the path of one connection takes, learned from ICMP
//! (RFC 1191, RFC 8201) and doubted as RFC 5927 section 7.2 advises. After a
//! while it is tried whether the path takes more again.
//!
//! Left out: finding the size without ICMP (RFC 4821), and sharing it among
//! connections.

use std::time::Duration;

use tcpspec_wire::{Instant, SeqNumber};

use crate::limits::{MIN_PATH_MTU_LIFE, MIN_PATH_MTU_V4, MIN_PATH_MTU_V6};

/// MTUs of the links there are (RFC 1191 section 7.1), for routers that say
/// "too big" without saying what would fit.
const PLATEAUS: [u16; 10] = [
    32_000, 17_914, 8_166, 4_352, 2_002, 1_492, 1_006, 576, 552, 0,
];

/// What one connection knows of its path.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PathMtu {
    mtu: u16,
    /// What our own link takes.
    link: u16,
    is_ipv4: bool,
    /// When the estimate was last lowered, while it is below the link's.
    lowered: Option<Instant>,
    /// The estimate before it was raised, until a larger packet has arrived.
    raised_from: Option<u16>,
    /// Octets of the largest packet that the peer has acknowledged.
    confirmed: u16,
    /// The number behind the largest packet in flight, and its octets, if it
    /// is larger than any confirmed.
    largest: Option<(SeqNumber, u16)>,
    /// A packet said not to fit, and what would, although packets larger than
    /// that did: believed only if the packet is not acknowledged in time.
    doubted: Option<(SeqNumber, u16)>,
}

impl PathMtu {
    pub(crate) const fn new(link: u16, is_ipv4: bool) -> Self {
        Self {
            mtu: link,
            link,
            is_ipv4,
            lowered: None,
            raised_from: None,
            confirmed: 0,
            largest: None,
            doubted: None,
        }
    }

    /// Whether the path is so narrow that routers had better fragment.
    pub(crate) const fn needs_fragments(&self) -> bool {
        self.is_ipv4 && self.mtu <= MIN_PATH_MTU_V4
    }

    /// Takes note of a packet of so many octets, the last of which is before
    /// `end`.
    pub(crate) fn sent(&mut self, una: SeqNumber, end: SeqNumber, octets: u16) {
        self.settle(una);
        let known = self.largest.map_or(self.confirmed, |(_, octets)| octets);
        if octets > known {
            self.largest = Some((end, octets));
        }
    }

    /// The estimate was lowered `now`.
    pub(crate) const fn lowered(&mut self, now: Instant) {
        self.lowered = Some(now);
        self.raised_from = None;
    }

    /// Goes back to what our own link takes if the estimate is so old. True if
    /// it was.
    pub(crate) fn expire(&mut self, now: Instant, life: Duration) -> bool {
        let life = life.max(MIN_PATH_MTU_LIFE);
        let is_old = self.lowered.is_some_and(|then| now.since(then) >= life);
        if is_old {
            self.raised_from = Some(self.mtu);
            self.mtu = self.link;
            self.lowered = None;
        }
        is_old
    }

    /// A router says that the packet at `seq`, of `octets`, does not fit, and
    /// what would. The new MTU if that is to be believed at once.
    pub(crate) fn too_big(
        &mut self,
        una: SeqNumber,
        seq: SeqNumber,
        octets: u16,
        claim: u32,
    ) -> Option<u16> {
        self.settle(una);
        let mtu = self.plausible(octets, claim)?;
        if mtu < self.confirmed {
            self.doubted = Some((seq, mtu));
            return None;
        }
        self.mtu = mtu;
        // What did not fit goes again in smaller packets, whose arrival says
        // nothing of it.
        self.largest = None;
        Some(mtu)
    }

    /// What is in flight was not acknowledged in time. The new MTU, if one was
    /// doubted without good reason, or raised and the router that should have
    /// said so is silent.
    pub(crate) fn timed_out(&mut self, una: SeqNumber) -> Option<u16> {
        self.settle(una);
        let is_larger = |from: &u16| self.largest.is_some_and(|(_, octets)| octets > *from);
        let doubted = self.doubted.take().map(|(_, mtu)| mtu);
        let mtu = doubted.or_else(|| self.raised_from.filter(is_larger))?;
        self.mtu = mtu;
        self.confirmed = mtu;
        self.largest = None;
        Some(mtu)
    }

    /// Takes in what SND.UNA says of the packets noted.
    fn settle(&mut self, una: SeqNumber) {
        if let Some((_, octets)) = self.largest.filter(|(end, _)| end.at_or_before(una)) {
            self.confirmed = octets;
            self.largest = None;
            self.raised_from = self.raised_from.filter(|from| octets <= *from);
        }
        self.doubted = self.doubted.filter(|(seq, _)| seq.at_or_after(una));
    }

    /// The MTU that a claim means, if it can be true: it must be news, and no
    /// link is narrower than the minimum of its version of IP.
    fn plausible(&self, octets: u16, claim: u32) -> Option<u16> {
        let mtu = match (claim, self.is_ipv4) {
            (0, true) => plateau_below(octets.min(self.mtu)),
            (claim, _) => u16::try_from(claim).unwrap_or(u16::MAX),
        };
        let floor = if self.is_ipv4 {
            MIN_PATH_MTU_V4
        } else if mtu < MIN_PATH_MTU_V6 {
            return None;
        } else {
            MIN_PATH_MTU_V6
        };
        let mtu = mtu.max(floor);
        (mtu < self.mtu).then_some(mtu)
    }
}

fn plateau_below(octets: u16) -> u16 {
    let below = PLATEAUS.iter().find(|plateau| **plateau < octets);
    below.copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNA: SeqNumber = SeqNumber::new(u32::MAX);

    #[rstest::rstest]
    #[case::told(true, 1006, Some(1006))]
    #[case::not_told_goes_to_the_next_plateau(true, 0, Some(1492))]
    #[case::same_is_no_news(true, 1500, None)]
    #[case::larger_is_no_news(true, 9000, None)]
    #[case::beyond_16_bits(false, 70_000, None)]
    #[case::absurd_is_held_to_the_floor(true, 68, Some(552))]
    #[case::least_of_ipv6(false, 1280, Some(1280))]
    #[case::below_the_least_of_ipv6(false, 1279, None)]
    #[case::nothing_told_in_ipv6(false, 0, None)]
    fn claim_becomes_an_mtu(
        #[case] is_ipv4: bool,
        #[case] claim: u32,
        #[case] believed: Option<u16>,
    ) {
        let mut path = PathMtu::new(1500, is_ipv4);
        path.sent(UNA, UNA + 1460, 1500);
        assert_eq!(path.too_big(UNA, UNA, 1500, claim), believed);
    }

    #[test]
    fn what_was_confirmed_is_not_given_up_for_a_word() {
        let mut path = PathMtu::new(1500, true);
        path.sent(UNA, UNA + 1460, 1500);
        let una = UNA + 1460;
        assert_eq!(path.too_big(una, una, 1500, 1006), None);
        // The packet in question arrives: the claim is forgotten.
        assert_eq!(path.timed_out(una + 1460), None);
        assert_eq!(path.too_big(una, una, 1500, 1006), None);
        assert_eq!(path.timed_out(una), Some(1006));
        assert_eq!(path.timed_out(una), None, "once");
    }

    const LIFE: Duration = Duration::from_secs(600);

    /// After how many minutes, and what is found then.
    #[rstest::rstest]
    #[case::young(9, None)]
    #[case::old(10, Some(1500))]
    fn estimate_expires(#[case] minutes: u64, #[case] raised: Option<u16>) {
        let mut path = PathMtu::new(1500, true);
        assert!(!path.expire(Instant::ZERO + LIFE, LIFE), "never lowered");
        path.too_big(UNA, UNA, 1500, 1006);
        path.lowered(Instant::ZERO);
        let now = Instant::ZERO + Duration::from_secs(60 * minutes);
        assert_eq!(path.expire(now, LIFE).then_some(path.mtu), raised);
        assert!(!path.expire(now, LIFE), "once");
    }

    #[test]
    fn life_is_never_shorter_than_five_minutes() {
        let mut path = PathMtu::new(1500, true);
        path.lowered(Instant::ZERO);
        assert!(!path.expire(Instant::from_millis(299_999), Duration::ZERO));
        assert!(path.expire(Instant::from_millis(300_000), Duration::ZERO));
    }

    /// A packet after the raise, how much of it is acknowledged, and what a
    /// timeout then leads back to.
    #[rstest::rstest]
    #[case::lost(1500, 0, Some(1006))]
    #[case::arrived(1500, 10, None)]
    #[case::no_larger_than_before(1006, 0, None)]
    fn raise_that_a_router_swallows_is_taken_back(
        #[case] octets: u16,
        #[case] acknowledged: u32,
        #[case] back_to: Option<u16>,
    ) {
        let mut path = PathMtu::new(1500, true);
        path.sent(UNA, UNA + 5, 1006);
        path.too_big(UNA, UNA, 1500, 1006);
        path.lowered(Instant::ZERO);
        let una = UNA + 5;
        assert!(path.expire(Instant::ZERO + LIFE, LIFE));
        path.sent(una, una + 10, octets);
        assert_eq!(path.timed_out(una + acknowledged), back_to);
    }

    #[test]
    fn plateaus_lead_to_the_floor_and_no_further() {
        let mut path = PathMtu::new(1500, true);
        let steps: Vec<Option<u16>> = (0..5)
            .map(|_| path.too_big(UNA, UNA, path.mtu, 0))
            .collect();
        assert_eq!(steps, [Some(1492), Some(1006), Some(576), Some(552), None]);
        assert!(path.needs_fragments());
    }
}

//! A fault profile laid over a case.

use std::collections::BTreeSet;

use tcpspec_casefile::{Action, AppCall, Variant};
use tcpspec_link::{Conditions, Happened, Kind, Link, Profile};
use tcpspec_record::IpVersion;

/// What happens on the link of a trial, besides what its case says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Faults {
    /// The profile.
    pub profile: Profile,
    /// These faults instead of drawn ones.
    pub schedule: Option<Vec<Happened>>,
}

impl Faults {
    /// Faults that are drawn from the trial's seed.
    #[must_use]
    pub const fn drawn(profile: Profile) -> Self {
        Self {
            profile,
            schedule: None,
        }
    }

    /// Why a case is not played under the profile; `None` if it is.
    pub(crate) fn skip_reason(&self, variant: &Variant, ip: IpVersion) -> Option<String> {
        if variant.tolerates.is_empty() {
            return Some("the case says of no faults that it tolerates them".to_owned());
        }
        let kinds = self.profile.kinds();
        let unmet: BTreeSet<&Kind> = kinds.difference(&variant.tolerates).collect();
        if !unmet.is_empty() {
            let unmet: Vec<String> = unmet.into_iter().map(Kind::to_string).collect();
            return Some(format!("the case does not tolerate {}", unmet.join(", ")));
        }
        let narrow = |way: &Conditions| way.mtu.is_some_and(|mtu| mtu < LEAST_V6_MTU);
        let is_narrow = narrow(&self.profile.up) || narrow(&self.profile.down);
        let reason = "IPv6 does not run over so narrow a path";
        (ip == IpVersion::V6 && is_narrow).then(|| reason.to_owned())
    }

    /// The link: what the peer sends, and what the stack does. The way up is that
    /// of the end that opens the connection.
    pub(crate) fn link(&self, variant: &Variant, seed: u64) -> Link {
        let Profile { up, down, .. } = &self.profile;
        let [peer, sut] = if is_opened_by_stack(variant) {
            [down, up]
        } else {
            [up, down]
        };
        match &self.schedule {
            Some(schedule) => Link::replay(peer, sut, &[], schedule),
            None => Link::new(peer.clone(), sut.clone(), &[], seed),
        }
    }
}

/// Octets that every link of IPv6 carries (RFC 8200 section 5).
const LEAST_V6_MTU: u16 = 1280;

/// Whether the stack opens the connection.
#[must_use]
pub fn is_opened_by_stack(variant: &Variant) -> bool {
    let mut steps = variant.steps.iter();
    steps.any(|step| matches!(step.action, Action::App(AppCall::Connect { .. }, _)))
}

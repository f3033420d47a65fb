//! The duels to be fought, and fighting them on all cores.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use tcpspec_connector::StackError;
use tcpspec_duel::outcome::name;
use tcpspec_duel::{Ended, Outcome, Terms, duel};
use tcpspec_link::{Conditions, Happened, Link, Profile};
use tcpspec_record::{Duel, DuelFinding, DuelResult, IpVersion};
use tcpspec_wire::Capability;

use crate::args::DuelArgs;
use crate::failure::Failure;
use crate::stacks::{self, Driven, Participant, StackName};

/// A duel to be fought.
#[derive(Clone, Debug)]
pub(super) struct Bout {
    stacks: [Participant; 2],
    profile: Profile,
    /// Without faults, to compare with.
    reference: bool,
    ip: IpVersion,
    seed: u64,
    transfer: [u64; 2],
}

impl Bout {
    /// Every pair under every profile, with every seed; for each pair and
    /// profile first once without faults.
    pub(super) fn all(
        args: &DuelArgs,
        left: &[Participant],
        right: &[Participant],
        profiles: &[Profile],
    ) -> Vec<Self> {
        let pairs = left
            .iter()
            .flat_map(|left| right.iter().map(move |right| [left.clone(), right.clone()]));
        let seeds = (args.seed..).take(args.runs.get());
        let mut bouts = Vec::new();
        for stacks in pairs {
            for (profile, ip) in profiles
                .iter()
                .flat_map(|profile| args.ip.versions().iter().map(move |ip| (profile, *ip)))
            {
                let bout = |reference, seed| Self {
                    stacks: stacks.clone(),
                    profile: profile.clone(),
                    reference,
                    ip,
                    seed,
                    transfer: [args.transfer, args.back],
                };
                if carries(profile, ip) && stacks.iter().all(|stack| has(stack, ip)) {
                    bouts.extend(has_faults(profile).then(|| bout(true, args.seed)));
                    bouts.extend(seeds.clone().map(|seed| bout(false, seed)));
                }
            }
        }
        bouts
    }

    /// Fights it.
    pub(super) fn fight(&self, ring: &mut Ring) -> Outcome {
        let Profile { up, down, .. } = &self.profile;
        let way = |way: &Conditions| {
            if self.reference {
                way.without_faults()
            } else {
                way.clone()
            }
        };
        self.over(ring, Link::new(way(up), way(down), &[], self.seed))
    }

    /// Fights it again with these faults alone.
    pub(super) fn fight_with(&self, ring: &mut Ring, faults: &[Happened]) -> Outcome {
        let Profile { up, down, .. } = &self.profile;
        self.over(ring, Link::replay(up, down, &[], faults))
    }

    fn over(&self, ring: &mut Ring, link: Link) -> Outcome {
        let terms = Terms {
            v6: self.ip == IpVersion::V6,
            ..Terms::new(self.transfer, self.seed)
        };
        ring.fight(&self.stacks, |[left, right]| {
            duel(left.as_stack(), right.as_stack(), link, &terms)
        })
    }

    fn record(&self, outcome: Outcome) -> Duel {
        let (result, reason) = judged(&outcome);
        let finding = |finding: &tcpspec_duel::Finding| DuelFinding {
            end: finding.end,
            at: finding.at.as_nanos(),
            requirement: finding.law.requirement().to_owned(),
            advice: finding.law.is_advice(),
            segment: finding.segment.clone(),
            why: finding.why.clone(),
            times: finding.times,
        };
        Duel {
            stacks: self.stacks.each_ref().map(|stack| stack.name.to_string()),
            faults: self.profile.name.clone(),
            reference: self.reference,
            ip: self.ip,
            seed: self.seed,
            transfer: self.transfer,
            result,
            reason,
            findings: outcome.findings.iter().map(finding).collect(),
            delivered: outcome.delivered.map(|at| at.as_nanos()),
            read: outcome.ends.each_ref().map(|end| end.read),
            segments: outcome.ends.each_ref().map(|end| end.segments),
            repeated: outcome.repeated(),
            tally: outcome
                .tally
                .iter()
                .map(|(word, count)| (word.to_owned(), count))
                .collect(),
        }
    }
}

/// The stacks of the last bout, for the next one of the same two: to start a process
/// or to make a lane takes longer than many a bout.
#[derive(Default)]
pub(super) struct Ring(Option<([StackName; 2], [Driven; 2])>);

impl Ring {
    fn fight(
        &mut self,
        stacks: &[Participant; 2],
        bout: impl FnOnce(&mut [Driven; 2]) -> Outcome,
    ) -> Outcome {
        let names = stacks.each_ref().map(|stack| stack.name.clone());
        let kept = self.0.take().filter(|(of, _)| *of == names);
        let fresh = || stacks.each_ref().map(make);
        let mut pair = kept.map_or_else(fresh, |(_, pair)| pair);
        let outcome = bout(&mut pair);
        // What has died in this process is dead.
        if !matches!(outcome.ended, Ended::Broken { .. }) {
            self.0 = Some((names, pair));
        }
        outcome
    }
}

/// Fights all, as many at once as there are cores. The order of the results is
/// that of the bouts.
pub(super) fn fight_all(bouts: &[Bout], jobs: Option<NonZeroUsize>) -> Result<Vec<Duel>, Failure> {
    let jobs = jobs.or_else(|| thread::available_parallelism().ok());
    let jobs = jobs.map_or(1, NonZeroUsize::get).min(bouts.len());
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::with_capacity(bouts.len()));
    thread::scope(|scope| {
        for _ in 0..jobs {
            scope.spawn(|| {
                let mut ring = Ring::default();
                while let Some((index, bout)) = {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    bouts.get(index).map(|bout| (index, bout))
                } {
                    let duel = bout.record(bout.fight(&mut ring));
                    done.lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .push((index, duel));
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(index, _)| *index);
    Ok(done.into_iter().map(|(_, duel)| duel).collect())
}

/// A stack for a duel.
fn make(stack: &Participant) -> Driven {
    let kernel = || Driven::Kernel(Box::new(stacks::linux(stack.name.options())));
    stack.stack().unwrap_or_else(kernel)
}

/// The result, and why in a sentence.
fn judged(outcome: &Outcome) -> (DuelResult, String) {
    let wrong = outcome
        .findings
        .iter()
        .find(|finding| !finding.law.is_advice());
    match &outcome.ended {
        Ended::Broken { end, error } => {
            // A machine that withholds something says nothing of the stack.
            let result = match error {
                StackError::Environment(_) | StackError::Connector(_) => DuelResult::Broken,
                StackError::Died(_) | StackError::Storm(_) | StackError::Silent(_) => {
                    DuelResult::Badly
                }
            };
            (result, format!("the {} end: {error}", name(*end)))
        }
        Ended::Badly(failure) => (DuelResult::Badly, failure.to_string()),
        _ if wrong.is_some() => (DuelResult::Badly, "a segment was wrong".to_owned()),
        Ended::GaveUp { end, silence } => {
            let end = name(*end);
            let reason = format!("the {end} end gave up after {silence:?} in vain, as it may");
            (DuelResult::GaveUp, reason)
        }
        Ended::Well => (DuelResult::Well, String::new()),
    }
}

/// Whether a version of IP runs over a link: IPv6 takes 1280 octets at least
/// (RFC 8200 section 5).
fn carries(profile: &Profile, ip: IpVersion) -> bool {
    let carries = |way: &Conditions| way.mtu.is_none_or(|mtu| mtu >= 1280);
    ip == IpVersion::V4 || (carries(&profile.up) && carries(&profile.down))
}

/// Whether a stack has a version of IP.
fn has(stack: &Participant, ip: IpVersion) -> bool {
    let version = match ip {
        IpVersion::V4 => Capability::Ipv4,
        IpVersion::V6 => Capability::Ipv6,
    };
    stack.hello.capabilities.contains(&version)
}

/// Whether anything ever goes wrong under a profile.
fn has_faults(profile: &Profile) -> bool {
    let has = |way: &Conditions| *way != way.without_faults();
    has(&profile.up) || has(&profile.down)
}

//! Baselines: what is known to depart from the RFCs, per stack. An entry
//! turns an expected failure into a known one; an entry whose trial passes is
//! stale, and that is an error: baselines shrink by being edited.

use serde::{Deserialize, Serialize};

use crate::id::{IpVersion, Isn, TrialId};
use crate::log::Header;
use crate::trial::Trial;
use crate::verdict::Verdict;

/// The known deviations of one stack.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Baseline {
    /// The stack, as in `--stack`.
    pub stack: String,
    /// What is known.
    pub known: Vec<BaselineEntry>,
}

/// One known deviation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BaselineEntry {
    /// The variant, as in `reset/in-closing@at=left`.
    pub variant: String,
    /// On this version of IP alone; both if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ip: Option<IpVersion>,
    /// With these initial sequence numbers alone; all if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub isn: Option<Isn>,
    /// Under this fault profile alone, `all` for whichever; without any if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub faults: Option<String>,
    /// Where the stack has this option alone, as `dual` of `linux:dual`;
    /// whatever its options are if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub with: Option<String>,
    /// The verdict to expect.
    pub verdict: Verdict,
    /// Why the stack does this, and who says so.
    pub reason: String,
    /// The clause of the RFC that it departs from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clause: Option<String>,
    /// Where the stack says that it means to; nowhere if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deliberate: Option<String>,
    /// The segments that show it, `>` the peer's and `<` the stack's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub observed: Vec<String>,
}

/// What a run says of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// What it is about still departs.
    Holds,
    /// Some of the trials that it is about pass now.
    Partly,
    /// All of them pass.
    Gone,
    /// Everything was run, and there is no such trial.
    Unmatched,
    /// The run says nothing of it.
    Unplayed,
}

impl Standing {
    /// Whether the entry says what is not so.
    #[must_use]
    pub const fn is_stale(self) -> bool {
        matches!(self, Self::Partly | Self::Gone | Self::Unmatched)
    }
}

impl BaselineEntry {
    /// What stands in place of a reason that is still to be written. It excuses
    /// nothing.
    pub const UNWRITTEN: &str = "TODO: say why the stack does this, and who says so";

    /// Whether somebody has given a reason.
    #[must_use]
    pub fn has_reason(&self) -> bool {
        !self.reason.trim_start().starts_with("TODO")
    }

    /// What a run of a stack says of the entry, by the run's header and its
    /// trials. In a run of everything an entry has to match one.
    pub fn standing<'t>(
        &self,
        stack: &str,
        header: &Header,
        trials: impl IntoIterator<Item = &'t Trial>,
    ) -> Standing {
        let is_covered = |trial: &&Trial| trial.id.stack == stack && self.covers(&trial.id);
        let (mut covered, mut passed, mut failed) = (0, 0, 0);
        for trial in trials.into_iter().filter(is_covered) {
            covered += 1;
            match trial.verdict {
                Verdict::Pass => passed += 1,
                Verdict::Skip => {}
                _ => failed += 1,
            }
        }
        match (passed, failed) {
            (0, 0) if covered == 0 && self.must_match(header) => Standing::Unmatched,
            (0, 0) => Standing::Unplayed,
            // Under faults it is a matter of chance whether it shows.
            (_, 0) if self.faults.is_some() => Standing::Unplayed,
            (_, _) if self.faults.is_some() => Standing::Holds,
            (0, _) => Standing::Holds,
            (_, 0) => Standing::Gone,
            (_, _) => Standing::Partly,
        }
    }

    /// Whether a run with this header plays all that there is of what the entry
    /// speaks of.
    fn must_match(&self, header: &Header) -> bool {
        let everything = header.selection.is_empty() && header.shard.is_none();
        let mut worlds = header.worlds.iter();
        // No run is of all seeds under faults, so none has to match.
        everything
            && self.faults.is_none()
            && worlds.any(|world| {
                self.ip.is_none_or(|ip| ip == world.ip)
                    && self.isn.is_none_or(|isn| isn == world.isn)
            })
    }

    /// Whether the entry speaks of this trial.
    #[must_use]
    pub fn covers(&self, trial: &TrialId) -> bool {
        self.variant == trial.variant_id()
            && self.ip.is_none_or(|ip| ip == trial.ip)
            && self.isn.is_none_or(|isn| isn == trial.isn)
            && self.with.as_ref().is_none_or(|with| has(trial, with))
            && self.covers_faults(&trial.faults)
    }

    /// What goes wrong on a faulty link need not go wrong without faults.
    fn covers_faults(&self, faults: &str) -> bool {
        match self.faults.as_deref() {
            Some("all") => !faults.is_empty(),
            named => named.unwrap_or_default() == faults,
        }
    }

    /// The stack that is held to the entry: with other options it may do
    /// otherwise, and that makes the entry no less true.
    #[must_use]
    pub fn stack(&self, family: &str) -> String {
        match &self.with {
            None => family.to_owned(),
            Some(option) => format!("{family}:{option}"),
        }
    }
}

/// Whether the trial's stack has this option.
fn has(trial: &TrialId, option: &str) -> bool {
    let options = trial
        .stack
        .split_once(':')
        .map_or("", |(_, options)| options);
    options.split(',').any(|one| one == option)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::CaseId;

    #[test]
    fn an_entry_speaks_of_stacks_with_its_option() {
        let covered = |with: Option<&str>, stack: &str| {
            let entry = BaselineEntry {
                variant: "group/case".to_owned(),
                ip: None,
                isn: None,
                faults: None,
                with: with.map(str::to_owned),
                verdict: Verdict::Fail,
                reason: String::new(),
                clause: None,
                deliberate: None,
                observed: Vec::new(),
            };
            entry.covers(&TrialId {
                case: CaseId("group/case".to_owned()),
                variant: String::new(),
                stack: stack.to_owned(),
                ip: IpVersion::V4,
                isn: Isn::Random,
                faults: String::new(),
                seed: 1,
            })
        };
        for (with, stack, expected) in [
            (None, "linux", true),
            (None, "linux:dual", true),
            (Some("dual"), "linux", false),
            (Some("dual"), "linux:dual", true),
            (Some("dual"), "linux:no-sack,dual", true),
            (Some("sack"), "linux:no-sack,dual", false),
        ] {
            assert_eq!(covered(with, stack), expected, "{with:?} of {stack}");
        }
    }
}

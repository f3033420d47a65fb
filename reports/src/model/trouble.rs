//! What the links did under each fault profile: that every fault has really
//! happened, and how often.

use std::collections::BTreeMap;

use tcpspec_record::{Trial, Verdict};

/// The trials under one fault profile, and what became of their packets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trouble<'a> {
    /// The profile.
    pub profile: &'a str,
    /// Trials that were executed.
    pub trials: usize,
    /// Of these, those that passed because the stack gave up, as it may where
    /// nothing gets through for so long.
    pub gave_up: usize,
    /// How often what happened to packets, by the link's words.
    pub tally: BTreeMap<&'a str, u64>,
}

/// The tag of a trial in which the stack gave up.
const GAVE_UP: &str = "gave-up";

/// By profile, in the order of their names.
pub(super) fn by_profile(trials: &[Trial]) -> Vec<Trouble<'_>> {
    let mut all: BTreeMap<&str, Trouble<'_>> = BTreeMap::new();
    let faulted = trials.iter().filter(|trial| !trial.id.faults.is_empty());
    for trial in faulted.filter(|trial| trial.verdict != Verdict::Skip) {
        let profile = trial.id.faults.as_str();
        let trouble = all.entry(profile).or_default();
        trouble.profile = profile;
        trouble.trials += 1;
        trouble.gave_up += usize::from(trial.tags.iter().any(|tag| tag == GAVE_UP));
        for (word, count) in &trial.link {
            *trouble.tally.entry(word).or_default() += count;
        }
    }
    all.into_values().collect()
}

impl Trouble<'_> {
    /// All that happened, in one line: `drop 12, dup 3 of 140 packets`.
    #[must_use]
    pub fn told(&self) -> String {
        let sent = self.tally.get("sent").copied().unwrap_or(0);
        let faults = self.tally.iter();
        let faults = faults.filter(|(word, _)| !matches!(**word, "sent" | "arrived"));
        let faults: Vec<String> = faults
            .map(|(word, count)| format!("{word} {count}"))
            .collect();
        match faults.as_slice() {
            [] => format!("nothing happened to {sent} packets"),
            faults => format!("{} of {sent} packets", faults.join(", ")),
        }
    }
}

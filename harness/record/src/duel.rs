//! What a duel of two live stacks leaves behind: one JSON line each.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::id::IpVersion;

/// How the two ends are called.
pub const ENDS: [&str; 2] = ["left", "right"];

/// One duel: two stacks, a link, a transfer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Duel {
    /// Who opened actively, and who passively.
    pub stacks: [String; 2],
    /// The fault profile, by name.
    pub faults: String,
    /// Whether nothing was left to chance: the run that others are compared to.
    pub reference: bool,
    /// Version of IP.
    pub ip: IpVersion,
    /// Seed of link and stacks.
    pub seed: u64,
    /// Octets that each end was to send.
    pub transfer: [u64; 2],
    /// How it ended.
    pub result: DuelResult,
    /// Why it ended so, in a sentence; empty if all is well.
    pub reason: String,
    /// What the witness found.
    pub findings: Vec<DuelFinding>,
    /// Nanoseconds on the stacks' clock until the last octet was read.
    pub delivered: Option<u64>,
    /// Octets that each end has read.
    pub read: [u64; 2],
    /// Segments that each end has sent.
    pub segments: [u64; 2],
    /// Octets of text that were sent more than once.
    pub repeated: u64,
    /// What became of the packets: how often which fault happened.
    pub tally: BTreeMap<String, u64>,
}

/// How a duel ended.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum DuelResult {
    /// Everything arrived, both ends came to their end, every segment was right.
    Well,
    /// An end gave up when it may, because the link let nothing through.
    GaveUp,
    /// Something was wrong.
    Badly,
    /// A stack could not be driven.
    Broken,
}

/// A segment that was wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DuelFinding {
    /// Which end sent it: 0 or 1.
    pub end: usize,
    /// When, in nanoseconds.
    pub at: u64,
    /// The requirement that it breaks.
    pub requirement: String,
    /// Whether a stack may have reasons for it.
    pub advice: bool,
    /// The segment in one line.
    pub segment: String,
    /// What about it is wrong.
    pub why: String,
    /// How often this end did so.
    pub times: u32,
}

impl DuelResult {
    /// All of them, from the best to the worst.
    pub const ALL: [Self; 4] = [Self::Well, Self::GaveUp, Self::Badly, Self::Broken];

    /// The word for it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Well => "well",
            Self::GaveUp => "gave up",
            Self::Badly => "badly",
            Self::Broken => "broken",
        }
    }
}

impl Duel {
    /// Octets delivered in a second of the stacks' clock; `None` if they did
    /// not all arrive, or in no time.
    #[must_use]
    pub fn goodput(&self) -> Option<f64> {
        let seconds = self.delivered? as f64 / 1e9;
        let octets: u64 = self.read.iter().sum();
        (seconds > 0.0).then(|| octets as f64 / seconds)
    }

    /// Octets sent again as a share of those delivered.
    #[must_use]
    pub fn repeated_share(&self) -> Option<f64> {
        let octets: u64 = self.read.iter().sum();
        (octets > 0).then(|| self.repeated as f64 / octets as f64)
    }

    /// The command that plays it again.
    #[must_use]
    pub fn repro(&self) -> String {
        let [left, right] = &self.stacks;
        let [up, down] = self.transfer;
        let (faults, ip, seed) = (&self.faults, self.ip, self.seed);
        let back = if down == 0 {
            String::new()
        } else {
            format!(" --back {down}")
        };
        format!(
            "tcpspec duel --left {left} --right {right} --faults {faults} --transfer {up}{back} --ip {ip} --seed {seed}"
        )
    }
}

//! Names. An id is never a position: it survives new neighbours.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A case's id: its path under `cases/` without the extension, as in
/// `closing/fin-retransmitted`.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(transparent)]
pub struct CaseId(pub String);

impl CaseId {
    /// The case's group: the first part of its path.
    #[must_use]
    pub fn group(&self) -> &str {
        self.0.split('/').next().unwrap_or_default()
    }
}

impl fmt::Display for CaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// A requirement's id: RFC number, colon, label, as in `9293:MUST-13`.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(transparent)]
pub struct RequirementId(pub String);

impl RequirementId {
    /// The RFC's number, as text.
    #[must_use]
    pub fn rfc(&self) -> &str {
        self.0.split(':').next().unwrap_or_default()
    }
}

impl fmt::Display for RequirementId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// The version of IP a trial runs over.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
pub enum IpVersion {
    /// IPv4.
    #[serde(rename = "4")]
    V4,
    /// IPv6.
    #[serde(rename = "6")]
    V6,
}

impl fmt::Display for IpVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::V4 => "4",
            Self::V6 => "6",
        })
    }
}

/// The text is neither `4` nor `6`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a version of IP (4 or 6)")]
pub struct UnknownIpVersion(pub String);

impl FromStr for IpVersion {
    type Err = UnknownIpVersion;

    fn from_str(text: &str) -> Result<Self, UnknownIpVersion> {
        match text {
            "4" => Ok(Self::V4),
            "6" => Ok(Self::V6),
            _ => Err(UnknownIpVersion(text.to_owned())),
        }
    }
}

/// Where the initial sequence numbers of a trial lie.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Isn {
    /// The peer's is drawn from the seed; the stack takes its own.
    #[default]
    Random,
    /// So near 2^32 that the first octets wrap: the peer's, and the stack's
    /// where it lets that be set.
    Wrap,
}

impl Isn {
    /// Whether it is the one that needs no mention.
    #[must_use]
    pub const fn is_random(&self) -> bool {
        matches!(self, Self::Random)
    }
}

impl fmt::Display for Isn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Random => "random",
            Self::Wrap => "wrap",
        })
    }
}

/// The text is neither `random` nor `wrap`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a place for sequence numbers to begin (random or wrap)")]
pub struct UnknownIsn(pub String);

impl FromStr for Isn {
    type Err = UnknownIsn;

    fn from_str(text: &str) -> Result<Self, UnknownIsn> {
        match text {
            "random" => Ok(Self::Random),
            "wrap" => Ok(Self::Wrap),
            _ => Err(UnknownIsn(text.to_owned())),
        }
    }
}

/// What a variant is played in besides a stack: a version of IP, and where
/// numbers begin.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(deny_unknown_fields)]
pub struct World {
    /// The version of IP.
    pub ip: IpVersion,
    /// Where the initial sequence numbers lie.
    #[serde(default, skip_serializing_if = "Isn::is_random")]
    pub isn: Isn,
}

/// As people read it: `ip=4`, `ip=6 isn=wrap`.
impl fmt::Display for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.isn {
            Isn::Random => write!(f, "ip={}", self.ip),
            Isn::Wrap => write!(f, "ip={} isn={}", self.ip, self.isn),
        }
    }
}

/// The unit of running and repeating: variant x stack x IP version x initial
/// sequence numbers x fault profile x seed.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(deny_unknown_fields)]
pub struct TrialId {
    /// The case.
    pub case: CaseId,
    /// The axis values of the variant, as in `at=left`; empty for a case
    /// without axes.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub variant: String,
    /// The stack, as in `--stack`.
    pub stack: String,
    /// The version of IP.
    pub ip: IpVersion,
    /// Where the initial sequence numbers lie.
    #[serde(default, skip_serializing_if = "Isn::is_random")]
    pub isn: Isn,
    /// The fault profile on the link; empty if nothing happens on it but what
    /// the case says.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub faults: String,
    /// The seed of this trial.
    pub seed: u64,
}

impl TrialId {
    /// Case and variant: `reset/in-closing@at=left`. What selections and
    /// baselines name.
    #[must_use]
    pub fn variant_id(&self) -> String {
        variant_id(&self.case, &self.variant)
    }

    /// The dimensions of the run, as people read them: `ip=4`, `ip=6 isn=wrap`,
    /// `ip=4 faults=lossy-10 seed=7`.
    #[must_use]
    pub fn dimensions(&self) -> String {
        match self.faults.as_str() {
            "" => self.world().to_string(),
            faults => format!("{} faults={faults} seed={}", self.world(), self.seed),
        }
    }

    /// What it is played in.
    #[must_use]
    pub const fn world(&self) -> World {
        World {
            ip: self.ip,
            isn: self.isn,
        }
    }
}

/// Case and axis values in one: `reset/in-closing@at=left`.
#[must_use]
pub fn variant_id(case: &CaseId, variant: &str) -> String {
    if variant.is_empty() {
        case.0.clone()
    } else {
        format!("{case}@{variant}")
    }
}

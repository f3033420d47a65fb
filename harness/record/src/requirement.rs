//! A requirement of an RFC, as the catalogue states it in our own words.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::id::RequirementId;

/// How strongly a requirement binds.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
pub enum Level {
    /// MUST.
    #[serde(rename = "MUST")]
    Must,
    /// MUST NOT.
    #[serde(rename = "MUST NOT")]
    MustNot,
    /// A rule of the text without a keyword: an event-processing step.
    #[serde(rename = "STEP")]
    Step,
    /// SHOULD.
    #[serde(rename = "SHOULD")]
    Should,
    /// SHOULD NOT.
    #[serde(rename = "SHOULD NOT")]
    ShouldNot,
    /// RECOMMENDED.
    #[serde(rename = "RECOMMENDED")]
    Recommended,
    /// MAY.
    #[serde(rename = "MAY")]
    May,
    /// A statement of an Informational RFC.
    #[serde(rename = "INFO")]
    Info,
}

impl Level {
    /// All levels, the strongest first.
    pub const ALL: [Self; 8] = [
        Self::Must,
        Self::MustNot,
        Self::Step,
        Self::Should,
        Self::ShouldNot,
        Self::Recommended,
        Self::May,
        Self::Info,
    ];

    /// How much it binds: 3 absolutely, 0 not at all.
    #[must_use]
    pub const fn strength(self) -> u8 {
        match self {
            Self::Must | Self::MustNot | Self::Step => 3,
            Self::Should | Self::ShouldNot | Self::Recommended => 2,
            Self::May => 1,
            Self::Info => 0,
        }
    }

    /// The keyword.
    #[must_use]
    pub const fn keyword(self) -> &'static str {
        match self {
            Self::Must => "MUST",
            Self::MustNot => "MUST NOT",
            Self::Step => "STEP",
            Self::Should => "SHOULD",
            Self::ShouldNot => "SHOULD NOT",
            Self::Recommended => "RECOMMENDED",
            Self::May => "MAY",
            Self::Info => "INFO",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.keyword())
    }
}

/// One requirement, as far as a log has to carry it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Requirement {
    /// Its id.
    pub id: RequirementId,
    /// How strongly it binds.
    pub level: Level,
    /// Section of the RFC, as in `3.10.7.4`.
    pub section: String,
    /// Grouping for the report.
    pub topic: String,
    /// The rule in one sentence of ours.
    pub summary: String,
}

//! The log: append-only JSON lines, a header first, a footer last. No footer
//! means that the run did not come to its end. All outputs are views of it.

use std::collections::BTreeSet;
use std::io::{self, Write};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::health::Health;
use crate::id::{CaseId, RequirementId, World};
use crate::requirement::{Level, Requirement};
use crate::trial::Trial;
use crate::verdict::{Exit, Tally, Verdict};

/// Version of the log's format. A reader refuses any other.
pub const FORMAT: u32 = 1;

/// One line of a log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Line {
    /// The first line.
    Header(Header),
    /// A variant of a case, before its first trial.
    Case(CaseInfo),
    /// A trial's record.
    Trial(Box<Trial>),
    /// The last line.
    Footer(Footer),
}

/// What was run, on what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// [`FORMAT`].
    pub format: u32,
    /// Name and version of the tool.
    pub tool: String,
    /// The run's seed.
    pub seed: u64,
    /// What was selected, as on the command line; empty for everything.
    pub selection: Vec<String>,
    /// Whether deviations count as failures.
    pub strict: bool,
    /// Which part of the run this is, if not all of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shard: Option<Shard>,
    /// What every variant is played in on each stack.
    pub worlds: Vec<World>,
    /// Trials planned.
    pub planned: usize,
    /// The stacks.
    pub stacks: Vec<StackInfo>,
    /// The requirements that the selected cases cite.
    pub requirements: Vec<Requirement>,
    /// How many requirements the catalogue holds, by section and level.
    pub catalogue: Vec<CatalogueCount>,
    /// How much the suite notices, where that has been tried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mutants: Option<MutantScore>,
}

/// A part of a run, to be merged with the others: every variant belongs to one.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(deny_unknown_fields)]
pub struct Shard {
    /// Which, counted from 1.
    pub number: usize,
    /// Of how many.
    pub of: usize,
    /// What tells the suite of the whole run from another.
    pub suite: u64,
}

impl Header {
    /// The exit code of a run that came to its end; `valid` says whether every
    /// case file was. 3 comes before all others, then the tally's; a stack of
    /// which nothing was played is never silently green.
    #[must_use]
    pub fn exit<'t>(
        &self,
        trials: impl IntoIterator<Item = &'t Trial>,
        tally: &Tally,
        valid: bool,
    ) -> Exit {
        let trials = trials.into_iter();
        let played = trials.filter(|trial| trial.verdict != Verdict::Skip);
        let played: BTreeSet<&str> = played.map(|trial| trial.id.stack.as_str()).collect();
        let is_idle = |stack: &StackInfo| !played.contains(stack.name.as_str());
        match tally.exit(self.strict) {
            _ if !valid => Exit::InvalidCase,
            Exit::Success if self.stacks.iter().any(is_idle) => Exit::NothingRun,
            exit => exit,
        }
    }
}

/// How many requirements of one section and level the catalogue holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CatalogueCount {
    /// The RFC's number, as text.
    pub rfc: String,
    /// The section.
    pub section: String,
    /// The level.
    pub level: Level,
    /// How many.
    pub count: usize,
    /// Of these, those that others state again, which are decided.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub restated: usize,
    /// Of these, those that do not show outside of a stack.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub unjudged: usize,
}

/// What the suite noticed of a stack that was broken on purpose, one edit at a
/// time: every edit makes a mutant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MutantScore {
    /// Mutants that there are.
    pub listed: usize,
    /// Of these, those that a case noticed, or that did not come to their end.
    pub killed: usize,
    /// Of these, those that nothing noticed.
    pub survived: usize,
    /// Of these, those that nothing can notice.
    pub equivalent: usize,
}

impl MutantScore {
    /// Mutants that were played: all, or a sample.
    #[must_use]
    pub const fn played(&self) -> usize {
        self.killed + self.survived + self.equivalent
    }

    /// Killed of those that can be, in per cent; a dash where there are none.
    #[must_use]
    pub fn percent(&self) -> String {
        let all = self.killed + self.survived;
        if all == 0 {
            return "-".to_owned();
        }
        // Counts of mutants are far below the 2^52 that a float holds exactly.
        format!("{:.1} %", self.killed as f64 * 100.0 / all as f64)
    }
}

/// A stack as it declared itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StackInfo {
    /// Name, as in `--stack`.
    pub name: String,
    /// Version.
    pub version: String,
    /// `virtual` or `real`.
    pub clock: String,
    /// Declared capabilities by name.
    pub capabilities: Vec<String>,
    /// Declared times and tolerances, in words: name and value.
    pub profile: Vec<(String, String)>,
    /// Why none of its trials could run; empty if they could.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub unavailable: String,
    /// Its declaration whole, as the harness took it: whoever judges the log
    /// again needs it.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub declared: Value,
}

/// A variant of a case, as far as a report has to know it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CaseInfo {
    /// The case.
    pub id: CaseId,
    /// The variant's axis values; empty for a case without axes.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub variant: String,
    /// One line.
    pub title: String,
    /// What it shows and why.
    pub purpose: String,
    /// How strongly what it checks binds.
    pub level: Level,
    /// Requirements it decides.
    pub claims: Vec<RequirementId>,
    /// Steps, preludes included.
    pub steps: Vec<StepInfo>,
    /// Link and one sentence, where the requirement is disputed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disputed: Option<String>,
}

/// A step, as a report shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StepInfo {
    /// The step as the case writes it, in one line.
    pub text: String,
    /// File and line.
    pub place: String,
    /// The case this step comes from, where that is a prelude or a fragment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<CaseId>,
    /// Whether it belongs to a prelude: if it breaks, the case is blocked.
    #[serde(default, skip_serializing_if = "is_false")]
    pub prelude: bool,
    /// The case's sentence for the reader.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// The requirement this very step decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claim: Option<RequirementId>,
}

const fn is_zero(value: &usize) -> bool {
    *value == 0
}

const fn is_false(value: &bool) -> bool {
    !*value
}

/// The end of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Footer {
    /// How many trials ended how.
    pub tally: Tally,
    /// Baseline entries that no longer hold, by variant id.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stale: Vec<String>,
    /// How the harness kept up, if any clock was real.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health: Option<Health>,
    /// The exit code.
    pub exit: u8,
}

impl Footer {
    /// The exit code by its meaning; one that no version of ours gives is a bug.
    #[must_use]
    pub fn exit(&self) -> Exit {
        let known = Exit::ALL
            .into_iter()
            .find(|(_, code, _)| *code == self.exit);
        known.map_or(Exit::Bug, |(exit, ..)| exit)
    }
}

/// A whole log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    /// The first line.
    pub header: Header,
    /// The variants.
    pub cases: Vec<CaseInfo>,
    /// The trials.
    pub trials: Vec<Trial>,
    /// The last line; `None` if the run did not come to its end.
    pub footer: Option<Footer>,
}

/// Appends one line.
///
/// # Errors
///
/// Those of `out`.
pub fn write(out: &mut impl Write, line: &Line) -> io::Result<()> {
    serde_json::to_writer(&mut *out, line)?;
    out.write_all(b"\n")
}

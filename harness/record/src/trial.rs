//! What one trial did and how it was judged.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::id::{RequirementId, TrialId};
use crate::trace::TraceEvent;
use crate::verdict::Verdict;

/// One trial's record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Trial {
    /// Which trial.
    pub id: TrialId,
    /// How it ended.
    pub verdict: Verdict,
    /// Why, in one sentence: of a skip, a block, a failure, a deviation. Empty
    /// for a pass.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// The baseline's reason, where the verdict is a known one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub known: Option<String>,
    /// The alternatives that were seen, by their tags.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// What broke it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
    /// Every step that was reached, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<StepOutcome>,
    /// All that happened.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub trace: Vec<TraceEvent>,
    /// What became of the packets on a faulty link: how often which fault
    /// happened.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub link: BTreeMap<String, u64>,
    /// Time on the stack's clock at the end, in nanoseconds.
    #[serde(default)]
    pub elapsed: u64,
    /// What was said to a stack in another process and by it, where the trial wants
    /// an explanation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transcript: Option<Box<Transcript>>,
}

/// What was said between tcpspec and a stack in another process, line by line.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Transcript {
    /// Lines that are left out before the first.
    #[serde(default)]
    pub left_out: usize,
    /// The last lines, each after `>` (to the stack) or `<` (from it).
    pub lines: Vec<String>,
    /// The last lines that the stack wrote to stderr.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stderr: Vec<String>,
}

impl Trial {
    /// A trial that was not played, or not to its end.
    #[must_use]
    pub const fn unplayed(id: TrialId, verdict: Verdict, reason: String) -> Self {
        Self {
            id,
            verdict,
            reason,
            known: None,
            tags: Vec::new(),
            failure: None,
            steps: Vec::new(),
            trace: Vec::new(),
            link: BTreeMap::new(),
            elapsed: 0,
            transcript: None,
        }
    }

    /// Whether steps did something and nothing is left of what happened: there
    /// was no [room](crate::TraceRoom) for the trace.
    #[must_use]
    pub fn has_lost_trace(&self) -> bool {
        // Steps that only look leave no trace.
        let did = |step: &StepOutcome| step.result == StepResult::Done;
        self.trace.is_empty() && self.steps.iter().any(did)
    }
}

impl Trial {
    /// Whether nothing is left to do about it: it passed, or departs in a way
    /// that is tolerated or known, or cannot be played here.
    #[must_use]
    pub const fn is_settled(&self, strict: bool) -> bool {
        match self.verdict {
            Verdict::Pass | Verdict::Skip => true,
            Verdict::Blocked | Verdict::Inconclusive => false,
            Verdict::Crash | Verdict::Stuck | Verdict::Fail | Verdict::Deviates => {
                self.known.is_some() || !self.verdict.is_failure(strict)
            }
        }
    }
}

/// How a step ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StepOutcome {
    /// The step, counted from 1, preludes included: an index into
    /// [`CaseInfo::steps`](crate::log::CaseInfo) of the same variant.
    pub step: usize,
    /// How it ended.
    pub result: StepResult,
    /// The requirement this very step decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claim: Option<RequirementId>,
}

/// How a step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum StepResult {
    /// It did something and judged nothing.
    Done,
    /// What it expects was seen.
    Met,
    /// What was seen departs from it in a tolerated way.
    Deviates,
    /// It could not be judged, because the stack cannot be looked into.
    Unobserved,
    /// What was seen breaks it.
    Broken,
}

/// What broke a trial, in the parts a failure screen is made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Failure {
    /// The step that was awaited, counted from 1, preludes included.
    pub step: usize,
    /// The requirement at stake: the step's, or the case's first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claim: Option<RequirementId>,
    /// What was allowed; one text for each alternative.
    pub expected: Vec<String>,
    /// What came; empty if nothing did.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub got: String,
    /// The fields that differ from the nearest alternative.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub delta: Vec<FieldDelta>,
    /// Each alternative and why it did not match, where there were several.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tried: Vec<Tried>,
    /// State before the step and now, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub states: Option<(String, String)>,
    /// The case author's word on a likely cause.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// An alternative that what came was compared with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tried {
    /// What it allows.
    pub expected: String,
    /// The fields that differ from it; never empty.
    pub delta: Vec<FieldDelta>,
}

/// One field that is not as allowed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FieldDelta {
    /// The field: `flags`, `seq`, `ack`, `time`, `state` ...
    pub field: String,
    /// What is allowed.
    pub expected: String,
    /// What came.
    pub got: String,
    /// Where the allowed value comes from, if the case does not state it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub why: String,
}

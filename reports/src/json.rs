//! The report as one JSON document, for scripts: counts, requirements and a
//! line's worth of each trial. Its schema is published as
//! `schema/report-v1.json`.
//!
//! Left out: traces, steps and cases' texts, which the log has.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tcpspec_record::{Tally, Trial, Verdict};

use crate::model::{Judgement, Report, RequirementReport, StackReport};

/// A run, counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Document {
    /// Version of this format: 1.
    pub version: u32,
    /// Name and version of the tool.
    pub tool: String,
    /// The run's seed.
    pub seed: u64,
    /// What was selected; empty for everything.
    pub selection: Vec<String>,
    /// Whether deviations count as failures.
    pub strict: bool,
    /// Whether the run came to its end.
    pub complete: bool,
    /// Trials that the run set out to do.
    pub planned: usize,
    /// How the trials ended.
    pub counts: Counts,
    /// Baseline entries that no longer hold.
    pub stale: Vec<String>,
    /// The stacks.
    pub stacks: Vec<Stack>,
    /// The requirements that the cases cite.
    pub requirements: Vec<RequirementStanding>,
    /// The trials.
    pub trials: Vec<TrialSummary>,
}

/// How trials ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Counts {
    /// Trials run to an end at which the stack was judged.
    pub executed: usize,
    /// Of the failures, those the baseline expects.
    pub known: usize,
    /// By verdict; every verdict is there.
    pub verdicts: BTreeMap<String, usize>,
}

/// A stack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Stack {
    /// Its name, as in `--stack`.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Why none of its trials could run; empty if they could.
    pub unavailable: String,
    /// How its trials ended.
    pub counts: Counts,
}

/// How a requirement stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RequirementStanding {
    /// Its id: `9293:MUST-13`.
    pub id: String,
    /// Its level: `MUST`; null if the log has no such rule.
    pub level: Option<String>,
    /// Its section.
    pub section: Option<String>,
    /// By stack: `broken`, `known`, `deviates`, `met` or `open`.
    pub standing: BTreeMap<String, String>,
}

/// A trial and its verdict.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TrialSummary {
    /// Case and axis values: `reset/in-closing@at=left`.
    pub variant: String,
    /// The stack.
    pub stack: String,
    /// The version of IP: `4` or `6`.
    pub ip: String,
    /// Where initial sequence numbers lie: `random` or `wrap`.
    pub isn: String,
    /// Its seed.
    pub seed: u64,
    /// The verdict.
    #[schemars(extend("enum" = Verdict::ALL.map(Verdict::word)))]
    pub verdict: String,
    /// Why, in one sentence; empty for a pass.
    pub reason: String,
    /// The baseline's reason, where the verdict is a known one.
    pub known: Option<String>,
    /// Time on the stack's clock at the end, in nanoseconds.
    pub elapsed: u64,
}

/// Renders the report.
///
/// # Errors
///
/// Those of the JSON writer.
pub fn render(report: &Report<'_>) -> Result<String, serde_json::Error> {
    Ok(serde_json::to_string_pretty(&Document::of(report))? + "\n")
}

/// The JSON Schema of [`Document`].
#[must_use]
pub fn schema() -> Value {
    let generator = SchemaSettings::draft07().into_generator();
    let mut schema = generator.into_root_schema_for::<Document>();
    schema.insert("title".to_owned(), "A report of tcpspec, version 1".into());
    schema.to_value()
}

impl Document {
    /// What a report says, without its pictures.
    #[must_use]
    pub fn of(report: &Report<'_>) -> Self {
        let header = report.header;
        let trials = report.variants().flat_map(|variant| variant.trials());
        let requirements = report.rfcs.iter().flat_map(|rfc| &rfc.requirements);
        Self {
            version: 1,
            tool: header.tool.clone(),
            seed: header.seed,
            selection: header.selection.clone(),
            strict: header.strict,
            complete: !report.incomplete,
            planned: report.planned(),
            counts: counts(&report.tally),
            stale: report.stale.to_vec(),
            stacks: report.stacks.iter().map(stack).collect(),
            requirements: requirements
                .map(|requirement| standing(requirement, &report.stacks))
                .collect(),
            trials: trials.map(trial).collect(),
        }
    }
}

fn counts(tally: &Tally) -> Counts {
    let count = |verdict: Verdict| (verdict.word().to_owned(), tally.of(verdict));
    Counts {
        executed: tally.executed(),
        known: tally.known,
        verdicts: Verdict::ALL.into_iter().map(count).collect(),
    }
}

fn stack(stack: &StackReport<'_>) -> Stack {
    Stack {
        name: stack.info.name.clone(),
        version: stack.info.version.clone(),
        unavailable: stack.info.unavailable.clone(),
        counts: counts(&stack.tally),
    }
}

fn standing(report: &RequirementReport<'_>, stacks: &[StackReport<'_>]) -> RequirementStanding {
    let by_stack = stacks.iter().zip(&report.standing);
    let standing = by_stack.map(|(stack, standing)| {
        let word = match standing.judgement() {
            Judgement::Broken => "broken",
            Judgement::Known => "known",
            Judgement::Deviates => "deviates",
            Judgement::Met => "met",
            Judgement::Open => "open",
        };
        (stack.info.name.clone(), word.to_owned())
    });
    RequirementStanding {
        id: report.id.0.clone(),
        level: report.rule.map(|rule| rule.level.keyword().to_owned()),
        section: report.rule.map(|rule| rule.section.clone()),
        standing: standing.collect(),
    }
}

fn trial(trial: &Trial) -> TrialSummary {
    TrialSummary {
        variant: trial.id.variant_id(),
        stack: trial.id.stack.clone(),
        ip: trial.id.ip.to_string(),
        isn: trial.id.isn.to_string(),
        seed: trial.id.seed,
        verdict: trial.verdict.word().to_owned(),
        reason: trial.reason.clone(),
        known: trial.known.clone(),
        elapsed: trial.elapsed,
    }
}

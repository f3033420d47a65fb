//! Requirements: which trials decide them, and how, stack by stack.
//!
//! A step's claim is decided by that step alone. A case's claim is decided by
//! the trial as a whole, unless steps of the case decide it. A trial that
//! breaks decides only what it broke; what it did not come to stays open.

use std::collections::{BTreeMap, BTreeSet};

use tcpspec_record::{
    CaseId, CaseInfo, Level, Log, Requirement, RequirementId, StepResult, Trial, Verdict,
};

use super::matrix::Matrix;
use super::{StackReport, Variant};

/// How a requirement stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Judgement {
    /// A trial broke it that no baseline expects.
    Broken,
    /// A trial broke it, as the baseline says.
    Known,
    /// It is met with a tolerated departure.
    Deviates,
    /// It is met.
    Met,
    /// Cases cite it, but no trial came to decide it.
    Open,
}

/// The trials that decide a requirement on one stack, by what they say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Trials that broke it unexpectedly.
    pub broken: usize,
    /// Trials that broke it as the baseline says.
    pub known: usize,
    /// Trials that met it with a departure.
    pub deviates: usize,
    /// Trials that met it.
    pub met: usize,
    /// Trials that cite it and did not come to decide it.
    pub open: usize,
}

impl Standing {
    /// The worst that any trial says.
    #[must_use]
    pub const fn judgement(&self) -> Judgement {
        match self {
            Self { broken: 1.., .. } => Judgement::Broken,
            Self { known: 1.., .. } => Judgement::Known,
            Self { deviates: 1.., .. } => Judgement::Deviates,
            Self { met: 1.., .. } => Judgement::Met,
            Self { .. } => Judgement::Open,
        }
    }

    /// Trials that decided it.
    #[must_use]
    pub const fn decided(&self) -> usize {
        self.broken + self.known + self.deviates + self.met
    }

    const fn add(&mut self, judgement: Judgement) {
        let count = match judgement {
            Judgement::Broken => &mut self.broken,
            Judgement::Known => &mut self.known,
            Judgement::Deviates => &mut self.deviates,
            Judgement::Met => &mut self.met,
            Judgement::Open => &mut self.open,
        };
        *count += 1;
    }
}

/// One requirement.
#[derive(Clone, Debug)]
pub struct RequirementReport<'a> {
    /// Its id.
    pub id: RequirementId,
    /// The rule, if the log carries it.
    pub rule: Option<&'a Requirement>,
    /// How it stands, by stack.
    pub standing: Vec<Standing>,
    /// The cases that cite it.
    pub cases: BTreeSet<CaseId>,
}

impl RequirementReport<'_> {
    fn section_key(&self) -> (Vec<u32>, &RequirementId) {
        let section = self.rule.map_or("", |rule| &rule.section);
        let parts = section.split('.');
        let parts = parts.map(|part| part.parse().unwrap_or(u32::MAX));
        (parts.collect(), &self.id)
    }
}

/// The cited requirements of one RFC.
#[derive(Clone, Debug)]
pub struct Rfc<'a> {
    /// Its number, as text.
    pub number: String,
    /// By level, the strongest first.
    pub levels: Vec<LevelCount>,
    /// By section and level.
    pub matrix: Matrix,
    /// One by one, by section.
    pub requirements: Vec<RequirementReport<'a>>,
}

/// An RFC of the catalogue that no case of the run cites.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Uncited {
    /// Its number, as text.
    pub number: String,
    /// Its requirements in the catalogue.
    pub requirements: usize,
}

/// The RFCs of which the run says nothing.
pub(super) fn uncited(log: &Log, cited: &[Rfc<'_>]) -> Vec<Uncited> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for count in &log.header.catalogue {
        *counts.entry(&count.rfc).or_default() += count.count;
    }
    let is_cited = |number: &str| cited.iter().any(|rfc| rfc.number == number);
    let others = counts.into_iter().filter(|(number, _)| !is_cited(number));
    others
        .map(|(number, requirements)| Uncited {
            number: number.to_owned(),
            requirements,
        })
        .collect()
}

/// How much of one level of an RFC is covered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LevelCount {
    /// The level.
    pub level: Level,
    /// Requirements in the catalogue.
    pub catalogue: usize,
    /// Of these, cited by a case of this run.
    pub cited: usize,
    /// Of these, decided, by stack.
    pub decided: Vec<usize>,
    /// Of these, broken unexpectedly, by stack.
    pub broken: Vec<usize>,
}

/// All cited requirements by RFC, in the order of the numbers, the base
/// specification (9293) first.
pub(super) fn rfcs<'a>(
    log: &'a Log,
    stacks: &[StackReport<'_>],
    variants: &[Variant<'_>],
) -> Vec<Rfc<'a>> {
    let mut by_rfc: BTreeMap<(bool, u32, String), Vec<RequirementReport<'a>>> = BTreeMap::new();
    for report in requirements(log, stacks, variants) {
        let number = report.id.rfc().to_owned();
        let order = number.parse().unwrap_or(u32::MAX);
        let key = (number != "9293", order, number);
        by_rfc.entry(key).or_default().push(report);
    }
    let mut rfcs = Vec::new();
    for ((.., number), mut requirements) in by_rfc {
        requirements.sort_by(|a, b| a.section_key().cmp(&b.section_key()));
        rfcs.push(Rfc {
            levels: levels(log, &number, &requirements, stacks.len()),
            matrix: Matrix::of(log, &number, &requirements, stacks.len()),
            number,
            requirements,
        });
    }
    rfcs
}

fn requirements<'a>(
    log: &'a Log,
    stacks: &[StackReport<'_>],
    variants: &[Variant<'_>],
) -> Vec<RequirementReport<'a>> {
    let rules = log.header.requirements.iter();
    let rules: BTreeMap<_, _> = rules.map(|rule| (&rule.id, rule)).collect();
    let mut reports: BTreeMap<RequirementId, RequirementReport<'a>> = BTreeMap::new();
    for variant in variants {
        for id in cited(&variant.info) {
            let report = reports.entry(id.clone());
            let report = report.or_insert_with(|| RequirementReport {
                id: id.clone(),
                rule: rules.get(id).copied(),
                standing: vec![Standing::default(); stacks.len()],
                cases: BTreeSet::new(),
            });
            report.cases.insert(variant.info.id.clone());
            for trial in variant.trials() {
                let of_trial = |stack: &StackReport<'_>| stack.info.name == trial.id.stack;
                if let Some(stack) = stacks.iter().position(of_trial) {
                    report.standing[stack].add(judge(trial, &variant.info, id));
                }
            }
        }
    }
    reports.into_values().collect()
}

/// What a case and its steps cite.
pub(super) fn cited(info: &CaseInfo) -> BTreeSet<&RequirementId> {
    let by_steps = info.steps.iter().filter_map(|step| step.claim.as_ref());
    info.claims.iter().chain(by_steps).collect()
}

/// What one trial says of a requirement that its case cites.
fn judge(trial: &Trial, info: &CaseInfo, id: &RequirementId) -> Judgement {
    if let Some((claim, judgement)) = broken(trial, info)
        && claim == id
    {
        return judgement;
    }
    let by_steps = info
        .steps
        .iter()
        .any(|step| step.claim.as_ref() == Some(id));
    if by_steps {
        return judge_by_steps(trial, id);
    }
    match trial.verdict {
        Verdict::Pass => Judgement::Met,
        Verdict::Deviates if trial.failure.is_none() => Judgement::Deviates,
        Verdict::Crash
        | Verdict::Stuck
        | Verdict::Fail
        | Verdict::Deviates
        | Verdict::Blocked
        | Verdict::Inconclusive
        | Verdict::Skip => Judgement::Open,
    }
}

/// What a broken trial says of the requirement it broke: the failure's, or the
/// case's first.
fn broken<'t>(trial: &'t Trial, info: &'t CaseInfo) -> Option<(&'t RequirementId, Judgement)> {
    let failure = trial.failure.as_ref();
    let judgement = match trial.verdict {
        Verdict::Crash | Verdict::Stuck | Verdict::Fail if trial.known.is_some() => {
            Judgement::Known
        }
        Verdict::Crash | Verdict::Stuck | Verdict::Fail => Judgement::Broken,
        Verdict::Deviates if failure.is_some() => Judgement::Deviates,
        Verdict::Deviates
        | Verdict::Blocked
        | Verdict::Inconclusive
        | Verdict::Skip
        | Verdict::Pass => return None,
    };
    let claim = failure.and_then(|failure| failure.claim.as_ref());
    Some((claim.or_else(|| info.claims.first())?, judgement))
}

/// What the steps that decide a requirement say of it. A step that broke the
/// trial has been told by [`broken`], or lies in a prelude, which is a case of
/// its own.
fn judge_by_steps(trial: &Trial, id: &RequirementId) -> Judgement {
    let steps = trial.steps.iter();
    let steps = steps.filter(|step| step.claim.as_ref() == Some(id));
    let judgements = steps.map(|step| match step.result {
        StepResult::Met => Judgement::Met,
        StepResult::Deviates => Judgement::Deviates,
        StepResult::Done | StepResult::Unobserved | StepResult::Broken => Judgement::Open,
    });
    judgements.min().unwrap_or(Judgement::Open)
}

fn levels(
    log: &Log,
    rfc: &str,
    requirements: &[RequirementReport<'_>],
    stacks: usize,
) -> Vec<LevelCount> {
    let count = |level: Level| {
        let in_catalogue = log.header.catalogue.iter();
        let in_catalogue = in_catalogue.filter(|entry| entry.rfc == rfc && entry.level == level);
        level_count(
            level,
            in_catalogue.map(|entry| entry.count).sum(),
            requirements,
            stacks,
        )
    };
    let counts = Level::ALL.into_iter().map(count);
    counts
        .filter(|count| count.catalogue + count.cited > 0)
        .collect()
}

fn level_count(
    level: Level,
    catalogue: usize,
    requirements: &[RequirementReport<'_>],
    stacks: usize,
) -> LevelCount {
    let is_of_level =
        |report: &&RequirementReport<'_>| report.rule.is_some_and(|rule| rule.level == level);
    let cited: Vec<_> = requirements.iter().filter(is_of_level).collect();
    let by_stack = |is_counted: fn(&Standing) -> bool| {
        let count = |stack: usize| {
            let standings = cited.iter().map(|report| &report.standing[stack]);
            standings.filter(|standing| is_counted(standing)).count()
        };
        (0..stacks).map(count).collect()
    };
    LevelCount {
        level,
        catalogue,
        cited: cited.len(),
        decided: by_stack(|standing| standing.decided() > 0),
        broken: by_stack(|standing| standing.broken > 0),
    }
}

//! Cases with their variants and trials, grouped, what needs attention first.

use std::borrow::Cow;
use std::collections::BTreeSet;

use tcpspec_record::{CaseId, CaseInfo, Log, RequirementId, Tally, Trial, Verdict};

use super::requirement::cited;
use super::{InOrder, StackReport, Steps, tally, undescribed};
use crate::ladder::Ladder;

/// The cases under one folder.
#[derive(Clone, Debug)]
pub struct Group<'a> {
    /// The folder's name.
    pub name: String,
    /// How the trials ended, by stack.
    pub tallies: Vec<Tally>,
    /// The cases, those that need attention first.
    pub cases: Vec<Case<'a>>,
}

/// A case: one file.
#[derive(Clone, Debug)]
pub struct Case<'a> {
    /// Its id.
    pub id: CaseId,
    /// Its variants, in the order of the log.
    pub variants: Vec<Variant<'a>>,
}

/// A case with axis values.
#[derive(Clone, Debug)]
pub struct Variant<'a> {
    /// What the log says of it.
    pub info: Cow<'a, CaseInfo>,
    /// What happened: one entry for each different course of events.
    pub plays: Vec<Play<'a>>,
}

/// One course of events, and all trials of a variant that took it. Trials
/// that differ in nothing but their time stamps are one play; one whose trace
/// was lost stands with the first that ended in the same way.
#[derive(Clone, Debug)]
pub struct Play<'a> {
    /// The trials; never empty.
    pub trials: Vec<&'a Trial>,
    /// What happened in the first of them.
    pub ladder: Ladder<'a>,
}

impl Case<'_> {
    /// Whether anything of it needs attention: something did not pass, was not
    /// skipped, and no baseline expects it.
    #[must_use]
    pub fn needs_attention(&self) -> bool {
        !self.urgency().0
    }

    /// How its trials on one stack ended.
    #[must_use]
    pub fn tally(&self, stack: &str) -> Tally {
        let trials = self.variants.iter().flat_map(Variant::trials);
        tally(trials.filter(|trial| trial.id.stack == stack))
    }

    /// Whether nothing of it needs telling: all that ran has passed.
    #[must_use]
    pub fn is_calm(&self) -> bool {
        self.variants.iter().all(Variant::is_calm)
    }

    /// That of the most urgent play.
    #[must_use]
    pub fn urgency(&self) -> (bool, Verdict) {
        let plays = self.variants.iter().flat_map(|variant| &variant.plays);
        plays.map(Play::urgency).min().unwrap_or(CALM)
    }
}

impl<'a> Variant<'a> {
    /// Case and axis values: `reset/in-closing@at=left`.
    #[must_use]
    pub fn id(&self) -> String {
        tcpspec_record::id::variant_id(&self.info.id, &self.info.variant)
    }

    /// Its steps.
    #[must_use]
    pub fn steps(&self) -> Steps<'_> {
        Steps::of(&self.info)
    }

    /// The requirements that it and its steps cite.
    #[must_use]
    pub fn cited(&self) -> BTreeSet<&RequirementId> {
        cited(&self.info)
    }

    /// Whether all that ran of it has passed.
    #[must_use]
    pub fn is_calm(&self) -> bool {
        let mut verdicts = self.plays.iter().map(Play::verdict);
        verdicts.all(|verdict| matches!(verdict, Verdict::Pass | Verdict::Skip))
    }

    /// Its trials.
    pub fn trials(&self) -> impl Iterator<Item = &'a Trial> {
        self.plays
            .iter()
            .flat_map(|play| play.trials.iter().copied())
    }
}

/// The urgency of what needs no attention.
const CALM: (bool, Verdict) = (true, Verdict::Pass);

impl<'a> Play<'a> {
    /// The first of the trials, which stands for all of them.
    #[must_use]
    pub fn trial(&self) -> &'a Trial {
        self.trials[0]
    }

    /// How the trials ended.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        self.trial().verdict
    }

    /// Orders plays: what no baseline expects first, then by verdict.
    #[must_use]
    pub fn urgency(&self) -> (bool, Verdict) {
        match self.verdict() {
            Verdict::Pass | Verdict::Skip => CALM,
            verdict @ (Verdict::Crash
            | Verdict::Stuck
            | Verdict::Fail
            | Verdict::Deviates
            | Verdict::Blocked
            | Verdict::Inconclusive) => (self.trial().known.is_some(), verdict),
        }
    }

    /// Whether the report has to explain this play by itself.
    #[must_use]
    pub fn needs_explanation(&self) -> bool {
        match self.verdict() {
            Verdict::Crash
            | Verdict::Stuck
            | Verdict::Fail
            | Verdict::Deviates
            | Verdict::Inconclusive => true,
            Verdict::Blocked | Verdict::Skip | Verdict::Pass => false,
        }
    }

    fn is_same(&self, trial: &Trial, ladder: &Ladder<'_>) -> bool {
        let own = self.trial();
        own.verdict == trial.verdict
            && own.reason == trial.reason
            && own.known == trial.known
            && own.tags == trial.tags
            && own.failure == trial.failure
            && (trial.has_lost_trace() || self.ladder.is_same_course(ladder))
    }
}

/// All variants with their plays, in the order of the log.
pub(super) fn variants(log: &Log) -> Vec<Variant<'_>> {
    let mut all = InOrder::new();
    for info in &log.cases {
        let key = (&info.id, info.variant.as_str());
        all.entry(key, || (Cow::Borrowed(info), Vec::new()));
    }
    for trial in &log.trials {
        let (case, variant) = (&trial.id.case, &trial.id.variant);
        let new = || Cow::Owned(undescribed(case.clone(), variant.clone()));
        let (_, trials) = all.entry((case, variant.as_str()), || (new(), Vec::new()));
        trials.push(trial);
    }
    let all = all.values.into_iter();
    all.map(|(info, trials)| Variant {
        plays: plays(&info, &trials),
        info,
    })
    .collect()
}

fn plays<'a>(info: &CaseInfo, trials: &[&'a Trial]) -> Vec<Play<'a>> {
    let mut plays: Vec<Play<'a>> = Vec::new();
    for &trial in trials {
        let ladder = Ladder::of(trial, Steps::of(info));
        match plays.iter_mut().find(|play| play.is_same(trial, &ladder)) {
            Some(play) => play.trials.push(trial),
            None => plays.push(Play {
                trials: vec![trial],
                ladder,
            }),
        }
    }
    plays
}

/// Puts variants under their cases, and cases into their groups.
pub(super) fn groups<'a>(variants: Vec<Variant<'a>>, stacks: &[StackReport<'_>]) -> Vec<Group<'a>> {
    let mut groups: InOrder<String, InOrder<CaseId, Case<'a>>> = InOrder::new();
    for variant in variants {
        let id = variant.info.id.clone();
        let cases = groups.entry(id.group().to_owned(), InOrder::new);
        let new = || Case {
            id: id.clone(),
            variants: Vec::new(),
        };
        cases.entry(id.clone(), new).variants.push(variant);
    }
    let names = groups.keys();
    let cases = groups.values.into_iter().map(|cases| cases.values);
    let named = names.into_iter().zip(cases);
    named
        .map(|(name, cases)| group(name, cases, stacks))
        .collect()
}

fn group<'a>(name: String, mut cases: Vec<Case<'a>>, stacks: &[StackReport<'_>]) -> Group<'a> {
    cases.sort_by_key(Case::urgency);
    let variants = cases.iter().flat_map(|case| &case.variants);
    let trials: Vec<&Trial> = variants.flat_map(Variant::trials).collect();
    let on_stack = |stack: &StackReport<'_>| {
        let trials = trials.iter().copied();
        tally(trials.filter(|trial| trial.id.stack == stack.info.name))
    };
    Group {
        name,
        tallies: stacks.iter().map(on_stack).collect(),
        cases,
    }
}

//! The report model: a log, counted and put in order. Renderers only print
//! what stands here, so no two outputs can disagree on a number.
//!
//! Left out: what only a case file knows, such as the events that cannot happen
//! in a state.

mod case;
mod cause;
mod change;
mod compare;
mod matrix;
mod moment;
mod reason;
mod repro;
mod requirement;
mod stack;
mod states;
mod steadiness;
mod steps;
mod trouble;

use std::collections::BTreeMap;
use std::time::Duration;

use tcpspec_record::{
    CaseId, CaseInfo, Header, Health, Level, Log, Requirement, RequirementId, Tally, Trial, Verdict,
};

pub use case::{Case, Group, Play, Variant};
pub use cause::{Cause, Differs, StateClass, Traits};
pub use change::{Change, ChangeGroup, ChangeKind, Changes};
pub use compare::{Cell, Choice, Column, Comparison, Likeness, Pattern, Row};
pub use matrix::{Judged, Matrix, MatrixCell, SectionRow};
pub use moment::{Moment, Stimulus, facets};
pub use reason::Reason;
pub use repro::repro;
pub use requirement::{Judgement, LevelCount, RequirementReport, Rfc, Standing, Uncited};
pub use stack::StackReport;
pub use states::{MOVES, Met, Move, StatesReport};
pub use steadiness::{Steadiness, Unsteady};
pub use steps::Steps;
pub use trouble::Trouble;

/// A log, counted and put in order.
#[derive(Clone, Debug)]
pub struct Report<'a> {
    /// What was run.
    pub header: &'a Header,
    /// How many trials ended how.
    pub tally: Tally,
    /// Whether the run did not come to its end: the log has no footer.
    pub incomplete: bool,
    /// Baseline entries that no longer hold, by variant id.
    pub stale: &'a [String],
    /// The stacks; every list "by stack" below is in this order.
    pub stacks: Vec<StackReport<'a>>,
    /// What the connections of each stack went through.
    pub states: Vec<StatesReport>,
    /// Whether the verdicts of each stack are the same in every world.
    pub steadiness: Vec<Steadiness>,
    /// Why trials did not pass, the most frequent cause first.
    pub causes: Vec<Cause<'a>>,
    /// The stacks side by side.
    pub comparison: Comparison<'a>,
    /// What is not as in an earlier run, if there is one to compare with.
    pub changes: Option<Changes<'a>>,
    /// The groups of cases, in the order of the log.
    pub groups: Vec<Group<'a>>,
    /// The requirements that the cases cite, by RFC.
    pub rfcs: Vec<Rfc<'a>>,
    /// The RFCs of the catalogue that they do not cite.
    pub uncited: Vec<Uncited>,
    /// Why trials were skipped.
    pub skipped: Vec<Reason<'a>>,
    /// What blocked trials.
    pub blocked: Vec<Reason<'a>>,
    /// What the links did under each fault profile.
    pub trouble: Vec<Trouble<'a>>,
    /// How the harness kept up, if any clock was real.
    pub health: Option<&'a Health>,
    /// Trials of which there was no room for the trace.
    pub traceless: usize,
}

impl<'a> Report<'a> {
    /// Counts a log and puts it in order.
    #[must_use]
    pub fn from_log(log: &'a Log) -> Self {
        let stacks = stack::reports(log);
        let variants = case::variants(log);
        let rfcs = requirement::rfcs(log, &stacks, &variants);
        let mut tally = tally(&log.trials);
        if let Some(footer) = &log.footer {
            tally.stale = footer.tally.stale.max(footer.stale.len());
        }
        Self {
            header: &log.header,
            tally,
            incomplete: log.footer.is_none(),
            stale: log.footer.as_ref().map_or(&[], |footer| &footer.stale),
            states: states::by_stack(&variants, &stacks),
            steadiness: steadiness::by_stack(&variants, &stacks),
            causes: cause::causes(&variants, &log.header.requirements),
            comparison: Comparison::of(log),
            changes: None,
            groups: case::groups(variants, &stacks),
            stacks,
            uncited: requirement::uncited(log, &rfcs),
            rfcs,
            skipped: reason::by_reason(&log.trials, Verdict::Skip),
            blocked: reason::by_reason(&log.trials, Verdict::Blocked),
            trouble: trouble::by_profile(&log.trials),
            traceless: log
                .trials
                .iter()
                .filter(|trial| trial.has_lost_trace())
                .count(),
            health: log
                .footer
                .as_ref()
                .and_then(|footer| footer.health.as_ref()),
        }
    }

    /// The same, and what has changed since an earlier run.
    #[must_use]
    pub fn against(self, before: &'a Log, log: &'a Log) -> Self {
        Self {
            changes: Some(Changes::between(before, log)),
            ..self
        }
    }

    /// Trials that the run set out to do: the Y of "X of Y executed".
    #[must_use]
    pub fn planned(&self) -> usize {
        self.header.planned.max(self.tally.total())
    }

    /// The headline: `X of Y trials executed`.
    #[must_use]
    pub fn headline(&self) -> String {
        format!(
            "{} of {} trials executed",
            self.tally.executed(),
            self.planned()
        )
    }

    /// What to say of a run without an end; `None` if it has one.
    #[must_use]
    pub fn incomplete_notice(&self) -> Option<String> {
        self.incomplete.then(|| {
            format!(
                "Incomplete run: it stopped after {} of {} trials.",
                self.tally.total(),
                self.planned()
            )
        })
    }

    /// How the harness kept up with the real clock; `None` if there was none.
    #[must_use]
    pub fn health_notice(&self) -> Option<String> {
        let health = self.health.filter(|health| !health.late.is_empty())?;
        let late = |(bound, trials): (&u64, &usize)| {
            format!("under {:?} {trials}", Duration::from_micros(*bound))
        };
        let late: Vec<String> = health.late.iter().map(late).collect();
        Some(format!(
            "How late the harness was, in trials on the real clock: {}; played again: {}; \
             under way at once: {}.",
            late.join(", "),
            health.again,
            health.at_once
        ))
    }

    /// All variants, group by group.
    pub fn variants(&self) -> impl Iterator<Item = &Variant<'a>> {
        let cases = self.groups.iter().flat_map(|group| &group.cases);
        cases.flat_map(|case| &case.variants)
    }

    /// What needs an explanation, the worst first and what a baseline expects
    /// last. Blocked trials are told by their [root cause](Self::blocked).
    #[must_use]
    pub fn attention(&self) -> Vec<(&Variant<'a>, &Play<'a>)> {
        let mut all: Vec<_> = self
            .variants()
            .flat_map(|variant| variant.plays.iter().map(move |play| (variant, play)))
            .filter(|(_, play)| play.needs_explanation())
            .collect();
        all.sort_by_key(|(_, play)| play.urgency());
        all
    }

    /// The variant that a trial is of.
    #[must_use]
    pub fn variant_of(&self, trial: &Trial) -> Option<&Variant<'a>> {
        self.variants().find(|variant| {
            variant.info.id == trial.id.case && variant.info.variant == trial.id.variant
        })
    }

    /// What has changed since an earlier run, in few lines.
    #[must_use]
    pub fn change_groups(&self) -> Vec<ChangeGroup<'_, 'a>> {
        let changes = self.changes.iter();
        changes
            .flat_map(|changes| change::groups(changes, self))
            .collect()
    }

    /// The cause of a trial that did not pass.
    #[must_use]
    pub fn cause_of(&self, variant: &Variant<'_>, trial: &Trial) -> Option<&Cause<'a>> {
        cause::find(&self.causes, variant, trial)
    }

    /// The rule behind a requirement id.
    #[must_use]
    pub fn requirement(&self, id: &RequirementId) -> Option<&'a Requirement> {
        self.header.requirements.iter().find(|rule| rule.id == *id)
    }

    /// The stack of a trial.
    #[must_use]
    pub fn stack_of(&self, trial: &Trial) -> Option<&StackReport<'a>> {
        self.stacks
            .iter()
            .find(|stack| stack.info.name == trial.id.stack)
    }
}

/// Counts trials.
fn tally<'t>(trials: impl IntoIterator<Item = &'t Trial>) -> Tally {
    let mut tally = Tally::default();
    for trial in trials {
        tally.add(trial.verdict, trial.known.is_some());
    }
    tally
}

/// A case that the log does not describe: its trials are shown all the same.
fn undescribed(id: CaseId, variant: String) -> CaseInfo {
    CaseInfo {
        id,
        variant,
        title: "(the log does not describe this case)".to_owned(),
        purpose: String::new(),
        level: Level::Info,
        claims: Vec::new(),
        steps: Vec::new(),
        disputed: None,
    }
}

/// An ordered map that keeps what came first first.
struct InOrder<K, V> {
    index: BTreeMap<K, usize>,
    values: Vec<V>,
}

impl<K: Ord, V> InOrder<K, V> {
    const fn new() -> Self {
        Self {
            index: BTreeMap::new(),
            values: Vec::new(),
        }
    }

    fn entry(&mut self, key: K, new: impl FnOnce() -> V) -> &mut V {
        let next = self.values.len();
        let at = *self.index.entry(key).or_insert(next);
        if at == next {
            self.values.push(new());
        }
        &mut self.values[at]
    }

    /// The keys, in the order of the values.
    fn keys(&self) -> Vec<K>
    where
        K: Clone,
    {
        let mut keys: Vec<_> = self.index.iter().collect();
        keys.sort_by_key(|(_, at)| **at);
        keys.into_iter().map(|(key, _)| key.clone()).collect()
    }
}

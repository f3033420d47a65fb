//! What changed from one run to another, trial by trial. Left out: how it is
//! shown, and what a change means for an exit code.

use std::cmp::{Ordering, Reverse};
use std::collections::BTreeMap;

use tcpspec_record::{CaseId, IpVersion, Isn, Log, Trial, TrialId, Verdict};

use super::{Cause, InOrder, Report, Variant};

/// How the trials of a run differ from those of an earlier one.
#[derive(Clone, Debug)]
pub struct Changes<'a> {
    /// What is not the same, the worst first.
    pub all: Vec<Change<'a>>,
}

/// A trial that did not end as it did before.
#[derive(Clone, Debug)]
pub struct Change<'a> {
    /// What kind of change.
    pub kind: ChangeKind,
    /// The trial in the earlier run.
    pub before: Option<&'a Trial>,
    /// The trial in the later run.
    pub after: Option<&'a Trial>,
}

/// What became of a trial.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ChangeKind {
    /// It needs more attention than before.
    Worse,
    /// It ended as before, for another reason.
    Other,
    /// It needs less attention than before.
    Better,
    /// It was not in the earlier run.
    New,
    /// It is not in the later run.
    Gone,
}

/// Trials that changed in the same way.
#[derive(Clone, Debug)]
pub struct ChangeGroup<'r, 'a> {
    /// What kind of change.
    pub kind: ChangeKind,
    /// How they ended before, and whether a baseline expected it.
    pub before: Option<(Verdict, bool)>,
    /// How they ended after.
    pub after: Option<(Verdict, bool)>,
    /// Why they did not pass, if they did not.
    pub cause: Option<&'r Cause<'a>>,
    /// The changes; never empty.
    pub changes: Vec<&'r Change<'a>>,
}

impl ChangeKind {
    /// All of them, what needs attention first.
    pub const ALL: [Self; 5] = [
        Self::Worse,
        Self::Other,
        Self::Better,
        Self::New,
        Self::Gone,
    ];

    /// In a word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Worse => "worse",
            Self::Other => "otherwise",
            Self::Better => "better",
            Self::New => "new",
            Self::Gone => "gone",
        }
    }
}

impl<'a> Changes<'a> {
    /// Compares two runs. Of several trials that differ in their seed alone the
    /// worst counts.
    #[must_use]
    pub fn between(before: &'a Log, after: &'a Log) -> Self {
        let (before, after) = (by_place(before), by_place(after));
        let old = before.iter().filter_map(|(place, old)| {
            let new = after.get(place).copied();
            Some(Change {
                kind: kind(old, new)?,
                before: Some(*old),
                after: new,
            })
        });
        let new = after
            .iter()
            .filter(|(place, _)| !before.contains_key(place));
        let new = new.map(|(_, new)| Change {
            kind: ChangeKind::New,
            before: None,
            after: Some(*new),
        });
        let mut all: Vec<_> = old.chain(new).collect();
        all.sort_by_key(|change| change.kind);
        Self { all }
    }

    /// How many there are of a kind.
    #[must_use]
    pub fn count(&self, kind: ChangeKind) -> usize {
        let of_kind = self.all.iter().filter(|change| change.kind == kind);
        of_kind.count()
    }

    /// Whether anything got worse, a new trial that fails included.
    #[must_use]
    pub fn has_regression(&self) -> bool {
        self.all.iter().any(Change::is_regression)
    }
}

impl<'a> Change<'a> {
    /// Which trial: that of the later run, if there is one.
    #[must_use]
    pub fn id(&self) -> Option<&'a TrialId> {
        self.after.or(self.before).map(|trial| &trial.id)
    }

    /// Whether this is a step back.
    #[must_use]
    pub fn is_regression(&self) -> bool {
        let fails = |trial: &Trial| trial.verdict.is_failure(false) && trial.known.is_none();
        match self.kind {
            ChangeKind::Worse => true,
            ChangeKind::New => self.after.is_some_and(fails),
            ChangeKind::Other | ChangeKind::Better | ChangeKind::Gone => false,
        }
    }
}

/// The changes, the worst first, those together that have one cause.
pub(super) fn groups<'r, 'a>(
    changes: &'r Changes<'a>,
    report: &'r Report<'a>,
) -> Vec<ChangeGroup<'r, 'a>> {
    let variants = report.variants();
    let variants: BTreeMap<(&CaseId, &str), &Variant<'a>> = variants
        .map(|variant| ((&variant.info.id, variant.info.variant.as_str()), variant))
        .collect();
    let cause = |trial: &Trial| {
        let variant = variants.get(&(&trial.id.case, trial.id.variant.as_str()))?;
        report.cause_of(variant, trial)
    };
    let mut groups = InOrder::new();
    for change in &changes.all {
        let ended = |trial: &Trial| (trial.verdict, trial.known.is_some());
        let (before, after) = (change.before.map(ended), change.after.map(ended));
        let cause = change.after.and_then(cause);
        let key = (
            change.kind,
            before,
            after,
            cause.map(|cause| cause.id.as_str()),
        );
        let group = groups.entry(key, || ChangeGroup {
            kind: change.kind,
            before,
            after,
            cause,
            changes: Vec::new(),
        });
        group.changes.push(change);
    }
    let mut groups = groups.values;
    groups.sort_by_key(|group| (group.kind, Reverse(group.changes.len())));
    groups
}

/// What a trial is of, whatever its seed.
type Place<'a> = (&'a CaseId, &'a str, &'a str, IpVersion, Isn);

fn by_place(log: &Log) -> BTreeMap<Place<'_>, &Trial> {
    let mut trials: BTreeMap<Place<'_>, &Trial> = BTreeMap::new();
    for trial in &log.trials {
        let id = &trial.id;
        let place = (
            &id.case,
            id.variant.as_str(),
            id.stack.as_str(),
            id.ip,
            id.isn,
        );
        let worst = trials.entry(place).or_insert(trial);
        if trial.verdict < worst.verdict {
            *worst = trial;
        }
    }
    trials
}

/// Verdicts are ordered by how much they need attention: what was a pass and
/// is skipped now is worse, too.
fn kind(old: &Trial, new: Option<&Trial>) -> Option<ChangeKind> {
    let rank = |trial: &Trial| match (trial.known.is_some(), trial.verdict) {
        (true, _) => Verdict::Deviates,
        (false, verdict) => verdict,
    };
    let Some(new) = new else {
        return Some(ChangeKind::Gone);
    };
    match rank(new).cmp(&rank(old)) {
        Ordering::Less => Some(ChangeKind::Worse),
        Ordering::Greater => Some(ChangeKind::Better),
        Ordering::Equal if old.reason != new.reason => Some(ChangeKind::Other),
        Ordering::Equal => None,
    }
}

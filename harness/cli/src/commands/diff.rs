//! `tcpspec diff`: what changed from one run to another, by its verdicts.

use std::collections::BTreeMap;

use tcpspec_record::{Exit, Log, Trial, Verdict};

use super::explain::read;
use crate::args::DiffArgs;
use crate::failure::Failure;

/// Exit code 1 if anything got worse, a new trial that fails included.
pub(crate) fn run(args: &DiffArgs) -> Result<Exit, Failure> {
    let (before, after) = (read(&args.before)?, read(&args.after)?);
    let changes = changes(&before, &after);
    for change in &changes {
        anstream::println!("{}", change.line());
    }
    let count = |kind: Kind| changes.iter().filter(|change| change.kind == kind).count();
    let counts = Kind::ALL.map(|kind| format!("{} {}", count(kind), kind.word()));
    anstream::println!("{}", counts.join(", "));
    Ok(if changes.iter().any(Change::is_regression) {
        Exit::Unexpected
    } else {
        Exit::Success
    })
}

/// What became of a trial.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Worse,
    Other,
    Better,
    New,
    Gone,
}

impl Kind {
    const ALL: [Self; 5] = [
        Self::Worse,
        Self::Other,
        Self::Better,
        Self::New,
        Self::Gone,
    ];

    const fn word(self) -> &'static str {
        match self {
            Self::Worse => "worse",
            Self::Other => "otherwise",
            Self::Better => "better",
            Self::New => "new",
            Self::Gone => "gone",
        }
    }
}

#[derive(Debug)]
struct Change<'a> {
    kind: Kind,
    name: String,
    before: Option<&'a Trial>,
    after: Option<&'a Trial>,
}

impl Change<'_> {
    fn is_regression(&self) -> bool {
        let fails = |trial: &Trial| trial.verdict.is_failure(false) && trial.known.is_none();
        match self.kind {
            Kind::Worse => true,
            Kind::New => self.after.is_some_and(fails),
            Kind::Other | Kind::Better | Kind::Gone => false,
        }
    }

    fn line(&self) -> String {
        let word = |trial: Option<&Trial>| trial.map_or("-", |trial| trial.verdict.word());
        let (before, after) = (word(self.before), word(self.after));
        let reason = self.after.map_or("", |trial| &trial.reason);
        let line = format!("{:9}  {before} -> {after}  {}", self.kind.word(), self.name);
        match reason {
            "" => line,
            reason => format!("{line}  {}", reason.escape_debug()),
        }
    }
}

/// Trials by what they are of, whatever their seed; of several the worst.
type ByName<'a> = BTreeMap<String, &'a Trial>;

fn by_name(log: &Log) -> ByName<'_> {
    let mut trials = ByName::new();
    for trial in &log.trials {
        let id = &trial.id;
        let name = format!("{}  {} {}", id.variant_id(), id.stack, id.dimensions());
        let worst = trials.entry(name).or_insert(trial);
        if trial.verdict < worst.verdict {
            *worst = trial;
        }
    }
    trials
}

/// What is not the same, the worst first.
fn changes<'a>(before: &'a Log, after: &'a Log) -> Vec<Change<'a>> {
    let (before, after) = (by_name(before), by_name(after));
    let mut changes = Vec::new();
    for (name, old) in &before {
        let new = after.get(name).copied();
        changes.extend(kind(old, new).map(|kind| Change {
            kind,
            name: name.clone(),
            before: Some(old),
            after: new,
        }));
    }
    let is_new = |(name, _): &(&String, &&Trial)| !before.contains_key(*name);
    changes.extend(after.iter().filter(is_new).map(|(name, new)| Change {
        kind: Kind::New,
        name: name.clone(),
        before: None,
        after: Some(new),
    }));
    changes.sort_by_key(|change| change.kind);
    changes
}

/// Verdicts are ordered by how much they need attention: what was a pass and
/// is skipped now is worse, too.
fn kind(old: &Trial, new: Option<&Trial>) -> Option<Kind> {
    let rank = |trial: &Trial| match (trial.known.is_some(), trial.verdict) {
        (true, _) => Verdict::Deviates,
        (false, verdict) => verdict,
    };
    let Some(new) = new else {
        return Some(Kind::Gone);
    };
    match rank(new).cmp(&rank(old)) {
        std::cmp::Ordering::Less => Some(Kind::Worse),
        std::cmp::Ordering::Greater => Some(Kind::Better),
        std::cmp::Ordering::Equal if old.reason != new.reason => Some(Kind::Other),
        std::cmp::Ordering::Equal => None,
    }
}

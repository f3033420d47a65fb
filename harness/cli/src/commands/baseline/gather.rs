//! What of a run a baseline does not know: entries for it.

use std::collections::{BTreeMap, BTreeSet};

use tcpspec_record::{BaselineEntry, Trial, Verdict, World};

use super::Subject;

/// What a baseline lacks.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    /// Entries to add.
    pub(super) add: Vec<BaselineEntry>,
    /// Entries, by their places, that expect another verdict than came.
    pub(super) judge: BTreeMap<usize, (Verdict, Vec<String>)>,
    /// A line on each of them.
    pub(super) told: Vec<String>,
}

/// Goes through the failures of the subject's stacks that no entry knows.
pub(super) fn gather(subject: &Subject<'_>, known: &[BaselineEntry]) -> Gathered {
    let mut gathered = Gathered::default();
    for stack in &subject.stacks {
        for trials in by_variant(subject, &stack.name) {
            gathered.take(subject, known, &trials);
        }
    }
    gathered
}

/// The trials of a stack, variant by variant, in the order of the log.
fn by_variant<'a>(subject: &Subject<'a>, stack: &str) -> Vec<Vec<&'a Trial>> {
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    let mut all: Vec<Vec<&Trial>> = Vec::new();
    for trial in subject
        .log
        .trials
        .iter()
        .filter(|trial| trial.id.stack == stack)
    {
        let place = *places.entry(trial.id.variant_id()).or_insert(all.len());
        if place == all.len() {
            all.push(Vec::new());
        }
        all[place].push(trial);
    }
    all
}

impl Gathered {
    /// Takes in the trials of one variant on one stack.
    fn take(&mut self, subject: &Subject<'_>, known: &[BaselineEntry], trials: &[&Trial]) {
        let strict = subject.log.header.strict;
        let is_known = |trial: &Trial| {
            let mut all = known.iter().chain(&self.add);
            all.any(|entry| entry.covers(&trial.id) && entry.verdict == trial.verdict)
        };
        let fails = |trial: &&&Trial| trial.verdict.is_failure(strict) && !is_known(trial);
        let unknown: Vec<&Trial> = trials.iter().filter(fails).copied().collect();
        let verdicts: BTreeSet<Verdict> = unknown.iter().map(|trial| trial.verdict).collect();
        for verdict in verdicts {
            let of_verdict = unknown.iter().filter(|trial| trial.verdict == verdict);
            let failed: Vec<&Trial> = of_verdict.copied().collect();
            let observed = subject.observed.get(&failed[0].id);
            let observed = observed.cloned().unwrap_or_default();
            self.told.push(line(&failed));
            match wrong_entry(known, trials, failed[0]) {
                Some(entry) if !self.judge.contains_key(&entry) => {
                    self.judge.insert(entry, (verdict, observed));
                }
                _ => {
                    let entry = entry(subject, failed[0], observed);
                    self.add.extend(narrowed(&entry, &failed, trials));
                }
            }
        }
    }
}

/// The entry that speaks of this trial, and expects what came of none.
fn wrong_entry(known: &[BaselineEntry], trials: &[&Trial], failed: &Trial) -> Option<usize> {
    let mut all = known.iter();
    all.position(|entry| {
        let mut covered = trials.iter().filter(|trial| entry.covers(&trial.id));
        entry.covers(&failed.id) && covered.all(|trial| trial.verdict != entry.verdict)
    })
}

/// An entry about all worlds, whose reason is to be written.
fn entry(subject: &Subject<'_>, trial: &Trial, observed: Vec<String>) -> BaselineEntry {
    let options = trial
        .id
        .stack
        .strip_prefix(&crate::stacks::family_of(&trial.id.stack));
    let option = options.and_then(|options| options.strip_prefix(':'));
    BaselineEntry {
        variant: trial.id.variant_id(),
        ip: None,
        isn: None,
        faults: Some(trial.id.faults.clone()).filter(|faults| !faults.is_empty()),
        with: option.map(str::to_owned),
        verdict: trial.verdict,
        reason: BaselineEntry::UNWRITTEN.to_owned(),
        clause: clause(subject, trial),
        deliberate: None,
        observed,
    }
}

/// The clause of the requirement at stake.
fn clause(subject: &Subject<'_>, trial: &Trial) -> Option<String> {
    let of_failure = trial
        .failure
        .as_ref()
        .and_then(|failure| failure.claim.as_ref());
    let variant = subject.report.variant_of(trial);
    let of_case = || variant.and_then(|variant| variant.info.claims.first());
    let rule = subject.report.requirement(of_failure.or_else(of_case)?)?;
    Some(format!("RFC {} {}", rule.id.rfc(), rule.section))
}

/// The entry as few times as say just where it failed: everywhere, on one
/// version of IP, with one place of numbers, or world by world.
fn narrowed(entry: &BaselineEntry, failed: &[&Trial], trials: &[&Trial]) -> Vec<BaselineEntry> {
    let worlds = |trials: &[&Trial]| -> BTreeSet<World> {
        trials.iter().map(|trial| trial.id.world()).collect()
    };
    let (failed, all) = (worlds(failed), worlds(trials));
    if failed == all {
        return vec![entry.clone()];
    }
    let only = |is_in: &dyn Fn(&World) -> bool| {
        let mut inside = all.iter().filter(|world| is_in(world));
        failed.iter().all(is_in) && inside.all(|world| failed.contains(world))
    };
    let first = failed.first().copied();
    let ip = first
        .map(|world| world.ip)
        .filter(|ip| only(&|world| world.ip == *ip));
    let isn = first
        .map(|world| world.isn)
        .filter(|isn| only(&|world| world.isn == *isn));
    if ip.is_some() || isn.is_some() {
        let isn = if ip.is_some() { None } else { isn };
        return vec![BaselineEntry {
            ip,
            isn,
            ..entry.clone()
        }];
    }
    let single = |world: &World| BaselineEntry {
        ip: Some(world.ip),
        isn: Some(world.isn),
        ..entry.clone()
    };
    failed.iter().map(single).collect()
}

fn line(failed: &[&Trial]) -> String {
    let trial = failed[0];
    let worlds: Vec<String> = failed.iter().map(|trial| trial.id.dimensions()).collect();
    let (variant, verdict, stack) = (trial.id.variant_id(), trial.verdict, &trial.id.stack);
    let reason = trial.reason.escape_debug();
    format!(
        "missing  {variant}  {stack} {}  {verdict}: {reason}",
        worlds.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use tcpspec_record::{CaseId, IpVersion, Isn, TrialId};

    use super::*;

    const ALL: [&str; 4] = ["4 random", "4 wrap", "6 random", "6 wrap"];

    fn trials(worlds: &[&str]) -> Vec<Trial> {
        let trial = |world: &&str| {
            let (ip, isn) = world.split_once(' ').unwrap();
            let id = TrialId {
                case: CaseId("a/b".to_owned()),
                variant: String::new(),
                stack: "linux".to_owned(),
                ip: ip.parse().unwrap(),
                isn: isn.parse().unwrap(),
                faults: String::new(),
                seed: 1,
            };
            Trial::unplayed(id, Verdict::Fail, String::new())
        };
        worlds.iter().map(trial).collect()
    }

    #[rstest]
    #[case::everywhere(&ALL, &ALL, &[(None, None)])]
    #[case::one_version(&ALL[2..], &ALL, &[(Some(IpVersion::V6), None)])]
    #[case::one_place(&[ALL[1], ALL[3]], &ALL, &[(None, Some(Isn::Wrap))])]
    #[case::one_world_of_two(&ALL[1..2], &ALL[..2], &[(None, Some(Isn::Wrap))])]
    #[case::crosswise(
        &[ALL[0], ALL[3]],
        &ALL,
        &[(Some(IpVersion::V4), Some(Isn::Random)), (Some(IpVersion::V6), Some(Isn::Wrap))]
    )]
    fn entry_speaks_of_where_it_failed_alone(
        #[case] failed: &[&str],
        #[case] played: &[&str],
        #[case] expected: &[(Option<IpVersion>, Option<Isn>)],
    ) {
        let (failed, played) = (trials(failed), trials(played));
        let entry = BaselineEntry {
            variant: "a/b".to_owned(),
            ip: None,
            isn: None,
            faults: None,
            with: None,
            verdict: Verdict::Fail,
            reason: String::new(),
            clause: None,
            deliberate: None,
            observed: Vec::new(),
        };
        let (failed, played): (Vec<&Trial>, Vec<&Trial>) =
            (failed.iter().collect(), played.iter().collect());
        let entries = narrowed(&entry, &failed, &played);
        let got: Vec<_> = entries.iter().map(|entry| (entry.ip, entry.isn)).collect();
        assert_eq!(got, expected);
    }
}

//! Everything many times over: do the verdicts stay the same? Where they do
//! not, something is decided by chance: in the stack, in the case, or in the
//! harness.

use std::collections::BTreeMap;
use std::path::PathBuf;

use tcpspec_record::{Exit, Log, TrialId, Verdict};
use tcpspec_reports::Report;
use tcpspec_reports::terminal::Style;
use tokio::time::Instant;

use super::{Course, exit, play};
use crate::commands::count;
use crate::failure::Failure;
use crate::output;
use crate::schedule::End;

/// The verdicts of a trial, each with the runs that it came in.
type Verdicts = BTreeMap<Verdict, Vec<usize>>;

/// Plays the runs, one after the other or side by side, each into a directory of
/// its own, says how each went, and in the end which verdicts changed.
pub(super) fn run(course: &Course<'_>, style: Style) -> Result<Exit, Failure> {
    let (runs, out) = (course.args.runs.get(), &course.args.play.out);
    let dirs: Vec<PathBuf> = (1..=runs).map(|run| out.join(run.to_string())).collect();
    let together = if course.args.at_once { runs } else { 1 };
    let mut verdicts = BTreeMap::new();
    let mut exits: Vec<Exit> = Vec::new();
    for dirs in dirs.chunks(together) {
        let began = Instant::now();
        let (logs, end) = play::side_by_side(course, dirs)?;
        let took = began.elapsed();
        for (log, dir) in logs.iter().zip(dirs) {
            course.report(log, dir)?;
            if exits.is_empty() {
                output::print_run(log, &Report::from_log(log), dir, style);
            }
            exits.push(exit(log, end));
            let (number, code) = (exits.len(), exit(log, end).code());
            note(&mut verdicts, log, number);
            anstream::println!("run {number} of {runs}: {took:.1?}, exit code {code}");
        }
        if end != End::Complete {
            break;
        }
    }
    let changed = changed(&verdicts);
    changed.iter().for_each(|line| anstream::println!("{line}"));
    let runs = count(exits.len(), "run");
    let how_many = count(changed.len(), "verdict");
    anstream::println!(
        "{how_many} changed in {runs} of {}",
        count(verdicts.len(), "trial")
    );
    if !changed.is_empty() {
        exits.push(Exit::Inconclusive);
    }
    Ok(Exit::of_several(exits))
}

fn note(verdicts: &mut BTreeMap<TrialId, Verdicts>, log: &Log, run: usize) {
    for trial in &log.trials {
        let verdicts = verdicts.entry(trial.id.clone()).or_default();
        verdicts.entry(trial.verdict).or_default().push(run);
    }
}

/// A line for each trial of which not every run says the same.
fn changed(verdicts: &BTreeMap<TrialId, Verdicts>) -> Vec<String> {
    let several = verdicts.iter().filter(|(_, verdicts)| verdicts.len() > 1);
    several.map(|(id, verdicts)| line(id, verdicts)).collect()
}

fn line(id: &TrialId, verdicts: &Verdicts) -> String {
    let mut parts: Vec<_> = verdicts.iter().collect();
    parts.sort_by_key(|(_, runs)| std::cmp::Reverse(runs.len()));
    let part = |(verdict, runs): (&Verdict, &Vec<usize>)| {
        let runs: Vec<String> = runs.iter().map(ToString::to_string).collect();
        format!("{verdict} in {}", runs.join(" "))
    };
    let parts: Vec<String> = parts.into_iter().map(part).collect();
    let (variant, stack, dimensions) = (id.variant_id(), &id.stack, id.dimensions());
    format!("{variant}  {stack} {dimensions}  {}", parts.join(", "))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use tcpspec_record::{CaseId, IpVersion, Isn};

    use super::*;

    #[rstest]
    #[case::same(&[Verdict::Fail, Verdict::Fail], &[])]
    #[case::other(
        &[Verdict::Inconclusive, Verdict::Pass, Verdict::Pass],
        &["a/b  linux ip=4  pass in 2 3, inconclusive in 1"]
    )]
    fn changed_verdicts_are_listed(#[case] runs: &[Verdict], #[case] expected: &[&str]) {
        let id = TrialId {
            case: CaseId("a/b".to_owned()),
            variant: String::new(),
            stack: "linux".to_owned(),
            ip: IpVersion::V4,
            isn: Isn::Random,
            faults: String::new(),
            seed: 1,
        };
        let mut verdicts = Verdicts::new();
        for (run, verdict) in (1..).zip(runs) {
            verdicts.entry(*verdict).or_default().push(run);
        }
        assert_eq!(changed(&BTreeMap::from([(id, verdicts)])), expected);
    }
}

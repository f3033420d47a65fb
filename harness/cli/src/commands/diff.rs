//! `tcpspec diff`: what changed from one run to another, by its verdicts.

use tcpspec_record::{Exit, Log, Trial};
use tcpspec_reports::model::{Change, ChangeKind, Changes};

use super::explain::read_verdicts;
use crate::args::DiffArgs;
use crate::failure::Failure;

/// Exit code 1 if anything got worse, a new trial that fails included.
pub(crate) fn run(args: &DiffArgs) -> Result<Exit, Failure> {
    let (before, after) = (read_verdicts(&args.before)?, read_verdicts(&args.after)?);
    Ok(if print(&before, &after) {
        Exit::Unexpected
    } else {
        Exit::Success
    })
}

/// Prints what changed; whether anything got worse.
pub(super) fn print(before: &Log, after: &Log) -> bool {
    let changes = Changes::between(before, after);
    for change in &changes.all {
        anstream::println!("{}", line(change));
    }
    let counts = ChangeKind::ALL.map(|kind| format!("{} {}", changes.count(kind), kind.word()));
    anstream::println!("{}", counts.join(", "));
    changes.has_regression()
}

fn line(change: &Change<'_>) -> String {
    let word = |trial: Option<&Trial>| trial.map_or("-", |trial| trial.verdict.word());
    let (before, after) = (word(change.before), word(change.after));
    let reason = change.after.map_or("", |trial| &trial.reason);
    let name = change.id().map(|id| {
        let (variant, dimensions) = (id.variant_id(), id.dimensions());
        format!("{variant}  {} {dimensions}", id.stack)
    });
    let line = format!(
        "{:9}  {before} -> {after}  {}",
        change.kind.word(),
        name.unwrap_or_default()
    );
    match reason {
        "" => line,
        reason => format!("{line}  {}", reason.escape_debug()),
    }
}

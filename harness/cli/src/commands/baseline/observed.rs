//! The segments that show a departure, as a baseline writes them: `>` the
//! peer's, `<` the stack's.

use std::collections::BTreeMap;
use std::path::Path;

use tcpspec_record::{Log, Side, Trial, TrialId};
use tcpspec_reports::ladder::{Act, Ladder, Row};
use tcpspec_reports::model::Steps;

use crate::commands::explain::read_with;
use crate::failure::Failure;

/// What was observed in each trial that failed.
pub(super) type Observed = BTreeMap<TrialId, Vec<String>>;

/// Reads a log without its traces, which no verb looks at, with what they show
/// of each trial that failed.
pub(super) fn read(path: &Path) -> Result<(Log, Observed), Failure> {
    let mut observed = Observed::new();
    let log = read_with(path, |log, trial| {
        if trial.verdict.is_failure(log.header.strict) {
            observed.insert(trial.id.clone(), lines(steps(log, trial), trial));
        }
        (trial.trace, trial.transcript) = (Vec::new(), None);
        true
    })?;
    Ok((log, observed))
}

fn steps<'a>(log: &'a Log, trial: &Trial) -> Steps<'a> {
    let (id, variant) = (&trial.id.case, &trial.id.variant);
    let mut cases = log.cases.iter();
    let case = cases.find(|case| case.id == *id && case.variant == *variant);
    case.map(Steps::of).unwrap_or_default()
}

/// From the last thing done to the stack to what broke the trial, with what
/// should have come instead.
fn lines(steps: Steps<'_>, trial: &Trial) -> Vec<String> {
    let ladder = Ladder::of(trial, steps);
    let rows = &ladder.rows;
    let broke = |row: &Row<'_>| row.what.act.is_refused();
    let Some(last) = rows.iter().position(broke) else {
        return Vec::new();
    };
    let is_stimulus =
        |row: &Row<'_>| row.what.act.is_from(Side::Peer) || matches!(row.what.act, Act::App { .. });
    let first = rows[..last].iter().rposition(is_stimulus).unwrap_or(last);
    let mut lines: Vec<String> = rows[first..=last].iter().filter_map(line).collect();
    let due = trial
        .failure
        .as_ref()
        .map(|failure| failure.expected.join(" or "));
    if let (Some(last), Some(due)) = (lines.last_mut(), due.filter(|due| !due.is_empty())) {
        *last = format!("{last:WIDTH$}  where {due} is due");
    }
    lines
}

/// Columns of what happened, before a remark on it.
const WIDTH: usize = 30;

fn line(row: &Row<'_>) -> Option<String> {
    let text = match &row.what.act {
        Act::Packet { from, text, .. } => match from {
            Side::Peer => format!("> {text}"),
            Side::Sut => format!("< {text}"),
        },
        Act::App { call, result } => format!("{call}: {result}"),
        Act::Broken(text) => text.clone(),
        Act::Prelude { .. }
        | Act::Expected { .. }
        | Act::Wait(_)
        | Act::State
        | Act::Step { .. } => {
            return None;
        }
    };
    let visible = |c: char| if c.is_control() { '\u{fffd}' } else { c };
    Some(text.chars().map(visible).collect())
}

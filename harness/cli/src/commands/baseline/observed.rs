//! The segments that show a departure, as a baseline writes them: `>` the
//! peer's, `<` the stack's.

use tcpspec_record::{Side, Trial};
use tcpspec_reports::Report;
use tcpspec_reports::ladder::{Act, Ladder, Row};

/// From the last thing done to the stack to what broke the trial, with what
/// should have come instead.
pub(super) fn lines(report: &Report<'_>, trial: &Trial) -> Vec<String> {
    let steps = report.variant_of(trial).map(|variant| variant.steps());
    let ladder = Ladder::of(trial, steps.unwrap_or_default());
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

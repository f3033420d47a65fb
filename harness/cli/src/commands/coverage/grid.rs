//! The grid: events down, states across, in each cell the reply and the next
//! state. Two tables, before and after the handshake: one would be too wide.

use std::fmt::Write;

use serde_json::{Value, json};
use tcpspec_casefile::{Cell, CellKind, Sweep};
use tcpspec_wire::State;

/// Some of the sweeps, and what to call them together.
struct Half<'a> {
    name: &'static str,
    sweeps: Vec<&'a Sweep>,
}

/// How many cells there are of each kind.
#[derive(Default)]
struct Counts {
    tested: usize,
    elsewhere: usize,
    impossible: usize,
    todo: usize,
}

fn halves(sweeps: &[Sweep]) -> [Half<'_>; 2] {
    let place = |sweep: &&Sweep| State::ALL.iter().position(|state| *state == sweep.state);
    let mut ordered: Vec<&Sweep> = sweeps.iter().collect();
    ordered.sort_by_key(place);
    let opening = |sweep: &&Sweep| {
        matches!(
            sweep.state,
            State::Closed | State::Listen | State::SynSent | State::SynReceived
        )
    };
    let (before, after) = ordered.into_iter().partition(opening);
    [
        Half {
            name: "before the handshake is over",
            sweeps: before,
        },
        Half {
            name: "after the handshake",
            sweeps: after,
        },
    ]
}

impl Half<'_> {
    /// The heads of the columns, then a line for each event.
    fn rows(&self) -> Vec<Vec<String>> {
        let name = |sweep: &&Sweep| sweep.id.0.replacen("states/", "", 1);
        let heads = std::iter::once("event".to_owned()).chain(self.sweeps.iter().map(name));
        let mut rows = vec![heads.collect()];
        let events = self.sweeps.first().map_or(&[][..], |sweep| &sweep.cells);
        for (index, event) in events.iter().enumerate() {
            // Every sweep has the vocabulary's events in the vocabulary's order.
            let cells = self.sweeps.iter().map(|sweep| sweep.cells.get(index));
            let cells = cells.map(|cell| cell.map_or_else(String::new, shown));
            rows.push(std::iter::once(event.event.clone()).chain(cells).collect());
        }
        rows
    }
}

/// A cell in a word or two.
fn shown(cell: &Cell) -> String {
    match &cell.kind {
        CellKind::Tested { reply, next, .. } if next.is_empty() => reply.clone(),
        CellKind::Tested { reply, next, .. } => {
            let next: Vec<&str> = next.iter().map(|state| short(*state)).collect();
            format!("{reply} > {}", next.join("/"))
        }
        CellKind::Elsewhere(case) => case.split('@').next().unwrap_or_default().to_owned(),
        CellKind::Impossible(_) => ".".to_owned(),
        CellKind::Todo(_) => "TODO".to_owned(),
    }
}

const fn short(state: State) -> &'static str {
    match state {
        State::Closed => "CLOSED",
        State::Listen => "LISTEN",
        State::SynSent => "SYN-S",
        State::SynReceived => "SYN-R",
        State::Established => "EST",
        State::FinWait1 => "FW1",
        State::FinWait2 => "FW2",
        State::CloseWait => "CW",
        State::Closing => "CLG",
        State::LastAck => "LA",
        State::TimeWait => "TW",
    }
}

fn counts(sweeps: &[Sweep]) -> Counts {
    let mut counts = Counts::default();
    for cell in sweeps.iter().flat_map(|sweep| &sweep.cells) {
        *match cell.kind {
            CellKind::Tested { .. } => &mut counts.tested,
            CellKind::Elsewhere(_) => &mut counts.elsewhere,
            CellKind::Impossible(_) => &mut counts.impossible,
            CellKind::Todo(_) => &mut counts.todo,
        } += 1;
    }
    counts
}

fn total(sweeps: &[Sweep]) -> String {
    let Counts {
        tested,
        elsewhere,
        impossible,
        todo,
    } = counts(sweeps);
    format!(
        "{} cells tested ({elsewhere} of them by the case that is named), \
         {impossible} impossible (.), {todo} to do\n",
        tested + elsewhere
    )
}

/// The grid for a terminal.
pub(super) fn text(sweeps: &[Sweep]) -> String {
    let mut text = String::new();
    for half in halves(sweeps) {
        let rows = half.rows();
        let columns = half.sweeps.len() + 1;
        let width = |column: usize| rows.iter().map(|row| row[column].len()).max();
        let widths: Vec<usize> = (0..columns).map(|at| width(at).unwrap_or(0)).collect();
        for row in rows {
            let cells = row.iter().zip(&widths);
            let cells = cells.map(|(cell, width)| format!("{cell:width$}"));
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{}", cells.collect::<Vec<_>>().join("  ").trim_end());
        }
        text.push('\n');
    }
    text + &total(sweeps)
}

/// The grid as part of the page `cases/COVERAGE.md`.
pub(super) fn markdown(sweeps: &[Sweep]) -> String {
    let mut text = format!(
        "\n## The grid\n\nWhat every event does in every state: the reply (a name of \
         `fragments/reply/`) and, where the state\nchanges, the next one, or those of which one \
         has to follow. The files of `states/` say what the\napplication is told, and why a cell \
         is impossible.\n\n{}",
        total(sweeps)
    );
    for half in halves(sweeps) {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "\n### States {}\n", half.name);
        for (index, row) in half.rows().into_iter().enumerate() {
            let _ = writeln!(text, "| {} |", row.join(" | "));
            if index == 0 {
                let _ = writeln!(text, "|{}", "---|".repeat(row.len()));
            }
        }
    }
    text
}

/// Every cell by itself, for other programs.
pub(super) fn json(sweeps: &[Sweep]) -> String {
    let cells = sweeps.iter().flat_map(|sweep| {
        let one = move |cell: &Cell| {
            let mut entry = json!({
                "sweep": sweep.id,
                "state": sweep.state.name(),
                "event": cell.event,
                "what": cell.what,
            });
            fill(&mut entry, &cell.kind);
            entry
        };
        sweep.cells.iter().map(one)
    });
    format!("{:#}\n", Value::Array(cells.collect()))
}

fn fill(entry: &mut Value, kind: &CellKind) {
    match kind {
        CellKind::Tested {
            reply,
            next,
            app,
            claim,
        } => {
            let next: Vec<&str> = next.iter().map(|state| state.name()).collect();
            entry["reply"] = json!(reply);
            entry["next"] = json!(next);
            entry["app"] = json!(app);
            entry["claim"] = json!(claim);
        }
        CellKind::Elsewhere(case) => entry["by"] = json!(case),
        CellKind::Impossible(why) => entry["impossible"] = json!(why),
        CellKind::Todo(why) => entry["todo"] = json!(why),
    }
}

//! The eleven states as a picture: every move of RFC 9293's diagram, and
//! whether it was made, failed, or was never seen. A move and a state lead to
//! the cases in which they are. Left out: the other moves, which are a list.

use maud::{Markup, html};
use tcpspec_wire::State;

use super::bits::cases;
use crate::model::{MOVES, Met, Move, StatesReport};

/// Half the width and half the height of a state.
const HALF: (i32, i32) = (74, 22);

/// Where a move is drawn.
struct Line {
    from: State,
    to: State,
    /// The path, in SVG's words.
    path: &'static str,
    /// Where its words stand.
    at: (i32, i32),
    /// Which end of them stands there.
    anchor: &'static str,
}

const fn line(
    from: State,
    to: State,
    path: &'static str,
    at: (i32, i32),
    anchor: &'static str,
) -> Line {
    Line {
        from,
        to,
        path,
        at,
        anchor,
    }
}

/// The middle of each state. CLOSED stands twice: a circle would hide what
/// lies within.
const fn place(state: State) -> (i32, i32) {
    match state {
        State::Closed => (480, 34),
        State::Listen => (480, 134),
        State::SynReceived => (140, 234),
        State::SynSent => (820, 234),
        State::Established => (480, 324),
        State::FinWait1 => (140, 414),
        State::CloseWait => (820, 414),
        State::FinWait2 => (140, 514),
        State::Closing => (480, 514),
        State::LastAck => (820, 514),
        State::TimeWait => (480, 614),
    }
}

/// Where CLOSED stands again.
const CLOSED_AGAIN: (i32, i32) = (820, 614);

const LINES: [Line; MOVES.len()] = {
    use State::{
        CloseWait, Closed, Closing, Established, FinWait1, FinWait2, LastAck, Listen, SynReceived,
        SynSent, TimeWait,
    };
    [
        line(Closed, Listen, "M455 56V110", (447, 88), "end"),
        line(
            Closed,
            SynSent,
            "M554 28C730 32 838 96 838 210",
            (800, 92),
            "start",
        ),
        line(Listen, Closed, "M505 112V58", (513, 88), "start"),
        line(
            Listen,
            SynReceived,
            "M406 142C300 146 180 170 168 210",
            (300, 186),
            "start",
        ),
        line(
            Listen,
            SynSent,
            "M554 140C650 146 760 170 786 210",
            (664, 190),
            "end",
        ),
        line(
            SynSent,
            Closed,
            "M808 212C796 130 700 50 556 42",
            (690, 104),
            "end",
        ),
        line(SynSent, SynReceived, "M746 234H216", (480, 226), "middle"),
        line(
            SynSent,
            Established,
            "M770 256L556 314",
            (680, 298),
            "start",
        ),
        line(
            SynReceived,
            Listen,
            "M118 212C130 150 280 126 404 126",
            (190, 138),
            "end",
        ),
        line(
            SynReceived,
            Established,
            "M190 256L404 314",
            (280, 298),
            "end",
        ),
        line(SynReceived, FinWait1, "M116 256V390", (108, 328), "end"),
        line(
            Established,
            FinWait1,
            "M406 334L192 391",
            (330, 378),
            "start",
        ),
        line(
            Established,
            CloseWait,
            "M554 334L768 391",
            (630, 378),
            "end",
        ),
        line(FinWait1, FinWait2, "M116 436V490", (108, 468), "end"),
        line(FinWait1, Closing, "M214 422L420 490", (350, 460), "start"),
        line(FinWait1, TimeWait, "M176 436L424 590", (252, 478), "start"),
        line(FinWait2, TimeWait, "M200 536L404 600", (268, 578), "end"),
        line(CloseWait, LastAck, "M820 436V490", (828, 468), "start"),
        line(Closing, TimeWait, "M490 536V590", (498, 568), "start"),
        line(LastAck, Closed, "M820 536V590", (828, 568), "start"),
        line(TimeWait, Closed, "M554 614H744", (650, 606), "middle"),
    ]
};

/// How a move or a state fared; colour never stands alone.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Failed,
    Seen,
    Never,
}

impl Fate {
    const fn of(met: Met) -> Self {
        match met {
            Met { broken: 1.., .. } => Self::Failed,
            Met {
                known: 0, well: 0, ..
            } => Self::Never,
            Met { .. } => Self::Seen,
        }
    }

    const fn class(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Seen => "seen",
            Self::Never => "never",
        }
    }
}

/// The picture of one stack's states.
pub(super) fn diagram(stack: &str, states: &StatesReport) -> Markup {
    let title = format!("The states of {stack} in this run");
    html! {
        div.scroll {
            svg.states viewBox="-16 6 976 636" role="group" aria-label=(title) {
                @for (each, line) in MOVES.iter().zip(&LINES) { (edge(stack, states, each, line)) }
                @for state in State::ALL { (node(stack, states, state, place(state))) }
                (node(stack, states, State::Closed, CLOSED_AGAIN))
            }
        }
    }
}

fn edge(stack: &str, states: &StatesReport, each: &Move, line: &Line) -> Markup {
    let met = states.of_move(each.from, each.to);
    let fate = Fate::of(met);
    let at = format!("{}~{}", line.from, line.to);
    let (by, number) = (each.by, number(met));
    let label = format!("{by} {number}: {} to {}, {}", each.from, each.to, told(met));
    html! {
        a class={"edge " (fate.class())} href=(cases(&[("at", &at), ("stack", stack)])) {
            title { (label) }
            path.reach d=(line.path) {}
            path d=(line.path) marker-end={"url(#" (fate.class()) ")"} {}
            text x=(line.at.0) y=(line.at.1) text-anchor=(line.anchor) {
                (by)
                tspan.n { " " (number) }
            }
        }
    }
}

fn node(stack: &str, states: &StatesReport, state: State, (x, y): (i32, i32)) -> Markup {
    let met = states.of_state(state);
    let fate = Fate::of(met);
    let (half_width, half_height) = HALF;
    let label = format!("{state} {}: events in it {}", number(met), told(met));
    html! {
        a class={"node " (fate.class())} href=(cases(&[("state", state.name()), ("stack", stack)])) {
            title { (label) }
            rect x=(x - half_width) y=(y - half_height) width=(2 * half_width) height=(2 * half_height) rx="7" {}
            text x=(x) y=(y - 2) text-anchor="middle" { (state) }
            text.n x=(x) y=(y + 14) text-anchor="middle" { (number(met)) }
        }
    }
}

/// How often, in little room.
fn number(met: Met) -> String {
    match Fate::of(met) {
        Fate::Never => "\u{2205}".to_owned(),
        Fate::Failed => format!("\u{2717} {} of {}", met.broken, met.seen()),
        Fate::Seen => format!("\u{2713} {}", met.seen()),
    }
}

/// How often, in words.
fn told(met: Met) -> String {
    match Fate::of(met) {
        Fate::Never => "never seen".to_owned(),
        Fate::Failed => format!("failed in {} of {} trials", met.broken, met.seen()),
        Fate::Seen => format!("seen in {} trials", met.seen()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_move_has_its_own_line() {
        for (each, line) in MOVES.iter().zip(&LINES) {
            assert_eq!((each.from, each.to), (line.from, line.to));
        }
    }
}

//! The states of a stack's connections in a run: what met them there, and the
//! moves from one to the next. Left out: what a stack that cannot be looked
//! into did after it had left a known state.

use std::collections::{BTreeMap, BTreeSet};

use tcpspec_record::{Trial, Verdict};
use tcpspec_wire::State;

use super::moment::{Moment, Stimulus, swept};
use super::{InOrder, StackReport, Variant};

/// A move of RFC 9293's diagram, and what makes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Move {
    /// The state before.
    pub from: State,
    /// The state after.
    pub to: State,
    /// What makes it, in a few words.
    pub by: &'static str,
}

/// The moves of RFC 9293's diagram (section 3.3.2), and that from FIN-WAIT-1 to
/// TIME-WAIT, which the diagram leaves to the text. Left out are those to
/// CLOSED that any state has: RST, ABORT, and the user timeout.
pub const MOVES: [Move; 21] = {
    use State::{
        CloseWait, Closed, Closing, Established, FinWait1, FinWait2, LastAck, Listen, SynReceived,
        SynSent, TimeWait,
    };
    [
        step(Closed, Listen, "passive OPEN"),
        step(Closed, SynSent, "active OPEN"),
        step(Listen, Closed, "CLOSE"),
        step(Listen, SynReceived, "SYN"),
        step(Listen, SynSent, "SEND"),
        step(SynSent, Closed, "CLOSE"),
        step(SynSent, SynReceived, "SYN"),
        step(SynSent, Established, "SYN,ACK"),
        step(SynReceived, Listen, "RST"),
        step(SynReceived, Established, "ACK of SYN"),
        step(SynReceived, FinWait1, "CLOSE"),
        step(Established, FinWait1, "CLOSE"),
        step(Established, CloseWait, "FIN"),
        step(FinWait1, FinWait2, "ACK of FIN"),
        step(FinWait1, Closing, "FIN"),
        step(FinWait1, TimeWait, "FIN and ACK"),
        step(FinWait2, TimeWait, "FIN"),
        step(CloseWait, LastAck, "CLOSE"),
        step(Closing, TimeWait, "ACK of FIN"),
        step(LastAck, Closed, "ACK of FIN"),
        step(TimeWait, Closed, "2 MSL"),
    ]
};

const fn step(from: State, to: State, by: &'static str) -> Move {
    Move { from, to, by }
}

/// The trials in which something was met, by what became of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Met {
    /// Trials that it broke unexpectedly.
    pub broken: usize,
    /// Trials that it broke as the baseline says, or in a tolerated way.
    pub known: usize,
    /// Trials in which it went well.
    pub well: usize,
    /// Trials that did not come so far.
    pub open: usize,
}

impl Met {
    /// Trials in which it happened.
    #[must_use]
    pub const fn seen(self) -> usize {
        self.broken + self.known + self.well
    }

    const fn add(&mut self, fate: Fate) {
        *match fate {
            Fate::Broken => &mut self.broken,
            Fate::Known => &mut self.known,
            Fate::Well => &mut self.well,
            Fate::Open => &mut self.open,
        } += 1;
    }
}

/// What became of something in one trial; the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fate {
    Broken,
    Known,
    Well,
    Open,
}

/// What a stack went through.
#[derive(Clone, Debug, Default)]
pub struct StatesReport {
    /// Events by state: the cells of the grid.
    pub met: BTreeMap<(State, Stimulus), Met>,
    /// The events of sweeps by state: a finer grid.
    pub swept: BTreeMap<(State, String), Met>,
    /// The events of sweeps in the order of the log, each in words.
    pub sweeps: Vec<(String, String)>,
    /// Moves from state to state.
    pub moves: BTreeMap<(State, State), Met>,
}

impl StatesReport {
    /// All that met a state.
    #[must_use]
    pub fn of_state(&self, state: State) -> Met {
        let cells = self.met.iter().filter(|((at, _), _)| *at == state);
        cells.fold(Met::default(), |sum, (_, met)| Met {
            broken: sum.broken + met.broken,
            known: sum.known + met.known,
            well: sum.well + met.well,
            open: sum.open + met.open,
        })
    }

    /// What became of a move of the diagram.
    #[must_use]
    pub fn of_move(&self, from: State, to: State) -> Met {
        self.moves.get(&(from, to)).copied().unwrap_or_default()
    }

    /// The moves that were seen and are not the diagram's.
    #[must_use]
    pub fn others(&self) -> Vec<(State, State, Met)> {
        let drawn: BTreeSet<_> = MOVES.iter().map(|each| (each.from, each.to)).collect();
        let others = self.moves.iter().filter(|(key, _)| !drawn.contains(key));
        others.map(|((from, to), met)| (*from, *to, *met)).collect()
    }
}

/// The states of each stack.
pub(super) fn by_stack(variants: &[Variant<'_>], stacks: &[StackReport<'_>]) -> Vec<StatesReport> {
    let of_stack = |stack: &StackReport<'_>| of_stack(variants, &stack.info.name);
    stacks.iter().map(of_stack).collect()
}

fn of_stack(variants: &[Variant<'_>], stack: &str) -> StatesReport {
    let mut report = StatesReport::default();
    let mut sweeps: InOrder<&str, (String, String)> = InOrder::new();
    for variant in variants {
        let cell = swept(&variant.info);
        if let Some((state, event)) = cell {
            sweeps.entry(event, || {
                (event.to_owned(), in_any(state, &variant.info.title))
            });
        }
        for trial in variant.trials().filter(|trial| trial.id.stack == stack) {
            report.take(variant, trial);
            if let Some((state, event)) = cell {
                let cell = report.swept.entry((state, event.to_owned()));
                cell.or_default().add(fate(trial));
            }
        }
    }
    report.sweeps = sweeps.values;
    report
}

/// What a cell's title says of its event, whatever the state.
fn in_any(state: State, title: &str) -> String {
    let title = title.strip_suffix(state.name()).unwrap_or(title);
    title.strip_suffix(", in ").unwrap_or(title).to_owned()
}

impl StatesReport {
    /// Counts a trial once for each event in a state, and for each move.
    fn take(&mut self, variant: &Variant<'_>, trial: &Trial) {
        let mut met: BTreeMap<(State, Stimulus), Fate> = BTreeMap::new();
        let mut moves: BTreeMap<(State, State), Fate> = BTreeMap::new();
        for moment in Moment::all(trial, variant.steps()) {
            let fate = match (moment.broken, fate(trial)) {
                (true, fate) => fate,
                (false, _) => Fate::Well,
            };
            keep(&mut met, (moment.state, moment.event), fate);
            for each in moment.moves() {
                keep(&mut moves, each, fate);
            }
        }
        for (key, fate) in met {
            self.met.entry(key).or_default().add(fate);
        }
        for (key, fate) in moves {
            self.moves.entry(key).or_default().add(fate);
        }
    }
}

fn keep<K: Ord>(fates: &mut BTreeMap<K, Fate>, key: K, fate: Fate) {
    let worst = fates.entry(key).or_insert(fate);
    *worst = fate.min(*worst);
}

fn fate(trial: &Trial) -> Fate {
    match trial.verdict {
        Verdict::Crash | Verdict::Stuck | Verdict::Fail if trial.known.is_none() => Fate::Broken,
        Verdict::Crash | Verdict::Stuck | Verdict::Fail => Fate::Known,
        Verdict::Deviates => Fate::Known,
        Verdict::Pass => Fate::Well,
        Verdict::Blocked | Verdict::Inconclusive | Verdict::Skip => Fate::Open,
    }
}

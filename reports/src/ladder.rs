//! The ladder: what happened in a trial, row by row, the peer on the left and
//! the stack on the right. One model for every printer.
//!
//! The preludes' steps fold into one row unless the trial broke there. Left
//! out: how a row looks.

mod build;

use std::borrow::Cow;
use std::fmt;

use tcpspec_record::trace::Did;
use tcpspec_record::{Side, Trial};

use crate::model::Steps;

/// What happened in a trial.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ladder<'a> {
    /// The rows, in the order of events.
    pub rows: Vec<Row<'a>>,
}

/// One row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row<'a> {
    /// When, in nanoseconds since the stack was opened.
    pub at: u64,
    /// The packet's text as the log has it, window and options too; empty of
    /// anything else.
    pub full: &'a str,
    /// Until when it was expected, in words; of [`Act::Expected`] alone.
    pub until: &'a str,
    /// The MSS that a SYN offers. It follows from the version of IP, so it is
    /// not part of what happened.
    pub mss: Option<u16>,
    /// Why the stack dropped this packet or sent this RST, by its own account.
    /// Not told of a trial that passed, where nobody asks.
    pub reason: Option<Reason<'a>>,
    /// What happened, apart from when.
    pub what: What<'a>,
}

/// Why a stack did something, by its own account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reason<'a> {
    /// What it did.
    pub did: Did,
    /// Its word for why.
    pub why: &'a str,
}

impl fmt::Display for Reason<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let did = match self.did {
            Did::Dropped => "the stack dropped it",
            Did::Reset => "the stack's reason",
        };
        write!(f, "{did}: {}", self.why)
    }
}

/// What a row shows, apart from when it happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct What<'a> {
    /// The step under way, as the log counts.
    pub step: usize,
    /// The event.
    pub act: Act<'a>,
    /// The states that the connection went through because of it.
    pub states: Vec<&'a str>,
    /// A remark on it.
    pub note: Option<&'a str>,
}

/// The event of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act<'a> {
    /// The preludes' steps, folded.
    Prelude {
        /// The prelude's name.
        name: String,
        /// Packets that crossed the link.
        packets: usize,
    },
    /// A packet crossed the link.
    Packet {
        /// Who sent it.
        from: Side,
        /// Its short form.
        text: Cow<'a, str>,
        /// How to mark it.
        mark: Mark,
    },
    /// What was allowed instead of what came.
    Expected {
        /// The short form.
        text: Cow<'a, str>,
        /// Whether that is that nothing comes.
        silence: bool,
    },
    /// What broke the trial, where that is no packet.
    Broken(String),
    /// The application made a call.
    App {
        /// The call.
        call: &'a str,
        /// What it was told.
        result: &'a str,
    },
    /// Time was let pass, in nanoseconds.
    Wait(u64),
    /// A change of state that no other row explains.
    State,
    /// A step that leaves nothing to see, but has something to say.
    Step {
        /// The step as the case writes it.
        text: String,
        /// Whether it could not be judged, because the stack cannot be looked
        /// into.
        unobserved: bool,
    },
}

/// How a packet is marked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// As it should be.
    Plain,
    /// Not awaited, but harmless.
    Tolerated,
    /// It broke the trial.
    Refused,
    /// It came after the trial was decided.
    After,
    /// The link did something to it: it does not arrive, or not so.
    Met,
}

impl<'a> Ladder<'a> {
    /// The ladder of a trial. `steps` are those of its variant.
    #[must_use]
    pub fn of(trial: &'a Trial, steps: Steps<'_>) -> Self {
        build::ladder(trial, steps)
    }

    /// Whether both show the same, apart from time: the same events in the
    /// same order, and the same states. A state that is sampled may show up a
    /// row later than one that the stack reports.
    #[must_use]
    pub fn is_same_course(&self, other: &Ladder<'_>) -> bool {
        self.events().eq(other.events()) && self.states().eq(other.states())
    }

    fn events(&self) -> impl Iterator<Item = (usize, &Act<'a>, Option<&'a str>)> {
        let rows = self.rows.iter().map(|row| &row.what);
        let events = rows.filter(|what| what.act != Act::State);
        events.map(|what| (what.step, &what.act, what.note))
    }

    fn states(&self) -> impl Iterator<Item = &str> {
        let states = self.rows.iter().flat_map(|row| &row.what.states);
        states.copied()
    }
}

impl Row<'_> {
    /// The MSS as a suffix of the segment's text; empty without one.
    #[must_use]
    pub fn mss_suffix(&self) -> String {
        self.mss
            .map_or_else(String::new, |mss| format!(" <mss={mss}>"))
    }
}

impl Act<'_> {
    /// Whether anything was seen, or should have been and could not.
    #[must_use]
    pub const fn is_seen(&self) -> bool {
        match self {
            Act::Step { unobserved, .. } => *unobserved,
            Act::Prelude { .. }
            | Act::Packet { .. }
            | Act::Expected { .. }
            | Act::Broken(_)
            | Act::App { .. }
            | Act::Wait(_)
            | Act::State => true,
        }
    }

    /// Whether it is a packet of this side.
    #[must_use]
    pub fn is_from(&self, side: Side) -> bool {
        matches!(self, Act::Packet { from, .. } if *from == side)
    }

    /// Whether the row stands for what broke the trial.
    #[must_use]
    pub const fn is_refused(&self) -> bool {
        match self {
            Act::Packet { mark, .. } => matches!(mark, Mark::Refused),
            Act::Broken(_) => true,
            Act::Prelude { .. }
            | Act::Expected { .. }
            | Act::App { .. }
            | Act::Wait(_)
            | Act::State
            | Act::Step { .. } => false,
        }
    }
}

/// Seconds with a sign and three decimals: `+0.010`.
#[must_use]
pub fn stamp(nanos: u64) -> String {
    let millis = nanos / 1_000_000;
    format!("+{}.{:03}", millis / 1000, millis % 1000)
}

/// A span of time in the unit that suits it: `200 ms`, `1.5 s`.
#[must_use]
pub fn span(nanos: u64) -> String {
    let (value, unit) = match nanos {
        0..1_000_000 => (nanos as f64 / 1e3, "us"),
        1_000_000..1_000_000_000 => (nanos as f64 / 1e6, "ms"),
        1_000_000_000.. => (nanos as f64 / 1e9, "s"),
    };
    let text = format!("{value:.3}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    format!("{text} {unit}")
}

//! What a stack has to do before cases make sense, rung by rung, from "it starts"
//! to "the same seed, the same packets". It stops at the first rung that breaks,
//! and says what came and what to do next.
//!
//! A segment has to be right as far as the next step needs it; more is left to
//! the cases.

mod process;
mod start;
mod talk;
mod verbs;

use std::time::Duration;

use tcpspec_connector::{Clock, StackError, StackUnderTest};
use tcpspec_protocol::{Address, Client};

use talk::Talk;

/// A rung of the ladder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rung {
    /// It can be started, or reached.
    Starts,
    /// It says hello.
    Hello,
    /// It speaks this version of the protocol.
    Version,
    /// It refuses what no stack has.
    RefusesNonsense,
    /// It can be opened, and opened again.
    OpensTwice,
    /// A SYN is answered by a SYN,ACK with a right checksum.
    Answers,
    /// Text goes each way.
    Text,
    /// Both sides close.
    Closes,
    /// It holds no more after many rounds than before.
    Leaks,
    /// Time goes as it says.
    Clock,
    /// The same seed gives the same packets.
    Seed,
}

impl Rung {
    /// Every rung, from the ground up, with its name.
    pub const ALL: [(Self, &'static str); 11] = [
        (Self::Starts, "starts"),
        (Self::Hello, "says hello"),
        (Self::Version, "speaks version 1"),
        (Self::RefusesNonsense, "refuses nonsense"),
        (Self::OpensTwice, "opens twice"),
        (Self::Answers, "SYN gives SYN,ACK"),
        (Self::Text, "text goes each way"),
        (Self::Closes, "both sides close"),
        (Self::Leaks, "200 rounds, no leak"),
        (Self::Clock, "clock moves as it says"),
        (Self::Seed, "same seed, same packets"),
    ];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        let known = Self::ALL.iter().find(|(rung, _)| *rung == self);
        known.map_or("", |(_, name)| name)
    }
}

/// What became of a rung.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It holds; what was seen, if that says more.
    Holds(String),
    /// It cannot be tried here: why.
    Skipped(String),
    /// It breaks.
    Breaks(Break),
}

/// A rung that breaks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Break {
    /// What was asked and what came of it.
    pub what: String,
    /// What to do next.
    pub next: String,
    /// The last lines to the stack (`>`) and from it (`<`), and of its stderr (`!`).
    pub lines: Vec<String>,
}

/// On which terms a stack is tried.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    /// How long it may take for any answer, in real time.
    pub patience: Duration,
    /// Seed of what it is asked.
    pub seed: u64,
}

/// Why a rung goes no further.
#[derive(Clone, Debug)]
enum Stop {
    Breaks { what: String, next: String },
    Skipped(String),
    Stack(StackError),
}

impl From<StackError> for Stop {
    fn from(error: StackError) -> Self {
        Self::Stack(error)
    }
}

impl Stop {
    fn breaks(what: impl Into<String>, next: impl Into<String>) -> Self {
        let (what, next) = (what.into(), next.into());
        Self::Breaks { what, next }
    }

    fn outcome(self) -> Outcome {
        let (what, next) = match self {
            Self::Skipped(why) => return Outcome::Skipped(why),
            Self::Breaks { what, next } => (what, next),
            Self::Stack(error) => {
                let next = start::advice(&error).to_owned();
                (error.to_string(), next)
            }
        };
        Outcome::Breaks(Break {
            what,
            next,
            lines: Vec::new(),
        })
    }
}

/// What was seen of a rung that holds, or why it goes no further.
type Climbed = Result<String, Stop>;
type Climb = fn(&mut Talk) -> Climbed;

/// Takes a stack up the ladder, and tells of each rung. Gives the rung that
/// breaks, if one does.
pub fn climb(
    address: &Address,
    terms: Terms,
    tell: &mut dyn FnMut(Rung, &Outcome),
) -> Option<Rung> {
    let client = match Client::connect(address.clone(), terms.patience) {
        Ok(client) => client,
        Err(error) => return Some(start::fallen(&error, tell)),
    };
    let hello = client.hello();
    let declared = hello.capabilities.len();
    let clock = match hello.clock {
        Clock::Virtual => "virtual",
        Clock::Real => "real",
    };
    let seen = [
        (Rung::Starts, String::new()),
        (
            Rung::Hello,
            format!("{declared} capabilities, {clock} clock"),
        ),
        (Rung::Version, format!("{} {}", hello.name, hello.version)),
    ];
    for (rung, seen) in seen {
        tell(rung, &Outcome::Holds(seen));
    }
    let mut talk = Talk::new(client, terms);
    let rungs: [(Rung, Climb); 8] = [
        (Rung::RefusesNonsense, verbs::refuses_nonsense),
        (Rung::OpensTwice, verbs::opens_twice),
        (Rung::Answers, verbs::answers),
        (Rung::Text, verbs::text),
        (Rung::Closes, verbs::closes),
        (Rung::Leaks, process::leaks),
        (Rung::Clock, process::clock),
        (Rung::Seed, process::seed),
    ];
    rungs.into_iter().find_map(|(rung, climb)| {
        let mut outcome = climb(&mut talk).map_or_else(Stop::outcome, Outcome::Holds);
        if let Outcome::Breaks(found) = &mut outcome {
            found.lines = talk.last_lines();
        }
        tell(rung, &outcome);
        matches!(outcome, Outcome::Breaks(_)).then_some(rung)
    })
}

//! What came of a duel.

use std::time::Duration;

use tcpspec_connector::{CallError, StackError};
use tcpspec_link::{Happened, Tally};
use tcpspec_wire::{Instant, State};
use tcpspec_witness::Finding;

/// What came of a duel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// How it ended.
    pub ended: Ended,
    /// The left end, and the right one.
    pub ends: [End; 2],
    /// When the last octet had been read, and the whole was over.
    pub delivered: Option<Instant>,
    /// When the whole was over.
    pub at: Instant,
    /// What the witness has to say.
    pub findings: Vec<Finding>,
    /// What became of the packets.
    pub tally: Tally,
    /// The faults, in order: with them alone the link can be played again.
    pub happened: Vec<Happened>,
}

/// One end when it was over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct End {
    /// Octets that its stack took from the application.
    pub sent: u64,
    /// Octets that its application read; all of them were right.
    pub read: u64,
    /// The state of its connection, as far as its stack shows it.
    pub state: Option<State>,
    /// Segments that it sent.
    pub segments: u64,
    /// Octets of text in them.
    pub text: u64,
}

/// How a duel ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Everything arrived, and both ends came to their end.
    Well,
    /// An end gave up after nothing new had been acknowledged for as long as it
    /// has to try (RFC 9293 section 3.8.3, R2). Nobody is to blame but the link.
    GaveUp {
        /// Which end, 0 or 1.
        end: usize,
        /// For how long it had tried in vain.
        silence: Duration,
    },
    /// Something was wrong.
    Badly(Failure),
    /// A stack could not be driven any more.
    Broken {
        /// Which end.
        end: usize,
        /// Why.
        error: StackError,
    },
}

/// What went wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// What was read is not what was sent.
    #[error("the {} end read another octet than was sent, {at} octets from the start", name(*.end))]
    Octet {
        /// The end that read.
        end: usize,
        /// Which octet, from 0.
        at: u64,
    },
    /// More was read than was sent.
    #[error("the {} end read {by} octets more than were sent", name(*.end))]
    Surplus {
        /// The end that read.
        end: usize,
        /// How much more.
        by: u64,
    },
    /// The stream ended too early.
    #[error("the {} end was told of the end of the stream {missing} octets too early", name(*.end))]
    Short {
        /// The end that read.
        end: usize,
        /// Octets that were missing.
        missing: u64,
    },
    /// A call failed, though nothing on the link was a reason.
    #[error("`{verb}` at the {} end: {error}", name(*.end))]
    Call {
        /// The end whose application called.
        end: usize,
        /// The call.
        verb: &'static str,
        /// What it was told.
        error: CallError,
    },
    /// Time was up.
    #[error("it did not come to its end in {0:?}: {1}")]
    Stuck(Duration, String),
    /// The ends went on and on.
    #[error("more than {0} packets, and no end: {1}")]
    Endless(u64, String),
}

impl Outcome {
    /// Whether nothing was wrong: everything arrived or an end had reason to
    /// give up, and the witness found nothing that is more than advice.
    #[must_use]
    pub fn is_right(&self) -> bool {
        let fair = matches!(self.ended, Ended::Well | Ended::GaveUp { .. });
        fair && self.findings.iter().all(|finding| finding.law.is_advice())
    }

    /// Octets delivered per second of the stacks' clock, both directions
    /// together; `None` if they did not all arrive, or in no time.
    #[must_use]
    pub fn goodput(&self) -> Option<f64> {
        let time = self.delivered?.since(Instant::ZERO).as_secs_f64();
        let octets: u64 = self.ends.iter().map(|end| end.read).sum();
        (time > 0.0).then(|| octets as f64 / time)
    }

    /// Octets of text that were sent more than once.
    #[must_use]
    pub fn repeated(&self) -> u64 {
        let repeated = |end: &End| end.text.saturating_sub(end.sent);
        self.ends.iter().map(repeated).sum()
    }
}

/// How an end is called.
#[must_use]
pub const fn name(end: usize) -> &'static str {
    if end == 0 { "left" } else { "right" }
}

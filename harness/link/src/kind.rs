//! Kinds of trouble, as a case says which of them it tolerates.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::conditions::{Conditions, Loss, Profile, Rate};

/// A kind of trouble that packets meet on a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// They are lost: singly, in bursts, for a while, or because a queue is full.
    Loss,
    /// They arrive twice.
    Dup,
    /// They overtake each other.
    Reorder,
    /// They take time.
    Delay,
    /// They are damaged, and their checksum shows it.
    Corrupt,
    /// They are too large for the path.
    Mtu,
}

/// A word that is no kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoKind;

impl Kind {
    /// All of them, with the words of cases.
    pub const ALL: [(Self, &str); 6] = [
        (Self::Loss, "loss"),
        (Self::Dup, "dup"),
        (Self::Reorder, "reorder"),
        (Self::Delay, "delay"),
        (Self::Corrupt, "corrupt"),
        (Self::Mtu, "mtu"),
    ];
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = Self::ALL.iter().find(|(kind, _)| kind == self);
        f.pad(word.map_or("", |(_, word)| word))
    }
}

impl FromStr for Kind {
    type Err = NoKind;

    fn from_str(text: &str) -> Result<Self, NoKind> {
        let known = Self::ALL.iter().find(|(_, word)| *word == text);
        known.map(|(kind, _)| *kind).ok_or(NoKind)
    }
}

impl Profile {
    /// The kinds of trouble that it makes.
    #[must_use]
    pub fn kinds(&self) -> BTreeSet<Kind> {
        self.up.kinds().chain(self.down.kinds()).collect()
    }
}

impl Conditions {
    fn kinds(&self) -> impl Iterator<Item = Kind> {
        let loses = self.loss != Loss::Single(Rate::NEVER)
            || !self.outages.is_empty()
            || (self.bandwidth.is_some() && self.queue.is_some());
        let takes_time = self.bandwidth.is_some() || self.delay + self.jitter > Duration::ZERO;
        let damages = self.corrupt.max(self.truncate) > Rate::NEVER;
        [
            loses.then_some(Kind::Loss),
            (self.duplicate > Rate::NEVER).then_some(Kind::Dup),
            (self.reorder.rate > Rate::NEVER).then_some(Kind::Reorder),
            takes_time.then_some(Kind::Delay),
            damages.then_some(Kind::Corrupt),
            self.mtu.map(|_| Kind::Mtu),
        ]
        .into_iter()
        .flatten()
    }
}

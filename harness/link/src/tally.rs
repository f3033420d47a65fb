//! How often what really happened.

use std::collections::BTreeMap;
use std::fmt;

/// What became of packets, by word.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally(BTreeMap<&'static str, u64>);

/// What becomes of a packet beside the faults done to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// It was sent.
    Sent,
    /// It arrived, or a copy of it.
    Arrived,
    /// It met an outage.
    Outage,
    /// The queue was full.
    QueueFull,
    /// It waited for its turn behind others, and arrived later for it.
    Waited,
    /// It was larger than the link carries: it went in fragments, or was lost
    /// and its sender told.
    TooLarge,
    /// It arrived once more, long after it was sent.
    Replayed,
}

impl Fate {
    const fn word(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Arrived => "arrived",
            Self::Outage => "outage",
            Self::QueueFull => "queue-full",
            Self::Waited => "waited",
            Self::TooLarge => "too-large",
            Self::Replayed => "replay",
        }
    }
}

impl Tally {
    /// Counts one.
    pub(crate) fn fate(&mut self, fate: Fate) {
        self.word(fate.word());
    }

    pub(crate) fn word(&mut self, word: &'static str) {
        *self.0.entry(word).or_default() += 1;
    }

    /// How often the word of a fault or fate was counted.
    #[must_use]
    pub fn of(&self, word: &str) -> u64 {
        self.0.get(word).copied().unwrap_or(0)
    }

    /// Every word that was counted at all, in the order of the alphabet.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> {
        self.0.iter().map(|(word, count)| (*word, *count))
    }

    /// Whether nothing but sending and arriving happened.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        let plain = [Fate::Sent, Fate::Arrived].map(Fate::word);
        self.0.keys().all(|word| plain.contains(word))
    }
}

/// `arrived 9, drop 1, sent 10`.
impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (word, count)) in self.iter().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            write!(f, "{comma}{word} {count}")?;
        }
        Ok(())
    }
}

//! How good one direction of a link is.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// Conditions in both directions, under a name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Profile {
    /// The name, as `--faults` takes it.
    pub name: String,
    /// What it is like, in a few words.
    pub title: String,
    /// For what the end sends that opens the connection, the left one.
    pub up: Conditions,
    /// For what the other end sends.
    pub down: Conditions,
}

/// How good one direction of a link is. The default is a perfect one: nothing
/// is lost, and what is sent arrives in the same instant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conditions {
    /// How packets are lost.
    pub loss: Loss,
    /// Share of packets that arrive twice.
    pub duplicate: Rate,
    /// Which packets are overtaken.
    pub reorder: Reordering,
    /// Share of packets with one bit inverted.
    pub corrupt: Rate,
    /// Share of packets that are cut off somewhere behind their IP header.
    pub truncate: Rate,
    /// How long each packet takes.
    pub delay: Duration,
    /// What is added to that at most; the order stays.
    pub jitter: Duration,
    /// Bits that go in one second; `None` means any number.
    pub bandwidth: Option<u64>,
    /// Octets that may wait for their turn; what comes on top is lost. Of no
    /// meaning without a bandwidth.
    pub queue: Option<u32>,
    /// The largest packet, in octets. A larger one goes in fragments, or, where
    /// it must not, is lost and its sender told.
    pub mtu: Option<u16>,
    /// When everything is lost.
    pub outages: Vec<Outage>,
}

/// How packets are lost by chance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// Each packet alike.
    Single(Rate),
    /// In bursts, after Gilbert: a good spell loses nothing, a bad one all.
    Bursts {
        /// Chance that a packet begins a bad spell.
        enter: Rate,
        /// Chance that a packet ends one.
        leave: Rate,
    },
}

/// Which packets are overtaken, and by how many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reordering {
    /// Share of packets.
    pub rate: Rate,
    /// Packets that overtake each, at most; at least one does.
    pub distance: u16,
}

/// A time in which everything is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outage {
    /// When it begins, counted from the start.
    pub from: Duration,
    /// How long it lasts.
    pub lasts: Duration,
}

/// A share of all packets, in parts of a million.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rate(u32);

/// A text that is no share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoRate;

impl Default for Loss {
    fn default() -> Self {
        Self::Single(Rate::NEVER)
    }
}

impl Conditions {
    /// The same without anything that is left to chance.
    #[must_use]
    pub fn without_chance(&self) -> Self {
        Self {
            loss: Loss::default(),
            duplicate: Rate::NEVER,
            reorder: Reordering::default(),
            corrupt: Rate::NEVER,
            truncate: Rate::NEVER,
            jitter: Duration::ZERO,
            ..self.clone()
        }
    }

    /// The same link if nothing ever went wrong on it: as long and as wide.
    #[must_use]
    pub fn without_faults(&self) -> Self {
        Self {
            delay: self.delay,
            bandwidth: self.bandwidth,
            ..Self::default()
        }
    }

    /// Whether everything is lost at this time after the start.
    pub(crate) fn is_out(&self, after: Duration) -> bool {
        let holds = |outage: &Outage| {
            outage.from <= after && after < outage.from.saturating_add(outage.lasts)
        };
        self.outages.iter().any(holds)
    }

    /// How long the link is busy with a packet of so many octets.
    pub(crate) fn busy_for(&self, octets: usize) -> Duration {
        let Some(bandwidth) = self.bandwidth else {
            return Duration::ZERO;
        };
        let bits = octets as u64 * 8;
        Duration::from_nanos(bits.saturating_mul(1_000_000_000) / bandwidth.max(1))
    }

    /// Octets that wait, if the link is busy for so long.
    pub(crate) fn waiting(&self, busy: Duration) -> u64 {
        let bits = busy.as_nanos() * u128::from(self.bandwidth.unwrap_or(0)) / 1_000_000_000;
        u64::try_from(bits / 8).unwrap_or(u64::MAX)
    }
}

impl Rate {
    /// No packet.
    pub const NEVER: Self = Self(0);
    /// Every packet.
    pub const ALWAYS: Self = Self(WHOLE);

    /// Parts of a million.
    #[must_use]
    pub const fn per_million(self) -> u32 {
        self.0
    }
}

const WHOLE: u32 = 1_000_000;

/// `1%`, `0.5 %`, `100%`.
impl FromStr for Rate {
    type Err = NoRate;

    fn from_str(text: &str) -> Result<Self, NoRate> {
        let number = text.strip_suffix('%').ok_or(NoRate)?.trim_end();
        let (whole, part) = number.split_once('.').unwrap_or((number, ""));
        let digits = |text: &str| text.bytes().all(|digit| digit.is_ascii_digit());
        if whole.is_empty() || whole.len() > 3 || part.len() > 4 || !digits(whole) || !digits(part)
        {
            return Err(NoRate);
        }
        // Four decimals of a percent are what a million has room for.
        let millionths: u32 = format!("{whole}{part:0<4}").parse().map_err(|_| NoRate)?;
        if millionths > WHOLE {
            return Err(NoRate);
        }
        Ok(Self(millionths))
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}%", f64::from(self.0) / 10_000.0)
    }
}

impl fmt::Display for NoRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a share is written from 0% to 100%, with four decimals at most: `0.5%`")
    }
}

impl std::error::Error for NoRate {}

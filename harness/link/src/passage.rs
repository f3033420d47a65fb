//! What becomes of one packet: told to whoever sends it, so that it can be shown,
//! and what comes out.

use std::fmt;
use std::time::Duration;

use tcpspec_wire::Instant;

use crate::End;
use crate::fault::Fault;
use crate::link::Place;
use crate::tally::Fate;

/// How a packet gets on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Passage {
    /// It has arrived in the same instant and as it was: these are its octets.
    Through(Vec<u8>),
    /// It is under way, or lost; what comes of it is received.
    Met(Sent),
}

/// What is done to a packet as it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// The faults, in the order in which they are done.
    pub faults: Vec<Fault>,
    /// What else became of it.
    pub fate: Option<Fate>,
    /// Its place, or its last fragment's, among those under way.
    pub(crate) place: Option<Place>,
}

/// A packet that came out of the link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// When.
    pub at: Instant,
    /// At which end.
    pub to: End,
    /// Its octets, from the IP header on.
    pub octets: Vec<u8>,
    /// How it came to be there.
    pub origin: Origin,
}

/// How a packet came to be on a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The other end sent it, and this is it or a copy of it.
    Sent,
    /// The other end sent it long ago.
    Replayed,
    /// The link itself tells that a packet was too large.
    News,
}

impl Sent {
    pub(crate) const fn of(faults: Vec<Fault>) -> Self {
        Self {
            faults,
            fate: None,
            place: None,
        }
    }

    /// Whether it does not arrive, or so that its checksum shows the damage.
    #[must_use]
    pub fn is_lost(&self) -> bool {
        let spoils =
            |fault: &Fault| matches!(fault, Fault::Drop | Fault::Corrupt(_) | Fault::Truncate(_));
        matches!(self.fate, Some(Fate::Outage | Fate::QueueFull)) || self.faults.iter().any(spoils)
    }

    /// Whether it does not arrive because it is too large, which its sender is told.
    #[must_use]
    pub const fn is_refused(&self) -> bool {
        matches!(self.fate, Some(Fate::TooLarge)) && self.place.is_none()
    }

    /// Whether nothing is done to it.
    #[must_use]
    pub const fn is_plain(&self) -> bool {
        self.faults.is_empty() && self.fate.is_none()
    }
}

/// In words, as a ladder tells it: `lost on the wire`.
impl fmt::Display for Sent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_plain() {
            return f.write_str("under way");
        }
        let faults = self.faults.iter().map(|fault| done(*fault));
        let all: Vec<String> = faults.chain(self.fate.map(met)).collect();
        f.write_str(&all.join("; "))
    }
}

/// What a fault does to a packet, in words.
fn done(fault: Fault) -> String {
    match fault {
        Fault::Drop => "lost on the wire".to_owned(),
        Fault::Duplicate(Duration::ZERO) => "arrives twice".to_owned(),
        Fault::Duplicate(later) => format!("arrives, and again {later:?} later"),
        Fault::Delay(later) | Fault::Jitter(later) => format!("{later:?} late"),
        Fault::Reorder(1) => "held until the next one has overtaken it".to_owned(),
        Fault::Reorder(count) => format!("held until {count} others have overtaken it"),
        Fault::Corrupt(bit) => format!("damaged: bit {bit} is inverted"),
        Fault::CorruptSilently(bit) => {
            format!("bit {bit} of its text is inverted, and the checksum made right")
        }
        Fault::Truncate(count) => format!("{count} octets are cut off"),
        Fault::Fragment(size) => format!("goes in fragments of {size} octets"),
    }
}

fn met(fate: Fate) -> String {
    match fate {
        Fate::Outage => "lost: the link is down",
        Fate::QueueFull => "lost: the queue is full",
        Fate::Waited => "waits for its turn",
        Fate::TooLarge => "larger than the link carries",
        Fate::Sent => "sent",
        Fate::Arrived => "arrived",
        Fate::Replayed => "an old duplicate",
    }
    .to_owned()
}

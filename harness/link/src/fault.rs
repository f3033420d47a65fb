//! What is done to one packet.

use std::fmt;
use std::time::Duration;

use crate::End;

/// What is done to one packet on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// It never arrives.
    Drop,
    /// It arrives, and so does a copy, this much later. A copy that is late
    /// enough is the old duplicate of RFC 9293 section 3.4.2.
    Duplicate(Duration),
    /// It arrives this much later; what was sent behind it overtakes it.
    Delay(Duration),
    /// It arrives this much later, and what was sent behind it no earlier.
    Jitter(Duration),
    /// So many packets that were sent behind it overtake it.
    Reorder(u16),
    /// One bit behind the IP header is inverted, counted from there; beyond the
    /// end it is counted on from the start. The checksum shows it.
    Corrupt(u32),
    /// The same in the text alone, with the checksum made right: nobody can
    /// tell. A packet without text stays whole.
    CorruptSilently(u32),
    /// So many octets are missing at its end.
    Truncate(u16),
    /// It goes as IP fragments of so many octets.
    Fragment(u16),
}

impl Fault {
    /// The word for it, as counts and cases write it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Drop => "drop",
            Self::Duplicate(_) => "dup",
            Self::Delay(_) => "delay",
            Self::Jitter(_) => "jitter",
            Self::Reorder(_) => "reorder",
            Self::Corrupt(_) => "corrupt",
            Self::CorruptSilently(_) => "corrupt-silently",
            Self::Truncate(_) => "truncate",
            Self::Fragment(_) => "fragment",
        }
    }
}

/// As a case writes it: `delay 300ms`.
impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())?;
        match self {
            Self::Drop | Self::Duplicate(Duration::ZERO) => Ok(()),
            Self::Duplicate(time) | Self::Delay(time) | Self::Jitter(time) => {
                write!(f, " {time:?}")
            }
            Self::Reorder(count) | Self::Truncate(count) | Self::Fragment(count) => {
                write!(f, " {count}")
            }
            Self::Corrupt(bit) | Self::CorruptSilently(bit) => write!(f, " {bit}"),
        }
    }
}

/// A fault that was done to a certain packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Happened {
    /// The end that sent the packet.
    pub from: End,
    /// Which of the packets from there it was, counted from 1.
    pub nth: u32,
    /// What was done to it.
    pub fault: Fault,
}

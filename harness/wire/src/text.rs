//! The one-line text form of a segment: the same in case files, on the
//! terminal, in the log and in the report.
//!
//! `FLAGS seq=N [ack=N] [len=N] win=N [urg=N] [<options>]`, as in
//! `SYN+ACK seq=0 ack=1 win=64240 <mss=1460; sackok; nop; ws=7>`. Numbers are
//! relative to the side's initial sequence number, so each side's SYN is 0; an
//! absolute number is written `abs:N`. Case files take this form with symbols,
//! ranges and omissions besides. Ports, reserved bits of the IP header and the
//! octets of the payload are left out: this form is for people.

mod read;

use std::fmt;
use std::str::FromStr;

use crate::flags::Flags;
use crate::option::{OptionList, TcpOption, parse_options};
use crate::segment::Segment;
use crate::seq::SeqNumber;

pub use read::{Hex, TextError, TextProblem};
pub(crate) use read::{bounded, hex, pieces};

/// A sequence or acknowledgment number as text shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Number {
    /// Counted from where the side's numbering begins: `1`, `-1`.
    Relative(i64),
    /// As it stands on the wire: `abs:123`.
    Absolute(u32),
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Relative(number) => number.fmt(f),
            Self::Absolute(number) => write!(f, "abs:{number}"),
        }
    }
}

/// The inverse of `Display`.
impl FromStr for Number {
    type Err = TextError;

    fn from_str(text: &str) -> Result<Self, TextError> {
        if let Some(digits) = text.strip_prefix("abs:") {
            let number = bounded(digits, u64::from(u32::MAX)).map_err(|error| error.shifted(4))?;
            return Ok(Self::Absolute(number));
        }
        let digits = text.strip_prefix('-').unwrap_or(text);
        let well_formed = !digits.is_empty() && digits.bytes().all(|octet| octet.is_ascii_digit());
        match text.parse() {
            Ok(number) if well_formed => Ok(Self::Relative(number)),
            _ => Err(TextProblem::SeqNumber(text.to_owned()).at(0)),
        }
    }
}

/// Where the numbering of one side begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Base {
    /// The side's initial sequence number.
    pub origin: SeqNumber,
    /// The number that `origin` is shown as: 0, or what a textbook calls it.
    pub shown_as: u32,
}

impl Base {
    /// Numbers counted from `origin`, which is shown as 0.
    #[must_use]
    pub const fn new(origin: SeqNumber) -> Self {
        Self {
            origin,
            shown_as: 0,
        }
    }

    /// How text shows `seq`: its signed distance from the origin, so what lies
    /// just before the SYN is -1 and not 2^32 - 1.
    #[must_use]
    pub const fn number(self, seq: SeqNumber) -> Number {
        Number::Relative(seq.distance(self.origin) as i64 + self.shown_as as i64)
    }

    /// The number on the wire that text shows as `number`.
    #[must_use]
    pub const fn seq(self, number: Number) -> SeqNumber {
        match number {
            Number::Relative(number) => self
                .origin
                .offset(number.wrapping_sub(self.shown_as as i64)),
            Number::Absolute(value) => SeqNumber::new(value),
        }
    }
}

/// What the one-line form says of a segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SegmentText {
    /// The control bits.
    pub flags: Flags,
    /// SEG.SEQ.
    pub seq: Number,
    /// SEG.ACK, if the ACK bit is set or the field is not zero.
    pub ack: Option<Number>,
    /// Octets of text, SYN and FIN not counted.
    pub len: u32,
    /// SEG.WND, unscaled.
    pub window: u16,
    /// SEG.UP, if the URG bit is set or the field is not zero.
    pub urgent: Option<u16>,
    /// The options in the order of the wire.
    pub options: Vec<TcpOption>,
}

impl SegmentText {
    /// What text says of `segment`, numbers counted from the bases of the
    /// sender (`seq`) and of the receiver (`ack`), or absolute without one.
    #[must_use]
    pub fn new(segment: &Segment, seq: Option<Base>, ack: Option<Base>) -> Self {
        let number = |base: Option<Base>, seq: SeqNumber| {
            base.map_or_else(|| Number::Absolute(seq.value()), |base| base.number(seq))
        };
        let flags = segment.flags;
        let has_ack = flags.contains(Flags::ACK) || segment.ack.value() != 0;
        let has_urgent = flags.contains(Flags::URG) || segment.urgent != 0;
        Self {
            flags,
            seq: number(seq, segment.seq),
            ack: has_ack.then(|| number(ack, segment.ack)),
            len: u32::try_from(segment.payload.len()).unwrap_or(u32::MAX),
            window: segment.window.value(),
            urgent: has_urgent.then_some(segment.urgent),
            options: segment
                .options
                .iter()
                .map(|option| shown(option, ack))
                .collect(),
        }
    }

    /// The form without window and options, as ladders show it.
    pub fn short(&self) -> impl fmt::Display {
        fmt::from_fn(|f| {
            self.write_position(f)?;
            self.write_urgent(f)
        })
    }

    fn write_position(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} seq={}", self.flags, self.seq)?;
        if let Some(ack) = self.ack {
            write!(f, " ack={ack}")?;
        }
        if self.len > 0 {
            write!(f, " len={}", self.len)?;
        }
        Ok(())
    }

    fn write_urgent(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.urgent
            .map_or(Ok(()), |urgent| write!(f, " urg={urgent}"))
    }
}

impl fmt::Display for SegmentText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_position(f)?;
        write!(f, " win={}", self.window)?;
        self.write_urgent(f)?;
        if !self.options.is_empty() {
            write!(f, " {}", OptionList(&self.options))?;
        }
        Ok(())
    }
}

/// The inverse of `Display`; fields may stand in any order between the flags
/// and the options.
impl FromStr for SegmentText {
    type Err = TextError;

    fn from_str(text: &str) -> Result<Self, TextError> {
        let (head, list) = text.split_at(text.find('<').unwrap_or(text.len()));
        let mut words = pieces(head, ' ').filter(|(_, word)| !word.is_empty());
        let (at, flags) = words
            .next()
            .ok_or_else(|| TextProblem::Missing("flags").at(0))?;
        let flags = flags
            .parse()
            .map_err(|error: TextError| error.shifted(at))?;
        let mut fields = Fields::default();
        for (at, word) in words {
            fields.read(word).map_err(|error| error.shifted(at))?;
        }
        let options = if list.is_empty() {
            Vec::new()
        } else {
            parse_options(list).map_err(|error| error.shifted(head.len()))?
        };
        let missing = |field| move || TextProblem::Missing(field).at(head.len());
        Ok(Self {
            flags,
            seq: fields.seq.ok_or_else(missing("`seq=`"))?,
            ack: fields.ack,
            len: fields.len.unwrap_or(0),
            window: fields.window.ok_or_else(missing("`win=`"))?,
            urgent: fields.urgent,
            options,
        })
    }
}

/// The fields read so far.
#[derive(Default)]
struct Fields {
    seq: Option<Number>,
    ack: Option<Number>,
    len: Option<u32>,
    window: Option<u16>,
    urgent: Option<u16>,
}

impl Fields {
    fn read(&mut self, word: &str) -> Result<(), TextError> {
        let Some((name, value)) = word.split_once('=') else {
            return Err(TextProblem::UnknownField(word.to_owned()).at(0));
        };
        let first = match name {
            "seq" => self
                .seq
                .replace(value_of(name, value, str::parse)?)
                .is_none(),
            "ack" => self
                .ack
                .replace(value_of(name, value, str::parse)?)
                .is_none(),
            "len" => {
                let read = |text: &str| bounded(text, u64::from(u32::MAX));
                self.len.replace(value_of(name, value, read)?).is_none()
            }
            "win" => self.window.replace(value_of(name, value, half)?).is_none(),
            "urg" => self.urgent.replace(value_of(name, value, half)?).is_none(),
            _ => return Err(TextProblem::UnknownField(name.to_owned()).at(0)),
        };
        if first {
            Ok(())
        } else {
            Err(TextProblem::Twice(name.to_owned()).at(0))
        }
    }
}

/// The option as text shows it: edges of SACK blocks are numbers of the side
/// that is acknowledged, counted like it.
fn shown(option: &TcpOption, base: Option<Base>) -> TcpOption {
    let (TcpOption::Sack(blocks), Some(base)) = (option, base) else {
        return option.clone();
    };
    let by = i64::from(base.shown_as) - i64::from(base.origin.value());
    let edge = |seq: SeqNumber| seq.offset(by);
    let edges = |(left, right): &(SeqNumber, SeqNumber)| (edge(*left), edge(*right));
    TcpOption::Sack(blocks.iter().map(edges).collect())
}

fn half(text: &str) -> Result<u16, TextError> {
    bounded(text, u64::from(u16::MAX))
}

/// Reads the value of `name=value`; errors count from the name.
fn value_of<T>(
    name: &str,
    value: &str,
    read: impl FnOnce(&str) -> Result<T, TextError>,
) -> Result<T, TextError> {
    read(value).map_err(|error| error.shifted(name.len() + 1))
}

#[cfg(test)]
mod tests;

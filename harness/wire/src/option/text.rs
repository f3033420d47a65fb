//! The text form of options: `mss=1460`, and lists `<mss=1460; sackok>`.
//!
//! What is read back has the same octets on the wire. It is the same value
//! too, but for a SACK option without blocks: that is written, and read, as
//! the unknown option it is (`kind=5,len=2`).

use std::fmt;
use std::str::FromStr;

use super::TcpOption;
use crate::seq::SeqNumber;
use crate::text::{Hex, TextError, TextProblem, bounded, hex, pieces};

impl fmt::Display for TcpOption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EndOfList => f.write_str("eol"),
            Self::Nop => f.write_str("nop"),
            Self::Mss(mss) => write!(f, "mss={mss}"),
            Self::WindowScale(shift) => write!(f, "ws={shift}"),
            Self::SackPermitted => f.write_str("sackok"),
            Self::Sack(blocks) => write_sack(blocks, f),
            Self::Timestamps { value, echo } => write!(f, "ts={value},{echo}"),
            Self::UserTimeout(timeout) if timeout & MINUTES != 0 => {
                write!(f, "uto={}min", timeout & !MINUTES)
            }
            Self::UserTimeout(timeout) => write!(f, "uto={timeout}s"),
            Self::Unknown { kind, len, data } if data.is_empty() => {
                write!(f, "kind={kind},len={len}")
            }
            Self::Unknown { kind, len, data } => {
                write!(f, "kind={kind},len={len},hex={}", Hex(data))
            }
            Self::Malformed(tail) => write!(f, "tail={}", Hex(tail)),
        }
    }
}

fn write_sack(blocks: &[(SeqNumber, SeqNumber)], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let Some(((left, right), rest)) = blocks.split_first() else {
        return f.write_str("kind=5,len=2");
    };
    write!(f, "sack={left}-{right}")?;
    rest.iter()
        .try_for_each(|(left, right)| write!(f, ",{left}-{right}"))
}

/// The inverse of `Display`.
impl FromStr for TcpOption {
    type Err = TextError;

    fn from_str(text: &str) -> Result<Self, TextError> {
        let (name, value) = text.split_once('=').unwrap_or((text, ""));
        let option = match name {
            "eol" if name == text => Ok(Self::EndOfList),
            "nop" if name == text => Ok(Self::Nop),
            "sackok" if name == text => Ok(Self::SackPermitted),
            "mss" => bounded(value, u64::from(u16::MAX)).map(Self::Mss),
            "ws" => bounded(value, u64::from(u8::MAX)).map(Self::WindowScale),
            "ts" => timestamps(value),
            "sack" => pieces(value, ',')
                .map(|(at, block)| sack_block(block).map_err(|error| error.shifted(at)))
                .collect::<Result<_, _>>()
                .map(Self::Sack),
            "uto" => user_timeout(value).map(Self::UserTimeout),
            "tail" => hex(value).map(Self::Malformed),
            "kind" => return unknown(text),
            _ => return Err(TextProblem::UnknownOption(text.to_owned()).at(0)),
        };
        option.map_err(|error| error.shifted(name.len() + 1))
    }
}

/// Shows options as a list: `<mss=1460; sackok>`.
#[derive(Clone, Copy, Debug)]
pub struct OptionList<'a>(pub &'a [TcpOption]);

impl fmt::Display for OptionList<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<")?;
        for (index, option) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            write!(f, "{separator}{option}")?;
        }
        f.write_str(">")
    }
}

/// Reads a list of options as [`OptionList`] shows it, brackets included.
///
/// # Errors
///
/// With the place in `text` and what to write there.
pub fn parse_options(text: &str) -> Result<Vec<TcpOption>, TextError> {
    let list = text
        .trim_end()
        .strip_prefix('<')
        .and_then(|rest| rest.strip_suffix('>'))
        .ok_or_else(|| form(text, "<option; option>").at(0))?;
    if list.trim().is_empty() {
        return Ok(Vec::new());
    }
    pieces(list, ';')
        .map(|(at, option)| {
            option
                .parse()
                .map_err(|error: TextError| error.shifted(at + 1))
        })
        .collect()
}

fn timestamps(text: &str) -> Result<TcpOption, TextError> {
    let (value, echo) = pair(text, ',', "ts=VALUE,ECHO")?;
    Ok(TcpOption::Timestamps { value, echo })
}

fn sack_block(text: &str) -> Result<(SeqNumber, SeqNumber), TextError> {
    let (left, right) = pair(text, '-', "sack=LEFT-RIGHT,LEFT-RIGHT")?;
    Ok((SeqNumber::new(left), SeqNumber::new(right)))
}

fn pair(text: &str, separator: char, shape: &'static str) -> Result<(u32, u32), TextError> {
    let (first, second) = text
        .split_once(separator)
        .ok_or_else(|| form(text, shape).at(0))?;
    let word = |text| bounded(text, u64::from(u32::MAX));
    let second = word(second).map_err(|error| error.shifted(first.len() + 1));
    Ok((word(first)?, second?))
}

/// `300s` or `5min`.
fn user_timeout(text: &str) -> Result<u16, TextError> {
    let (number, unit) = match (text.strip_suffix("min"), text.strip_suffix('s')) {
        (Some(number), _) => (number, MINUTES),
        (None, Some(number)) => (number, 0),
        (None, None) => return Err(form(text, "uto=300s or uto=5min").at(0)),
    };
    let number: u16 = bounded(number, u64::from(!MINUTES))?;
    Ok(number | unit)
}

/// The bit of a user timeout that makes minutes of seconds.
const MINUTES: u16 = 0x8000;

/// `kind=K,len=L` or `kind=K,len=L,hex=H`.
fn unknown(text: &str) -> Result<TcpOption, TextError> {
    let fault = || form(text, "kind=K,len=L,hex=OCTETS").at(0);
    let mut fields = pieces(text, ',');
    let mut field = |name: &str| {
        fields.next().map(|(at, field)| {
            let value = field
                .strip_prefix(name)
                .and_then(|rest| rest.strip_prefix('='));
            value
                .map(|value| (at + name.len() + 1, value))
                .ok_or_else(fault)
        })
    };
    let octet = |(at, value): (usize, &str)| {
        bounded(value, u64::from(u8::MAX)).map_err(|error| error.shifted(at))
    };
    let kind = field("kind").ok_or_else(fault)?.and_then(octet)?;
    let len = field("len").ok_or_else(fault)?.and_then(octet)?;
    let data = field("hex").map_or(Ok(Vec::new()), |field| {
        field.and_then(|(at, value)| hex(value).map_err(|error| error.shifted(at)))
    })?;
    if fields.next().is_some() {
        return Err(fault());
    }
    Ok(TcpOption::Unknown { kind, len, data })
}

fn form(text: &str, form: &'static str) -> TextProblem {
    let text = text.to_owned();
    TextProblem::Form { text, form }
}

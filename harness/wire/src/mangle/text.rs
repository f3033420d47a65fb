//! The text form of edits: `bad(checksum)`, `raw(offset=13,hex=ff)`. `src=other`
//! is left to the reader of cases, who knows the addresses.

use std::fmt;
use std::str::FromStr;

use super::Mangle;
use crate::text::{Hex, TextError, TextProblem, bounded, hex};

impl fmt::Display for Mangle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BadChecksum => f.write_str("bad(checksum)"),
            Self::ZeroChecksum => f.write_str("zero(checksum)"),
            Self::DataOffset(words) => write!(f, "bad(dataoff={words})"),
            Self::Raw { offset, octets } => {
                write!(f, "raw(offset={offset},hex={})", Hex(octets))
            }
            Self::Cut(len) => write!(f, "cut({len})"),
            Self::IpOptions(octets) => write!(f, "ip-options({})", Hex(octets)),
            Self::Ip { offset, octets } => write!(f, "ip(offset={offset},hex={})", Hex(octets)),
            Self::Fragment(size) => write!(f, "frag({size})"),
            Self::Source(address) => write!(f, "src={address}"),
        }
    }
}

/// The inverse of `Display` for every edit that can be carried out as written.
impl FromStr for Mangle {
    type Err = TextError;

    fn from_str(text: &str) -> Result<Self, TextError> {
        let inside = |opening: &str| {
            let rest = text.strip_prefix(opening)?;
            Some((opening.len(), rest.strip_suffix(')')?))
        };
        let behind = |name: &str| Some((name.len(), text.strip_prefix(name)?));
        if text == "bad(checksum)" {
            Ok(Self::BadChecksum)
        } else if text == "zero(checksum)" {
            Ok(Self::ZeroChecksum)
        } else if let Some((at, words)) = inside("bad(dataoff=") {
            let words = bounded(words, 15).map_err(|error| error.shifted(at))?;
            Ok(Self::DataOffset(words))
        } else if let Some((at, edit)) = inside("raw(") {
            let raw = overwrite(edit, "raw(offset=N,hex=OCTETS)");
            let raw = raw.map(|(offset, octets)| Self::Raw { offset, octets });
            raw.map_err(|error| error.shifted(at))
        } else if let Some((at, edit)) = inside("ip(") {
            let ip = overwrite(edit, "ip(offset=N,hex=OCTETS)");
            let ip = ip.map(|(offset, octets)| Self::Ip { offset, octets });
            ip.map_err(|error| error.shifted(at))
        } else if let Some((at, octets)) = inside("ip-options(") {
            let options = hex(octets).map(Self::IpOptions);
            options.map_err(|error| error.shifted(at))
        } else if let Some((at, len)) = inside("cut(") {
            let len = bounded(len, u64::from(u16::MAX)).map(Self::Cut);
            len.map_err(|error| error.shifted(at))
        } else if let Some((at, size)) = inside("frag(") {
            fragment(size).map_err(|error| error.shifted(at))
        } else if let Some((at, address)) = behind("src=") {
            let fault = |_| TextProblem::Address(address.to_owned()).at(at);
            address.parse().map(Self::Source).map_err(fault)
        } else {
            Err(TextProblem::UnknownEdit(text.to_owned()).at(0))
        }
    }
}

/// Where to write what.
fn overwrite(text: &str, wanted: &'static str) -> Result<(u16, Vec<u8>), TextError> {
    let fault = || form(text, wanted);
    let (offset, octets) = text.split_once(',').ok_or_else(fault)?;
    let octets_at = offset.len() + 1 + "hex=".len();
    let offset = offset.strip_prefix("offset=").ok_or_else(fault)?;
    let octets = octets.strip_prefix("hex=").ok_or_else(fault)?;
    Ok((
        bounded(offset, u64::from(u16::MAX)).map_err(|error| error.shifted("offset=".len()))?,
        hex(octets).map_err(|error| error.shifted(octets_at))?,
    ))
}

fn fragment(text: &str) -> Result<Mangle, TextError> {
    let size: u16 = bounded(text, u64::from(u16::MAX))?;
    if size == 0 || !size.is_multiple_of(8) {
        return Err(form(text, "frag(N), N a multiple of eight"));
    }
    Ok(Mangle::Fragment(size))
}

fn form(text: &str, form: &'static str) -> TextError {
    let text = text.to_owned();
    TextProblem::Form { text, form }.at(0)
}

//! What all readers of the text form share: the error with its place, numbers
//! with bounds, hexadecimal octets.

use std::fmt;

use crate::flags::Flags;

/// Text that cannot be read: where, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{problem} (at octet {at})")]
pub struct TextError {
    /// Where the fault begins, in octets from the start of the text.
    pub at: usize,
    /// What is wrong and what to write instead.
    pub problem: TextProblem,
}

impl TextError {
    /// The same error in a text of which the one read is a part that begins
    /// `by` octets in.
    #[must_use]
    pub fn shifted(self, by: usize) -> Self {
        Self {
            at: self.at + by,
            ..self
        }
    }
}

/// What is wrong with a text, and what to write instead.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextProblem {
    /// Not a name of a control bit.
    #[error("`{0}` is not a control bit: write {names}, joined by `+`, or `none`", names = flag_names())]
    UnknownFlag(String),
    /// Not a field of a segment.
    #[error("`{0}` is not a field of a segment: write seq=, ack=, len=, win=, urg= or `<options>`")]
    UnknownField(String),
    /// Not an option.
    #[error(
        "`{0}` is not a TCP option: write mss=, ws=, sackok, sack=, ts=, uto=, nop, eol, tail=, or kind=,len=,hex= for any other"
    )]
    UnknownOption(String),
    /// Not an edit of octets.
    #[error(
        "`{0}` is not an edit: write bad(checksum), zero(checksum), bad(dataoff=), raw(offset=,hex=), cut(), ip(offset=,hex=), ip-options(), frag() or src="
    )]
    UnknownEdit(String),
    /// Something named more than once.
    #[error("`{0}` stands twice")]
    Twice(String),
    /// Something that has to be there.
    #[error("missing {0}")]
    Missing(&'static str),
    /// Not a number, or out of range.
    #[error("`{text}` is not a number from 0 to {max}")]
    Number {
        /// What stands there.
        text: String,
        /// The largest number allowed.
        max: u64,
    },
    /// Not a sequence number.
    #[error(
        "`{0}` is not a sequence number: write it relative to the side's SYN, or `abs:` and the value on the wire"
    )]
    SeqNumber(String),
    /// Not pairs of hexadecimal digits.
    #[error("`{0}` is not octets: write two hexadecimal digits for each")]
    Hex(String),
    /// Not an IP address.
    #[error("`{0}` is not an IP address")]
    Address(String),
    /// Not of the shape that stands here.
    #[error("`{text}` does not have the form `{form}`")]
    Form {
        /// What stands there.
        text: String,
        /// What to write.
        form: &'static str,
    },
}

impl TextProblem {
    /// This problem `at` octets into the text.
    #[must_use]
    pub const fn at(self, at: usize) -> TextError {
        TextError { at, problem: self }
    }
}

fn flag_names() -> String {
    Flags::names().collect::<Vec<_>>().join(", ")
}

/// The parts of `text` between separators, trimmed, each with its place.
pub(crate) fn pieces(text: &str, separator: char) -> impl Iterator<Item = (usize, &str)> {
    let mut next = 0;
    text.split(separator).map(move |piece| {
        let trimmed = piece.trim_start();
        let at = next + piece.len() - trimmed.len();
        next += piece.len() + separator.len_utf8();
        (at, trimmed.trim_end())
    })
}

/// A decimal number from 0 to `max`, in digits alone.
pub(crate) fn bounded<T: TryFrom<u64>>(text: &str, max: u64) -> Result<T, TextError> {
    let digits_only = text.bytes().all(|octet| octet.is_ascii_digit());
    text.parse()
        .ok()
        .filter(|number| digits_only && *number <= max)
        .and_then(|number| T::try_from(number).ok())
        .ok_or_else(|| {
            let text = text.to_owned();
            TextProblem::Number { text, max }.at(0)
        })
}

/// Octets written as pairs of hexadecimal digits.
pub(crate) fn hex(text: &str) -> Result<Vec<u8>, TextError> {
    let fault = || TextProblem::Hex(text.to_owned()).at(0);
    let digit = |digit: u8| char::from(digit).to_digit(16);
    if !text.len().is_multiple_of(2) {
        return Err(fault());
    }
    text.as_bytes()
        .chunks_exact(2)
        .map(|pair| Some((digit(pair[0])? << 4 | digit(pair[1])?) as u8))
        .collect::<Option<_>>()
        .ok_or_else(fault)
}

/// Shows octets as pairs of hexadecimal digits.
#[derive(Clone, Copy, Debug)]
pub struct Hex<'a>(pub &'a [u8]);

impl Hex<'_> {
    /// The octets that such a text stands for.
    ///
    /// # Errors
    ///
    /// [`TextError`] if the text is not pairs of hexadecimal digits.
    pub fn octets(text: &str) -> Result<Vec<u8>, TextError> {
        hex(text)
    }
}

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // In pieces: a log is full of this.
        for piece in self.0.chunks(PIECE) {
            let mut text = String::with_capacity(2 * PIECE);
            for octet in piece {
                let digits = [octet >> 4, octet & 0xf];
                text.extend(digits.map(|digit| char::from(DIGITS[usize::from(digit)])));
            }
            f.write_str(&text)?;
        }
        Ok(())
    }
}

const DIGITS: &[u8; 16] = b"0123456789abcdef";
/// Octets written at once.
const PIECE: usize = 256;

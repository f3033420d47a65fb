//! Texts cut into words.

use std::ops::Range;

/// A word and where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Word<'a> {
    pub(super) text: &'a str,
    pub(super) at: usize,
}

impl<'a> Word<'a> {
    pub(super) const fn span(self) -> Range<usize> {
        self.at..self.at + self.text.len()
    }

    /// `name=value`, each with its place.
    pub(super) fn field(self) -> Option<(Self, Self)> {
        let (name, value) = self.text.split_once('=')?;
        Some((self.part(name, 0), self.part(value, name.len() + 1)))
    }

    /// A part that begins `by` octets in.
    pub(super) const fn part(self, text: &'a str, by: usize) -> Self {
        Self {
            text,
            at: self.at + by,
        }
    }
}

/// Cuts at spaces outside of quotes and of `<...>` and `(...)`.
pub(super) fn words(text: &str) -> Vec<Word<'_>> {
    let mut words = Vec::new();
    let mut start = None;
    let mut nesting = Nesting::default();
    for (at, c) in text.char_indices() {
        nesting.take(c);
        if c.is_whitespace() && !nesting.is_inside() {
            if let Some(start) = start.take() {
                words.push(word(text, start, at));
            }
        } else {
            start.get_or_insert(at);
        }
    }
    words.extend(start.map(|start| word(text, start, text.len())));
    words
}

fn word(text: &str, start: usize, end: usize) -> Word<'_> {
    Word {
        text: &text[start..end],
        at: start,
    }
}

#[derive(Default)]
struct Nesting {
    quoted: bool,
    escaped: bool,
    closing: Option<char>,
}

impl Nesting {
    fn take(&mut self, c: char) {
        if self.escaped {
            self.escaped = false;
        } else if self.quoted {
            self.escaped = c == '\\';
            self.quoted = c != '"';
        } else if self.closing == Some(c) {
            self.closing = None;
        } else if self.closing.is_none() {
            match c {
                '"' => self.quoted = true,
                '<' => self.closing = Some('>'),
                '(' => self.closing = Some(')'),
                _ => {}
            }
        }
    }

    const fn is_inside(&self) -> bool {
        self.quoted || self.closing.is_some()
    }
}

/// The octets of a quoted text: `"GET /\r\n"`, with the escapes `\n \r \t \0
/// \\ \" \xNN`. `Err` gives the place of the fault.
pub(super) fn quoted(text: &str) -> Result<Vec<u8>, usize> {
    let inner = text
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
        .ok_or(0_usize)?;
    let mut octets = Vec::with_capacity(inner.len());
    let mut rest = inner;
    while let Some(c) = rest.chars().next() {
        let at = 1 + inner.len() - rest.len();
        let taken = match c {
            '"' => return Err(at),
            '\\' => escape(&rest[1..], &mut octets).ok_or(at)? + 1,
            c => {
                octets.extend(c.encode_utf8(&mut [0; 4]).bytes());
                c.len_utf8()
            }
        };
        rest = &rest[taken..];
    }
    Ok(octets)
}

/// Octets of text that the escape behind a backslash takes.
fn escape(text: &str, octets: &mut Vec<u8>) -> Option<usize> {
    let octet = match text.bytes().next()? {
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'0' => 0,
        b'\\' => b'\\',
        b'"' => b'"',
        b'x' => {
            let digits = text.get(1..3)?;
            octets.push(u8::from_str_radix(digits, 16).ok()?);
            return Some(3);
        }
        _ => return None,
    };
    octets.push(octet);
    Some(1)
}

//! Segments: `FLAGS [seq=] [ack=] [len=|data=] [win=] [urg=] [<options>]
//! [ecn=] [ttl=] [ds=] [df=] [route=] [modifiers]`.

use tcpspec_wire::{Ecn, Flags, Mangle};

use super::field::{read_match, read_value};
use super::options::{from_wire, read_option_patterns, read_options};
use super::route::read_route;
use super::words::{Word, quoted, words};
use super::{Reading, Wanted};
use crate::diagnostic::{Code, Fault};
use crate::expr::Expr;
use crate::segment::{Address, IpFields, SegmentPattern, SegmentTemplate};

/// Reads a segment for the peer to send.
pub(crate) fn read_template(text: &str, reading: &mut Reading<'_>) -> SegmentTemplate {
    let parts = Parts::read(text, reading);
    let mut value = |field: Field| -> Option<Expr> {
        let word = parts.field(field)?;
        let wanted = field.wanted();
        Some(reading.part(word.at, |reading| read_value(word.text, wanted, reading)))
    };
    let (seq, ack) = (value(Field::Seq), value(Field::Ack));
    let (len, window, urgent) = (value(Field::Len), value(Field::Win), value(Field::Urg));
    let ip = IpFields {
        ttl: value(Field::Ttl),
        ds: value(Field::Ds),
        df: value(Field::Df),
    };
    if let Some(at) = parts.optional_at {
        let message = "the peer has to know what to send";
        let fault = Fault::new(Code::PatternInTemplate, at..at + 1, message)
            .help("leave out `?`, or the flag");
        reading.fault(fault);
    }
    SegmentTemplate {
        flags: parts.flags,
        seq,
        ack,
        len,
        data: parts.data(reading),
        window,
        urgent,
        options: parts.options.map(|list| read_options(list, reading)),
        ecn: parts.ecn(reading),
        ip,
        route: parts.route.and_then(|word| read_route(word, reading)),
        mangles: read_mangles(&parts, reading),
        source: read_address("src=", &parts, reading).unwrap_or(Address::Peer),
        destination: read_address("dst=", &parts, reading).unwrap_or(Address::Stack),
        text: one_line(text),
    }
}

/// Reads a segment expected from the stack, or forbidden to it.
pub(crate) fn read_pattern(text: &str, reading: &mut Reading<'_>) -> SegmentPattern {
    let parts = Parts::read(text, reading);
    let mut value = |field: Field| {
        let word = parts.field(field)?;
        let wanted = field.wanted();
        Some(reading.part(word.at, |reading| read_match(word.text, wanted, reading)))
    };
    let (seq, ack) = (value(Field::Seq), value(Field::Ack));
    let (len, window, urgent) = (value(Field::Len), value(Field::Win), value(Field::Urg));
    let ip = IpFields {
        ttl: value(Field::Ttl),
        ds: value(Field::Ds),
        df: value(Field::Df),
    };
    for word in &parts.modifiers {
        let message = "only what the peer sends can be broken on purpose";
        let fault = Fault::new(Code::ModifierInPattern, word.span(), message)
            .help("leave it out: a malformed segment of the stack is always a failure");
        reading.fault(fault);
    }
    SegmentPattern {
        flags: parts.flags,
        optional: parts.optional,
        seq,
        ack,
        len,
        data: parts.data(reading),
        window,
        urgent,
        options: parts
            .options
            .map(|list| read_option_patterns(list, reading))
            .unwrap_or_default(),
        ecn: parts.ecn(reading),
        ip,
        route: parts.route.and_then(|word| read_route(word, reading)),
        text: one_line(text),
    }
}

/// Fields of the grammar that hold a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Field {
    Seq,
    Ack,
    Len,
    Win,
    Urg,
    Ttl,
    Ds,
    Df,
}

const FIELDS: [(&str, Field); 8] = [
    ("seq", Field::Seq),
    ("ack", Field::Ack),
    ("len", Field::Len),
    ("win", Field::Win),
    ("urg", Field::Urg),
    ("ttl", Field::Ttl),
    ("ds", Field::Ds),
    ("df", Field::Df),
];

/// Every word that may stand before `=` in a segment.
const FIELD_NAMES: [&str; 13] = [
    "seq", "ack", "len", "data", "win", "urg", "ecn", "ttl", "ds", "df", "route", "src", "dst",
];

/// The longest text that an IP packet can carry.
const MAX_TEXT: i64 = 65_495;

impl Field {
    const fn wanted(self) -> Wanted {
        match self {
            Self::Seq | Self::Ack => Wanted::Sequence,
            Self::Len => Wanted::Count(MAX_TEXT),
            Self::Win | Self::Urg => Wanted::Count(u16::MAX as i64),
            Self::Ttl => Wanted::Count(u8::MAX as i64),
            Self::Ds => Wanted::Count(63),
            Self::Df => Wanted::Count(1),
        }
    }
}

/// A segment's text cut up, before its numbers are understood.
#[derive(Default)]
struct Parts<'a> {
    flags: Flags,
    optional: Flags,
    /// Where the first `?` stands.
    optional_at: Option<usize>,
    fields: Vec<(Field, Word<'a>)>,
    data: Option<Word<'a>>,
    ecn: Option<Word<'a>>,
    route: Option<Word<'a>>,
    options: Option<Word<'a>>,
    modifiers: Vec<Word<'a>>,
}

impl<'a> Parts<'a> {
    fn read(text: &'a str, reading: &mut Reading<'_>) -> Self {
        let mut parts = Self::default();
        let words = words(text);
        let Some((flags, rest)) = words.split_first() else {
            let fault = Fault::new(Code::UnknownFlag, 0..text.len(), "the flags are missing");
            reading.fault(fault.help("begin with flags, as in `SYN`, `FIN+ACK` or `none`"));
            return parts;
        };
        parts.read_flags(*flags, reading);
        for word in rest {
            parts.read_word(*word, reading);
        }
        parts.check_pairs(reading);
        parts
    }

    fn field(&self, field: Field) -> Option<Word<'a>> {
        let found = self.fields.iter().find(|(known, _)| *known == field);
        found.map(|(_, word)| *word)
    }

    fn read_flags(&mut self, word: Word<'a>, reading: &mut Reading<'_>) {
        if word.text.contains('=') || word.text.starts_with('<') {
            let fault = Fault::new(Code::UnknownFlag, word.span(), "the flags are missing")
                .help("begin with flags, as in `SYN`, `FIN+ACK` or `none`");
            reading.fault(fault);
            return self.read_word(word, reading);
        }
        if word.text == "none" {
            return;
        }
        let mut at = 0;
        for name in word.text.split('+') {
            self.read_flag(word.part(name, at), reading);
            at += name.len() + 1;
        }
    }

    fn read_flag(&mut self, word: Word<'a>, reading: &mut Reading<'_>) {
        let name = word.text.strip_suffix('?');
        if name.is_some() {
            let at = word.span().end - 1;
            self.optional_at.get_or_insert(at);
        }
        let (name, is_optional) = name.map_or((word.text, false), |name| (name, true));
        let known = || Flags::names().collect::<Vec<_>>();
        let bit = name.parse::<Flags>().ok().filter(|_| name != "none");
        let Some(bit) = bit else {
            let message = format!("`{name}` is not a control bit");
            let fault = Fault::new(Code::UnknownFlag, word.span(), message);
            return reading.fault(fault.suggest(name, known()));
        };
        if (self.flags | self.optional).contains(bit) {
            let message = format!("`{name}` stands twice");
            return reading
                .fault(Fault::new(Code::Twice, word.span(), message).help("write it once"));
        }
        if is_optional {
            self.optional |= bit;
        } else {
            self.flags |= bit;
        }
    }

    fn read_word(&mut self, word: Word<'a>, reading: &mut Reading<'_>) {
        if word.text.starts_with('<') {
            let is_first = self.options.replace(word).is_none();
            return once(is_first, "<...>", word, reading);
        }
        if let Some((name, value)) = word.field() {
            if let Some((_, field)) = FIELDS.iter().find(|(known, _)| *known == name.text) {
                let is_first = self.field(*field).is_none();
                self.fields.push((*field, value));
                return once(is_first, name.text, name, reading);
            }
            let word = match name.text {
                "data" => Some(&mut self.data),
                "ecn" => Some(&mut self.ecn),
                "route" => Some(&mut self.route),
                _ => None,
            };
            if let Some(word) = word {
                let is_first = word.replace(value).is_none();
                return once(is_first, name.text, name, reading);
            }
        }
        if is_modifier(word.text) {
            return self.modifiers.push(word);
        }
        let name = word.field().map_or(word, |(name, _)| name);
        let message = format!("`{}` is not a field of a segment", name.text);
        let fault = Fault::new(Code::UnknownField, name.span(), message);
        reading.fault(fault.suggest(name.text, FIELD_NAMES));
    }

    fn check_pairs(&self, reading: &mut Reading<'_>) {
        if let (Some(data), Some(_)) = (self.data, self.field(Field::Len)) {
            let message = "`len` and `data` in one segment";
            let fault = Fault::new(Code::LenAndData, data.span(), message)
                .label("this says how long the text is")
                .help("leave out `len=`");
            reading.fault(fault);
        }
    }

    fn data(&self, reading: &mut Reading<'_>) -> Option<Vec<u8>> {
        self.data.map(|word| read_quoted(word, reading))
    }

    fn ecn(&self, reading: &mut Reading<'_>) -> Option<Ecn> {
        let word = self.ecn?;
        let ecn = word.text.parse().ok();
        if ecn.is_none() {
            let message = format!("`{}` is not a codepoint of ECN", word.text);
            let fault = Fault::new(Code::BadModifier, word.span(), message);
            reading.fault(fault.suggest(word.text, Ecn::ALL.map(Ecn::name)));
        }
        ecn
    }
}

/// The octets of a quoted text.
pub(super) fn read_quoted(word: Word<'_>, reading: &mut Reading<'_>) -> Vec<u8> {
    quoted(word.text).unwrap_or_else(|at| {
        let span = (word.at + at).min(word.span().end)..word.span().end;
        let fault = Fault::new(Code::Quoted, span, "this is not text in quotes").help(
            r#"write `data="..."` with \n \r \t \0 \\ \" \xNN inside; where YAML ends it early (at ` #`), put '...' around the whole"#,
        );
        reading.fault(fault);
        Vec::new()
    })
}

fn once(is_first: bool, name: &str, word: Word<'_>, reading: &mut Reading<'_>) {
    if !is_first {
        let message = format!("`{name}` stands twice");
        reading.fault(Fault::new(Code::Twice, word.span(), message).help("keep one of them"));
    }
}

fn is_modifier(word: &str) -> bool {
    let openings = [
        "bad(",
        "zero(",
        "raw(",
        "cut(",
        "ip(",
        "ip-options(",
        "frag(",
        "src=",
        "dst=",
    ];
    openings.iter().any(|opening| word.starts_with(opening))
}

/// The address behind `src=` or `dst=`. It goes by what it is: numbers differ
/// from run to run.
fn read_address(key: &str, parts: &Parts<'_>, reading: &mut Reading<'_>) -> Option<Address> {
    let written = |word: &&Word<'_>| word.text.starts_with(key);
    let word = parts.modifiers.iter().find(written)?;
    let name = &word.text[key.len()..];
    let known = Address::ALL.iter().find(|(_, known)| *known == name);
    if known.is_none() {
        let message = format!("`{name}` is not an address that a case can name");
        let fault = Fault::new(Code::BadModifier, word.span(), message);
        reading.fault(fault.suggest(name, Address::ALL.iter().map(|(_, name)| *name)));
    }
    known.map(|(address, _)| *address)
}

fn read_mangles(parts: &Parts<'_>, reading: &mut Reading<'_>) -> Vec<Mangle> {
    let mut mangles = Vec::new();
    for word in &parts.modifiers {
        if ["src=", "dst="]
            .iter()
            .any(|key| word.text.starts_with(key))
        {
            continue;
        }
        match word.text.parse() {
            Ok(mangle) => mangles.push(mangle),
            Err(error) => reading.fault(from_wire(&error, Code::BadModifier, *word)),
        }
    }
    mangles
}

/// The text as written, with single spaces between its words.
pub(super) fn one_line(text: &str) -> String {
    let words: Vec<&str> = words(text).into_iter().map(|word| word.text).collect();
    words.join(" ")
}

//! Faults on the link: `FAULT [ARGUMENT] [WHICH PACKETS] [from=|to=]`.

use std::time::Duration;

use tcpspec_link::{Times, Which};
use tcpspec_record::Side;

use super::segment::one_line;
use super::words::{Word, words};
use super::{LabelKind, Reading, Wanted, read_expr};
use crate::diagnostic::{Code, Fault};
use crate::expr::Expr;
use crate::wire::{WireChange, WireFault, WireTemplate};

/// Reads what happens to packets on the link.
pub(crate) fn read_wire(text: &str, reading: &mut Reading<'_>) -> WireTemplate {
    let words = words(text);
    let mut rest = words.as_slice();
    let from = read_ends(&mut rest, reading);
    let change = match rest.split_first() {
        Some((name, rest)) => read_change(*name, rest, reading),
        None => {
            let fault = Fault::new(
                Code::UnknownFault,
                0..text.len(),
                "nothing is done to the link",
            );
            reading.fault(fault.help(format!("begin with one of {}", NAMES.join(", "))));
            WireChange::Up
        }
    };
    WireTemplate {
        change,
        from,
        text: one_line(text),
    }
}

/// All that can happen, by the words that the link's own counts have for it.
const NAMES: [&str; 13] = [
    "drop",
    "dup",
    "delay",
    "jitter",
    "reorder",
    "corrupt",
    "corrupt-silently",
    "truncate",
    "fragment",
    "mtu",
    "down",
    "up",
    "replay",
];

/// The bit that is inverted if none is said: the first one behind a TCP header
/// without options.
const DEFAULT_BIT: u32 = 160;

/// The least MTU of IPv4 (RFC 791).
const LEAST_MTU: i64 = 68;

/// `from=` and `to=` at the end: who sends what is meant.
fn read_ends(words: &mut &[Word<'_>], reading: &mut Reading<'_>) -> Option<Side> {
    let at = words.iter().position(|word| word.field().is_some())?;
    let (rest, fields) = words.split_at(at);
    *words = rest;
    let mut from = None;
    for (index, word) in fields.iter().enumerate() {
        if index > 0 {
            let fault = Fault::new(Code::FaultArgument, word.span(), "nothing belongs here");
            reading.fault(fault.help("end with one `from=` or `to=`"));
        } else if let Some((name, value)) = word.field() {
            from = read_end(name, value, reading);
        }
    }
    from
}

fn read_end(name: Word<'_>, value: Word<'_>, reading: &mut Reading<'_>) -> Option<Side> {
    match (name.text, value.text) {
        ("from", "peer") | ("to", "sut") => Some(Side::Peer),
        ("from", "sut") | ("to", "peer") => Some(Side::Sut),
        ("from" | "to", other) => {
            let message = format!("`{other}` is at neither end of the link");
            let fault = Fault::new(Code::FaultArgument, value.span(), message);
            reading.fault(fault.suggest(other, ["peer", "sut"]));
            None
        }
        (other, _) => {
            let message = format!("a fault on the link has no `{other}`");
            let fault = Fault::new(Code::FaultArgument, name.span(), message);
            reading.fault(fault.suggest(other, ["from", "to"]));
            None
        }
    }
}

fn read_change(name: Word<'_>, rest: &[Word<'_>], reading: &mut Reading<'_>) -> WireChange {
    let mut rest = Rest { name, words: rest };
    let change = match name.text {
        "mtu" => WireChange::Mtu(read_mtu(&mut rest, reading)),
        "down" => WireChange::Down(read_span(&mut rest, reading)),
        "up" => WireChange::Up,
        "replay" => WireChange::Replay(read_label(&mut rest, reading)),
        _ => match read_fault(&mut rest, reading) {
            Some(fault) => {
                let (times, which) = read_packets(&mut rest, reading);
                WireChange::Fault {
                    fault,
                    which,
                    times,
                }
            }
            None => return WireChange::Up,
        },
    };
    if let Some(word) = rest.words.first() {
        let fault = Fault::new(Code::FaultArgument, word.span(), "nothing belongs here");
        reading.fault(fault.help("leave it out"));
    }
    change
}

/// The words behind a fault's name that are still to be read.
struct Rest<'a, 'b> {
    name: Word<'a>,
    words: &'b [Word<'a>],
}

impl<'a> Rest<'a, '_> {
    fn next(&mut self) -> Option<Word<'a>> {
        let (first, rest) = self.words.split_first()?;
        self.words = rest;
        Some(*first)
    }

    /// The next word, unless it begins to say which packets are meant.
    fn argument(&mut self) -> Option<Word<'a>> {
        let first = self.words.first()?;
        let is_argument = !is_times(first.text) && Which::named(first.text).is_none();
        is_argument.then(|| self.next()).flatten()
    }

    /// An argument without which the fault means nothing.
    fn needed(&mut self, what: &str, example: &str, reading: &mut Reading<'_>) -> Option<Word<'a>> {
        let argument = self.argument();
        if argument.is_none() {
            let message = format!("`{}` needs {what}", self.name.text);
            let fault = Fault::new(Code::FaultArgument, self.name.span(), message);
            reading.fault(fault.help(format!("write `{} {example}`", self.name.text)));
        }
        argument
    }
}

fn read_fault(rest: &mut Rest<'_, '_>, reading: &mut Reading<'_>) -> Option<WireFault> {
    Some(match rest.name.text {
        "drop" => WireFault::Drop,
        "dup" => {
            let later = rest.argument();
            WireFault::Duplicate(later.map(|word| duration(word, reading)))
        }
        "delay" => WireFault::Delay(read_time(rest, reading)),
        "jitter" => WireFault::Jitter(read_time(rest, reading)),
        "reorder" => WireFault::Reorder(match rest.argument() {
            Some(word) => count(word, 1, reading),
            None => 1,
        }),
        "corrupt" => WireFault::Corrupt(read_bit(rest, reading)),
        "corrupt-silently" => WireFault::CorruptSilently(read_bit(rest, reading)),
        "truncate" => WireFault::Truncate(read_octets(rest, reading)),
        "fragment" => WireFault::Fragment(read_octets(rest, reading)),
        other => {
            let message = format!("`{other}` is nothing that a link does");
            let fault = Fault::new(Code::UnknownFault, rest.name.span(), message);
            reading.fault(fault.suggest(other, NAMES));
            return None;
        }
    })
}

fn read_time(rest: &mut Rest<'_, '_>, reading: &mut Reading<'_>) -> Expr {
    match rest.needed("a time", "300ms", reading) {
        Some(word) => duration(word, reading),
        None => Expr::Duration(Duration::ZERO),
    }
}

fn read_bit(rest: &mut Rest<'_, '_>, reading: &mut Reading<'_>) -> u32 {
    match rest.argument() {
        Some(word) => number(word, 0, MOST_BITS, reading),
        None => DEFAULT_BIT,
    }
}

/// Bits of the largest IP packet.
const MOST_BITS: i64 = 8 * 65_535;

fn read_octets(rest: &mut Rest<'_, '_>, reading: &mut Reading<'_>) -> u16 {
    match rest.needed("a number of octets", "8", reading) {
        Some(word) => count(word, 1, reading),
        None => 0,
    }
}

fn read_mtu(rest: &mut Rest<'_, '_>, reading: &mut Reading<'_>) -> Option<u16> {
    let word = rest.needed("a number of octets", "1280", reading)?;
    (word.text != "none").then(|| count(word, LEAST_MTU, reading))
}

/// `for D`; nothing if it stays down.
fn read_span(rest: &mut Rest<'_, '_>, reading: &mut Reading<'_>) -> Option<Expr> {
    let word = rest.next()?;
    if word.text != "for" {
        let message = format!("`{}` says nothing of how long", word.text);
        let fault = Fault::new(Code::FaultArgument, word.span(), message);
        reading.fault(fault.help("write `down for 8s`, or `down` and later `up`"));
        rest.words = &[];
        return None;
    }
    match rest.next() {
        Some(word) => Some(duration(word, reading)),
        None => {
            let fault = Fault::new(Code::FaultArgument, word.span(), "for how long?");
            reading.fault(fault.help("write `down for 8s`"));
            None
        }
    }
}

fn read_label(rest: &mut Rest<'_, '_>, reading: &mut Reading<'_>) -> String {
    let Some(word) = rest.needed("a label", "LABEL", reading) else {
        return String::new();
    };
    let is_segment = |kind: &LabelKind| matches!(kind, LabelKind::Peer | LabelKind::Sut);
    let known = reading.labels.iter().filter(|(_, kind)| is_segment(kind));
    let known: Vec<&str> = known.map(|(label, _)| label.as_str()).collect();
    if !known.contains(&word.text) {
        let message = format!("no step before this one sent a segment `{}`", word.text);
        let fault = Fault::new(Code::UnknownLabel, word.span(), message);
        let fault = fault.suggest(word.text, known);
        reading.fault(fault);
    }
    word.text.to_owned()
}

/// `2nd data`, `every repeat`, `first 3 ACK`, `FIN`: the next packet of any
/// kind, if nothing is said.
fn read_packets(rest: &mut Rest<'_, '_>, reading: &mut Reading<'_>) -> (Times, Which) {
    let times = read_times(rest, reading);
    let Some(word) = rest.next() else {
        return (times, Which::Any);
    };
    let which = Which::named(word.text);
    if which.is_none() {
        let names = Which::ALL.map(|(_, name)| name);
        let message = format!("a link cannot tell `{}` from other packets", word.text);
        let fault = Fault::new(Code::FaultPackets, word.span(), message);
        reading.fault(fault.suggest(word.text, names.into_iter().chain(["every", "2nd"])));
        rest.words = &[];
    }
    (times, which.unwrap_or(Which::Any))
}

fn read_times(rest: &mut Rest<'_, '_>, reading: &mut Reading<'_>) -> Times {
    let Some(word) = rest.words.first().filter(|word| is_times(word.text)) else {
        return Times::Nth(1);
    };
    let _ = rest.next();
    match word.text {
        "every" => Times::Every,
        "next" => Times::Nth(1),
        "first" => Times::First(match rest.next() {
            Some(many) => count(many, 1, reading).into(),
            None => {
                let fault = Fault::new(Code::FaultPackets, word.span(), "the first how many?");
                reading.fault(fault.help("write `first 3 data`"));
                1
            }
        }),
        _ => {
            let (number, suffix) = ordinal(word.text).unwrap_or_default();
            if number == 0 || suffix != suffix_of(number) {
                let message = format!("`{}` is no ordinal number", word.text);
                let fault = Fault::new(Code::FaultPackets, word.span(), message);
                reading.fault(fault.help("write `1st`, `2nd`, `3rd`, `4th`"));
            }
            Times::Nth(number.max(1))
        }
    }
}

fn is_times(word: &str) -> bool {
    matches!(word, "every" | "next" | "first") || ordinal(word).is_some()
}

/// A number with two letters behind it, as in `2nd`.
fn ordinal(word: &str) -> Option<(u32, &str)> {
    let digits = word.bytes().take_while(u8::is_ascii_digit).count();
    let (number, suffix) = word.split_at(digits);
    let is_suffix = ["st", "nd", "rd", "th"].contains(&suffix);
    is_suffix.then(|| Some((number.parse().ok()?, suffix)))?
}

/// The letters behind an ordinal number.
pub(crate) const fn suffix_of(number: u32) -> &'static str {
    match (number % 100, number % 10) {
        (11..=13, _) => "th",
        (_, 1) => "st",
        (_, 2) => "nd",
        (_, 3) => "rd",
        _ => "th",
    }
}

fn duration(word: Word<'_>, reading: &mut Reading<'_>) -> Expr {
    reading.part(word.at, |reading| {
        read_expr(word.text, Wanted::Duration, reading)
    })
}

/// A number of 16 bits that is written out.
fn count(word: Word<'_>, least: i64, reading: &mut Reading<'_>) -> u16 {
    let number = number(word, least, u16::MAX.into(), reading);
    u16::try_from(number).unwrap_or(u16::MAX)
}

fn number(word: Word<'_>, least: i64, most: i64, reading: &mut Reading<'_>) -> u32 {
    let number = word.text.parse().ok();
    let number = number.filter(|number| (least..=most).contains(number));
    if number.is_none() {
        let message = format!("`{}` is not a number from {least} to {most}", word.text);
        let fault = Fault::new(Code::FaultArgument, word.span(), message);
        reading.fault(fault.help("write digits"));
    }
    u32::try_from(number.unwrap_or(least)).unwrap_or(0)
}

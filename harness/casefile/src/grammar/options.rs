//! `<...>` of a segment: options that are sent, options that are expected.

use tcpspec_wire::{TcpOption, TextError};

use super::field::{read_match, read_value};
use super::words::Word;
use super::{Reading, Wanted, read_expr};
use crate::diagnostic::{Code, Fault};
use crate::expr::Expr;
use crate::segment::{Match, OptionPattern, OptionTemplate};

/// Options in the order in which they are sent.
pub(super) fn read_options(list: Word<'_>, reading: &mut Reading<'_>) -> Vec<OptionTemplate> {
    let items = items(list, reading);
    items
        .into_iter()
        .filter_map(|item| template(item, reading))
        .collect()
}

fn template(item: Word<'_>, reading: &mut Reading<'_>) -> Option<OptionTemplate> {
    match item.field() {
        Some((name, value)) if name.text == "sack" => {
            blocks(value, reading).map(OptionTemplate::Sack)
        }
        Some((name, value)) if name.text == "ts" => {
            let mut clock = |word: Word<'_>| {
                reading.part(word.at, |reading| read_value(word.text, CLOCK, reading))
            };
            let (value, echo) = halves(value, ',');
            Some(OptionTemplate::Timestamps(clock(value), echo.map(clock)))
        }
        _ => exactly(item, reading).map(OptionTemplate::Exactly),
    }
}

/// `LEFT-RIGHT,LEFT-RIGHT`: edges that are expressions. A left edge ends at
/// the first `-`.
fn blocks(list: Word<'_>, reading: &mut Reading<'_>) -> Option<Vec<(Expr, Expr)>> {
    let mut blocks = Vec::new();
    let mut rest = Some(list);
    while let Some(list) = rest {
        let (block, others) = halves(list, ',');
        rest = others;
        let (left, Some(right)) = halves(block, '-') else {
            let message = format!("`{}` is not a block", block.text);
            let fault = Fault::new(Code::BadOption, block.span(), message);
            reading.fault(fault.help("write `sack=LEFT-RIGHT,LEFT-RIGHT`"));
            return None;
        };
        let mut edge = |word: Word<'_>| {
            reading.part(word.at, |reading| {
                read_expr(word.text, Wanted::Sequence, reading)
            })
        };
        blocks.push((edge(left), edge(right)));
    }
    Some(blocks)
}

/// What stands before the first separator, and behind it.
fn halves(word: Word<'_>, separator: char) -> (Word<'_>, Option<Word<'_>>) {
    match word.text.split_once(separator) {
        Some((first, rest)) => (word.part(first, 0), Some(word.part(rest, first.len() + 1))),
        None => (word, None),
    }
}

/// A value of a timestamps option.
const CLOCK: Wanted = Wanted::Count(u32::MAX as i64);

/// Options that must be there or must not.
pub(super) fn read_option_patterns(
    list: Word<'_>,
    reading: &mut Reading<'_>,
) -> Vec<OptionPattern> {
    let items = items(list, reading);
    items
        .into_iter()
        .filter_map(|item| pattern(item, reading))
        .collect()
}

fn items<'a>(list: Word<'a>, reading: &mut Reading<'_>) -> Vec<Word<'a>> {
    let inner = list
        .text
        .strip_prefix('<')
        .and_then(|rest| rest.strip_suffix('>'));
    let Some(inner) = inner else {
        let fault = Fault::new(Code::BadOption, list.span(), "`>` is missing")
            .help("write `<mss=1460; sackok>`; inside of `[...]` put quotes around the segment");
        reading.fault(fault);
        return Vec::new();
    };
    if inner.trim().is_empty() {
        return Vec::new();
    }
    let mut at = 1;
    let mut items = Vec::new();
    for piece in inner.split(';') {
        let blank = piece.len() - piece.trim_start().len();
        items.push(list.part(piece.trim(), at + blank));
        at += piece.len() + 1;
    }
    items
}

fn pattern(item: Word<'_>, reading: &mut Reading<'_>) -> Option<OptionPattern> {
    if let Some(name) = item.text.strip_prefix('!') {
        let kind = kind_of(item.part(name, 1), reading)?;
        return Some(OptionPattern::Absent(kind));
    }
    let (name, value) = item.text.split_once('=').unwrap_or((item.text, ""));
    let value_at = item.at + name.len() + 1;
    let is_rule = !value.bytes().all(|c| c.is_ascii_digit());
    match (name, value) {
        (name, "*") => kind_of(item.part(name, 0), reading).map(OptionPattern::Kind),
        ("mss", value) if is_rule => {
            let range = number(value, value_at, u16::MAX.into(), reading);
            Some(OptionPattern::Mss(range))
        }
        ("ws", value) if is_rule => {
            let range = number(value, value_at, u8::MAX.into(), reading);
            Some(OptionPattern::WindowScale(range))
        }
        ("sack", value) => {
            blocks(item.part(value, name.len() + 1), reading).map(OptionPattern::Sack)
        }
        ("ts", value) => Some(timestamps(item.part(value, name.len() + 1), reading)),
        ("kind", value) if !value.contains(',') => kind_of(item, reading).map(OptionPattern::Kind),
        _ => exactly(item, reading).map(OptionPattern::Exactly),
    }
}

/// `VALUE,ECHO`, or `VALUE` alone.
fn timestamps(word: Word<'_>, reading: &mut Reading<'_>) -> OptionPattern {
    let mut clock =
        |word: Word<'_>| reading.part(word.at, |reading| read_match(word.text, CLOCK, reading));
    let (value, echo) = halves(word, ',');
    OptionPattern::Timestamps(clock(value), echo.map_or(Match::Any, clock))
}

fn number(text: &str, at: usize, max: i64, reading: &mut Reading<'_>) -> Match {
    reading.part(at, |reading| read_match(text, Wanted::Count(max), reading))
}

fn exactly(item: Word<'_>, reading: &mut Reading<'_>) -> Option<TcpOption> {
    match item.text.parse() {
        Ok(option) => Some(option),
        Err(error) => {
            reading.fault(from_wire(&error, Code::BadOption, item));
            None
        }
    }
}

/// The kind that a name, or `kind=N`, stands for.
fn kind_of(name: Word<'_>, reading: &mut Reading<'_>) -> Option<u8> {
    if let Some((_, kind)) = KINDS.iter().find(|(known, _)| *known == name.text) {
        return Some(*kind);
    }
    let number = name.text.strip_prefix("kind=");
    if let Some(kind) = number.and_then(|number| number.parse().ok()) {
        return Some(kind);
    }
    let message = format!("`{}` is not a kind of TCP option", name.text);
    let known = KINDS.iter().map(|(known, _)| *known);
    let fault = Fault::new(Code::BadOption, name.span(), message).suggest(name.text, known);
    reading.fault(fault);
    None
}

/// A fault of the vocabulary's readers; what to write is its second half.
pub(super) fn from_wire(error: &TextError, code: Code, word: Word<'_>) -> Fault {
    let text = error.problem.to_string();
    let (message, help) = text.split_once(": write ").unwrap_or((&text, ""));
    let start = (word.at + error.at).min(word.span().end);
    let fault = Fault::new(code, start..word.span().end, message);
    if help.is_empty() {
        fault
    } else {
        fault.help(format!("write {help}"))
    }
}

const KINDS: [(&str, u8); 8] = [
    ("eol", 0),
    ("nop", 1),
    ("mss", 2),
    ("ws", 3),
    ("sackok", 4),
    ("sack", 5),
    ("ts", 8),
    ("uto", 28),
];

//! Expressions: `rcv.nxt+10`, `fin.last + rto.hi`, `abs:5000`, `2*msl`.

use std::ops::Range;
use std::time::Duration;

use super::Reading;
use super::kind::{Kind, difference_kind, field_kind, product_kind, sum_kind, symbol_kind};
use crate::diagnostic::{Code, Fault};
use crate::expr::{Expr, Symbol};
use crate::limits::MAX_TERMS;

/// What an expression has to come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// A sequence number; a plain number is one, counted from the side's SYN.
    Sequence,
    /// A plain number from 0 to this.
    Count(i64),
    /// A duration.
    Duration,
    /// A duration (from the end of the step before) or a moment.
    Time,
}

impl Wanted {
    const fn takes(self, kind: Kind) -> bool {
        match self {
            Self::Sequence => matches!(kind, Kind::Sequence | Kind::Number),
            Self::Count(_) => matches!(kind, Kind::Number),
            Self::Duration => matches!(kind, Kind::Duration),
            Self::Time => matches!(kind, Kind::Duration | Kind::Moment),
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Sequence => "a sequence number",
            Self::Count(_) => "a number",
            Self::Duration => "a duration",
            Self::Time => "a duration or a moment",
        }
    }

    const fn help(self) -> &'static str {
        match self {
            Self::Sequence => {
                "write a number relative to the side's SYN, `abs:N`, `rcv.nxt`, `label.seq` ..."
            }
            Self::Count(_) => "write a number without a unit",
            Self::Duration => {
                "write a number with a unit (us, ms, s, min, h), as in `200ms`, or `2*msl`"
            }
            Self::Time => {
                "write a duration, as in `200ms`, or a labelled moment, as in `fin.last + rto.hi`"
            }
        }
    }
}

/// Reads an expression and checks what it comes to.
pub(crate) fn read_expr(text: &str, wanted: Wanted, reading: &mut Reading<'_>) -> Expr {
    let mut reader = Reader {
        text,
        at: 0,
        terms: 0,
        reading,
    };
    let read = reader.sum().and_then(|(expr, kind)| {
        reader.end()?;
        Some((expr, kind))
    });
    let Some((expr, kind)) = read else {
        return Expr::Number(0);
    };
    if !wanted.takes(kind) {
        let message = format!(
            "{} is needed here, and this is {}",
            wanted.name(),
            kind.name()
        );
        reading.fault(Fault::new(Code::Kind, 0..text.len(), message).help(wanted.help()));
    }
    check_range(&expr, wanted, text, reading);
    expr
}

/// The duration, where the expression is nothing else.
pub(crate) const fn literal_duration(expr: &Expr) -> Option<Duration> {
    match expr {
        Expr::Duration(duration) => Some(*duration),
        _ => None,
    }
}

fn check_range(expr: &Expr, wanted: Wanted, text: &str, reading: &mut Reading<'_>) {
    let (lo, hi) = match wanted {
        Wanted::Count(hi) => (0, hi),
        Wanted::Sequence => (-MAX_SEQUENCE, MAX_SEQUENCE),
        Wanted::Duration | Wanted::Time => return,
    };
    if let Expr::Number(number) = expr
        && !(lo..=hi).contains(number)
    {
        let message = format!("{number} is out of range");
        let fault = Fault::new(Code::Number, 0..text.len(), message);
        reading.fault(fault.help(format!("write a number from {lo} to {hi}")));
    }
}

/// The largest relative sequence number that means anything.
const MAX_SEQUENCE: i64 = u32::MAX as i64;

struct Reader<'a, 'b, 'c> {
    text: &'a str,
    at: usize,
    terms: usize,
    reading: &'b mut Reading<'c>,
}

type Read = Option<(Expr, Kind)>;

impl<'a> Reader<'a, '_, '_> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn skip_spaces(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start().len();
    }

    fn eat(&mut self, operators: &[char]) -> Option<char> {
        self.skip_spaces();
        let operator = self.rest().chars().next()?;
        if !operators.contains(&operator) {
            return None;
        }
        self.at += operator.len_utf8();
        Some(operator)
    }

    fn end(&mut self) -> Option<()> {
        self.skip_spaces();
        if self.rest().is_empty() {
            return Some(());
        }
        let span = self.at..self.text.len();
        let message = format!("`{}` does not belong here", self.rest());
        let fault = Fault::new(Code::Expression, span, message);
        self.reading
            .fault(fault.help("join numbers and symbols by `+`, `-` or `*`"));
        None
    }

    fn sum(&mut self) -> Read {
        let start = self.at;
        let (mut left, mut kind) = self.product()?;
        while let Some(operator) = self.eat(&['+', '-']) {
            let (right, other) = self.product()?;
            let span = start..self.at;
            (left, kind) = if operator == '+' {
                let kind = self.combined(sum_kind(kind, other), "add", kind, other, span)?;
                (Expr::Add(Box::new(left), Box::new(right)), kind)
            } else {
                let found = difference_kind(kind, other);
                let kind = self.combined(found, "subtract", kind, other, span)?;
                (Expr::Sub(Box::new(left), Box::new(right)), kind)
            };
        }
        Some((left, kind))
    }

    fn product(&mut self) -> Read {
        let start = self.at;
        let (mut left, mut kind) = self.term()?;
        while self.eat(&['*']).is_some() {
            let (right, other) = self.term()?;
            let span = start..self.at;
            kind = self.combined(product_kind(kind, other), "multiply", kind, other, span)?;
            left = Expr::Mul(Box::new(left), Box::new(right));
        }
        Some((left, kind))
    }

    fn combined(
        &mut self,
        found: Option<Kind>,
        verb: &str,
        left: Kind,
        right: Kind,
        span: Range<usize>,
    ) -> Option<Kind> {
        if found.is_none() {
            let message = format!("one cannot {verb} {} and {}", left.name(), right.name());
            self.reading.fault(Fault::new(Code::Kind, span, message));
        }
        found
    }

    fn term(&mut self) -> Read {
        self.skip_spaces();
        self.terms += 1;
        if self.terms > MAX_TERMS {
            let message = format!("an expression of more than {MAX_TERMS} terms");
            let fault = Fault::new(Code::Expression, self.at..self.text.len(), message);
            self.reading.fault(fault);
            return None;
        }
        let start = self.at;
        let rest = self.rest();
        if let Some(digits) = rest.strip_prefix("abs:") {
            let word = word_len(digits);
            self.at += "abs:".len() + word;
            return self.absolute(&digits[..word], start);
        }
        if rest.starts_with('-') && rest[1..].starts_with(|c: char| c.is_ascii_digit()) {
            let word = word_len(&rest[1..]) + 1;
            self.at += word;
            return self.number(&rest[..word], start);
        }
        let word = word_len(rest);
        self.at += word;
        match rest.chars().next() {
            Some(first) if first.is_ascii_digit() => self.number(&rest[..word], start),
            Some(first) if first.is_ascii_alphabetic() => self.name(&rest[..word], start),
            _ => self.missing(start),
        }
    }

    fn missing(&mut self, start: usize) -> Read {
        let message = "a number or a symbol is missing here";
        let end = self.text.len().max(start);
        self.reading
            .fault(Fault::new(Code::Expression, start..end, message));
        None
    }

    fn absolute(&mut self, digits: &str, start: usize) -> Read {
        let number = read_integer(digits).and_then(|number| u32::try_from(number).ok());
        let Some(number) = number else {
            let message = format!("`abs:{digits}` is not a sequence number");
            let fault = Fault::new(Code::Number, start..self.at, message);
            self.reading
                .fault(fault.help("write `abs:` and a number from 0 to 4294967295"));
            return None;
        };
        Some((Expr::Absolute(number), Kind::Sequence))
    }

    fn number(&mut self, word: &str, start: usize) -> Read {
        if let Some(number) = read_integer(word) {
            return Some((Expr::Number(number), Kind::Number));
        }
        if let Some(duration) = read_duration(word) {
            return Some((Expr::Duration(duration), Kind::Duration));
        }
        let message = format!("`{word}` is not a number");
        let fault = Fault::new(Code::Number, start..self.at, message);
        self.reading.fault(fault.help(
            "write decimal digits without a leading zero, `0x` and hexadecimal ones, or a duration such as `200ms` or `1.5s`",
        ));
        None
    }

    fn name(&mut self, word: &str, start: usize) -> Read {
        let expr = self.reading.name(word, start)?;
        let kind = match &expr {
            Expr::Symbol(symbol) => symbol_kind(*symbol),
            Expr::Label(_, field) => field_kind(*field),
            _ => Kind::Number,
        };
        Some((expr, kind))
    }
}

/// Octets of the name or number that `text` begins with.
fn word_len(text: &str) -> usize {
    let stop = |c: char| !(c.is_alphanumeric() || matches!(c, '.' | '_'));
    // Elsewhere a hyphen is a minus sign, in the name of a symbol it is none.
    let hyphened = Symbol::ALL.iter().map(|(_, name)| *name).find(|name| {
        let rest = text.strip_prefix(name).filter(|_| name.contains('-'));
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(stop))
    });
    hyphened.map_or_else(|| text.find(stop).unwrap_or(text.len()), str::len)
}

/// A decimal number without leading zeros, or a hexadecimal one.
pub(crate) fn read_integer(text: &str) -> Option<i64> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    let number = if let Some(hex) = digits.strip_prefix("0x") {
        let valid = hex.bytes().all(|digit| digit.is_ascii_hexdigit());
        valid.then(|| i64::from_str_radix(hex, 16).ok())??
    } else {
        let valid = digits.bytes().all(|digit| digit.is_ascii_digit())
            && (digits == "0" || !digits.starts_with('0'));
        valid.then(|| digits.parse().ok())??
    };
    Some(if negative { -number } else { number })
}

/// A number with a unit; the number may have a fraction.
pub(crate) fn read_duration(text: &str) -> Option<Duration> {
    let unit_at = text.find(|c: char| c.is_ascii_alphabetic())?;
    let (number, unit) = text.split_at(unit_at);
    let (_, nanos) = UNITS.iter().find(|(name, _)| *name == unit)?;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits = |text: &str| text.bytes().all(|digit| digit.is_ascii_digit());
    if !digits(whole) || !digits(fraction) || fraction.len() > 9 || number.ends_with('.') {
        return None;
    }
    let mut total = whole.parse::<u64>().ok()?.checked_mul(*nanos)?;
    if !fraction.is_empty() {
        let part = fraction.parse::<u64>().ok()?.checked_mul(*nanos)?;
        total = total.checked_add(part / 10_u64.pow(fraction.len() as u32))?;
    }
    Some(Duration::from_nanos(total))
}

const UNITS: [(&str, u64); 6] = [
    ("ns", 1),
    ("us", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("min", 60_000_000_000),
    ("h", 3_600_000_000_000),
];

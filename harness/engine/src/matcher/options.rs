//! Options of a segment of the stack against what a case says of them.

use tcpspec_casefile::{Expr, Match, OptionPattern};
use tcpspec_record::{FieldDelta, Side};
use tcpspec_wire::{Segment, SeqNumber, TcpOption};

use super::{count, shown};
use crate::eval::{Scope, timestamps};
use crate::halt::{Halt, delta};

/// What differs between an option and the segment's own, if anything.
pub(super) fn difference(
    pattern: &OptionPattern,
    segment: &Segment,
    scope: &Scope<'_>,
) -> Result<Option<FieldDelta>, Halt> {
    let of_kind = |kind: u8| {
        segment
            .options
            .iter()
            .find(|option| kind_of(option) == Some(kind))
    };
    let shown =
        |option: Option<&TcpOption>| option.map_or_else(|| "none".to_owned(), ToString::to_string);
    Ok(match pattern {
        OptionPattern::Exactly(option) => {
            let found = kind_of(option).and_then(of_kind);
            (!segment.options.contains(option))
                .then(|| delta("option", option.to_string(), shown(found)))
        }
        OptionPattern::Mss(rule) => match segment.mss() {
            Some(mss) => count("mss", Some(rule), mss.into(), scope)?,
            None => Some(delta("option", "mss", "none")),
        },
        OptionPattern::WindowScale(rule) => match of_kind(3) {
            Some(TcpOption::WindowScale(shift)) => count("ws", Some(rule), (*shift).into(), scope)?,
            found => Some(delta("option", "ws", shown(found))),
        },
        OptionPattern::Timestamps(value, echo) => match timestamps(segment) {
            Some((got_value, got_echo)) => clock("tsval", value, got_value, scope)?.map_or_else(
                || clock("tsecr", echo, got_echo, scope),
                |found| Ok(Some(found)),
            )?,
            None => Some(delta("option", "ts", "none")),
        },
        OptionPattern::Sack(blocks) => sack(blocks, of_kind(5), scope)?,
        OptionPattern::Kind(kind) => of_kind(*kind)
            .is_none()
            .then(|| delta("option", format!("kind={kind}"), "none")),
        OptionPattern::Absent(kind) => of_kind(*kind)
            .map(|option| delta("option", format!("no kind={kind}"), option.to_string())),
    })
}

/// A value of a timestamps option. Ranges are modular, as clocks are.
fn clock(
    field: &str,
    rule: &Match,
    got: u32,
    scope: &Scope<'_>,
) -> Result<Option<FieldDelta>, Halt> {
    let (matches, expected) = match rule {
        Match::Any => (true, String::new()),
        Match::Value(expr) => {
            let value = scope.clock(expr)?;
            (got == value, value.to_string())
        }
        Match::Range(lo, hi) => {
            let (lo, hi) = (scope.clock(lo)?, scope.clock(hi)?);
            let at = SeqNumber::new;
            let inside = at(got).at_or_after(at(lo)) && at(got).at_or_before(at(hi));
            (inside, format!("{lo}..{hi}"))
        }
        Match::Not(inner) => {
            let other = clock(field, inner, got, scope)?.is_some();
            (other, format!("anything but {got}"))
        }
    };
    Ok((!matches).then(|| delta(field, expected, got.to_string())))
}

/// SACK blocks, counted like the acknowledgment beside them.
fn sack(
    blocks: &[(Expr, Expr)],
    got: Option<&TcpOption>,
    scope: &Scope<'_>,
) -> Result<Option<FieldDelta>, Halt> {
    let edge = |expr: &Expr| scope.seq(expr, Side::Peer);
    let blocks = blocks.iter();
    let blocks = blocks.map(|(left, right)| Ok((edge(left)?, edge(right)?)));
    let blocks: Vec<_> = blocks.collect::<Result<_, Halt>>()?;
    let text = |blocks: &[(SeqNumber, SeqNumber)]| {
        let base = scope.base(Side::Peer);
        let block = |(left, right): &(SeqNumber, SeqNumber)| {
            format!("{}-{}", shown(*left, base), shown(*right, base))
        };
        blocks.iter().map(block).collect::<Vec<_>>().join(",")
    };
    Ok(match got {
        Some(TcpOption::Sack(got)) if *got == blocks => None,
        Some(TcpOption::Sack(got)) => Some(delta("sack", text(&blocks), text(got))),
        _ => Some(delta("sack", text(&blocks), "none")),
    })
}

/// The option's kind octet; `None` for what follows no format.
fn kind_of(option: &TcpOption) -> Option<u8> {
    Some(match option {
        TcpOption::EndOfList => 0,
        TcpOption::Nop => 1,
        TcpOption::Mss(_) => 2,
        TcpOption::WindowScale(_) => 3,
        TcpOption::SackPermitted => 4,
        TcpOption::UserTimeout(_) => 28,
        TcpOption::Sack(_) => 5,
        TcpOption::Timestamps { .. } => 8,
        TcpOption::Unknown { kind, .. } => *kind,
        TcpOption::Malformed(tail) => return tail.first().copied(),
    })
}

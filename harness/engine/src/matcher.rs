//! One segment of the stack against one pattern, field by field.

mod options;

use tcpspec_casefile::{IpFields, Match, SegmentPattern};
use tcpspec_record::{FieldDelta, Side};
use tcpspec_wire::text::Base;
use tcpspec_wire::{Ecn, Flags, IpHeader, Segment, SeqNumber};

use crate::book::Due;
use crate::eval::Scope;
use crate::halt::{Halt, delta};
use crate::routes;
use crate::talk::Arrival;

/// What differs between the segment and the pattern; nothing if they match.
pub(crate) fn compare(
    pattern: &SegmentPattern,
    arrival: &Arrival,
    scope: &Scope<'_>,
) -> Result<Vec<FieldDelta>, Halt> {
    let (segment, due) = (&arrival.segment, &arrival.due);
    let mut deltas = Vec::new();
    deltas.extend(flags(pattern, segment));
    deltas.extend(seq(pattern, segment, due, scope)?);
    deltas.extend(ack(pattern, segment, due, scope)?);
    deltas.extend(text(pattern, segment, scope)?);
    deltas.extend(count(
        "win",
        pattern.window.as_ref(),
        segment.window.value().into(),
        scope,
    )?);
    deltas.extend(count(
        "urg",
        pattern.urgent.as_ref(),
        segment.urgent.into(),
        scope,
    )?);
    for option in &pattern.options {
        deltas.extend(options::difference(option, segment, scope)?);
    }
    deltas.extend(ip(pattern, &arrival.header.ip, scope)?);
    deltas.extend(route(pattern, arrival, scope));
    Ok(deltas)
}

/// Whether the segment is one that the pattern of a `never` forbids: it has
/// at least the flags, and the fields that are written.
pub(crate) fn is_forbidden(
    pattern: &SegmentPattern,
    arrival: &Arrival,
    scope: &Scope<'_>,
) -> Result<bool, Halt> {
    let segment = &arrival.segment;
    if !segment.flags.contains(pattern.flags) {
        return Ok(false);
    }
    let any = || Some(Match::Any);
    let pattern = SegmentPattern {
        flags: segment.flags,
        seq: pattern.seq.clone().or_else(any),
        ack: pattern.ack.clone().or_else(any),
        len: pattern.len.clone().or_else(any),
        ..pattern.clone()
    };
    Ok(compare(&pattern, arrival, scope)?.is_empty())
}

fn flags(pattern: &SegmentPattern, segment: &Segment) -> Option<FieldDelta> {
    let free = pattern.optional | unwritten(pattern.flags);
    let matches = segment.flags.without(free) == pattern.flags.without(pattern.optional);
    (!matches).then(|| delta("flags", flags_text(pattern), segment.flags.to_string()))
}

/// Control bits that are not compared unless they are written: PSH, which says
/// nothing of the protocol's state, and on a SYN those by which a host offers
/// ECN (RFC 3168 section 6.1.1).
fn unwritten(written: Flags) -> Flags {
    let ecn = Flags::ECE | Flags::CWR;
    let offers = written.contains(Flags::SYN) && !written.contains(Flags::ACK);
    let free = if offers { Flags::PSH | ecn } else { Flags::PSH };
    if written.intersects(free) {
        Flags::NONE
    } else {
        free
    }
}

/// The flags as the case writes them, with `?` behind the optional ones.
fn flags_text(pattern: &SegmentPattern) -> String {
    pattern
        .text
        .split_whitespace()
        .next()
        .unwrap_or_default()
        .to_owned()
}

fn seq(
    pattern: &SegmentPattern,
    segment: &Segment,
    due: &Due,
    scope: &Scope<'_>,
) -> Result<Option<FieldDelta>, Halt> {
    let base = scope.base(Side::Sut);
    if base.is_none() && flags(pattern, segment).is_some() {
        // Before the stack's SYN its numbers have no origin to be counted
        // from; that the flags differ says enough.
        return Ok(None);
    }
    if let Some(rule) = &pattern.seq {
        return number("seq", rule, segment.seq, Side::Sut, scope);
    }
    // Without a SYN of the stack there is nothing to compare with.
    let Some(next) = due.seq.first().filter(|_| !due.seq.contains(&segment.seq)) else {
        return Ok(None);
    };
    let mut found = delta("seq", shown(*next, base), shown(segment.seq, base));
    "what the stack has sent so far".clone_into(&mut found.why);
    Ok(Some(found))
}

fn ack(
    pattern: &SegmentPattern,
    segment: &Segment,
    due: &Due,
    scope: &Scope<'_>,
) -> Result<Option<FieldDelta>, Halt> {
    let base = scope.base(Side::Peer);
    match &pattern.ack {
        Some(rule) if segment.flags.contains(Flags::ACK) => {
            number("ack", rule, segment.ack, Side::Peer, scope)
        }
        // Without the bit the field says nothing; that the bit is missing is
        // a difference of the flags, or allowed.
        Some(_) | None if !segment.flags.contains(Flags::ACK) => Ok(None),
        Some(_) | None if segment.ack == due.ack => Ok(None),
        Some(_) | None => {
            let mut found = delta("ack", shown(due.ack, base), shown(segment.ack, base));
            "what the peer has sent in order".clone_into(&mut found.why);
            Ok(Some(found))
        }
    }
}

fn text(
    pattern: &SegmentPattern,
    segment: &Segment,
    scope: &Scope<'_>,
) -> Result<Option<FieldDelta>, Halt> {
    let len = segment.payload.len() as i64;
    if let Some(data) = &pattern.data {
        let show = |octets: &[u8]| format!("\"{}\"", octets.escape_ascii());
        return Ok(
            (*data != segment.payload).then(|| delta("data", show(data), show(&segment.payload)))
        );
    }
    match &pattern.len {
        Some(rule) => count("len", Some(rule), len, scope),
        None if len == 0 => Ok(None),
        None => Ok(Some(delta("len", "0", len.to_string()))),
    }
}

/// What differs in the IP header.
fn ip(
    pattern: &SegmentPattern,
    header: &IpHeader,
    scope: &Scope<'_>,
) -> Result<Vec<FieldDelta>, Halt> {
    let IpFields { ttl, ds, df } = &pattern.ip;
    let fields = [
        ("ttl", ttl, header.ttl),
        ("ds", ds, header.traffic_class >> 2),
        ("df", df, header.dont_fragment.into()),
    ];
    let mut deltas = Vec::new();
    for (name, rule, got) in fields {
        deltas.extend(count(name, rule.as_ref(), got.into(), scope)?);
    }
    let got = Ecn::of(header);
    let ecn = pattern.ecn.filter(|ecn| *ecn != got);
    deltas.extend(ecn.map(|ecn| delta("ecn", ecn.to_string(), got.to_string())));
    Ok(deltas)
}

/// The source route; that it ends at the peer is part of it.
fn route(pattern: &SegmentPattern, arrival: &Arrival, scope: &Scope<'_>) -> Option<FieldDelta> {
    let expected = pattern.route.as_ref()?.to_string();
    let got = arrival.header.route.map_or_else(
        || "none".to_owned(),
        |route| routes::shown(&route, arrival.header.ip.dst, scope.peer),
    );
    (expected != got).then(|| delta("route", expected, got))
}

fn number(
    field: &str,
    rule: &Match,
    got: SeqNumber,
    side: Side,
    scope: &Scope<'_>,
) -> Result<Option<FieldDelta>, Halt> {
    let base = scope.base(side);
    if base.is_none() && !has_value(rule, side, scope) {
        let expected = "counted from its SYN, which never came";
        return Ok(Some(delta(field, expected, shown(got, base))));
    }
    let (matches, expected) = match rule {
        Match::Any => (true, String::new()),
        Match::Value(expr) => {
            let value = scope.seq(expr, side)?;
            (got == value, shown(value, base))
        }
        Match::Range(lo, hi) => {
            let (lo, hi) = (scope.seq(lo, side)?, scope.seq(hi, side)?);
            let inside = got.at_or_after(lo) && got.at_or_before(hi);
            (inside, format!("{}..{}", shown(lo, base), shown(hi, base)))
        }
        Match::Not(inner) => {
            let other = number(field, inner, got, side, scope)?.is_some();
            (other, format!("anything but {}", shown(got, base)))
        }
    };
    Ok((!matches).then(|| delta(field, expected, shown(got, base))))
}

/// Whether the numbers of a rule can be told. Before the stack's SYN its
/// relative ones cannot: no segment that came instead can have them.
fn has_value(rule: &Match, side: Side, scope: &Scope<'_>) -> bool {
    match rule {
        Match::Any => true,
        Match::Value(expr) => scope.seq(expr, side).is_ok(),
        Match::Range(lo, hi) => [lo, hi].iter().all(|expr| scope.seq(expr, side).is_ok()),
        Match::Not(inner) => has_value(inner, side, scope),
    }
}

fn count(
    field: &str,
    rule: Option<&Match>,
    got: i64,
    scope: &Scope<'_>,
) -> Result<Option<FieldDelta>, Halt> {
    let (matches, expected) = match rule {
        None | Some(Match::Any) => return Ok(None),
        Some(Match::Value(expr)) => {
            let value = scope.count(expr)?;
            (got == value, value.to_string())
        }
        Some(Match::Range(lo, hi)) => {
            let (lo, hi) = (scope.count(lo)?, scope.count(hi)?);
            ((lo..=hi).contains(&got), format!("{lo}..{hi}"))
        }
        Some(Match::Not(inner)) => {
            let other = count(field, Some(inner), got, scope)?.is_some();
            (other, format!("anything but {got}"))
        }
    };
    Ok((!matches).then(|| delta(field, expected, got.to_string())))
}

fn shown(seq: SeqNumber, base: Option<Base>) -> String {
    base.map_or_else(|| format!("abs:{seq}"), |base| base.number(seq).to_string())
}

/// The pattern in one line with its numbers filled in, as a ladder shows what
/// was expected. What cannot be filled in stands as it is written.
pub(crate) fn describe(pattern: &SegmentPattern, scope: &Scope<'_>) -> String {
    let filled = |field: &str, rule: Option<&Match>, side| match rule {
        Some(Match::Value(expr)) => {
            let seq = scope.seq(expr, side).ok()?;
            Some(format!("{field}={}", shown(seq, scope.base(side))))
        }
        _ => None,
    };
    let word = |word: &str| {
        let number = match word.split('=').next() {
            Some("seq") => filled("seq", pattern.seq.as_ref(), Side::Sut),
            Some("ack") => filled("ack", pattern.ack.as_ref(), Side::Peer),
            _ => None,
        };
        number.unwrap_or_else(|| word.to_owned())
    };
    pattern
        .text
        .split_whitespace()
        .map(word)
        .collect::<Vec<_>>()
        .join(" ")
}

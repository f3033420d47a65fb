//! Each law as a question to one segment and what its sender had seen.

use tcpspec_wire::{Flags, Instant, Segment, SeqNumber, TcpOption};

use crate::law::Law;
use crate::view::{Seen, Shown, View, timestamps};

/// Octets of a TCP header without options.
const HEADER: usize = 20;
/// The send MSS without an offer (RFC 9293 MUST-15): IPv4, IPv6.
const DEFAULT_MSS: [usize; 2] = [536, 1220];

/// A broken law and what is wrong.
pub(crate) type Broken = (Law, String);

/// What is wrong with a segment that an end sends, over IPv4 or not.
pub(crate) fn segment(view: &View, at: Instant, segment: &Segment, is_v4: bool) -> Vec<Broken> {
    let mut broken = Vec::new();
    broken.extend(form(segment));
    if segment.flags.contains(Flags::RST) {
        broken.extend(reset(view));
        return broken;
    }
    broken.extend(options(view, segment));
    broken.extend(ack(view, segment));
    if let Some(shown) = &view.shown {
        broken.extend(sequence(shown, segment));
        broken.extend(text(shown, segment));
        broken.extend(window_edge(view, shown, segment));
        broken.extend(backoff(view, shown, at, segment));
    }
    if let Some(seen) = &view.seen {
        broken.extend(window(view, seen, segment));
        broken.extend(size(seen, segment, is_v4));
    }
    broken
}

fn form(segment: &Segment) -> Vec<Broken> {
    let reserved = segment.flags.bits() & 0xe00;
    let malformed = |option: &TcpOption| matches!(option, TcpOption::Malformed(_));
    let bits = (reserved != 0).then(|| (Law::ReservedBits, format!("they are {reserved:#x}")));
    let options = segment.options.iter().any(malformed);
    let options = options.then(|| {
        (
            Law::Form,
            "octets among the options follow no format".to_owned(),
        )
    });
    bits.into_iter().chain(options).collect()
}

/// A RST is due where there is no connection, or to the end of one that its
/// application has given up.
fn reset(view: &View) -> Option<Broken> {
    let due = view.is_closed || view.may_reset || view.shown.is_none();
    (!due).then(|| {
        let why = "the connection lives, and everything that came belongs to it";
        (Law::Reset, why.to_owned())
    })
}

fn sequence(shown: &Shown, segment: &Segment) -> Option<Broken> {
    if segment.flags.contains(Flags::SYN) {
        let moved = segment.seq != shown.iss;
        let by = segment.seq.distance(shown.iss);
        return moved.then(|| {
            (
                Law::SynNumber,
                format!("it is {by} away from the one before"),
            )
        });
    }
    if segment.seq.after(shown.next) {
        let gap = segment.seq.distance(shown.next);
        return Some((
            Law::Sequence,
            format!("{gap} numbers before it were never used"),
        ));
    }
    let fin = shown.fin.filter(|fin| segment.end().after(*fin));
    fin.map(|_| (Law::Sequence, "it goes on behind the FIN".to_owned()))
}

/// A keep-alive's octet is not text (RFC 9293 section 3.8.4), so what was
/// acknowledged may be anything: it is not in the books, or stands before them.
fn text(shown: &Shown, segment: &Segment) -> Option<Broken> {
    if segment.payload.len() <= 1 {
        return None;
    }
    let sent = shown.text.get(shown.offset(segment)?..)?;
    let differs = sent
        .iter()
        .zip(&segment.payload)
        .position(|(a, b)| a != b)?;
    Some((
        Law::Text,
        format!("octet {differs} of it was another one before"),
    ))
}

fn ack(view: &View, segment: &Segment) -> Vec<Broken> {
    if !segment.flags.contains(Flags::ACK) {
        let is_syn = segment.flags.contains(Flags::SYN);
        let bare = (!is_syn).then(|| (Law::AckAlways, "it has no ACK".to_owned()));
        return bare.into_iter().collect();
    }
    let Some(seen) = &view.seen else {
        return vec![(Law::AckOfWhatCame, "nothing has come".to_owned())];
    };
    let ahead = segment.ack.distance(seen.numbers.next);
    let ahead = (ahead > 0).then(|| {
        (
            Law::AckOfWhatCame,
            format!("{ahead} numbers before it have not come"),
        )
    });
    let last = view.shown.as_ref().and_then(|shown| shown.ack);
    let behind = last.map_or(0, |last| last.distance(segment.ack));
    let behind = (behind > 0).then(|| {
        (
            Law::AckBackwards,
            format!("it is {behind} behind the one before"),
        )
    });
    ahead.into_iter().chain(behind).collect()
}

/// Text beyond every window that was offered; one octet is a probe.
fn window(view: &View, seen: &Seen, segment: &Segment) -> Option<Broken> {
    let text = segment.payload.len() as u32;
    let start = segment.seq + u32::from(segment.flags.contains(Flags::SYN));
    let beyond = (start + text).distance(seen.edge?);
    let is_probe = text == 1;
    let is_old = view
        .shown
        .as_ref()
        .is_some_and(|shown| (start + text).at_or_before(shown.next));
    (beyond > 0 && text > 0 && !is_probe && !is_old).then(|| {
        (
            Law::Window,
            format!("{beyond} octets of it lie beyond every window offered"),
        )
    })
}

/// An edge that goes back by less than one unit of the scale is rounding.
fn window_edge(view: &View, shown: &Shown, segment: &Segment) -> Option<Broken> {
    if !segment.flags.contains(Flags::ACK) {
        return None;
    }
    let scale = view.own_scale(segment);
    let edge = segment.ack + segment.window.unscale(scale).octets();
    let unit = 1 << scale.shift();
    let back = shown.edge?.distance(edge);
    (back >= unit).then(|| {
        (
            Law::WindowEdge,
            format!("its right edge goes back by {back}"),
        )
    })
}

fn size(seen: &Seen, segment: &Segment, is_v4: bool) -> Option<Broken> {
    let default = DEFAULT_MSS[usize::from(!is_v4)];
    let mss = seen.offer.mss.map_or(default, usize::from);
    let options = segment.header_len() - HEADER;
    // Where hardly anything is left, a sender still has to make progress.
    let room = mss.saturating_sub(options).max(1);
    let text = segment.payload.len();
    (text > room).then(|| {
        (
            Law::SegmentSize,
            format!("{text} octets of text, {room} are room for"),
        )
    })
}

fn options(view: &View, segment: &Segment) -> Vec<Broken> {
    let is_syn = segment.flags.contains(Flags::SYN);
    let is_reply = is_syn && segment.flags.contains(Flags::ACK);
    let mut broken = Vec::new();
    for option in &segment.options {
        let unasked = is_reply && !view.was_asked_for(option);
        let agreed = match option {
            TcpOption::Sack(_) => view.agreed(|offer| offer.sack),
            TcpOption::Timestamps { .. } => is_syn || view.agreed(|offer| offer.timestamps),
            _ => true,
        };
        if unasked || !agreed {
            broken.push((Law::OptionAgreed, "the peer has not offered it".to_owned()));
        }
        match option {
            TcpOption::Mss(_) | TcpOption::WindowScale(_) | TcpOption::SackPermitted if !is_syn => {
                broken.push((Law::OptionPlace, "it is no SYN".to_owned()));
            }
            TcpOption::Sack(blocks) if agreed => broken.extend(sack(view, segment.ack, blocks)),
            _ => {}
        }
    }
    if !is_syn {
        broken.extend(timestamp_laws(view, segment));
    }
    broken
}

fn timestamp_laws(view: &View, segment: &Segment) -> Vec<Broken> {
    let agreed = view.agreed(|offer| offer.timestamps);
    let Some((value, echo)) = timestamps(segment) else {
        let missing = agreed.then(|| (Law::TimestampsAlways, "it has none".to_owned()));
        return missing.into_iter().collect();
    };
    let known = view
        .seen
        .as_ref()
        .is_some_and(|seen| seen.timestamps.contains(&echo));
    let strange =
        (agreed && !known).then(|| (Law::TimestampEcho, format!("{echo} has never come")));
    let last = view.shown.as_ref().and_then(|shown| shown.timestamp);
    let back = last.filter(|last| SeqNumber::new(value).before(SeqNumber::new(*last)));
    let back = back.map(|last| {
        (
            Law::TimestampBackwards,
            format!("{value} comes after {last}"),
        )
    });
    strange.into_iter().chain(back).collect()
}

/// Blocks of what has come. The first may report a duplicate (RFC 2883), which
/// has come as well.
fn sack(view: &View, ack: SeqNumber, blocks: &[(SeqNumber, SeqNumber)]) -> Option<Broken> {
    let seen = view.seen.as_ref()?;
    let shows = |(left, right): &(SeqNumber, SeqNumber)| {
        left.before(*right) && seen.numbers.has(*left, *right)
    };
    let hidden = blocks.iter().find(|block| !shows(block));
    if let Some((left, right)) = hidden {
        let (left, right) = (left.distance(ack), right.distance(ack));
        return Some((
            Law::SackOfWhatCame,
            format!("of {left} to {right} behind the ACK some never came"),
        ));
    }
    None
}

fn backoff(view: &View, shown: &Shown, at: Instant, segment: &Segment) -> Option<Broken> {
    let is_awaited = segment.seq_len() > 0 && view.awaited() == Some(segment.seq);
    let repeats = shown.repeats.filter(|_| is_awaited)?;
    let (before, now) = repeats.haste(segment.seq, at)?;
    Some((
        Law::Backoff,
        format!("a pause of {now:?} follows one of {before:?}"),
    ))
}

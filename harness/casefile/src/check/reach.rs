//! How far the peer's sequence numbers can have come: what the stack is
//! expected to acknowledge has to lie before it.
//!
//! An upper bound by plain arithmetic, without a stack: as soon as a number is
//! not written out, nothing is claimed any more.

use std::ops::Range;

use tcpspec_wire::Flags;

use crate::diagnostic::{Code, Fault};
use crate::expr::Expr;
use crate::segment::{Match, SegmentPattern, SegmentTemplate};

/// The peer's numbers so far.
#[derive(Clone, Copy, Debug)]
pub(super) enum Reach {
    /// Nothing has been sent; the SYN will be written so.
    Unused(i64),
    /// The number after the last one that can have been used.
    Until(i64),
    /// No longer known.
    Unknown,
}

impl Reach {
    /// The peer sends this.
    pub(super) fn send(&mut self, segment: &SegmentTemplate) {
        *self = self.after(segment).map_or(Self::Unknown, Self::Until);
    }

    fn after(self, segment: &SegmentTemplate) -> Option<i64> {
        let next = match self {
            Self::Unused(syn) if segment.flags.contains(Flags::SYN) => syn,
            Self::Unused(syn) => syn + 1,
            Self::Until(end) => end,
            Self::Unknown => return None,
        };
        let seq = literal(segment.seq.as_ref(), next)?;
        let text = segment.data.as_ref().map_or(0, Vec::len);
        let len = literal(segment.len.as_ref(), i64::try_from(text).ok()?)?;
        let controls = i64::from(segment.flags.contains(Flags::SYN))
            + i64::from(segment.flags.contains(Flags::FIN));
        Some(next.max(seq + len + controls))
    }

    /// What is wrong with the acknowledgment number that is expected.
    pub(super) fn check(self, segment: &SegmentPattern, text: &str) -> Option<Fault> {
        let Self::Until(end) = self else {
            return None;
        };
        let ack = match segment.ack.as_ref()? {
            Match::Value(Expr::Number(ack)) | Match::Range(Expr::Number(ack), _) => *ack,
            _ => return None,
        };
        if ack <= end || !(segment.flags | segment.optional).contains(Flags::ACK) {
            return None;
        }
        let message = "`ack` covers a number that the peer never sent";
        let label = format!(
            "the peer has used numbers up to {}, so {end} is the most",
            end - 1
        );
        let fault = Fault::new(Code::AckBeyond, place_of_ack(text), message);
        let help = format!("write `ack={end}`, or `ack=*` when any value is right");
        Some(fault.label(label).help(help))
    }
}

fn literal(expr: Option<&Expr>, default: i64) -> Option<i64> {
    match expr {
        None => Some(default),
        Some(Expr::Number(number)) => Some(*number),
        Some(_) => None,
    }
}

/// Where the value of `ack=` stands.
fn place_of_ack(text: &str) -> Range<usize> {
    let start = text.find(" ack=").map_or(0, |at| at + " ack=".len());
    let len = text[start..].find(' ').unwrap_or(text.len() - start);
    start..start + len
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grammar::{Labels, Reading, read_pattern, read_template};

    /// Whether an expectation is refused after the peer has sent segments.
    #[track_caller]
    fn check(syn: i64, sent: &[&str], expected: &str, refused: bool) {
        let labels = Labels::new();
        let mut reading = Reading::new(&labels);
        let mut reach = Reach::Unused(syn);
        for text in sent {
            reach.send(&read_template(text, &mut reading));
        }
        let pattern = read_pattern(expected, &mut reading);
        assert_eq!(reading.faults, [], "{sent:?} {expected}");
        let fault = reach.check(&pattern, expected);
        assert_eq!(fault.is_some(), refused, "{sent:?} {expected}");
        if let Some(fault) = fault {
            assert!(expected[..fault.span.start].ends_with("ack="), "{expected}");
        }
    }

    #[test]
    fn ack_of_what_the_peer_never_sent_is_refused() {
        check(0, &["SYN"], "SYN+ACK ack=1", false);
        check(0, &["SYN"], "SYN+ACK ack=2", true);
        check(999, &["SYN"], "SYN+ACK ack=1001", true);
        check(0, &["SYN", "ACK seq=1 len=10"], "ACK seq=1 ack=11", false);
        check(
            0,
            &["SYN", "ACK seq=1 len=10"],
            "ACK seq=1 ack=12 win=0",
            true,
        );
        check(
            0,
            &["SYN", "ACK data=\"abc\"", "FIN+ACK"],
            "ACK ack=5..9",
            false,
        );
        check(
            0,
            &["SYN", "ACK data=\"abc\"", "FIN+ACK"],
            "ACK ack=6..9",
            true,
        );
        check(0, &["SYN", "FIN+ACK seq=5"], "ACK? ack=7", true);
    }

    #[test]
    fn ack_is_let_be_where_nothing_is_known_for_certain() {
        check(0, &[], "SYN+ACK ack=5", false);
        check(0, &["SYN", "ACK seq=rcv.nxt+5"], "ACK ack=50", false);
        check(0, &["SYN", "ACK len=mss"], "ACK ack=50", false);
        check(0, &["SYN seq=abs:5"], "ACK ack=50", false);
        check(0, &["SYN"], "RST seq=0 ack=50", false);
        check(0, &["SYN"], "ACK ack=*", false);
        check(0, &["SYN"], "ACK ack=rcv.nxt", false);
        check(0, &["SYN"], "ACK ack=!50", false);
    }
}

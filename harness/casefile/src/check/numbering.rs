//! `numbering:`, and whether it fits the prelude: a prelude that writes numbers
//! out counts them from its own numbering.

use super::number;
use crate::case::{Numbering, Variant};
use crate::diagnostic::{Code, Fault};
use crate::expr::Expr;
use crate::phrase::Texts;
use crate::raw::CaseFile;
use crate::segment::Match;
use crate::step::{Action, Step};

/// The case's own numbering, or the prelude's.
pub(super) fn numbering(raw: &CaseFile, prelude: Option<&Variant>, texts: Texts<'_>) -> Numbering {
    let inherited = prelude.map_or_else(Numbering::default, |prelude| prelude.numbering);
    let Some(own) = raw.numbering.get() else {
        return inherited;
    };
    let numbering = Numbering {
        peer: number(&own.peer, texts).unwrap_or(inherited.peer),
        sut: number(&own.sut, texts).unwrap_or(inherited.sut),
    };
    let written_out = |prelude: &&Variant| prelude.steps.iter().any(has_written_number);
    if let Some(prelude) = prelude.filter(written_out)
        && numbering != inherited
        && let Some(at) = own.peer.get().or_else(|| own.sut.get())
    {
        let message = format!(
            "`{}` writes numbers out, in another numbering",
            prelude.case
        );
        let help = "leave `seq=` and `ack=` out of the prelude, or `numbering` out of the case";
        texts.complain_of(*at, Fault::new(Code::Numbering, 0..0, message).help(help));
    }
    numbering
}

/// Whether a step has a number that counts from a side's SYN.
fn has_written_number(step: &Step) -> bool {
    match &step.action {
        Action::Peer(segment) => {
            let numbers = [&segment.seq, &segment.ack];
            numbers.into_iter().flatten().any(is_written)
        }
        Action::Sut(ways) => {
            let segments = ways.iter().flat_map(|way| &way.segments);
            let mut numbers = segments.flat_map(|segment| [&segment.seq, &segment.ack]);
            numbers.any(|number| number.as_ref().is_some_and(is_match_written))
        }
        Action::Icmp(error) => error.seq.as_ref().is_some_and(is_written),
        Action::App(..)
        | Action::Wire(_)
        | Action::Quiet(_)
        | Action::Wait(_)
        | Action::Leap(_)
        | Action::Gone(_)
        | Action::SutInfo(_)
        | Action::Check => false,
    }
}

fn is_match_written(number: &Match) -> bool {
    match number {
        Match::Any => false,
        Match::Value(expr) => is_written(expr),
        Match::Range(lo, hi) => is_written(lo) || is_written(hi),
        Match::Not(other) => is_match_written(other),
    }
}

const fn is_written(expr: &Expr) -> bool {
    matches!(expr, Expr::Number(_))
}

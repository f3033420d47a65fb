//! What a field of a segment may be: a value, a range, `*`, `!x`.

use super::{Reading, Wanted, read_expr};
use crate::diagnostic::{Code, Fault};
use crate::expr::Expr;
use crate::segment::Match;

/// Reads what a field of an expected segment may be.
pub(crate) fn read_match(text: &str, wanted: Wanted, reading: &mut Reading<'_>) -> Match {
    if text == "*" {
        return Match::Any;
    }
    if let Some(other) = text.strip_prefix('!') {
        let inner = reading.part(1, |reading| read_match(other, wanted, reading));
        if matches!(inner, Match::Not(_)) {
            let message = "`!` stands twice";
            reading.fault(Fault::new(Code::Expression, 0..2, message).help("write it once"));
        }
        return Match::Not(Box::new(inner));
    }
    if let Some((lo, hi)) = text.split_once("..") {
        let at = lo.len() + 2;
        let lo = read_expr(lo, wanted, reading);
        let hi = reading.part(at, |reading| read_expr(hi, wanted, reading));
        if let (Expr::Number(lo), Expr::Number(hi)) = (&lo, &hi)
            && lo > hi
        {
            let fault = Fault::new(
                Code::Number,
                0..text.len(),
                "a range that ends before it begins",
            );
            reading.fault(fault.help(format!("write `{hi}..{lo}`")));
        }
        return Match::Range(lo, hi);
    }
    Match::Value(read_expr(text, wanted, reading))
}

/// Reads the value of a field of a segment that is sent.
pub(super) fn read_value(text: &str, wanted: Wanted, reading: &mut Reading<'_>) -> Expr {
    if text == "*" || text.starts_with('!') || text.contains("..") {
        let message = "the peer has to know what to send";
        let fault = Fault::new(Code::PatternInTemplate, 0..text.len(), message)
            .label("this stands for many values")
            .help("write one value, or leave the field out");
        reading.fault(fault);
        return Expr::Number(0);
    }
    read_expr(text, wanted, reading)
}

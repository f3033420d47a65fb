//! `within:` and `at:`.

use crate::diagnostic::{Code, Fault};
use crate::expr::Expr;
use crate::grammar::{Labels, Reading, Wanted, literal_duration, read_expr};
use crate::phrase::{Phrase, Texts};
use crate::raw::{Field, OneOrMany, Text};
use crate::step::Bounds;

/// The bounds that a step or a branch has; the keys that say so stand in it.
pub(super) fn bounds(
    within: &Field<OneOrMany>,
    at: &Field<Text>,
    labels: &Labels,
    texts: Texts<'_>,
) -> Option<Bounds> {
    match (within.get(), at.get()) {
        (Some(_), Some(at)) => {
            let fault = Fault::new(Code::Within, 0..0, "`within` and `at` on one step");
            texts.complain_of(*at, fault.help("keep one of them"));
            None
        }
        (Some(within), None) => read_within(within.as_slice(), labels, texts),
        (None, Some(at)) => Some(Bounds::At(time(&texts.phrase(*at), labels, texts))),
        (None, None) => None,
    }
}

/// A duration, as `quiet` and `wait` take it.
pub(super) fn duration(text: Text, labels: &Labels, texts: Texts<'_>) -> Expr {
    expr(&texts.phrase(text), Wanted::Duration, labels, texts)
}

fn time(phrase: &Phrase, labels: &Labels, texts: Texts<'_>) -> Expr {
    expr(phrase, Wanted::Time, labels, texts)
}

fn expr(phrase: &Phrase, wanted: Wanted, labels: &Labels, texts: Texts<'_>) -> Expr {
    let mut reading = Reading::new(labels);
    let expr = read_expr(&phrase.text, wanted, &mut reading);
    for fault in reading.faults {
        texts.complain(phrase, fault);
    }
    expr
}

fn read_within(texts_of: &[Text], labels: &Labels, texts: Texts<'_>) -> Option<Bounds> {
    match texts_of {
        [hi] => Some(Bounds::Within(
            None,
            time(&texts.phrase(*hi), labels, texts),
        )),
        [lo, hi] => {
            let (lo, hi) = (texts.phrase(*lo), texts.phrase(*hi));
            let (from, to) = (time(&lo, labels, texts), time(&hi, labels, texts));
            if let (Some(least), Some(most)) = (literal_duration(&from), literal_duration(&to))
                && least > most
            {
                let message = "`within` ends before it begins";
                let fault = Fault::new(Code::Within, 0..lo.text.len(), message);
                let help = format!("write `within: [{}, {}]`", hi.text, lo.text);
                texts.complain(&lo, fault.help(help));
            }
            Some(Bounds::Within(Some(from), to))
        }
        [] => None,
        [_, _, third, ..] => {
            let fault = Fault::new(Code::Within, 0..0, "`within` has two bounds");
            texts.complain_of(
                *third,
                fault.help("write `within: [lo, hi]`, or one duration"),
            );
            None
        }
    }
}

//! The few faults that matter: a schedule reduced as long as the duel still
//! goes wrong in the same way (delta debugging).

use std::mem::discriminant;

use tcpspec_duel::{Ended, Outcome};
use tcpspec_link::{End, Happened};

use super::arena::Bout;
use crate::commands::count;
use crate::failure::Failure;

/// The least schedule of faults with which a bout still goes wrong, in words.
pub(super) fn told(bout: &Bout) -> Result<String, Failure> {
    let drawn = bout.fight();
    if drawn.is_right() {
        return Err(Failure::usage(
            "the duel does not go wrong again, so its faults cannot be reduced",
        ));
    }
    let least = least(&drawn.happened, |faults| {
        is_like(&bout.fight_with(faults), &drawn)
    });
    let mut lines = vec![format!(
        "  {} of {} are enough:",
        count(least.len(), "fault"),
        drawn.happened.len()
    )];
    lines.extend(least.iter().map(|one| {
        let end = match one.from {
            End::Left => "left",
            End::Right => "right",
        };
        format!("    packet {} of the {end} end: {}", one.nth, one.fault)
    }));
    Ok(lines.join("\n"))
}

/// Whether two duels went wrong in the same way.
fn is_like(one: &Outcome, other: &Outcome) -> bool {
    let kind = |outcome: &Outcome| match &outcome.ended {
        Ended::Badly(failure) => Some(discriminant(failure)),
        Ended::Well | Ended::GaveUp { .. } | Ended::Broken { .. } => None,
    };
    let laws = |outcome: &Outcome| {
        let wrong = outcome.findings.iter().filter(|one| !one.law.is_advice());
        wrong.map(|one| (one.end, one.law)).next()
    };
    !one.is_right() && kind(one) == kind(other) && laws(one) == laws(other)
}

/// A part of `faults` that still fails and of which nothing can be left out.
fn least(faults: &[Happened], fails: impl Fn(&[Happened]) -> bool) -> Vec<Happened> {
    let mut kept = faults.to_vec();
    let mut size = kept.len().div_ceil(2);
    while size > 0 {
        let mut start = 0;
        while start < kept.len() {
            let end = (start + size).min(kept.len());
            let rest: Vec<Happened> = [&kept[..start], &kept[end..]].concat();
            if fails(&rest) {
                kept = rest;
            } else {
                start = end;
            }
        }
        size = if size == 1 { 0 } else { size.div_ceil(2) };
    }
    kept
}

#[cfg(test)]
mod tests {
    use tcpspec_link::Fault;

    use super::*;

    #[test]
    fn what_does_not_matter_is_left_out() {
        let faults: Vec<Happened> = (1..=20)
            .map(|nth| Happened {
                from: End::Left,
                nth,
                fault: Fault::Drop,
            })
            .collect();
        let needs = |faults: &[Happened]| {
            [3, 4, 17]
                .iter()
                .all(|nth| faults.iter().any(|one| one.nth == *nth))
        };
        let kept: Vec<u32> = least(&faults, needs).iter().map(|one| one.nth).collect();
        assert_eq!(kept, [3, 4, 17]);
    }
}

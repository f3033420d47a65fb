//! The few faults that matter: a schedule reduced as long as the duel still goes
//! wrong in the same way. No case is made of it: in a case one end is played by
//! tcpspec, and what the other would have sent, and which of its packets is the
//! fifth, is known of two live ends alone.

use std::cell::RefCell;
use std::mem::discriminant;

use tcpspec_duel::{Ended, Outcome};
use tcpspec_link::{End, least};

use super::arena::{Bout, Ring};
use crate::commands::count;
use crate::failure::Failure;

/// The least schedule of faults with which a bout still goes wrong, in words.
pub(super) fn told(bout: &Bout) -> Result<String, Failure> {
    let ring = RefCell::new(Ring::default());
    let drawn = bout.fight(&mut ring.borrow_mut());
    if drawn.is_right() {
        return Err(Failure::usage(
            "the duel does not go wrong again, so its faults cannot be reduced",
        ));
    }
    let least = least(&drawn.happened, |faults| {
        is_like(&bout.fight_with(&mut ring.borrow_mut(), faults), &drawn)
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
    lines.push("    (no case can be made of a duel: both ends of it are live)".to_owned());
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

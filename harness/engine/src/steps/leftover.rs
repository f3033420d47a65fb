//! What has come and no step expects: the standing tolerances, and refusal.

use tcpspec_record::trace::Taken;

use super::short;
use crate::book::Kind;
use crate::halt::{Broken, Halt, delta};
use crate::play::Play;
use crate::talk::Arrival;

impl Play {
    /// Notes which alternative was seen.
    pub(crate) fn seen(&mut self, tag: Option<&str>, deviates: bool) {
        self.recorder.tags.extend(tag.map(str::to_owned));
        if deviates {
            let step = self.own_step();
            let what = tag.map_or_else(
                || "a tolerated departure".to_owned(),
                |tag| format!("`{tag}`"),
            );
            let text = format!("Step {step}: {what} was seen, which departs from the text.");
            self.recorder.deviations.push(text);
        }
    }

    /// The number that readers know the step under way by: preludes are not
    /// counted.
    pub(super) fn own_step(&self) -> usize {
        let steps = &self.plan.variant.steps;
        let preludes = steps.iter().take_while(|step| step.prelude).count();
        self.recorder.step.saturating_sub(preludes)
    }

    /// Refuses what has come, on whatever connection, and no step took, but for
    /// the standing tolerances.
    pub(crate) fn refuse_leftovers(&mut self, when: &str, strict: bool) -> Result<(), Halt> {
        if self.is_lenient() {
            return self.each_talk(Self::let_repeats_pass);
        }
        self.each_talk(|play| {
            while let Some(arrival) = play.talk.inbox.pop_front() {
                if !play.tolerate(&arrival, strict) {
                    return Err(play.unexpected(&arrival, &format!("nothing {when}")).into());
                }
            }
            Ok(())
        })
    }

    /// Takes a segment that no step expects, if a standing tolerance covers
    /// it.
    pub(crate) fn tolerate(&mut self, arrival: &Arrival, strict: bool) -> bool {
        let Some(reason) = tolerance(arrival.due.kind) else {
            return false;
        };
        if !strict {
            self.recorder
                .mark(arrival.packet, Taken::Tolerated, Some(reason));
        }
        !strict
    }

    pub(crate) fn unexpected(&mut self, arrival: &Arrival, expected: &str) -> Broken {
        self.recorder.mark(arrival.packet, Taken::Refused, None);
        let got = short(&arrival.text).to_owned();
        Broken {
            sentence: format!(
                "After {} the stack sent {got}; {expected} is allowed.",
                self.stimulus
            ),
            expected: vec![expected.to_owned()],
            delta: vec![delta("segment", expected, got.clone())],
            got,
            ..Broken::default()
        }
    }
}

/// As what a segment of this kind may come though no step expects it.
pub(super) const fn tolerance(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::Repeat => Some("a repeat"),
        Kind::DuplicateAck => Some("a further duplicate ACK"),
        Kind::WindowUpdate => Some("a window update"),
        Kind::New => None,
    }
}

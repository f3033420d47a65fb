//! `quiet:`, `state:`, `gone:`: what is looked at rather than sent.

use std::time::Duration;

use tcpspec_casefile::{GoneBranch, Step};
use tcpspec_connector::Stop;
use tcpspec_record::StepResult;
use tcpspec_wire::{Capability, Instant, State};

use super::words;
use crate::halt::{Broken, Halt, delta};
use crate::play::Play;
use crate::talk::Arrival;

impl Play {
    pub(super) async fn quiet(&mut self, step: &Step, span: Duration) -> Result<StepResult, Halt> {
        let until = self.now + span;
        let when = format!("for {}", words(span));
        loop {
            self.each_talk(|play| play.refuse_before(until, &when))?;
            if self.now >= until {
                return Ok(StepResult::Met);
            }
            self.pass(until, Stop::FirstPacket, step).await?;
        }
    }

    /// A packet that left after the time was up is the next step's, even if a
    /// busy harness only saw it now.
    fn refuse_before(&mut self, until: Instant, when: &str) -> Result<(), Halt> {
        let early = |arrival: &mut Arrival| arrival.at < until;
        match self.talk.inbox.pop_front_if(early) {
            Some(arrival) => {
                let broken = self.unexpected(&arrival, &format!("nothing {when}"));
                Err(Broken {
                    waited: true,
                    ..broken
                }
                .into())
            }
            None => Ok(()),
        }
    }

    /// Compares the connection's state, or its changes, with what is allowed.
    pub(crate) fn check_state(&mut self, allowed: &[State]) -> Result<StepResult, Halt> {
        if !self.declares(Capability::State) {
            return Ok(StepResult::Unobserved);
        }
        let before = self.talk.changes.first().copied().unwrap_or(State::Closed);
        let state = self.state();
        let changes = std::mem::replace(&mut self.talk.changes, vec![state]);
        let exact = allowed.len() > 1 && self.declares(Capability::StateLog);
        let met = if exact {
            changes == allowed
        } else {
            allowed.last() == Some(&state)
        };
        if met {
            return Ok(StepResult::Met);
        }
        let list = |states: &[State]| {
            states
                .iter()
                .map(State::to_string)
                .collect::<Vec<_>>()
                .join(", ")
        };
        let (expected, got) = if exact {
            (list(allowed), list(&changes))
        } else {
            (
                list(&allowed[allowed.len().saturating_sub(1)..]),
                state.to_string(),
            )
        };
        let stimulus = &self.stimulus;
        Err(Broken {
            sentence: format!("After {stimulus} the stack is in {got}; {expected} is required."),
            expected: vec![expected.clone()],
            got: got.clone(),
            delta: vec![delta("state", expected, got)],
            states: Some((before, state)),
            ..Broken::default()
        }
        .into())
    }

    /// Waits for the connection to exist no more, and compares when.
    pub(super) async fn gone(
        &mut self,
        step: &Step,
        branches: &[GoneBranch],
    ) -> Result<StepResult, Halt> {
        let mut windows = Vec::new();
        for branch in branches {
            windows.push((branch, self.window(branch.bounds.as_ref(), Duration::ZERO)?));
        }
        let last = windows
            .iter()
            .map(|(_, window)| window.hi)
            .max()
            .unwrap_or(self.now);
        if !self.declares(Capability::State) {
            // Unseen, but what follows rests on it.
            self.pass(last, Stop::AtEnd, step).await?;
            return Ok(StepResult::Unobserved);
        }
        while !self.is_gone() && self.now < last {
            self.pass(last, Stop::FirstChange, step).await?;
            let strict = self.plan.variant.strict;
            self.refuse_leftovers(&format!("in step {}", self.own_step()), strict)?;
        }
        let at = self.talk.gone_at.filter(|_| self.is_gone());
        let met = windows.iter().find(|(branch, window)| {
            at.is_some_and(|at| branch.bounds.is_none() || (window.lo <= at && at <= window.hi))
        });
        if let Some((branch, _)) = met {
            self.seen(branch.tag.as_deref(), branch.deviates);
            self.talk.book.end();
            return Ok(if branch.deviates {
                StepResult::Deviates
            } else {
                StepResult::Met
            });
        }
        let expected: Vec<String> = windows
            .iter()
            .map(|(_, window)| format!("gone {}", window.words))
            .collect();
        let got = at.map_or_else(
            || format!("still in {}", self.state()),
            |at| format!("gone at {at}"),
        );
        Err(Broken {
            sentence: format!(
                "The connection was {got}; it has to be {}.",
                expected.join(" or ")
            ),
            delta: vec![delta("time", expected.join(" or "), got.clone())],
            expected,
            got,
            ..Broken::default()
        }
        .into())
    }

    fn is_gone(&self) -> bool {
        matches!(self.state(), State::Closed | State::Listen)
    }
}

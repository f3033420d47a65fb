//! What each kind of step does.

mod app;
mod icmp;
mod info;
mod leftover;
mod lenient;
mod patient;
mod peer;
mod watch;
mod wire;

use std::time::Duration;

use tcpspec_casefile::{Action, Expr, Step};
use tcpspec_connector::Stop;
use tcpspec_record::{Event, StepResult};
use tcpspec_wire::Instant;

use crate::eval::Label;
use crate::halt::Halt;
use crate::limits;
use crate::play::Play;

impl Play {
    /// Does one step.
    pub(crate) async fn step(&mut self, step: &Step) -> Result<StepResult, Halt> {
        self.turn_to(step.on.as_deref());
        // In a repeat the last round's stands for the step.
        if let Some(label) = &step.label {
            self.labels.remove(label);
        }
        let result = match &step.action {
            Action::App(call, outcomes) => self.app(step, call, outcomes).await?,
            Action::Peer(template) => self.peer(step, template).await?,
            Action::Icmp(template) => self.icmp(step, template).await?,
            Action::Wire(template) => self.wire(step, template).await?,
            Action::Sut(ways) if self.is_lenient() => self.lenient_sut(step, ways).await?,
            Action::Gone(ways) if self.is_lenient() => self.lenient_gone(step, ways).await?,
            Action::Quiet(span) if self.is_lenient() => {
                let until = self.now + self.scope().span(span)?;
                self.pass(until, Stop::AtEnd, step).await?;
                StepResult::Met
            }
            Action::Sut(alternatives) => self.sut(step, alternatives).await?,
            Action::Quiet(span) => {
                let span = self.scope().span(span)?;
                self.quiet(step, span).await?
            }
            Action::Wait(span) => {
                let until = self.waits(span, false)?;
                self.pass(until, Stop::AtEnd, step).await?;
                StepResult::Done
            }
            Action::Leap(span) => {
                let to = self.waits(span, true)?;
                self.leap(to, step).await?;
                StepResult::Done
            }
            Action::Gone(branches) => self.gone(step, branches).await?,
            Action::SutInfo(checks) => self.info(step, checks).await?,
            Action::Check => StepResult::Done,
        };
        if let Some(label) = &step.label {
            let now = self.now;
            self.labels.entry(label.clone()).or_insert(Label {
                first: now,
                last: now,
                segment: None,
            });
        }
        match &step.state {
            Some(states) if self.is_lenient() => {
                Ok(worse(result, self.lenient_state(step, states).await?))
            }
            Some(states) => Ok(worse(result, self.check_state(states)?)),
            None => Ok(result),
        }
    }

    /// Writes down that time will pass, and gives until when.
    fn waits(&mut self, span: &Expr, leap: bool) -> Result<Instant, Halt> {
        let span = self.scope().span(span)?;
        let nanos = nanos(span);
        self.recorder.event(self.now, Event::Wait { nanos, leap });
        Ok(self.now + span)
    }

    /// Time between what came and what the peer or the application does next.
    async fn pace(&mut self, step: &Step) -> Result<(), Halt> {
        if self.is_virtual() && self.recorder.step > 1 {
            let pace = limits::pace(self.plan.hello.profile.ack_delay);
            self.pass(self.now + pace, Stop::AtEnd, step).await?;
        }
        Ok(())
    }
}

/// The less certain of two results of one step.
pub(crate) fn worse(a: StepResult, b: StepResult) -> StepResult {
    use StepResult::{Broken, Deviates, Done, Met, Unobserved};
    let rank = |result| match result {
        Broken => 0,
        Deviates => 1,
        Met => 2,
        Unobserved => 3,
        Done => 4,
    };
    if rank(a) <= rank(b) { a } else { b }
}

/// A segment's text without window and options.
pub(crate) fn short(text: &str) -> &str {
    text.split(" win=").next().unwrap_or(text)
}

/// A duration in words: `500 ms`, `60 s`.
pub(crate) fn words(span: Duration) -> String {
    let nanos = span.as_nanos();
    if nanos.is_multiple_of(1_000_000_000) {
        format!("{} s", nanos / 1_000_000_000)
    } else if nanos.is_multiple_of(1_000_000) {
        format!("{} ms", nanos / 1_000_000)
    } else {
        format!("{:.3} ms", span.as_secs_f64() * 1000.0)
    }
}

fn nanos(span: Duration) -> u64 {
    u64::try_from(span.as_nanos()).unwrap_or(u64::MAX)
}

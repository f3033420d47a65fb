//! Calls and looks on a faulty link: they wait for what is still under way.

use std::time::Duration;

use tcpspec_casefile::{Action, AppCall, GoneBranch, Outcome, Step};
use tcpspec_connector::{Call, CallError, CallResult, Ret, Stop};
use tcpspec_record::StepResult;
use tcpspec_wire::{Capability, State};

use super::app::is_outcome;
use crate::halt::{Broken, Halt};
use crate::limits;
use crate::play::Play;

impl Play {
    /// Waits for the connection to come to a state, or to have been in it since
    /// the last `state`.
    pub(crate) async fn lenient_state(
        &mut self,
        step: &Step,
        allowed: &[State],
    ) -> Result<StepResult, Halt> {
        if !self.declares(Capability::State) {
            return Ok(StepResult::Unobserved);
        }
        let mut patience = self.patience();
        loop {
            let (state, wanted) = (self.state(), allowed.last().copied());
            let was = wanted.is_some_and(|wanted| self.talk.changes.contains(&wanted));
            if was || Some(state) == wanted {
                self.talk.changes = vec![state];
                return Ok(StepResult::Met);
            }
            self.check_given_up()?;
            if self.is_out_of(&mut patience)? {
                return self.check_state(allowed);
            }
            self.pass(patience.until, Stop::FirstChange, step).await?;
        }
    }

    /// Waits for the connection to exist no more.
    pub(crate) async fn lenient_gone(
        &mut self,
        step: &Step,
        branches: &[GoneBranch],
    ) -> Result<StepResult, Halt> {
        if !self.declares(Capability::State) {
            return Ok(StepResult::Unobserved);
        }
        let mut patience = self.patience();
        if self.state() == State::FinWait2 {
            patience.until = patience.until.max(self.now + self.longest_orphan());
        }
        while !self.is_over() {
            if self.is_out_of(&mut patience)? {
                return Err(Broken {
                    sentence: format!("The connection is still in {}.", self.state()),
                    expected: vec!["gone".to_owned()],
                    got: self.state().to_string(),
                    ..Broken::default()
                }
                .into());
            }
            self.pass(patience.until, Stop::FirstChange, step).await?;
        }
        let tag = branches.first().and_then(|branch| branch.tag.as_deref());
        self.seen(tag, false);
        self.talk.book.end();
        Ok(StepResult::Met)
    }

    /// How long a FIN-WAIT-2 that nobody holds may last. The RFC knows no end to it, and
    /// a stack may give it several of its timeouts, which losses have doubled.
    fn longest_orphan(&self) -> Duration {
        let declared = self.plan.hello.profile.fin_wait_2;
        declared.saturating_mul(limits::ORPHAN)
    }

    /// Whether the connection exists no more.
    pub(crate) fn is_over(&self) -> bool {
        self.talk.gone_at.is_some() && matches!(self.state(), State::Closed | State::Listen)
    }

    /// The application acts on what it can have heard of: what the peer has sent
    /// before comes first.
    pub(super) async fn let_arrive(&mut self, step: &Step) -> Result<(), Halt> {
        let mut patience = self.patience();
        while self.talk.persistence.is_under_way() && !self.is_over() {
            if self.is_out_of(&mut patience)? {
                return Ok(());
            }
            self.pass(patience.until, Stop::FirstChange, step).await?;
        }
        Ok(())
    }

    /// Makes a call until it is told one of the outcomes, or something that waiting
    /// does not change. What it reads or sends in pieces counts together.
    pub(super) async fn call_patiently(
        &mut self,
        step: &Step,
        request: Call,
        allowed: &[Outcome],
    ) -> Result<CallResult, Halt> {
        let mut patience = self.patience();
        let look = matches!(step.action, Action::App(AppCall::Look, _));
        let mut done = Pieces::default();
        loop {
            let result = self.call(done.rest_of(&request), &step.never).await?;
            let result = done.with(result);
            let met = allowed.iter().any(|one| is_outcome(one, look, &result));
            let wrong = self.talk.peer_stream.difference(self.talk.read, &done.read);
            // On a link that took nothing the buffer is not full for its sake.
            let is_part = done.is_part_of(&request) && !self.is_link_clean();
            if met && !is_part || wrong.is_some() {
                return Ok(result);
            }
            self.check_given_up()?;
            let may_change = is_part || may_change(&result, allowed);
            if !may_change || self.is_out_of(&mut patience)? {
                return Ok(result);
            }
            self.pass(patience.until, Stop::FirstChange, step).await?;
        }
    }

    /// Ends the trial if the stack has given up, as it may.
    pub(super) fn check_given_up(&self) -> Result<(), Halt> {
        match self.has_given_up().filter(|_| self.is_over()) {
            Some(vain) => Err(Halt::GaveUp(vain)),
            None => Ok(()),
        }
    }
}

/// What has come of a call that is made again and again.
#[derive(Debug, Default)]
struct Pieces {
    read: Vec<u8>,
    /// Octets that the stack has taken.
    sent: usize,
}

impl Pieces {
    /// What is left to call for.
    fn rest_of(&self, call: &Call) -> Call {
        match call.clone() {
            Call::Recv { handle, max } => Call::Recv {
                handle,
                max: max.saturating_sub(self.read.len()),
            },
            Call::Send { handle, data } => Call::Send {
                handle,
                data: data.get(self.sent..).unwrap_or_default().to_vec(),
            },
            other => other,
        }
    }

    /// What all calls together were told, this being the last one.
    fn with(&mut self, result: CallResult) -> CallResult {
        match result {
            Ok(Ret::Data(data)) => {
                self.read.extend(data);
                Ok(Ret::Data(self.read.clone()))
            }
            Ok(Ret::Sent(octets)) => {
                self.sent += octets;
                Ok(Ret::Sent(self.sent))
            }
            Err(CallError::Again) if !self.read.is_empty() => Ok(Ret::Data(self.read.clone())),
            Err(CallError::Again) if self.sent > 0 => Ok(Ret::Sent(self.sent)),
            other => other,
        }
    }

    /// Whether the stack has taken some of what is to be sent, and not all.
    fn is_part_of(&self, call: &Call) -> bool {
        matches!(call, Call::Send { data, .. } if (1..data.len()).contains(&self.sent))
    }
}

/// Whether what an application was told may be another thing later.
fn may_change(result: &CallResult, allowed: &[Outcome]) -> bool {
    let wanted = |outcome: &Outcome| match outcome {
        Outcome::Bytes(octets) => Some(*octets),
        _ => None,
    };
    match result {
        Err(CallError::Again) => true,
        Ok(Ret::Data(data)) => allowed
            .iter()
            .filter_map(wanted)
            .any(|octets| data.len() < octets),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use tcpspec_connector::Handle;

    use super::*;

    #[test]
    fn what_is_sent_in_pieces_is_sent_once() {
        let data = |octets: &[u8]| Call::Send {
            handle: Handle("C".to_owned()),
            data: octets.to_vec(),
        };
        let (whole, mut done) = (data(b"abcdef"), Pieces::default());
        let steps = [
            (Ok(Ret::Sent(4)), Ok(Ret::Sent(4)), "ef", true),
            (Err(CallError::Again), Ok(Ret::Sent(4)), "ef", true),
            (Ok(Ret::Sent(2)), Ok(Ret::Sent(6)), "", false),
        ];
        assert!(!done.is_part_of(&whole), "nothing is no part");
        for (told, together, rest, is_part) in steps {
            assert_eq!(done.with(told), together);
            assert_eq!(done.rest_of(&whole), data(rest.as_bytes()));
            assert_eq!(done.is_part_of(&whole), is_part);
        }
        assert_eq!(done.with(Err(CallError::Reset)), Err(CallError::Reset));
    }
}

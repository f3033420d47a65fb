//! Calls and looks on a faulty link: they wait for what is still under way.

use tcpspec_casefile::{Action, AppCall, GoneBranch, Outcome, Step};
use tcpspec_connector::{Call, CallError, CallResult, Ret, Stop};
use tcpspec_record::StepResult;
use tcpspec_wire::{Capability, State};

use super::app::is_outcome;
use crate::halt::{Broken, Halt};
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
    /// does not change. What it reads in pieces counts together.
    pub(super) async fn call_patiently(
        &mut self,
        step: &Step,
        request: Call,
        allowed: &[Outcome],
    ) -> Result<CallResult, Halt> {
        let mut patience = self.patience();
        let look = matches!(step.action, Action::App(AppCall::Look, _));
        let mut read = Vec::new();
        loop {
            let request = less(request.clone(), read.len());
            let result = match self.call(request, &step.never).await? {
                Ok(Ret::Data(data)) => {
                    read.extend(data);
                    Ok(Ret::Data(read.clone()))
                }
                Err(CallError::Again) if !read.is_empty() => Ok(Ret::Data(read.clone())),
                other => other,
            };
            let met = allowed.iter().any(|one| is_outcome(one, look, &result));
            let wrong = self.talk.peer_stream.difference(self.talk.read, &read);
            if met || wrong.is_some() {
                return Ok(result);
            }
            self.check_given_up()?;
            if !may_change(&result, allowed) || self.is_out_of(&mut patience)? {
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

/// The call, for so many octets less.
fn less(call: Call, octets: usize) -> Call {
    match call {
        Call::Recv { handle, max } => Call::Recv {
            handle,
            max: max.saturating_sub(octets),
        },
        other => other,
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

//! `app:` the application makes a call.

use tcpspec_casefile::{AppCall, Outcome, SocketSetting, Step};
use tcpspec_connector::call::SocketOption;
use tcpspec_connector::{Call, CallError, CallResult, Handle, Report, Ret};
use tcpspec_record::{Event, StepResult};
use tcpspec_wire::text::Hex;
use tcpspec_wire::{Capability, State};

use crate::eval::{Scope, unclear};
use crate::halt::{Broken, Halt, delta};
use crate::limits;
use crate::plan::{CONNECT_PORT, LISTEN_PORT, PEER_PORT, address};
use crate::play::Play;
use crate::routes::source_route;
use crate::service::is_look;

impl Play {
    pub(super) async fn app(
        &mut self,
        step: &Step,
        call: &AppCall,
        outcomes: &[Outcome],
    ) -> Result<StepResult, Halt> {
        let is_served = self.plan.hello.service.is_some();
        if is_served && is_look(step) {
            return Ok(StepResult::Unobserved);
        }
        self.pace(step).await?;
        if self.is_lenient() {
            self.let_arrive(step).await?;
        }
        let words = step.text.trim_start_matches("app: ").to_owned();
        self.stimulus = format!("the application's `{words}`");
        let request = self.request(call)?;
        let capability = request.capability();
        let ok = [Outcome::Ok];
        let allowed = if outcomes.is_empty() { &ok } else { outcomes };
        let look = matches!(call, AppCall::Look);
        let result = match self.is_lenient() {
            true => self.call_patiently(step, request, allowed).await?,
            false => self.call(request, &step.never).await?,
        };
        let shown = shown(&result);
        self.recorder.event(
            self.now,
            Event::App {
                call: words.clone(),
                result: shown.clone(),
                octets: read(&result).map(|data| Hex(data).to_string()),
            },
        );
        self.note_call(call, &result);
        if result == Err(CallError::Unsupported) {
            return Err(self.refused(&words, capability));
        }
        if !allowed
            .iter()
            .any(|outcome| is_outcome(outcome, look, &result))
        {
            return Err(wrong_outcome(&self.stimulus, allowed, &shown).into());
        }
        self.check_read(&result)?;
        Ok(match outcomes {
            [] => StepResult::Done,
            _ if is_served => StepResult::Unobserved,
            _ => StepResult::Met,
        })
    }

    /// What it means that the stack cannot do what `words` ask for.
    fn refused(&self, words: &str, capability: Option<Capability>) -> Halt {
        match capability {
            Some(capability) if !self.declares(capability) => Halt::Unsupported(format!(
                "the stack refused `{words}`, and does not declare {capability}"
            )),
            _ => unclear(&format!(
                "the connector is at fault: it refused `{words}`, which the stack declares"
            )),
        }
    }

    /// The connector's call for a verb, on the case's one listener or the
    /// connection that is turned to.
    pub(super) fn request(&mut self, call: &AppCall) -> Result<Call, Halt> {
        let listener = Handle("L".to_owned());
        let handle = self.talk.handle();
        let setup = self.plan.setup();
        Ok(match call {
            AppCall::Listen => {
                self.talk.local_port = LISTEN_PORT;
                let backlog = self.plan.variant.peer.backlog;
                Call::Listen {
                    handle: listener,
                    port: LISTEN_PORT,
                    backlog,
                }
            }
            AppCall::Connect { to: whom, route } => {
                let route = route.as_ref().map(|route| source_route(route, &setup));
                let to = self.talk.peer_port;
                let port = self.connect(CONNECT_PORT + (to - PEER_PORT));
                Call::Connect {
                    handle,
                    port,
                    to: (address(*whom, &setup)?, to).into(),
                    route: route.transpose()?.flatten(),
                }
            }
            AppCall::Accept => Call::Accept {
                handle: listener,
                new: handle,
            },
            AppCall::SendLen(len) => Call::Send {
                handle,
                data: self.talk.sut_stream.read(self.talk.sent, *len),
            },
            AppCall::SendData(data) => {
                self.talk.sut_stream.write(self.talk.sent, data);
                Call::Send {
                    handle,
                    data: data.clone(),
                }
            }
            AppCall::SendUrgent(len) => Call::SendUrgent {
                handle,
                data: self.talk.sut_stream.read(self.talk.sent, *len),
            },
            AppCall::Urgent => Call::Urgent { handle },
            AppCall::Report => Call::Report { handle },
            AppCall::Recv(len) => Call::Recv { handle, max: *len },
            AppCall::Look => Call::Recv {
                handle,
                max: limits::LOOK,
            },
            AppCall::Shutdown => Call::Shutdown { handle },
            AppCall::Close => Call::Close { handle },
            AppCall::CloseListener => Call::Close { handle: listener },
            AppCall::Abort => Call::Abort { handle },
            AppCall::Die => Call::Die,
            AppCall::SetOption(setting) => Call::SetOption {
                handle: if self.talk.connected {
                    handle
                } else {
                    listener
                },
                option: option(setting, &self.scope())?,
            },
        })
    }

    fn note_call(&mut self, call: &AppCall, result: &CallResult) {
        match (call, result) {
            (AppCall::Listen, Ok(_)) => {
                self.listening = true;
                if self.talk.changes == [State::Closed] {
                    self.talk.changes = vec![State::Listen];
                }
            }
            (AppCall::CloseListener | AppCall::Die, Ok(_)) => self.listening = false,
            (AppCall::Connect { .. } | AppCall::Accept, Ok(_)) => self.talk.connected = true,
            (_, Ok(Ret::Sent(sent))) => {
                self.talk.sent = self.talk.sent.wrapping_add(*sent as u32);
            }
            _ => {}
        }
    }

    /// What the application reads must be the peer's stream.
    fn check_read(&mut self, result: &CallResult) -> Result<(), Halt> {
        let Ok(Ret::Data(data)) = result else {
            return Ok(());
        };
        let wrong = self.talk.peer_stream.difference(self.talk.read, data);
        self.talk.read = self.talk.read.wrapping_add(data.len() as u32);
        let Some(at) = wrong else { return Ok(()) };
        Err(Broken {
            sentence: "The application was given octets that the peer never sent.".to_owned(),
            expected: vec!["the peer's stream, in order, each octet once".to_owned()],
            got: format!("{} octets that differ from octet {at} on", data.len()),
            delta: vec![delta(
                "octets",
                "the peer's stream",
                format!("another octet at {at}"),
            )],
            ..Broken::default()
        }
        .into())
    }
}

fn option(setting: &SocketSetting, scope: &Scope<'_>) -> Result<SocketOption, Halt> {
    Ok(match setting {
        SocketSetting::Nagle(on) => SocketOption::Nagle(*on),
        SocketSetting::ReceiveBuffer(octets) => SocketOption::ReceiveBuffer(*octets),
        SocketSetting::KeepAliveByDefault => SocketOption::KeepAliveByDefault,
        SocketSetting::KeepAlive(idle) => {
            let idle = idle.as_ref().map(|idle| scope.span(idle));
            SocketOption::KeepAlive(idle.transpose()?)
        }
        SocketSetting::UserTimeout(timeout) => SocketOption::UserTimeout(scope.span(timeout)?),
        SocketSetting::Ttl(ttl) => SocketOption::Ttl(*ttl),
        SocketSetting::Ds(ds) => SocketOption::Ds(*ds),
    })
}

pub(super) fn is_outcome(outcome: &Outcome, look: bool, result: &CallResult) -> bool {
    match outcome {
        Outcome::Ok => result.is_ok() || (look && *result == Err(CallError::Again)),
        Outcome::Bytes(len) => matches!(result, Ok(Ret::Data(data)) if data.len() == *len),
        Outcome::Urgent(ahead) => *result == Ok(Ret::Urgent(*ahead)),
        Outcome::Report(report) => *result == Ok(Ret::Report(reported(*report))),
        Outcome::Eof => *result == Err(CallError::Eof),
        Outcome::Reset => *result == Err(CallError::Reset),
        Outcome::Refused => *result == Err(CallError::Refused),
        Outcome::Timeout => *result == Err(CallError::Timeout),
        Outcome::Closed => *result == Err(CallError::Closed),
        Outcome::Again => *result == Err(CallError::Again),
        Outcome::Error => !matches!(result, Ok(_) | Err(CallError::Again)),
        Outcome::InUse => *result == Err(CallError::InUse),
    }
}

const fn reported(report: tcpspec_casefile::Report) -> Report {
    match report {
        tcpspec_casefile::Report::Urgent => Report::Urgent,
        tcpspec_casefile::Report::SoftError => Report::SoftError,
        tcpspec_casefile::Report::Retransmissions => Report::Retransmissions,
        tcpspec_casefile::Report::UserTimeout => Report::UserTimeout,
    }
}

fn wrong_outcome(call: &str, allowed: &[Outcome], got: &str) -> Broken {
    let expected: Vec<String> = allowed.iter().map(ToString::to_string).collect();
    let list = expected.join(" or ");
    Broken {
        sentence: format!("On {call} the application was told `{got}`; `{list}` is required."),
        delta: vec![delta("outcome", list, got)],
        expected,
        got: got.to_owned(),
        ..Broken::default()
    }
}

/// The octets that a call gave to the application.
fn read(result: &CallResult) -> Option<&[u8]> {
    match result {
        Ok(Ret::Data(data)) => Some(data),
        _ => None,
    }
}

fn shown(result: &CallResult) -> String {
    match result {
        Ok(Ret::Done) => "ok".to_owned(),
        Ok(Ret::Sent(len)) => format!("{len} octets taken"),
        Ok(Ret::Info(values)) => format!("{} values", values.len()),
        Ok(Ret::Data(data)) => format!("{} octets", data.len()),
        Ok(Ret::Urgent(ahead)) => Outcome::Urgent(*ahead).to_string(),
        Ok(Ret::Report(report)) => report.to_string(),
        Err(error) => error.to_string(),
    }
}

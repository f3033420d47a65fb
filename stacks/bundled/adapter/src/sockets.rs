//! The harness's names for the sockets of the host, and its calls on them.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use tcpspec_bundled::{ConnectionId, Error, ErrorReport, Host, Reason};
use tcpspec_connector::call::SocketOption;
use tcpspec_connector::{Call, CallError, CallResult, Handle, Report, Ret};
use tcpspec_wire::Instant;

/// What a handle stands for.
#[derive(Clone, Copy, Debug)]
enum Socket {
    Listener {
        port: u16,
        /// For the connections to be accepted; the host has these per
        /// connection.
        nagle: Option<bool>,
        keepalive: Option<Duration>,
    },
    Connection(ConnectionId),
}

/// Every socket of a trial by its name.
#[derive(Debug, Default)]
pub(crate) struct Sockets {
    named: BTreeMap<Handle, Socket>,
    /// What their users were told unasked and have not looked at.
    reports: VecDeque<ErrorReport>,
}

impl Sockets {
    /// Makes one call of the application.
    pub(crate) fn call(&mut self, host: &mut Host, now: Instant, call: &Call) -> CallResult {
        match call {
            Call::Listen {
                handle,
                port,
                backlog,
            } => {
                host.listen(now, *port, usize::from(*backlog))
                    .map_err(told)?;
                let socket = Socket::Listener {
                    port: *port,
                    nagle: None,
                    keepalive: None,
                };
                self.name(handle, socket)
            }
            Call::Connect { handle, port, to } => {
                let id = host.connect(now, *port, *to).map_err(told)?;
                self.name(handle, Socket::Connection(id))
            }
            Call::Accept { handle, new } => self.accept(host, now, handle, new),
            Call::Send { handle, data } => {
                let sent = host.send(now, self.connection(handle)?, data);
                sent.map(Ret::Sent).map_err(told)
            }
            Call::SendUrgent { handle, data } => {
                let sent = host.send_urgent(now, self.connection(handle)?, data);
                sent.map(Ret::Sent).map_err(told)
            }
            Call::Urgent { handle } => {
                let ahead = host.urgent_ahead(self.connection(handle)?);
                Ok(Ret::Urgent(ahead > 0))
            }
            Call::Report { handle } => self.report(handle),
            Call::Recv { handle, max } => {
                let octets = host.recv(now, self.connection(handle)?, *max);
                octets.map(Ret::Data).map_err(told)
            }
            Call::Shutdown { handle } => done(host.shutdown(now, self.connection(handle)?)),
            Call::Close { handle } => self.let_go(host, now, handle, Host::close),
            Call::Abort { handle } => self.let_go(host, now, handle, Host::abort),
            Call::SetOption { handle, option } => self.set(host, now, handle, *option),
            Call::Info { .. } => Err(CallError::Unsupported),
        }
    }

    /// Takes what the host has to tell unasked.
    pub(crate) fn take_reports(&mut self, host: &mut Host) {
        while let Some(report) = host.poll_error_report() {
            self.reports.push_back(report);
        }
    }

    fn report(&mut self, handle: &Handle) -> CallResult {
        let id = self.connection(handle)?;
        let mut reports = self.reports.iter();
        let at = reports.position(|report| report.connection == id);
        let report = at.and_then(|at| self.reports.remove(at));
        let report = report.ok_or(CallError::Again)?;
        Ok(Ret::Report(match report.reason {
            Reason::Urgent { .. } => Report::Urgent,
            Reason::Retransmissions => Report::Retransmissions,
            Reason::UserTimeout { .. } => Report::UserTimeout,
            Reason::Icmp { .. } => Report::SoftError,
        }))
    }

    fn name(&mut self, handle: &Handle, socket: Socket) -> CallResult {
        self.named.insert(handle.clone(), socket);
        Ok(Ret::Done)
    }

    fn socket(&self, handle: &Handle) -> Result<Socket, CallError> {
        self.named.get(handle).copied().ok_or(CallError::Closed)
    }

    fn connection(&self, handle: &Handle) -> Result<ConnectionId, CallError> {
        match self.socket(handle)? {
            Socket::Connection(id) => Ok(id),
            Socket::Listener { .. } => Err(CallError::Other("a listener has no data".to_owned())),
        }
    }

    fn accept(
        &mut self,
        host: &mut Host,
        now: Instant,
        listener: &Handle,
        new: &Handle,
    ) -> CallResult {
        let Socket::Listener {
            port,
            nagle,
            keepalive,
        } = self.socket(listener)?
        else {
            return Err(CallError::Other("not a listener".to_owned()));
        };
        let id = host.accept(port).map_err(told)?;
        if let Some(on) = nagle {
            host.set_nagle(now, id, on).map_err(told)?;
        }
        if keepalive.is_some() {
            host.set_keepalive(now, id, keepalive).map_err(told)?;
        }
        self.name(new, Socket::Connection(id))
    }

    /// Close and abort: the handle means nothing afterwards.
    fn let_go(
        &mut self,
        host: &mut Host,
        now: Instant,
        handle: &Handle,
        end: fn(&mut Host, Instant, ConnectionId) -> Result<(), Error>,
    ) -> CallResult {
        let ended = match self.socket(handle)? {
            Socket::Connection(id) => end(host, now, id),
            Socket::Listener { port, .. } => host.close_listener(now, port),
        };
        self.named.remove(handle);
        done(ended)
    }

    fn set(
        &mut self,
        host: &mut Host,
        now: Instant,
        handle: &Handle,
        option: SocketOption,
    ) -> CallResult {
        let socket = self.named.get_mut(handle).ok_or(CallError::Closed)?;
        let default = host.keepalive_idle();
        match (option, socket) {
            (SocketOption::KeepAliveByDefault, Socket::Connection(id)) => {
                done(host.set_keepalive(now, *id, Some(default)))
            }
            (SocketOption::KeepAliveByDefault, Socket::Listener { keepalive, .. }) => {
                *keepalive = Some(default);
                Ok(Ret::Done)
            }
            (SocketOption::Nagle(on), Socket::Connection(id)) => done(host.set_nagle(now, *id, on)),
            (SocketOption::Nagle(on), Socket::Listener { nagle, .. }) => {
                *nagle = Some(on);
                Ok(Ret::Done)
            }
            (SocketOption::ReceiveBuffer(octets), Socket::Connection(id)) => {
                done(host.set_receive_buffer(now, *id, octets))
            }
            (SocketOption::ReceiveBuffer(octets), Socket::Listener { port, .. }) => {
                done(host.set_listener_receive_buffer(*port, octets))
            }
            (SocketOption::KeepAlive(idle), Socket::Connection(id)) => {
                done(host.set_keepalive(now, *id, idle))
            }
            (SocketOption::KeepAlive(idle), Socket::Listener { keepalive, .. }) => {
                *keepalive = idle;
                Ok(Ret::Done)
            }
        }
    }
}

fn done(result: Result<(), Error>) -> CallResult {
    result.map(|()| Ret::Done).map_err(told)
}

/// The host's errors in the seam's words.
fn told(error: Error) -> CallError {
    match error {
        Error::Again => CallError::Again,
        Error::Eof => CallError::Eof,
        Error::Refused => CallError::Refused,
        Error::Reset => CallError::Reset,
        Error::Timeout => CallError::Timeout,
        Error::Closing | Error::Closed => CallError::Closed,
        Error::InUse => CallError::InUse,
        Error::Unreachable | Error::BadAddress | Error::NoAddress => {
            CallError::Other(error.to_string())
        }
    }
}

//! The harness's names for the sockets of the host, and its calls on them.

use std::collections::{BTreeMap, VecDeque};
use std::net::{Ipv4Addr, SocketAddr};

use tcpspec_bundled::{ConnectionId, Error, ErrorReport, Host, Reason};
use tcpspec_connector::call::SocketOption;
use tcpspec_connector::{Call, CallError, CallResult, Handle, Report, Ret};
use tcpspec_wire::{Instant, SourceRoute};

/// What a handle stands for.
#[derive(Clone, Debug)]
enum Socket {
    Listener {
        port: u16,
        /// For the connections to be accepted, in the order in which they were
        /// set; the host has these per connection.
        inherited: Vec<SocketOption>,
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
                    inherited: Vec::new(),
                };
                self.name(handle, socket)
            }
            Call::Connect {
                handle,
                port,
                to,
                route,
            } => {
                let id = connect(host, now, *port, *to, *route).map_err(told)?;
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
            Call::Die | Call::Info { .. } => Err(CallError::Unsupported),
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
        self.named.get(handle).cloned().ok_or(CallError::Closed)
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
        let Socket::Listener { port, inherited } = self.socket(listener)? else {
            return Err(CallError::Other("not a listener".to_owned()));
        };
        let id = host.accept(port).map_err(told)?;
        for option in inherited {
            set(host, now, id, option).map_err(told)?;
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
        match (option, socket) {
            (option, Socket::Connection(id)) => done(set(host, now, *id, option)),
            (SocketOption::ReceiveBuffer(octets), Socket::Listener { port, .. }) => {
                done(host.set_listener_receive_buffer(*port, octets))
            }
            (option, Socket::Listener { inherited, .. }) => {
                inherited.push(option);
                Ok(Ret::Done)
            }
        }
    }
}

/// Sets an option of a connection.
fn set(host: &mut Host, now: Instant, id: ConnectionId, option: SocketOption) -> Result<(), Error> {
    match option {
        SocketOption::Nagle(on) => host.set_nagle(now, id, on),
        SocketOption::ReceiveBuffer(octets) => host.set_receive_buffer(now, id, octets),
        SocketOption::KeepAlive(idle) => host.set_keepalive(now, id, idle),
        SocketOption::KeepAliveByDefault => {
            let idle = host.keepalive_idle();
            host.set_keepalive(now, id, Some(idle))
        }
        SocketOption::UserTimeout(timeout) => host.set_user_timeout(now, id, timeout),
        SocketOption::Ttl(ttl) => host.set_ttl(now, id, ttl),
        SocketOption::Ds(ds) => host.set_dscp(now, id, ds),
    }
}

fn done(result: Result<(), Error>) -> CallResult {
    result.map(|()| Ret::Done).map_err(told)
}

fn connect(
    host: &mut Host,
    now: Instant,
    port: u16,
    to: SocketAddr,
    route: Option<SourceRoute>,
) -> Result<ConnectionId, Error> {
    match route {
        Some(route) => host.connect_via(now, (Ipv4Addr::UNSPECIFIED, port).into(), to, route),
        None => host.connect(now, port, to),
    }
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
        Error::Unreachable | Error::BadAddress | Error::NoAddress | Error::BadRoute => {
            CallError::Other(error.to_string())
        }
    }
}

//! The application on top of the kernel's TCP: real sockets, never blocking,
//! used from the thread that delivers the packets (another thread inside a
//! call on the same socket would delay what the kernel does with a segment).

mod death;
mod options;

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::{
    RecvFlags, SendFlags, Shutdown, SocketFlags, SocketType, accept_with, bind, connect,
    getpeername, listen, recv, send, shutdown, socket_with, sockopt,
};
use tcpspec_connector::{Call, CallError, CallResult, Handle, Report, Ret};

use tcpspec_wire::SourceRoute;

use crate::error::{Context, LaneError};
use crate::info::{self, TcpInfo};
use crate::lane::Lane;
use crate::link::family;
use crate::sys;

/// The sockets of a trial, by the names the harness gave them.
#[derive(Debug)]
pub(crate) struct Application {
    sockets: BTreeMap<Handle, Socket>,
    /// Its sockets serve both versions of IP.
    dual: bool,
}

#[derive(Debug)]
struct Socket {
    fd: OwnedFd,
    /// The port it listens on, if it is a listener.
    listens: Option<u16>,
    /// Its application has closed the sending direction.
    shut: bool,
    /// Its application has been told how the connection ended. The kernel
    /// tells it once and speaks of an orderly end from then on.
    ended: bool,
    /// Its application was sent SIGURG and has not looked.
    urged: bool,
}

/// How a call went wrong.
enum Failure {
    /// The application is told.
    Told(Errno),
    /// The machine could not do it.
    Machine(LaneError),
}

impl Application {
    /// One without sockets. Those that it makes serve both versions of IP if
    /// it is `dual`.
    pub(crate) const fn new(dual: bool) -> Self {
        let sockets = BTreeMap::new();
        Self { sockets, dual }
    }

    /// Makes a call. `own` is the stack's address.
    pub(crate) fn call(
        &mut self,
        lane: &Lane,
        own: IpAddr,
        call: &Call,
    ) -> Result<CallResult, LaneError> {
        Ok(match call {
            Call::Listen {
                handle,
                port,
                backlog,
            } => {
                let made = listener(lane, self.listens_at(own, *port), *backlog);
                self.keep(handle, made, Some(*port))?
            }
            // The kernel gives IPv4 options to sockets of IPv4 alone.
            Call::Connect { route: Some(_), .. } if self.dual => Err(CallError::Unsupported),
            Call::Connect {
                handle,
                port,
                to,
                route,
            } => {
                let from = self.address(own, *port);
                let to = self.address(to.ip(), to.port());
                let made = connector(lane, from, to, route.as_ref());
                self.keep(handle, made, None)?
            }
            Call::Accept { handle, new } => self.accept(handle, new)?,
            Call::Send { handle, data } => {
                self.on(handle, |socket| socket.send(data, SendFlags::empty()))
            }
            Call::SendUrgent { handle, data } => {
                self.on(handle, |socket| socket.send(data, SendFlags::OOB))
            }
            Call::Urgent { handle } => self.on(handle, |socket| socket.urgent()),
            Call::Report { handle } => self.on(handle, Socket::report),
            Call::Recv { handle, max } => self.on(handle, |socket| socket.recv(*max)),
            Call::Shutdown { handle } => self.on(handle, Socket::shutdown),
            Call::Close { handle } => self.let_go(handle, None),
            Call::Abort { handle } => self.let_go(handle, Some(Duration::ZERO)),
            Call::Die => self.die()?,
            Call::SetOption { handle, option } => {
                self.on(handle, |socket| socket.set_option(*option))
            }
            Call::Info { handle, names } => {
                Ok(Ret::Info(info::read(lane, self.socket(handle), names)?))
            }
        })
    }

    /// What to listen at: every address where the socket serves both versions.
    fn listens_at(&self, own: IpAddr, port: u16) -> SocketAddr {
        let all = IpAddr::V6(Ipv6Addr::UNSPECIFIED);
        SocketAddr::new(if self.dual { all } else { own }, port)
    }

    /// An address as its sockets write it: of IPv6 in any case where they
    /// serve both versions.
    fn address(&self, ip: IpAddr, port: u16) -> SocketAddr {
        let ip = match ip {
            IpAddr::V4(ip) if self.dual => IpAddr::V6(ip.to_ipv6_mapped()),
            ip => ip,
        };
        SocketAddr::new(ip, port)
    }

    /// Whether somebody listens on this port.
    pub(crate) fn listens(&self, port: u16) -> bool {
        let mut sockets = self.sockets.values();
        sockets.any(|socket| socket.listens == Some(port))
    }

    /// The socket of this name.
    pub(crate) fn socket(&self, handle: &Handle) -> Option<BorrowedFd<'_>> {
        self.sockets.get(handle).map(|socket| socket.fd.as_fd())
    }

    /// Has `deliver` done, which hands the kernel urgent text from this port of
    /// the peer's, and notes whether it signals that.
    pub(crate) fn while_urged<R>(
        &mut self,
        remote: u16,
        deliver: impl FnOnce() -> R,
    ) -> Result<R, LaneError> {
        let mut sockets = self.sockets.values_mut();
        let Some(socket) = sockets.find(|socket| socket.is_connected_to(remote)) else {
            return Ok(deliver());
        };
        let (done, urged) = sys::signal::urged(socket.fd.as_fd(), deliver)
            .context("waiting for the signal of urgent text")?;
        socket.urged |= urged;
        Ok(done)
    }

    /// Whether it has no socket at all.
    pub(crate) fn is_empty(&self) -> bool {
        self.sockets.is_empty()
    }

    fn on(&mut self, handle: &Handle, act: impl FnOnce(&mut Socket) -> CallResult) -> CallResult {
        self.sockets
            .get_mut(handle)
            .map_or(Err(CallError::Closed), act)
    }

    /// Files a new socket under its name.
    fn keep(
        &mut self,
        handle: &Handle,
        made: Result<OwnedFd, Failure>,
        listens: Option<u16>,
    ) -> Result<CallResult, LaneError> {
        match made {
            Ok(fd) => {
                let socket = Socket::new(fd, listens);
                self.sockets.insert(handle.clone(), socket);
                Ok(Ok(Ret::Done))
            }
            Err(Failure::Told(errno)) => Ok(Err(told(errno))),
            Err(Failure::Machine(error)) => Err(error),
        }
    }

    fn accept(&mut self, handle: &Handle, new: &Handle) -> Result<CallResult, LaneError> {
        let Some(listener) = self.sockets.get(handle) else {
            return Ok(Err(CallError::Closed));
        };
        let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
        let made = accept_with(&listener.fd, flags).map_err(|errno| failure(errno, "accept"));
        self.keep(new, made, None)
    }

    /// The process that owns the sockets is killed. Its sockets are as those of any
    /// process, which the kernel closes in its own way.
    fn die(&mut self) -> Result<CallResult, LaneError> {
        let sockets = std::mem::take(&mut self.sockets).into_values();
        let sockets: Vec<OwnedFd> = sockets.map(|socket| socket.fd).collect();
        for socket in &sockets {
            sockopt::set_socket_linger(socket, None).context("taking SO_LINGER off")?;
        }
        death::of_the_owner(sockets).context("killing the process that owns the sockets")?;
        Ok(Ok(Ret::Done))
    }

    /// Closes a socket: with `linger` of zero by a reset, without by FIN.
    fn let_go(&mut self, handle: &Handle, linger: Option<Duration>) -> CallResult {
        let socket = self.sockets.remove(handle).ok_or(CallError::Closed)?;
        sockopt::set_socket_linger(&socket.fd, linger).map_err(told)?;
        Ok(Ret::Done)
    }
}

impl Socket {
    const fn new(fd: OwnedFd, listens: Option<u16>) -> Self {
        Self {
            fd,
            listens,
            shut: false,
            ended: false,
            urged: false,
        }
    }

    fn send(&mut self, data: &[u8], urgent: SendFlags) -> CallResult {
        let flags = urgent | SendFlags::NOSIGNAL | SendFlags::DONTWAIT;
        match send(&self.fd, data, flags) {
            Ok(sent) => Ok(Ret::Sent(sent)),
            Err(Errno::PIPE) if self.cannot_send() => Err(CallError::Closed),
            Err(errno) => Err(self.end(errno)),
        }
    }

    fn is_connected_to(&self, remote: u16) -> bool {
        let peer = getpeername(&self.fd).ok().flatten();
        let peer = peer.and_then(|peer| SocketAddr::try_from(peer).ok());
        peer.is_some_and(|peer| peer.port() == remote)
    }

    /// There is no connection, or not any more, or its application has closed
    /// this direction.
    const fn cannot_send(&self) -> bool {
        self.listens.is_some() || self.shut || self.ended
    }

    fn recv(&mut self, max: usize) -> CallResult {
        if max == 0 {
            return Err(CallError::Again);
        }
        let mut data = vec![0; max.min(MOST)];
        match recv(&self.fd, &mut data[..], RecvFlags::DONTWAIT) {
            Ok(_) if self.ended => Err(CallError::Closed),
            Ok((0, _)) => Err(CallError::Eof),
            Ok((len, _)) => {
                data.truncate(len);
                Ok(Ret::Data(data))
            }
            Err(errno) => Err(self.end(errno)),
        }
    }

    /// Whether the urgent octet is there and was not read.
    fn urgent(&self) -> CallResult {
        let mut fds = [PollFd::new(&self.fd, PollFlags::PRI)];
        poll(&mut fds, Some(&Timespec::default())).map_err(told)?;
        let ahead = fds[0].revents().contains(PollFlags::PRI);
        Ok(Ret::Urgent(ahead))
    }

    /// A signal that has come, or the error that waits at the socket: one that
    /// may pass if the connection outlived it.
    fn report(&mut self) -> CallResult {
        if std::mem::take(&mut self.urged) {
            return Ok(Ret::Report(Report::Urgent));
        }
        let Err(errno) = sockopt::socket_error(&self.fd).map_err(told)? else {
            return Err(CallError::Again);
        };
        let info = TcpInfo::of(&self.fd);
        let lives = info.is_ok_and(|info| !info.is_closed());
        if lives {
            return Ok(Ret::Report(Report::SoftError));
        }
        Err(self.end(errno))
    }

    fn shutdown(&mut self) -> CallResult {
        shutdown(&self.fd, Shutdown::Write).map_err(|errno| self.end(errno))?;
        self.shut = true;
        Ok(Ret::Done)
    }

    /// What the application is told, and that it has been told.
    fn end(&mut self, errno: Errno) -> CallError {
        let told = told(errno);
        self.ended |= matches!(
            told,
            CallError::Reset | CallError::Refused | CallError::Timeout
        );
        told
    }
}

fn listener(lane: &Lane, at: SocketAddr, backlog: u16) -> Result<OwnedFd, Failure> {
    let fd = bound(lane, at)?;
    listen(&fd, i32::from(backlog)).map_err(|errno| failure(errno, "listen"))?;
    Ok(fd)
}

fn connector(
    lane: &Lane,
    from: SocketAddr,
    to: SocketAddr,
    route: Option<&SourceRoute>,
) -> Result<OwnedFd, Failure> {
    let fd = bound(lane, from)?;
    if let Some(route) = route {
        let set = sys::ip_options(fd.as_fd(), &route.unsent());
        set.context("giving a socket a source route")
            .map_err(Failure::Machine)?;
    }
    match connect(&fd, &to) {
        Ok(()) | Err(Errno::INPROGRESS) => Ok(fd),
        Err(errno) => Err(failure(errno, "connect")),
    }
}

/// A socket in the lane's namespace with an address of its own.
///
/// Until its application closes it, closing it resets the connection: if the
/// process is killed, no connection lives on and keeps the namespace alive.
fn bound(lane: &Lane, at: SocketAddr) -> Result<OwnedFd, Failure> {
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    let make = || {
        let fd = socket_with(family(at.ip()), SocketType::STREAM, flags, None)?;
        sockopt::set_socket_reuseaddr(&fd, true)?;
        if at.is_ipv6() {
            sockopt::set_ipv6_v6only(&fd, !serves_both(at))?;
        }
        sockopt::set_socket_linger(&fd, Some(Duration::ZERO))?;
        // Urgent octets are octets of the stream (RFC 6093 section 6).
        sockopt::set_socket_oobinline(&fd, true)?;
        bind(&fd, &at)?;
        Ok(fd)
    };
    let made = lane.within(|_| make()).map_err(Failure::Machine)?;
    made.map_err(|errno| failure(errno, "making a socket"))
}

/// Whether a socket at this address has to take IPv4 as well.
fn serves_both(at: SocketAddr) -> bool {
    matches!(at.ip(), IpAddr::V6(ip) if ip.is_unspecified() || ip.to_ipv4_mapped().is_some())
}

/// Whether the machine or the stack refused.
fn failure(errno: Errno, what: &str) -> Failure {
    match errno {
        Errno::MFILE | Errno::NFILE | Errno::NOBUFS | Errno::NOMEM | Errno::PERM => {
            let refused: Result<(), Errno> = Err(errno);
            refused
                .context(what)
                .map_or_else(Failure::Machine, |()| Failure::Told(errno))
        }
        _ => Failure::Told(errno),
    }
}

/// The kernel's error numbers in the harness's words.
fn told(errno: Errno) -> CallError {
    match errno {
        Errno::AGAIN | Errno::INPROGRESS | Errno::ALREADY => CallError::Again,
        // The last two: an ICMP message said that there is no TCP.
        Errno::CONNREFUSED | Errno::NOPROTOOPT | Errno::PROTO => CallError::Refused,
        Errno::CONNRESET | Errno::PIPE | Errno::CONNABORTED => CallError::Reset,
        Errno::TIMEDOUT => CallError::Timeout,
        Errno::NOTCONN | Errno::INVAL => CallError::Closed,
        Errno::ADDRINUSE | Errno::ADDRNOTAVAIL => CallError::InUse,
        Errno::OPNOTSUPP => CallError::Unsupported,
        other => CallError::Other(other.to_string()),
    }
}

/// Octets that one `recv` takes at most, whatever the case asks for.
const MOST: usize = 1 << 20;

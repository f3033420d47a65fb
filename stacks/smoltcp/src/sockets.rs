//! The harness's names for smoltcp's sockets, and its calls on them.

use std::collections::BTreeMap;

use smoltcp::iface::{Interface, SocketHandle, SocketSet};
use smoltcp::socket::tcp::{self, RecvError, Socket, SocketBuffer};
use smoltcp::time::Duration as SmolDuration;
use smoltcp::wire::IpEndpoint;
use tcpspec_connector::call::SocketOption;
use tcpspec_connector::{Call, CallError, CallResult, Connection, Handle, Ret, StateChange};
use tcpspec_wire::{Instant, State};

/// Octets of each of a socket's two buffers.
const BUFFER: usize = 65_535;

/// Silence before a keep-alive where nobody names one: smoltcp wants a time
/// named, so here it is the least that RFC 9293 allows.
const KEEP_ALIVE: SmolDuration = SmolDuration::from_secs(7200);

/// Every socket of a trial.
pub(crate) struct Sockets {
    pub(crate) set: SocketSet<'static>,
    /// Whether what happens now happens because a packet came.
    pub(crate) is_delivering: bool,
    named: BTreeMap<Handle, Named>,
    /// What is known of each socket, named or let go of.
    watched: BTreeMap<SocketHandle, Watched>,
}

/// What a name stands for.
#[derive(Clone, Debug)]
enum Named {
    Listener {
        port: u16,
        waiting: Vec<SocketHandle>,
    },
    Connection(SocketHandle),
}

/// What is known of a socket.
#[derive(Clone, Debug)]
struct Watched {
    state: tcp::State,
    connection: Option<Connection>,
    /// Why the connection ended, if the user has to be told.
    ended: Option<CallError>,
    /// The user has let go of it: it goes when the connection is gone.
    is_orphan: bool,
}

impl Default for Sockets {
    fn default() -> Self {
        Self {
            set: SocketSet::new(Vec::new()),
            is_delivering: false,
            named: BTreeMap::new(),
            watched: BTreeMap::new(),
        }
    }
}

impl Sockets {
    /// Makes one call of the application.
    pub(crate) fn call(&mut self, interface: &mut Interface, call: &Call) -> CallResult {
        match call {
            Call::Listen {
                handle,
                port,
                backlog,
            } => self.listen(handle, *port, (*backlog).max(1)),
            Call::Connect { route: Some(_), .. } => Err(CallError::Unsupported),
            Call::Connect {
                handle, port, to, ..
            } => {
                let socket = self.add();
                let opened = self.socket(socket).connect(interface.context(), *to, *port);
                if let Err(error) = opened {
                    self.remove(socket);
                    return Err(CallError::Other(error.to_string()));
                }
                self.named.insert(handle.clone(), Named::Connection(socket));
                Ok(Ret::Done)
            }
            Call::Accept { handle, new } => self.accept(handle, new),
            Call::Send { handle, data } => self.send(handle, data),
            Call::Recv { handle, max } => self.recv(handle, *max),
            Call::Shutdown { handle } => {
                let socket = self.connection(handle)?;
                self.refuse_ended(socket)?;
                self.socket(socket).close();
                Ok(Ret::Done)
            }
            Call::Close { handle } => self.let_go(handle, Socket::close),
            Call::Abort { handle } => self.let_go(handle, Socket::abort),
            Call::SetOption { handle, option } => self.set_option(handle, *option),
            Call::SendUrgent { .. }
            | Call::Urgent { .. }
            | Call::Report { .. }
            | Call::Die
            | Call::Info { .. } => Err(CallError::Unsupported),
        }
    }

    /// Takes note of changes of state since the last time.
    pub(crate) fn notice(&mut self, at: Instant, states: &mut Vec<StateChange>) {
        for (handle, watched) in &mut self.watched {
            let socket: &Socket<'_> = self.set.get(*handle);
            let state = socket.state();
            let ends = socket.local_endpoint().zip(socket.remote_endpoint());
            watched.connection = ends.map(connection).or(watched.connection);
            if state == watched.state {
                continue;
            }
            watched.ended = watched.ended.take().or_else(|| {
                why_ended(watched.state, state, self.is_delivering).filter(|_| !watched.is_orphan)
            });
            watched.state = state;
            if let Some(connection) = watched.connection {
                let state = state_of(state);
                states.push(StateChange {
                    connection,
                    state,
                    at,
                });
            }
        }
    }

    /// Forgets connections that are gone and nobody holds any more.
    pub(crate) fn sweep(&mut self) {
        let gone = self
            .watched
            .iter()
            .filter(|(_, watched)| watched.is_orphan && watched.state == tcp::State::Closed);
        let gone: Vec<SocketHandle> = gone.map(|(handle, _)| *handle).collect();
        for handle in gone {
            self.remove(handle);
        }
    }

    fn add(&mut self) -> SocketHandle {
        let buffer = || SocketBuffer::new(vec![0; BUFFER]);
        let mut socket = Socket::new(buffer(), buffer());
        socket.set_congestion_control(tcp::CongestionControl::None);
        let handle = self.set.add(socket);
        let watched = Watched {
            state: tcp::State::Closed,
            connection: None,
            ended: None,
            is_orphan: false,
        };
        self.watched.insert(handle, watched);
        handle
    }

    fn remove(&mut self, socket: SocketHandle) {
        self.watched.remove(&socket);
        self.set.remove(socket);
    }

    fn socket(&mut self, handle: SocketHandle) -> &mut Socket<'static> {
        self.set.get_mut(handle)
    }

    fn named(&self, handle: &Handle) -> Result<Named, CallError> {
        self.named.get(handle).cloned().ok_or(CallError::Closed)
    }

    fn connection(&self, handle: &Handle) -> Result<SocketHandle, CallError> {
        match self.named(handle)? {
            Named::Connection(socket) => Ok(socket),
            Named::Listener { .. } => Err(CallError::Other("a listener has no data".to_owned())),
        }
    }

    /// What the user has to be told of the end of a connection.
    fn refuse_ended(&self, socket: SocketHandle) -> Result<(), CallError> {
        let watched = self.watched.get(&socket);
        let ended = watched.and_then(|watched| watched.ended.clone());
        let is_closed = watched.is_none_or(|watched| watched.state == tcp::State::Closed);
        match ended {
            Some(error) => Err(error),
            None if is_closed => Err(CallError::Closed),
            None => Ok(()),
        }
    }

    fn listen(&mut self, handle: &Handle, port: u16, backlog: u16) -> CallResult {
        let taken =
            |named: &Named| matches!(named, Named::Listener { port: own, .. } if *own == port);
        if self.named.values().any(taken) {
            return Err(CallError::InUse);
        }
        let mut waiting = Vec::new();
        for _ in 0..backlog {
            waiting.push(self.listening(port)?);
        }
        self.named
            .insert(handle.clone(), Named::Listener { port, waiting });
        Ok(Ret::Done)
    }

    /// A socket that waits for a SYN.
    fn listening(&mut self, port: u16) -> Result<SocketHandle, CallError> {
        let socket = self.add();
        let listens = self.socket(socket).listen(port);
        listens.map_err(|error| CallError::Other(error.to_string()))?;
        // That a socket listens is no state of a connection.
        if let Some(watched) = self.watched.get_mut(&socket) {
            watched.state = tcp::State::Listen;
        }
        Ok(socket)
    }

    fn accept(&mut self, handle: &Handle, new: &Handle) -> CallResult {
        let Named::Listener { port, mut waiting } = self.named(handle)? else {
            return Err(CallError::Other("not a listener".to_owned()));
        };
        let is_open = |socket: &SocketHandle| {
            let state = self.set.get::<Socket<'_>>(*socket).state();
            !matches!(state, tcp::State::Listen | tcp::State::SynReceived)
        };
        let at = waiting.iter().position(is_open).ok_or(CallError::Again)?;
        let socket = std::mem::replace(&mut waiting[at], self.listening(port)?);
        self.named
            .insert(handle.clone(), Named::Listener { port, waiting });
        self.named.insert(new.clone(), Named::Connection(socket));
        Ok(Ret::Done)
    }

    fn send(&mut self, handle: &Handle, data: &[u8]) -> CallResult {
        let socket = self.connection(handle)?;
        self.refuse_ended(socket)?;
        let socket = self.socket(socket);
        if matches!(
            socket.state(),
            tcp::State::SynSent | tcp::State::SynReceived
        ) {
            return Err(CallError::Again);
        }
        match socket.send_slice(data) {
            Ok(0) if !data.is_empty() => Err(CallError::Again),
            Ok(sent) => Ok(Ret::Sent(sent)),
            Err(_) => Err(CallError::Closed),
        }
    }

    fn recv(&mut self, handle: &Handle, max: usize) -> CallResult {
        let id = self.connection(handle)?;
        let socket = self.socket(id);
        if matches!(
            socket.state(),
            tcp::State::SynSent | tcp::State::SynReceived
        ) {
            return Err(CallError::Again);
        }
        let mut octets = vec![0; max.min(BUFFER)];
        match socket.recv_slice(&mut octets) {
            Ok(0) => Err(CallError::Again),
            Ok(read) => {
                octets.truncate(read);
                Ok(Ret::Data(octets))
            }
            Err(RecvError::Finished) => Err(CallError::Eof),
            Err(RecvError::InvalidState) => {
                self.refuse_ended(id)?;
                Err(CallError::Closed)
            }
        }
    }

    /// Close and abort: the name means nothing afterwards. Of a listener every
    /// socket is aborted, for nobody is going to accept what it has become.
    fn let_go(&mut self, handle: &Handle, end: fn(&mut Socket<'static>)) -> CallResult {
        let (sockets, end) = match self.named(handle)? {
            Named::Connection(socket) => (vec![socket], end),
            Named::Listener { waiting, .. } => (waiting, Socket::abort as fn(&mut _)),
        };
        for socket in sockets {
            end(self.set.get_mut(socket));
            if let Some(watched) = self.watched.get_mut(&socket) {
                watched.is_orphan = true;
            }
        }
        self.named.remove(handle);
        Ok(Ret::Done)
    }

    fn set_option(&mut self, handle: &Handle, option: SocketOption) -> CallResult {
        let sockets = match self.named(handle)? {
            Named::Connection(socket) => vec![socket],
            Named::Listener { waiting, .. } => waiting,
        };
        for socket in sockets {
            let socket = self.socket(socket);
            match option {
                SocketOption::Nagle(on) => socket.set_nagle_enabled(on),
                SocketOption::UserTimeout(time) => {
                    socket.set_timeout(Some(SmolDuration::from(time)))
                }
                SocketOption::Ttl(ttl) => socket.set_hop_limit(Some(ttl)),
                SocketOption::KeepAlive(time) => {
                    socket.set_keep_alive(time.map(SmolDuration::from))
                }
                SocketOption::KeepAliveByDefault => socket.set_keep_alive(Some(KEEP_ALIVE)),
                SocketOption::ReceiveBuffer(_) | SocketOption::Ds(_) => {
                    return Err(CallError::Unsupported);
                }
            }
        }
        Ok(Ret::Done)
    }
}

fn connection((local, remote): (IpEndpoint, IpEndpoint)) -> Connection {
    Connection {
        local: local.port,
        remote: remote.port,
    }
}

/// What the user has to be told if a connection is gone. smoltcp does not say
/// why; but a packet brings a RST, and time alone a timeout.
fn why_ended(from: tcp::State, to: tcp::State, is_delivering: bool) -> Option<CallError> {
    if to != tcp::State::Closed {
        return None;
    }
    match (from, is_delivering) {
        (tcp::State::TimeWait | tcp::State::LastAck | tcp::State::Listen, _) => None,
        (tcp::State::SynSent, true) => Some(CallError::Refused),
        (_, true) => Some(CallError::Reset),
        (_, false) => Some(CallError::Timeout),
    }
}

const fn state_of(state: tcp::State) -> State {
    match state {
        tcp::State::Closed => State::Closed,
        tcp::State::Listen => State::Listen,
        tcp::State::SynSent => State::SynSent,
        tcp::State::SynReceived => State::SynReceived,
        tcp::State::Established => State::Established,
        tcp::State::FinWait1 => State::FinWait1,
        tcp::State::FinWait2 => State::FinWait2,
        tcp::State::CloseWait => State::CloseWait,
        tcp::State::Closing => State::Closing,
        tcp::State::LastAck => State::LastAck,
        tcp::State::TimeWait => State::TimeWait,
    }
}

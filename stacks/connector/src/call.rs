//! What the application of the stack does, and what it is told.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use tcpspec_wire::{Capability, SourceRoute};

/// The name the harness gives to a socket of the stack.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Handle(pub String);

impl fmt::Display for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One call of the application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Call {
    /// Passive OPEN on a port of the stack.
    Listen {
        /// Name of the new listener.
        handle: Handle,
        /// Local port.
        port: u16,
        /// Connections that may wait for `accept`.
        backlog: u16,
    },
    /// Active OPEN. Returns at once; how it ended shows on the next calls.
    Connect {
        /// Name of the new connection.
        handle: Handle,
        /// Local port.
        port: u16,
        /// Where to.
        to: SocketAddr,
        /// The source route to take; only to an address of IPv4.
        route: Option<SourceRoute>,
    },
    /// Takes an established connection from a listener.
    Accept {
        /// The listener.
        handle: Handle,
        /// Name of the connection taken.
        new: Handle,
    },
    /// SEND.
    Send {
        /// The connection.
        handle: Handle,
        /// What to send.
        data: Vec<u8>,
    },
    /// SEND with the URGENT flag.
    SendUrgent {
        /// The connection.
        handle: Handle,
        /// What to send.
        data: Vec<u8>,
    },
    /// RECEIVE.
    Recv {
        /// The connection.
        handle: Handle,
        /// Octets to take at most.
        max: usize,
    },
    /// Asks whether urgent text lies ahead of what was read.
    Urgent {
        /// The connection.
        handle: Handle,
    },
    /// Asks for the next thing that the application is told without a call of
    /// its own having failed (ERROR_REPORT, RFC 9293 section 3.9.1.8). Where
    /// there is none, [`CallError::Again`].
    Report {
        /// The connection.
        handle: Handle,
    },
    /// CLOSE as RFC 9293 means it: no more to send, still receiving.
    Shutdown {
        /// The connection.
        handle: Handle,
    },
    /// The application lets go of the socket altogether; on a listener too.
    Close {
        /// The connection or listener.
        handle: Handle,
    },
    /// ABORT.
    Abort {
        /// The connection.
        handle: Handle,
    },
    /// The application's process is killed. It makes no call any more; what becomes
    /// of all its sockets is the host's to say.
    Die,
    /// Sets an option.
    SetOption {
        /// The connection or listener.
        handle: Handle,
        /// Which option, to what.
        option: SocketOption,
    },
    /// Reads counters and fields that the stack shows. Changes nothing.
    Info {
        /// The connection that they are of, where they are of one.
        handle: Handle,
        /// Their names, out of [`Hello::info`](crate::Hello::info).
        names: Vec<String>,
    },
}

/// An option of a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SocketOption {
    /// Whether small segments wait for acknowledgment (RFC 9293 section 3.7.4).
    Nagle(bool),
    /// Size of the receive buffer in octets, as far as the stack lets it be
    /// set.
    ReceiveBuffer(u32),
    /// Idle time before keep-alives; `None` turns them off.
    KeepAlive(Option<Duration>),
    /// Keep-alives after the idle time that the stack takes where none is named.
    KeepAliveByDefault,
    /// USER TIMEOUT: how long what was sent may stay unacknowledged (RFC 9293
    /// section 3.9.1).
    UserTimeout(Duration),
    /// Time to live, or hop limit, of what is sent (RFC 9293 MUST-49).
    Ttl(u8),
    /// The Differentiated Services codepoint of what is sent, 0 to 63 (RFC 9293
    /// MUST-48).
    Ds(u8),
}

impl Call {
    /// The word of the verb, as case files and the line protocol write it.
    #[must_use]
    pub const fn verb(&self) -> &'static str {
        match self {
            Self::Listen { .. } => "listen",
            Self::Connect { .. } => "connect",
            Self::Accept { .. } => "accept",
            Self::Send { .. } => "send",
            Self::SendUrgent { .. } => "send urgent",
            Self::Recv { .. } => "recv",
            Self::Urgent { .. } => "urgent",
            Self::Report { .. } => "report",
            Self::Shutdown { .. } => "shutdown",
            Self::Close { .. } => "close",
            Self::Abort { .. } => "abort",
            Self::Die => "die",
            Self::SetOption { .. } => "setopt",
            Self::Info { .. } => "info",
        }
    }

    /// The socket that it is made on; none if it is about all of them.
    #[must_use]
    pub const fn handle(&self) -> Option<&Handle> {
        Some(match self {
            Self::Die => return None,
            Self::Listen { handle, .. }
            | Self::Connect { handle, .. }
            | Self::Accept { handle, .. }
            | Self::Send { handle, .. }
            | Self::SendUrgent { handle, .. }
            | Self::Recv { handle, .. }
            | Self::Urgent { handle }
            | Self::Report { handle }
            | Self::Shutdown { handle }
            | Self::Close { handle }
            | Self::Abort { handle }
            | Self::SetOption { handle, .. }
            | Self::Info { handle, .. } => handle,
        })
    }

    /// What a stack declares that can be called so; `None` for `info`, whose
    /// names are declared one by one.
    #[must_use]
    pub const fn capability(&self) -> Option<Capability> {
        Some(match self {
            Self::Listen { .. } | Self::Accept { .. } => Capability::PassiveOpen,
            Self::Connect { route: None, .. } => Capability::ActiveOpen,
            Self::Connect { route: Some(_), .. } => Capability::SourceRoute,
            Self::Send { .. } | Self::Recv { .. } => Capability::Data,
            Self::SendUrgent { .. } | Self::Urgent { .. } => Capability::Urgent,
            Self::Report { .. } => Capability::Reports,
            Self::Shutdown { .. } => Capability::Shutdown,
            Self::Close { .. } => Capability::AppClose,
            Self::Abort { .. } => Capability::Abort,
            Self::Die => Capability::Process,
            Self::SetOption { option, .. } => option.capability(),
            Self::Info { .. } => return None,
        })
    }
}

impl SocketOption {
    /// What a stack declares that lets it be set.
    #[must_use]
    pub const fn capability(self) -> Capability {
        match self {
            Self::Nagle(_) => Capability::OptNagle,
            Self::ReceiveBuffer(_) => Capability::OptRcvbuf,
            Self::KeepAlive(_) | Self::KeepAliveByDefault => Capability::OptKeepalive,
            Self::UserTimeout(_) => Capability::OptUserTimeout,
            Self::Ttl(_) => Capability::OptTtl,
            Self::Ds(_) => Capability::OptDs,
        }
    }
}

/// What a call gave back.
pub type CallResult = Result<Ret, CallError>;

/// A call's success.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ret {
    /// Done, or begun.
    Done,
    /// Octets that `send` took.
    Sent(usize),
    /// Octets that `recv` gave; never empty.
    Data(Vec<u8>),
    /// Whether urgent text lies ahead of what was read.
    Urgent(bool),
    /// What the application is told unasked.
    Report(Report),
    /// What `info` asked for, in the order of the names; `None` where there is
    /// no value now, as before the connection exists.
    Info(Vec<Option<u64>>),
}

/// What the application is told unasked; none of it ends the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Report {
    /// There is urgent text, or it reaches further than it did.
    Urgent,
    /// An ICMP error that may pass.
    SoftError,
    /// The same segment was repeated R1 times.
    Retransmissions,
    /// The peer has told its user timeout (RFC 5482).
    UserTimeout,
}

/// The word that case files write.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Urgent => "urgent",
            Self::SoftError => "soft-error",
            Self::Retransmissions => "retransmissions",
            Self::UserTimeout => "user-timeout",
        })
    }
}

/// What the application is told instead.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// Nothing to do yet: no connection to accept, no data, no room, still
    /// connecting.
    #[error("again")]
    Again,
    /// The peer has closed its direction and everything was read.
    #[error("eof")]
    Eof,
    /// The connection was refused while it was being opened.
    #[error("refused")]
    Refused,
    /// The connection was reset.
    #[error("reset")]
    Reset,
    /// The connection was given up: no answer for too long.
    #[error("timeout")]
    Timeout,
    /// There is no such connection any more, or this direction is closed.
    #[error("closed")]
    Closed,
    /// The port or four-tuple is taken.
    #[error("inuse")]
    InUse,
    /// The stack has no such verb or option.
    #[error("unsupported")]
    Unsupported,
    /// Anything else, in the stack's words.
    #[error("{0}")]
    Other(String),
}

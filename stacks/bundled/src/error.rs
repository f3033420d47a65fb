//! What a user call can be answered with besides success.

/// Why a user call did not succeed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Nothing to report yet; a later call may succeed.
    #[error("try again")]
    Again,
    /// The peer has sent its FIN and everything before it was read.
    #[error("end of data")]
    Eof,
    /// The peer refused the connection.
    #[error("connection refused")]
    Refused,
    /// The peer reset the connection.
    #[error("connection reset")]
    Reset,
    /// The peer did not answer for as long as R2 allows.
    #[error("connection timed out")]
    Timeout,
    /// The network says that the peer cannot be reached by TCP.
    #[error("destination unreachable")]
    Unreachable,
    /// The sending direction is closed already.
    #[error("connection closing")]
    Closing,
    /// The connection does not exist (any more).
    #[error("connection does not exist")]
    Closed,
    /// The port, or the pair of sockets, is taken.
    #[error("address in use")]
    InUse,
    /// The remote socket cannot be that of a host: broadcast, multicast,
    /// unspecified, loopback or our own address, or port 0.
    #[error("no address of a peer")]
    BadAddress,
    /// There is no such source route: of IPv6, or by something that is no host.
    #[error("no source route")]
    BadRoute,
    /// The local address is not ours, or we have none of the remote socket's
    /// IP version.
    #[error("no such address of our own")]
    NoAddress,
}

/// How a connection came to its end; what a user who still holds it is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// In order: both directions closed, or nothing more to say than that.
    Orderly,
    Refused,
    Reset,
    Timeout,
    /// A hard ICMP error.
    Unreachable,
    /// By the user's own ABORT or CLOSE.
    Local,
}

impl End {
    /// What SEND is told.
    pub(crate) const fn on_send(self) -> Error {
        match self {
            Self::Orderly | Self::Local => Error::Closed,
            Self::Refused => Error::Refused,
            Self::Reset => Error::Reset,
            Self::Timeout => Error::Timeout,
            Self::Unreachable => Error::Unreachable,
        }
    }

    /// What RECEIVE is told when nothing is left to read.
    pub(crate) const fn on_receive(self) -> Error {
        match self {
            Self::Orderly => Error::Eof,
            Self::Local => Error::Closed,
            Self::Refused => Error::Refused,
            Self::Reset => Error::Reset,
            Self::Timeout => Error::Timeout,
            Self::Unreachable => Error::Unreachable,
        }
    }
}

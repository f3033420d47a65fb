//! What a stack may declare that it can do. A case that needs what the stack
//! does not declare is skipped with that reason.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

/// One thing a stack can do or have done to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Capability {
    /// It runs over IPv4. A case that needs it is about IPv4, and not run over
    /// IPv6.
    Ipv4,
    /// It runs over IPv6. A case that needs it is about IPv6, and not run over
    /// IPv4.
    Ipv6,
    /// The application can open passively (`listen`, `accept`).
    PassiveOpen,
    /// The application can open actively (`connect`).
    ActiveOpen,
    /// The application can send and receive.
    Data,
    /// The application can close.
    AppClose,
    /// The application can close its sending direction alone.
    Shutdown,
    /// The application can abort.
    Abort,
    /// The connection's state can be read.
    State,
    /// State changes come as the exact, ordered list since the last reply;
    /// without it a state is a sample taken when the stack is quiet.
    StateLog,
    /// An open can be answered by a SYN without ACK (simultaneous open).
    SimultaneousOpen,
    /// Challenge ACKs for RST (RFC 5961 section 3).
    Rfc5961Rst,
    /// Challenge ACKs for SYN (RFC 5961 section 4).
    Rfc5961Syn,
    /// The tighter check of ACK numbers (RFC 5961 section 5).
    Rfc5961Ack,
    /// Challenge ACKs are limited in number (RFC 5961 section 7).
    ChallengeLimit,
    /// A SYN that cannot be old opens a connection in TIME-WAIT anew (RFC 9293
    /// MAY-2, RFC 6191).
    TimeWaitReuse,
    /// `close` with unread data resets the connection at once (RFC 2525 2.17).
    CloseUnreadResets,
    /// `close` gives up receiving too: data that arrives later is answered by
    /// RST (half-duplex close, RFC 9293 section 3.6.1).
    HalfDuplexClose,
    /// A connection that nobody holds any more does not stay in FIN-WAIT-2 for
    /// ever.
    OrphanTimeout,
    /// Its initial sequence number can be set.
    Isn,
    /// `setopt nagle=on|off`.
    OptNagle,
    /// `setopt rcvbuf=N`.
    OptRcvbuf,
    /// `setopt keepalive=D`.
    OptKeepalive,
    /// The application can send urgent text, and ask whether some lies ahead
    /// (`send urgent`, `urgent`).
    Urgent,
    /// The application is told of what does not end the connection (`report`).
    Reports,
    /// `setopt user-timeout=D`.
    OptUserTimeout,
    /// `setopt ttl=N`.
    OptTtl,
    /// `setopt ds=N`.
    OptDs,
    /// Source routes of IPv4: the application names one at an active OPEN
    /// (`connect route=`), and a passive one goes back by the peer's.
    SourceRoute,
    /// Window scale (RFC 7323).
    WindowScale,
    /// Timestamps (RFC 7323).
    Timestamps,
    /// Selective acknowledgment (RFC 2018).
    Sack,
    /// Duplicates are reported by SACK (RFC 2883).
    DuplicateSack,
    /// Three duplicate ACKs bring the repeat before the timer does (RFC 5681,
    /// RFC 6582, RFC 6675).
    FastRetransmit,
    /// The first two duplicate ACKs let new segments go (RFC 3042).
    LimitedTransmit,
    /// Ten segments may go before the first ACK (RFC 6928), not four.
    InitialWindow10,
    /// Explicit congestion notification (RFC 3168).
    Ecn,
    /// An ACK may wait for a segment to ride on (RFC 9293 section 3.8.6.3).
    DelayedAck,
    /// Small segments wait while data is in flight, unless the application says
    /// otherwise (RFC 9293 section 3.7.4).
    Nagle,
    /// The path MTU is learned from ICMP (RFC 1191, RFC 8201).
    PathMtu,
    /// Its own SYN offers ECN: some hosts only answer such offers.
    EcnOffer,
    /// The user timeout option (RFC 5482).
    UserTimeout,
    /// A full backlog is answered by cookies instead of silence (RFC 4987
    /// section 3.6).
    SynCookies,
    /// A RST does not end TIME-WAIT (RFC 1337 section 3).
    Rfc1337,
    /// The receive queue can be filled without processing.
    Queue,
    /// Time passes only as the harness says, so that hours cost nothing.
    VirtualTime,
    /// The application is a process of its own, which can be killed (`die`).
    Process,
    /// The clock can leap: much time has passed at once, and the stack learns of it
    /// only then, as on a machine that was suspended (`leap`).
    Leap,
    /// Fragments of IP are put together.
    Reassembly,
}

impl Capability {
    /// Every capability with the name that case files and connectors use.
    pub const ALL: [(Self, &'static str); 49] = [
        (Self::Ipv4, "ipv4"),
        (Self::Ipv6, "ipv6"),
        (Self::PassiveOpen, "passive-open"),
        (Self::ActiveOpen, "active-open"),
        (Self::Data, "data"),
        (Self::AppClose, "app-close"),
        (Self::Shutdown, "shutdown"),
        (Self::Abort, "abort"),
        (Self::State, "state"),
        (Self::StateLog, "state-log"),
        (Self::SimultaneousOpen, "simultaneous-open"),
        (Self::Rfc5961Rst, "rfc5961-rst"),
        (Self::Rfc5961Syn, "rfc5961-syn"),
        (Self::Rfc5961Ack, "rfc5961-ack"),
        (Self::ChallengeLimit, "challenge-limit"),
        (Self::TimeWaitReuse, "time-wait-reuse"),
        (Self::CloseUnreadResets, "close-unread-resets"),
        (Self::HalfDuplexClose, "half-duplex-close"),
        (Self::OrphanTimeout, "orphan-timeout"),
        (Self::Isn, "isn"),
        (Self::OptNagle, "opt:nagle"),
        (Self::OptRcvbuf, "opt:rcvbuf"),
        (Self::OptKeepalive, "opt:keepalive"),
        (Self::Urgent, "urgent"),
        (Self::Reports, "reports"),
        (Self::OptUserTimeout, "opt:user-timeout"),
        (Self::OptTtl, "opt:ttl"),
        (Self::OptDs, "opt:ds"),
        (Self::SourceRoute, "source-route"),
        (Self::WindowScale, "ws"),
        (Self::Timestamps, "ts"),
        (Self::Sack, "sack"),
        (Self::DuplicateSack, "dsack"),
        (Self::FastRetransmit, "fast-retransmit"),
        (Self::LimitedTransmit, "limited-transmit"),
        (Self::InitialWindow10, "iw10"),
        (Self::Ecn, "ecn"),
        (Self::DelayedAck, "delayed-ack"),
        (Self::Nagle, "nagle"),
        (Self::PathMtu, "path-mtu"),
        (Self::EcnOffer, "ecn-offer"),
        (Self::UserTimeout, "uto"),
        (Self::SynCookies, "syn-cookies"),
        (Self::Rfc1337, "rfc1337"),
        (Self::Queue, "queue"),
        (Self::VirtualTime, "virtual-time"),
        (Self::Process, "process"),
        (Self::Leap, "leap"),
        (Self::Reassembly, "reassembly"),
    ];

    /// The name that case files and connectors use.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(capability, _)| *capability == self)
            .map_or("", |(_, name)| name)
    }
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// What a case asks of a stack: that it declares a capability, or that it does
/// not (`no-sack`), where the case is about doing without.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Need {
    /// Which.
    pub capability: Capability,
    /// Whether it must be declared.
    pub declared: bool,
}

impl Need {
    /// Whether a stack that declares these meets it.
    #[must_use]
    pub fn is_met_by(self, declared: &BTreeSet<Capability>) -> bool {
        declared.contains(&self.capability) == self.declared
    }
}

impl From<Capability> for Need {
    fn from(capability: Capability) -> Self {
        Self {
            capability,
            declared: true,
        }
    }
}

impl fmt::Display for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let prefix = if self.declared { "" } else { "no-" };
        write!(f, "{prefix}{}", self.capability)
    }
}

impl FromStr for Need {
    type Err = UnknownCapability;

    fn from_str(text: &str) -> Result<Self, UnknownCapability> {
        let without = text.strip_prefix("no-");
        let capability = without.unwrap_or(text).parse();
        Ok(Self {
            capability: capability.map_err(|_| UnknownCapability(text.to_owned()))?,
            declared: without.is_none(),
        })
    }
}

/// The text is not the name of a capability.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a capability")]
pub struct UnknownCapability(pub String);

impl FromStr for Capability {
    type Err = UnknownCapability;

    fn from_str(text: &str) -> Result<Self, UnknownCapability> {
        Self::ALL
            .iter()
            .find(|(_, name)| *name == text)
            .map(|(capability, _)| *capability)
            .ok_or_else(|| UnknownCapability(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_capability_has_a_name_of_its_own() {
        for (capability, name) in Capability::ALL {
            assert_eq!(capability.name(), name);
            assert_eq!(name.parse(), Ok(capability));
            for (text, declared) in [(name.to_owned(), true), (format!("no-{name}"), false)] {
                let need: Need = text.parse().unwrap();
                assert_eq!(need.to_string(), text);
                assert_eq!(need.is_met_by(&BTreeSet::from([capability])), declared);
                assert_eq!(need.is_met_by(&BTreeSet::new()), !declared);
            }
        }
    }
}

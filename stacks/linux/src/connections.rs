//! The connections of a trial and the states they were last seen in.
//!
//! The kernel is asked for each connection by its four-tuple, so the tuples
//! must be known: they are those of the packets delivered and of the
//! application's `connect`. Two changes between two looks are seen as one.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use tcpspec_connector::{Connection, StateChange};
use tcpspec_wire::{Instant, State};

use crate::diag::{Addresses, Found};

/// What is known of the trial's connections.
#[derive(Debug, Default)]
pub(crate) struct Connections {
    known: BTreeMap<Connection, Seen>,
}

#[derive(Clone, Copy, Debug)]
struct Seen {
    state: State,
    /// Something was done that may have changed it since.
    touched: bool,
    /// When to look again even if nothing is done.
    look_at: Option<Instant>,
}

impl Connections {
    /// Takes notice of a connection that something was done to. If it is new,
    /// it begins in LISTEN or CLOSED.
    pub(crate) fn touch(&mut self, connection: Connection, listens: bool) {
        let state = if listens {
            State::Listen
        } else {
            State::Closed
        };
        let new = Seen {
            state,
            touched: true,
            look_at: None,
        };
        let seen = self.known.entry(connection).or_insert(new);
        seen.touched = true;
    }

    /// Every connection that there ever was in this trial.
    pub(crate) fn all(&self) -> impl Iterator<Item = Connection> {
        self.known.keys().copied()
    }

    /// Whether any connection was there when it was last looked at.
    pub(crate) fn any_live(&self) -> bool {
        self.known.values().any(|seen| seen.is_live())
    }

    /// When a connection may change without sending anything.
    pub(crate) fn look_at(&self) -> Option<Instant> {
        self.known.values().filter_map(|seen| seen.look_at).min()
    }

    /// Looks at every connection that may have changed, by asking `look`, and
    /// lists the changes. They happened at `at`.
    pub(crate) fn update<E>(
        &mut self,
        at: Instant,
        now: Instant,
        listens: impl Fn(u16) -> bool,
        mut look: impl FnMut(Connection) -> Result<Option<Found>, E>,
    ) -> Result<Vec<StateChange>, E> {
        let mut changes = Vec::new();
        for (connection, seen) in &mut self.known {
            if !seen.touched && !seen.is_live() {
                continue;
            }
            let found = look(*connection)?;
            let before = seen.state;
            seen.see(found, listens(connection.local), now);
            if seen.state != before {
                changes.push(StateChange {
                    connection: *connection,
                    state: seen.state,
                    at,
                });
            }
        }
        Ok(changes)
    }
}

impl Seen {
    const fn is_live(&self) -> bool {
        !matches!(self.state, State::Closed | State::Listen)
    }

    fn see(&mut self, found: Option<Found>, listens: bool, now: Instant) {
        self.touched = false;
        // The kernel forgets half-open connections of a closed listener only
        // at their next packet or timer, but none of them lives on.
        let found = found.filter(|found| listens || !found.embryo);
        self.look_at = found
            .and_then(|found| found.timer)
            .map(|left| now + left.max(SLOT));
        self.state = match (found, self.state) {
            (Some(found), _) => found.state,
            // Half-open connections go back to their listener.
            (None, State::SynReceived | State::Listen) if listens => State::Listen,
            (None, _) => State::Closed,
        };
    }
}

/// The connection that a packet from the peer to the stack belongs to; `None`
/// for anything else, malformed packets and later fragments included.
pub(crate) fn connection_of(packet: &[u8], addresses: Addresses) -> Option<Connection> {
    let (from, to) = (octets(addresses.peer), octets(addresses.stack));
    let (addresses_at, ports_at) = match packet.first()? >> 4 {
        4 => (12, ipv4_payload(packet)?),
        6 => (8, ipv6_payload(packet)?),
        _ => return None,
    };
    let ours = packet.get(addresses_at..)?.strip_prefix(&from[..])?;
    ours.starts_with(&to).then_some(())?;
    let [r1, r0, l1, l0] = *packet.get(ports_at..)?.first_chunk()?;
    Some(Connection {
        local: u16::from_be_bytes([l1, l0]),
        remote: u16::from_be_bytes([r1, r0]),
    })
}

/// Where the TCP header of an IPv4 packet begins.
fn ipv4_payload(packet: &[u8]) -> Option<usize> {
    let whole_or_first = packet.get(6)? & 0x1f == 0 && *packet.get(7)? == 0;
    let is_tcp = *packet.get(9)? == TCP;
    (whole_or_first && is_tcp).then_some(usize::from(packet[0] & 0xf) * 4)
}

/// Where the TCP header of an IPv6 packet begins, possibly behind the header
/// of a first fragment.
fn ipv6_payload(packet: &[u8]) -> Option<usize> {
    match (*packet.get(6)?, packet.get(40..48)) {
        (TCP, _) => Some(40),
        (FRAGMENT, Some([TCP, _, high, low, ..])) => (*high == 0 && *low < 8).then_some(48),
        _ => None,
    }
}

fn octets(address: IpAddr) -> Vec<u8> {
    match address {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    }
}

const TCP: u8 = tcpspec_wire::packet::protocol::TCP;
const FRAGMENT: u8 = tcpspec_wire::packet::protocol::IPV6_FRAGMENT;

/// How often to look at a connection whose timer should have expired. The
/// kernel's timers are never early and up to an eighth of their length late;
/// its tick is 4 ms, or less.
pub(crate) const SLOT: Duration = Duration::from_millis(4);

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

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use tcpspec_wire::{Body, Packet, Segment};

    use super::*;

    fn addresses(version: u8) -> Addresses {
        let [stack, peer] = match version {
            4 => ["192.0.2.1", "192.0.2.2"],
            _ => ["2001:db8::1", "2001:db8::2"],
        };
        Addresses {
            stack: stack.parse().unwrap(),
            peer: peer.parse().unwrap(),
        }
    }

    fn tcp(addresses: Addresses) -> Packet {
        let segment = Segment {
            src_port: 40_000,
            dst_port: 80,
            ..Segment::default()
        };
        Packet::tcp(addresses.peer, addresses.stack, segment)
    }

    fn fragment(addresses: Addresses, offset: u16) -> Packet {
        let ports = [0x9c, 0x40, 0, 80, 0, 0, 0, 0];
        Packet {
            body: Body::Fragment {
                protocol: TCP,
                offset,
                more: true,
                octets: ports.to_vec(),
            },
            ..tcp(addresses)
        }
    }

    const EXPECTED: Option<Connection> = Some(Connection {
        local: 80,
        remote: 40_000,
    });

    #[rstest]
    fn connection_is_that_of_the_ports(#[values(4, 6)] version: u8) {
        let addresses = addresses(version);
        let check = |packet: Packet, expected| {
            assert_eq!(connection_of(&packet.encode(), addresses), expected);
        };
        check(tcp(addresses), EXPECTED);
        check(fragment(addresses, 0), EXPECTED);
        check(fragment(addresses, 8), None);
        let mut foreign = tcp(addresses);
        foreign.ip.src = addresses.stack;
        check(foreign, None);
        let mut udp = tcp(addresses).encode();
        udp[if version == 4 { 9 } else { 6 }] = 17;
        assert_eq!(connection_of(&udp, addresses), None);
    }

    #[rstest]
    fn cut_packets_have_no_connection_or_the_same(#[values(4, 6)] version: u8) {
        let addresses = addresses(version);
        let packet = tcp(addresses).encode();
        for len in 0..packet.len() {
            let connection = connection_of(&packet[..len], addresses);
            assert!(connection.is_none() || connection == EXPECTED);
        }
    }

    /// What was seen, what is found (a state and whether it is an embryo),
    /// whether somebody listens, and what is said.
    #[rstest]
    #[case::begins(State::Listen, Some((State::SynReceived, true)), true, State::SynReceived)]
    #[case::returns(State::SynReceived, None, true, State::Listen)]
    #[case::listener_gone(State::SynReceived, None, false, State::Closed)]
    #[case::dead_embryo(
        State::SynReceived, Some((State::SynReceived, true)), false, State::Closed
    )]
    #[case::crossed_syns(
        State::SynSent, Some((State::SynReceived, false)), false, State::SynReceived
    )]
    #[case::ends(State::TimeWait, None, true, State::Closed)]
    #[case::stays_listening(State::Listen, None, true, State::Listen)]
    #[case::stays_closed(State::Closed, None, true, State::Closed)]
    fn states_follow_the_kernel(
        #[case] before: State,
        #[case] found: Option<(State, bool)>,
        #[case] listens: bool,
        #[case] expected: State,
    ) {
        let mut connections = Connections::default();
        let connection = Connection {
            local: 80,
            remote: 40_000,
        };
        connections.touch(connection, false);
        connections.known.get_mut(&connection).unwrap().state = before;
        let found = found.map(|(state, embryo)| Found::of(state, embryo, None));
        let changes = connections.update(
            Instant::ZERO,
            Instant::ZERO,
            |_| listens,
            |_| Ok::<_, ()>(found),
        );
        let states: Vec<State> = changes.unwrap().iter().map(|change| change.state).collect();
        let expected = if expected == before {
            vec![]
        } else {
            vec![expected]
        };
        assert_eq!(states, expected);
    }

    #[rstest]
    #[case::no_timer(None, None)]
    #[case::running(Some(Duration::from_secs(60)), Some(Duration::from_secs(60)))]
    #[case::overdue(Some(Duration::ZERO), Some(SLOT))]
    fn looks_again_when_the_timer_expires(
        #[case] timer: Option<Duration>,
        #[case] expected: Option<Duration>,
    ) {
        let mut connections = Connections::default();
        connections.touch(EXPECTED.unwrap(), false);
        let now = Instant::from_millis(5);
        let found = Found::of(State::TimeWait, false, timer);
        let changes = connections.update(now, now, |_| false, |_| Ok::<_, ()>(Some(found)));
        assert_eq!(changes.unwrap().len(), 1);
        assert_eq!(connections.look_at(), expected.map(|wait| now + wait));
    }
}

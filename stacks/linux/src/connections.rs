//! The connections of a trial and the states they were last seen in.
//!
//! The kernel is asked for each connection by its four-tuple, so the tuples
//! must be known: they are those of the packets delivered and of the
//! application's `connect`. Two changes between two looks are seen as one,
//! unless the kernel's own log tells of both; what the log does not tell of,
//! half-open connections and remnants, changes once between two looks at most.

use std::collections::BTreeMap;
use std::time::Duration;

use tcpspec_connector::{Connection, StateChange};
use tcpspec_wire::{Instant, State};

use crate::diag::{Addresses, Form, Found};
use crate::link::octets;

/// What is known of the trial's connections.
#[derive(Debug, Default)]
pub(crate) struct Connections {
    known: BTreeMap<Connection, Seen>,
}

/// What is known now of the connections that may have changed.
pub(crate) type Looks = Vec<Look>;

/// What is known of a connection now.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Look {
    connection: Connection,
    found: Option<Found>,
    /// It follows from the log, which knows nothing of timers; the kernel was
    /// not asked.
    by_log: bool,
}

/// What the kernel is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ask {
    /// Every connection that may have changed, and its timer.
    All,
    /// Those whose state does not follow from the log.
    Unlogged,
}

/// The kernel's log and its tables do not tell the same of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Contradiction;

#[derive(Clone, Copy, Debug)]
struct Seen {
    state: State,
    /// What the kernel kept of it.
    form: Option<Form>,
    /// Something was done that may have changed it, or its timer, since the
    /// kernel was asked.
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
            form: None,
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

    /// Whether the timer of any connection may be another than was seen.
    pub(crate) fn any_touched(&self) -> bool {
        self.known.values().any(|seen| seen.touched)
    }

    /// Those that were half-open when they were last seen, or may be now.
    pub(crate) fn embryos(&self) -> impl Iterator<Item = Connection> {
        let may_be = |seen: &Seen| match seen.form {
            Some(form) => form == Form::Embryo,
            None => seen.touched,
        };
        let known = self.known.iter();
        known.filter_map(move |(connection, seen)| may_be(seen).then_some(*connection))
    }

    /// Finds out about every connection that may have changed, from the log or
    /// from the kernel.
    pub(crate) fn look<E>(
        &self,
        ask: Ask,
        log: &[StateChange],
        mut kernel: impl FnMut(Connection) -> Result<Option<Found>, E>,
    ) -> Result<Looks, E> {
        let changeable = self.known.iter().filter(|(_, seen)| seen.may_change());
        changeable
            .map(|(&connection, seen)| {
                let told = seen.told(last(log, connection));
                let told = told.filter(|_| ask == Ask::Unlogged);
                Ok(Look {
                    connection,
                    by_log: told.is_some(),
                    found: match told {
                        Some(state) => Some(Found::socket(state)),
                        None => kernel(connection)?,
                    },
                })
            })
            .collect()
    }

    /// Whether what was found is what the log leads to. It may not be if there
    /// was a change between the look and the reading of the log.
    pub(crate) fn check(&self, looks: &Looks, log: &[StateChange]) -> Result<(), Contradiction> {
        let agree = |look: &Look| {
            let seen = self.known.get(&look.connection);
            seen.is_none_or(|seen| seen.leads_to(last(log, look.connection), look.found))
        };
        looks.iter().all(agree).then_some(()).ok_or(Contradiction)
    }

    /// Takes in what was found, and lists the changes, together with those on
    /// the way there that were logged. What was not happened at `at`.
    pub(crate) fn update(
        &mut self,
        looks: &Looks,
        log: &[StateChange],
        (at, now): (Instant, Instant),
        listens: impl Fn(u16) -> bool,
    ) -> Vec<StateChange> {
        let mut changes = Vec::new();
        for look in looks {
            let connection = look.connection;
            let Some(seen) = self.known.get_mut(&connection) else {
                continue;
            };
            let logged = log.iter().filter(|change| change.connection == connection);
            let way = logged.map(|change| (change.state, change.at)).collect();
            let way = seen.see(look.found, way, listens(connection.local), at);
            seen.look_again(look, now);
            changes.extend(way.into_iter().map(|(state, at)| StateChange {
                connection,
                state,
                at,
            }));
        }
        changes.sort_by_key(|change| change.at);
        changes
    }
}

impl Seen {
    const fn is_live(&self) -> bool {
        !matches!(self.state, State::Closed | State::Listen)
    }

    const fn may_change(&self) -> bool {
        self.touched || self.is_live()
    }

    /// The state that a socket is in by the log; `None` if the log does not
    /// say, or if the end of a socket may have left a remnant.
    fn told(&self, logged: Option<State>) -> Option<State> {
        match logged {
            Some(State::Closed) => None,
            None => (self.form == Some(Form::Socket)).then_some(self.state),
            logged => logged,
        }
    }

    /// Sockets come, change and go by the log; nothing else does.
    fn leads_to(&self, logged: Option<State>, found: Option<Found>) -> bool {
        let socket = found.filter(|found| found.form == Form::Socket);
        match (logged, socket) {
            (Some(logged), Some(socket)) => logged == socket.state,
            (Some(logged), None) => logged == State::Closed,
            (None, Some(socket)) => self.state == socket.state,
            (None, None) => self.form != Some(Form::Socket),
        }
    }

    /// Takes in what was found and the way there, and completes the way.
    fn see(
        &mut self,
        found: Option<Found>,
        mut way: Vec<(State, Instant)>,
        listens: bool,
        at: Instant,
    ) -> Vec<(State, Instant)> {
        // The kernel forgets half-open connections of a closed listener only
        // at their next packet or timer, but none of them lives on.
        let found = found.filter(|found| listens || found.form != Form::Embryo);
        // The end of a socket is the end of the connection only if there is no
        // remnant of it.
        let ended = way.pop_if(|(state, _)| *state == State::Closed);
        let last = way.last().map_or(self.state, |(state, _)| *state);
        let state = match (found, last) {
            (Some(found), _) => found.state,
            // Half-open connections go back to their listener.
            (None, State::SynReceived | State::Listen) if listens => State::Listen,
            (None, _) => State::Closed,
        };
        way.push((state, ended.map_or(at, |(_, at)| at)));
        way.dedup_by_key(|(state, _)| *state);
        if way.first().is_some_and(|(first, _)| *first == self.state) {
            way.remove(0);
        }
        (self.state, self.form) = (state, found.map(|found| found.form));
        way
    }

    fn look_again(&mut self, look: &Look, now: Instant) {
        self.touched = look.by_log;
        let left = look.found.and_then(|found| found.timer);
        self.look_at = left.map(|left| now + left.max(SLOT));
    }
}

/// The last logged state of a connection.
fn last(log: &[StateChange], connection: Connection) -> Option<State> {
    let mut logged = log.iter().filter(|change| change.connection == connection);
    logged.next_back().map(|change| change.state)
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

    const SOCKET: Form = Form::Socket;
    const EMBRYO: Form = Form::Embryo;
    const REMNANT: Form = Form::Remnant;

    /// A connection that was seen in this state.
    fn seen(state: State) -> Connections {
        let mut connections = Connections::default();
        connections.touch(EXPECTED.unwrap(), false);
        connections.known.values_mut().for_each(|seen| {
            seen.state = state;
        });
        connections
    }

    fn found(found: Option<(State, Form)>) -> Looks {
        asked(found.map(|(state, form)| Found::of(state, form, None)))
    }

    fn asked(found: Option<Found>) -> Looks {
        vec![Look {
            connection: EXPECTED.unwrap(),
            found,
            by_log: false,
        }]
    }

    /// Changes of the connection, a millisecond apart.
    fn log(states: &[State]) -> Vec<StateChange> {
        let change = |(at, state): (u64, &State)| StateChange {
            connection: EXPECTED.unwrap(),
            state: *state,
            at: Instant::from_millis(at),
        };
        (1..).zip(states).map(change).collect()
    }

    const LATER: Instant = Instant::from_millis(9);

    /// What was seen, what is found, whether somebody listens, what is said.
    #[rstest]
    #[case::begins(State::Listen, Some((State::SynReceived, EMBRYO)), true, &[State::SynReceived])]
    #[case::returns(State::SynReceived, None, true, &[State::Listen])]
    #[case::listener_gone(State::SynReceived, None, false, &[State::Closed])]
    #[case::dead_embryo(
        State::SynReceived, Some((State::SynReceived, EMBRYO)), false, &[State::Closed]
    )]
    #[case::crossed_syns(
        State::SynSent, Some((State::SynReceived, SOCKET)), false, &[State::SynReceived]
    )]
    #[case::ends(State::TimeWait, None, true, &[State::Closed])]
    #[case::stays_listening(State::Listen, None, true, &[])]
    #[case::stays_closed(State::Closed, None, true, &[])]
    fn states_follow_the_kernel(
        #[case] before: State,
        #[case] now: Option<(State, Form)>,
        #[case] listens: bool,
        #[case] expected: &[State],
    ) {
        let changes = seen(before).update(&found(now), &[], (LATER, LATER), |_| listens);
        let states: Vec<State> = changes.iter().map(|change| change.state).collect();
        assert_eq!(states, expected);
    }

    /// What was seen, what the log says, what is found, and the changes with
    /// their times in milliseconds.
    #[rstest]
    #[case::each_on_the_way(
        State::FinWait1,
        &[State::FinWait2, State::Closed],
        None,
        &[(State::FinWait2, 1), (State::Closed, 2)]
    )]
    #[case::remnant(
        State::FinWait1,
        &[State::FinWait2, State::Closed],
        Some((State::TimeWait, REMNANT)),
        &[(State::FinWait2, 1), (State::TimeWait, 2)]
    )]
    #[case::remnant_in_the_same_state(
        State::FinWait2, &[State::Closed], Some((State::FinWait2, REMNANT)), &[]
    )]
    #[case::remnant_ends(State::TimeWait, &[], None, &[(State::Closed, 9)])]
    #[case::socket_for_an_embryo(
        State::SynReceived,
        &[State::SynReceived, State::Established],
        Some((State::Established, SOCKET)),
        &[(State::Established, 2)]
    )]
    #[case::opened_again(
        State::SynSent,
        &[State::Closed, State::SynSent],
        Some((State::SynSent, SOCKET)),
        &[(State::Closed, 1), (State::SynSent, 2)]
    )]
    fn the_log_completes_what_is_found(
        #[case] before: State,
        #[case] logged: &[State],
        #[case] now: Option<(State, Form)>,
        #[case] expected: &[(State, u64)],
    ) {
        let mut connections = seen(before);
        let (looks, log) = (found(now), log(logged));
        assert_eq!(connections.check(&looks, &log), Ok(()));
        let changes = connections.update(&looks, &log, (LATER, LATER), |_| false);
        let changes: Vec<_> = changes.iter().map(|c| (c.state, c.at)).collect();
        let expected = expected
            .iter()
            .map(|(s, at)| (*s, Instant::from_millis(*at)));
        assert_eq!(changes, expected.collect::<Vec<_>>());
    }

    /// What a socket was seen in, what the log says, and what is found.
    #[rstest]
    #[case::missed_change(&[], Some((State::CloseWait, SOCKET)))]
    #[case::missed_end(&[], None)]
    #[case::missed_end_with_remnant(&[], Some((State::TimeWait, REMNANT)))]
    #[case::looked_before_the_end(&[State::Closed], Some((State::Established, SOCKET)))]
    #[case::other_state(&[State::CloseWait], Some((State::LastAck, SOCKET)))]
    #[case::end_without_log(&[State::CloseWait], None)]
    fn the_log_must_lead_to_what_is_found(
        #[case] logged: &[State],
        #[case] now: Option<(State, Form)>,
    ) {
        let mut connections = seen(State::SynSent);
        let established = found(Some((State::Established, SOCKET)));
        connections.update(&established, &[], (LATER, LATER), |_| false);
        let checked = connections.check(&found(now), &log(logged));
        assert_eq!(checked, Err(Contradiction));
    }

    /// What is known, what the log says, and whether the kernel is asked.
    #[rstest]
    #[case::never_asked(None, &[], true)]
    #[case::embryo(Some((State::SynReceived, EMBRYO)), &[], true)]
    #[case::remnant(Some((State::TimeWait, REMNANT)), &[], true)]
    #[case::perhaps_a_remnant(Some((State::FinWait1, SOCKET)), &[State::Closed], true)]
    #[case::unchanged(Some((State::Established, SOCKET)), &[], false)]
    #[case::changed(Some((State::Established, SOCKET)), &[State::CloseWait], false)]
    #[case::from_an_embryo(Some((State::SynReceived, EMBRYO)), &[State::Established], false)]
    fn the_kernel_is_asked_what_the_log_does_not_say(
        #[case] known: Option<(State, Form)>,
        #[case] logged: &[State],
        #[case] expected: bool,
    ) {
        let mut connections = seen(State::Closed);
        if known.is_some() {
            connections.update(&found(known), &[], (LATER, LATER), |_| true);
        }
        for (ask, expected) in [(Ask::Unlogged, expected), (Ask::All, true)] {
            connections.touch(EXPECTED.unwrap(), true);
            let mut asked = false;
            let kernel = |_| {
                asked = true;
                Ok::<_, ()>(None)
            };
            let looks = connections.look(ask, &log(logged), kernel).unwrap();
            assert_eq!(asked, expected);
            connections.update(&looks, &[], (LATER, LATER), |_| true);
            assert_eq!(connections.any_touched(), !expected, "timers are unknown");
            connections.update(&found(known), &[], (LATER, LATER), |_| true);
        }
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
        let found = Found::of(State::TimeWait, REMNANT, timer);
        let looks = asked(Some(found));
        let changes = connections.update(&looks, &[], (now, now), |_| false);
        assert_eq!(changes.len(), 1);
        assert_eq!(connections.look_at(), expected.map(|wait| now + wait));
    }
}

//! Two stacks joined by a faulty link: the first octets of the input are what
//! the stacks are like and what they have to say, each further one is the fate
//! of a packet. Behind the last one the link is sound.
//!
//! Every octet arrives once and in order, both sides see the end, the exchange
//! ends, and both connections are then closed or in TIME-WAIT.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use tcpspec_bundled::{Config, ConnectionId, Error, Host, Isn};
use tcpspec_wire::{Instant, SeqNumber, State};

/// Packets that may meet a fate of their own. If all of them were lost, R2 as
/// set here would still not be over.
const FATES: usize = 512;
/// Packets of a whole run; an endless exchange would reach any number.
const PACKETS: usize = 50_000;

/// What becomes of one packet.
enum Fate {
    Lost,
    /// Arrives so many milliseconds later.
    Late(u64),
    /// Arrives twice, so far apart.
    Twice(u64),
    /// Arrives with one octet changed, which a checksum must find.
    Damaged(usize),
}

/// Plays the input to the end.
pub(crate) fn run(input: &[u8]) {
    let (head, fates) = input.split_at(input.len().min(10));
    let knob = |at: usize| head.get(at).copied().unwrap_or_default();
    let length = |at: usize| usize::from(u16::from_be_bytes([knob(at), knob(at + 1)])) % 20_000;
    let mut client = Side::new(2, knob(0), knob(1), length(2));
    let mut server = Side::new(1, knob(4), knob(5), length(6));
    let fates = &fates[..fates.len().min(FATES)];
    let end = exchange(&mut client, &mut server, fates);
    for side in [&mut client, &mut server] {
        assert!(side.is_done(), "not all was said, or heard");
    }
    assert_eq!(client.received, server.sent, "what the client received");
    assert_eq!(server.received, client.sent, "what the server received");
    for side in [&client, &server] {
        let state = side.state();
        assert!(
            matches!(state, State::Closed | State::TimeWait),
            "{state} at {end}"
        );
    }
}

struct Side {
    host: Host,
    id: Option<ConnectionId>,
    sent: Vec<u8>,
    /// How much of it the stack has taken.
    taken: usize,
    received: Vec<u8>,
    is_shut: bool,
    saw_end: bool,
}

impl Side {
    fn new(last: u8, knobs: u8, isn: u8, length: usize) -> Self {
        let is_on = |bit: u8| knobs >> bit & 1 == 1;
        let day = Duration::from_secs(24 * 60 * 60);
        let config = Config {
            // Near the wrap, on either side of it.
            isn: Isn::Fixed(SeqNumber::new((u32::from(isn) << 6).wrapping_sub(8_192))),
            r2_syn: day,
            r2_data: day,
            nagle: is_on(0),
            window_scale: is_on(1),
            timestamps: is_on(2),
            sack: is_on(3),
            ecn: is_on(4),
            receive_buffer: if is_on(5) { 1_000 } else { 100_000 },
            send_buffer: if is_on(6) { 1_500 } else { 65_536 },
            mtu: if is_on(7) { 600 } else { 1_500 },
            ..Config::default()
        };
        Self {
            host: Host::new(config, &[address(last)], 1),
            id: None,
            sent: (0..length).map(|at| (at % 251) as u8).collect(),
            taken: 0,
            received: Vec::new(),
            is_shut: false,
            saw_end: false,
        }
    }

    /// The application: writes all it has, shuts down, reads to the end.
    fn act(&mut self, now: Instant) {
        self.id = self.id.or_else(|| self.host.accept(80).ok());
        let Some(id) = self.id else { return };
        while let Some(rest) = self.sent.get(self.taken..).filter(|rest| !rest.is_empty())
            && let Ok(taken) = self.host.send(now, id, rest)
        {
            self.taken += taken;
        }
        let is_open = self.host.state(id).is_synchronized();
        if self.taken == self.sent.len() && !self.is_shut && is_open {
            self.is_shut = self.host.shutdown(now, id).is_ok();
        }
        loop {
            match self.host.recv(now, id, 700) {
                Ok(octets) => self.received.extend(octets),
                Err(error) => {
                    self.saw_end |= error == Error::Eof;
                    return;
                }
            }
        }
    }

    fn is_done(&self) -> bool {
        self.is_shut && self.saw_end
    }

    fn state(&self) -> State {
        self.id.map_or(State::Closed, |id| self.host.state(id))
    }
}

/// What is under way: the packet and whether it goes to the server, by the
/// time it arrives and its number.
type UnderWay = BTreeMap<(Instant, usize), (bool, Vec<u8>)>;

/// Runs until no packet is under way and no timer runs.
fn exchange(client: &mut Side, server: &mut Side, fates: &[u8]) -> Instant {
    let mut fates = fates.iter();
    let mut now = Instant::ZERO;
    let mut count = 0;
    let mut under_way = UnderWay::new();
    server.host.listen(now, 80, 1).expect("free");
    let opened = client.host.connect(now, 5000, (address(1), 80).into());
    client.id = Some(opened.expect("free"));
    loop {
        client.act(now);
        server.act(now);
        for (side, to_server) in [(&mut *client, true), (&mut *server, false)] {
            while let Some(packet) = side.host.poll_transmit() {
                let fate = fates.next().map_or(Fate::Late(10), |octet| fate(*octet));
                for (delay, packet) in arrivals(fate, packet) {
                    count += 1;
                    let at = now + Duration::from_millis(delay);
                    under_way.insert((at, count), (to_server, packet));
                }
                assert!(count < PACKETS, "endless exchange");
            }
            while side.host.poll_transition().is_some() {}
        }
        let arrival = under_way.first_key_value().map(|((at, _), _)| *at);
        let next = [arrival, client.host.poll_at(), server.host.poll_at()];
        let Some(next) = next.into_iter().flatten().min() else {
            return now;
        };
        now = now.max(next);
        if arrival == Some(next)
            && let Some((_, (to_server, packet))) = under_way.pop_first()
        {
            let to = if to_server {
                &mut *server
            } else {
                &mut *client
            };
            to.host.deliver(now, &packet);
        } else {
            client.host.on_time(now);
            server.host.on_time(now);
        }
    }
}

fn fate(octet: u8) -> Fate {
    match octet {
        0..48 => Fate::Lost,
        48..96 => Fate::Twice(u64::from(octet) * 7),
        96..112 => Fate::Damaged(usize::from(octet) * 3),
        _ => Fate::Late(u64::from(octet - 112) * 5),
    }
}

fn arrivals(fate: Fate, mut packet: Vec<u8>) -> Vec<(u64, Vec<u8>)> {
    match fate {
        Fate::Lost => Vec::new(),
        Fate::Late(delay) => vec![(delay, packet)],
        Fate::Twice(delay) => vec![(10, packet.clone()), (delay, packet)],
        Fate::Damaged(at) => {
            let at = at % packet.len();
            packet[at] ^= 0x10;
            vec![(10, packet)]
        }
    }
}

fn address(last: u8) -> IpAddr {
    [192, 0, 2, last].into()
}

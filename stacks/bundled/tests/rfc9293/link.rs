//! Laws: two hosts joined by a link that loses, doubles, delays and reorders
//! still carry every octet once and in order, and both come to their end; and
//! nothing that arrives can make a host panic or answer without end.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::Duration;

use proptest::prelude::*;
use tcpspec_bundled::{Config, ConnectionId, Error, Host, InitialWindow, Isn};
use tcpspec_wire::{Flags, Instant, Packet, Segment, SeqNumber, State, TcpOption, WindowField};

use crate::rig::pattern;

/// Packets that either side may send in one trial. A trial of this size needs
/// a few hundred; an endless exchange would reach any number.
const PACKETS: usize = 20_000;

/// What becomes of a packet: how often it arrives, and how late each time, in
/// milliseconds. None: it is lost.
type Fate = Vec<u64>;

struct Side {
    host: Host,
    id: Option<ConnectionId>,
    to_send: Vec<u8>,
    received: Vec<u8>,
    is_shut: bool,
    saw_end: bool,
}

impl Side {
    fn new(last: u8, config: &Config, isn: u32, data: usize) -> Self {
        let config = Config {
            isn: Isn::Fixed(SeqNumber::new(isn)),
            ..config.clone()
        };
        Self {
            host: Host::new(config, &[address(last)], 1),
            id: None,
            to_send: pattern(data),
            received: Vec::new(),
            is_shut: false,
            saw_end: false,
        }
    }

    /// The application: writes all it has, shuts down, reads to the end.
    fn act(&mut self, now: Instant) {
        if self.id.is_none() {
            self.id = self.host.accept(80).ok();
        }
        let Some(id) = self.id else { return };
        while !self.to_send.is_empty()
            && let Ok(taken) = self.host.send(now, id, &self.to_send)
        {
            self.to_send.drain(..taken);
        }
        if self.to_send.is_empty() && !self.is_shut && self.host.state(id).is_synchronized() {
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

    fn state(&self) -> State {
        self.id.map_or(State::Listen, |id| self.host.state(id))
    }
}

fn address(last: u8) -> IpAddr {
    [192, 0, 2, last].into()
}

/// Runs two hosts over a link until no packet is under way and no timer runs.
/// Every packet meets the next fate; behind the last one the link is sound.
fn run(client: &mut Side, server: &mut Side, fates: &[Fate]) {
    let mut fates = fates.iter();
    let mut now = Instant::ZERO;
    server.host.listen(now, 80, 1).expect("free");
    let id = client.host.connect(now, 5000, (address(1), 80).into());
    client.id = Some(id.expect("free"));
    let mut under_way: BTreeSet<(Instant, usize, bool, Vec<u8>)> = BTreeSet::new();
    let mut count = 0;
    loop {
        client.act(now);
        server.act(now);
        for (side, to_server) in [(&mut *client, true), (&mut *server, false)] {
            while let Some(packet) = side.host.poll_transmit() {
                let sound = vec![10];
                for delay in fates.next().unwrap_or(&sound) {
                    count += 1;
                    let at = now + Duration::from_millis(*delay);
                    let packet = if *delay > 80 {
                        marked(&packet)
                    } else {
                        packet.clone()
                    };
                    under_way.insert((at, count, to_server, packet));
                }
                assert!(count < PACKETS, "endless exchange");
            }
        }
        let arrival = under_way.first().map(|(at, ..)| *at);
        let timers = [arrival, client.host.poll_at(), server.host.poll_at()];
        let Some(next) = timers.into_iter().flatten().min() else {
            return;
        };
        now = now.max(next);
        if arrival == Some(next) {
            let (_, _, to_server, packet) = under_way.pop_first().expect("it is there");
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

/// The packet as congestion marks it, if it may be marked.
fn marked(packet: &[u8]) -> Vec<u8> {
    let mut packet = Packet::decode(packet).expect("a packet").packet;
    if packet.ip.traffic_class != 0 {
        packet.ip.traffic_class = 3;
    }
    packet.encode()
}

fn fate() -> impl Strategy<Value = Fate> {
    prop_oneof![
        4 => Just(vec![10]),
        2 => Just(vec![]),
        1 => (1_u64..100).prop_map(|delay| vec![delay]),
        1 => (1_u64..100).prop_map(|delay| vec![10, delay]),
    ]
}

/// Four losses in a row outlast R2, and giving up is right then; the laws are
/// about those who do not.
fn patient(receive_buffer: u32) -> Config {
    let day = Duration::from_secs(86_400);
    Config {
        receive_buffer,
        r2_syn: day,
        r2_data: day,
        ..Config::default()
    }
}

/// Extensions by the bits of `switches`.
fn switched(switches: u16, receive_buffer: u32) -> Config {
    let is_on = |bit: u32| switches & 1 << bit != 0;
    Config {
        window_scale: is_on(0),
        timestamps: is_on(1),
        ecn: is_on(8),
        sack: is_on(2),
        duplicate_sack: is_on(3),
        fast_retransmit: is_on(4),
        limited_transmit: is_on(5),
        nagle: is_on(6),
        initial_window: if is_on(7) {
            InitialWindow::Rfc6928
        } else {
            InitialWindow::Rfc5681
        },
        ..patient(receive_buffer)
    }
}

fn near_the_wrap() -> impl Strategy<Value = u32> {
    (0_u32..40_000).prop_map(|below| u32::MAX - below)
}

proptest! {
    #![proptest_config(ProptestConfig::default())]

    #[test]
    fn faulty_link_loses_no_octet(
        fates in prop::collection::vec(fate(), 0..60),
        (up, down) in (0_usize..20_000, 0_usize..20_000),
        (iss, irs) in (near_the_wrap(), near_the_wrap()),
        receive_buffer in prop_oneof![Just(65_535_u32), 1_000_u32..4_000],
    ) {
        let config = patient(receive_buffer);
        let mut client = Side::new(2, &config, iss, up);
        let mut server = Side::new(1, &config, irs, down);
        run(&mut client, &mut server, &fates);
        prop_assert!(client.received == pattern(down), "down: {}", client.received.len());
        prop_assert!(server.received == pattern(up), "up: {}", server.received.len());
        prop_assert!(client.saw_end && server.saw_end);
        prop_assert_eq!((client.state(), server.state()), (State::Closed, State::Closed));
    }

    /// The same with every extension on or off on either side.
    #[test]
    fn faulty_link_loses_no_octet_whatever_is_switched_on(
        fates in prop::collection::vec(fate(), 0..150),
        (up, down) in (0_usize..60_000, 0_usize..20_000),
        (iss, irs) in (near_the_wrap(), near_the_wrap()),
        (ours, theirs) in (any::<u16>(), any::<u16>()),
        receive_buffer in prop_oneof![Just(65_535_u32), 1_000_u32..4_000, 65_536_u32..1_000_000],
    ) {
        let mut client = Side::new(2, &switched(ours, receive_buffer), iss, up);
        let mut server = Side::new(1, &switched(theirs, receive_buffer), irs, down);
        run(&mut client, &mut server, &fates);
        prop_assert!(client.received == pattern(down), "down: {}", client.received.len());
        prop_assert!(server.received == pattern(up), "up: {}", server.received.len());
        prop_assert!(client.saw_end && server.saw_end);
        prop_assert_eq!((client.state(), server.state()), (State::Closed, State::Closed));
    }

    #[test]
    fn arbitrary_octets_do_no_harm(packets in prop::collection::vec(
        prop::collection::vec(any::<u8>(), 0..120), 0..20,
    )) {
        let mut host = Host::new(Config::default(), &[address(1)], 1);
        host.listen(Instant::ZERO, 80, 4).expect("free");
        for packet in packets {
            host.deliver(Instant::ZERO, &packet);
        }
        prop_assert!(std::iter::from_fn(|| host.poll_transmit()).count() <= 20);
    }

    /// Well-formed nonsense near the connection's own numbers, with time
    /// between: no panic, and never more replies than a window of segments.
    #[test]
    fn arbitrary_segments_do_no_harm(segments in prop::collection::vec(
        (0_u16..64, -70_000_i64..70_000, -20_i64..3_000, 0_usize..1_500, any::<u16>(), 0_u64..5_000),
        0..60,
    )) {
        let iss = SeqNumber::new(u32::MAX - 5);
        let config = Config { isn: Isn::Fixed(iss), ..Config::default() };
        let mut host = Host::new(config, &[address(1)], 1);
        let mut now = Instant::ZERO;
        let irs = SeqNumber::new(u32::MAX - 100);
        host.listen(now, 80, 4).expect("free");
        host.deliver(now, &packet(irs, SeqNumber::default(), Flags::SYN, 0, 9000));
        host.deliver(now, &packet(irs + 1, iss + 1, Flags::ACK, 0, 9000));
        let id = host.accept(80).expect("established");
        host.send(now, id, &pattern(5_000)).expect("room");
        for (flags, seq, ack, len, window, wait) in segments {
            let flags = Flags::from_bits(flags);
            host.deliver(now, &packet(irs.offset(seq), iss.offset(ack), flags, len, window));
            now += Duration::from_millis(wait);
            host.on_time(now);
            prop_assert!(std::iter::from_fn(|| host.poll_transmit()).count() <= 30);
            let _ = host.recv(now, id, 100);
        }
    }

    /// The same with every option agreed on: blocks, timestamps and marks that
    /// may or may not make sense.
    #[test]
    fn arbitrary_options_do_no_harm(segments in prop::collection::vec(nonsense(), 0..80)) {
        let iss = SeqNumber::new(u32::MAX - 5);
        let config = Config { isn: Isn::Fixed(iss), ..switched(u16::MAX, 200_000) };
        let mut host = Host::new(config, &[address(1)], 1);
        let mut now = Instant::ZERO;
        let irs = SeqNumber::new(u32::MAX - 100);
        let timestamps = |value| TcpOption::Timestamps { value, echo: 0 };
        host.listen(now, 80, 4).expect("free");
        let mut syn = segment(irs, SeqNumber::default(), Flags::SYN | Flags::ECE | Flags::CWR, 0, 9000);
        syn.options = vec![
            TcpOption::Mss(500),
            TcpOption::WindowScale(3),
            TcpOption::SackPermitted,
            timestamps(100),
        ];
        host.deliver(now, &encoded(syn, 0));
        let mut ack = segment(irs + 1, iss + 1, Flags::ACK, 0, 9000);
        ack.options = vec![timestamps(100)];
        host.deliver(now, &encoded(ack, 0));
        let id = host.accept(80).expect("established");
        for Nonsense { flags, seq, ack, len, value, blocks, mark, wait } in segments {
            let _ = host.send(now, id, &pattern(3_000));
            let mut segment = segment(irs.offset(seq), iss.offset(ack), flags, len, 9000);
            segment.options = vec![timestamps(value)];
            if !blocks.is_empty() {
                let blocks = blocks.iter().map(|(from, to)| (iss.offset(*from), iss.offset(*to)));
                segment.options.push(TcpOption::Sack(blocks.collect()));
            }
            host.deliver(now, &encoded(segment, mark));
            now += Duration::from_millis(wait);
            host.on_time(now);
            prop_assert!(std::iter::from_fn(|| host.poll_transmit()).count() <= 200);
            let _ = host.recv(now, id, 100);
        }
    }
}

/// A segment that a peer has no reason to send, in numbers counted from the
/// two initial ones.
#[derive(Clone, Debug)]
struct Nonsense {
    flags: Flags,
    seq: i64,
    ack: i64,
    len: usize,
    value: u32,
    blocks: Vec<(i64, i64)>,
    mark: u8,
    wait: u64,
}

fn nonsense() -> impl Strategy<Value = Nonsense> {
    let edge = || -1_000_i64..20_000;
    let flags = prop_oneof![3 => Just(Flags::ACK), 1 => (0_u16..256).prop_map(Flags::from_bits)];
    let seq = prop_oneof![2 => Just(1_i64), 1 => -100_i64..3_000];
    let blocks = prop::collection::vec((edge(), edge()), 0..4);
    (
        flags,
        seq,
        edge(),
        0_usize..1_000,
        95_u32..110,
        blocks,
        0_u8..4,
        0_u64..1_500,
    )
        .prop_map(
            |(flags, seq, ack, len, value, blocks, mark, wait)| Nonsense {
                flags,
                seq,
                ack,
                len,
                value,
                blocks,
                mark,
                wait,
            },
        )
}

fn packet(seq: SeqNumber, ack: SeqNumber, flags: Flags, len: usize, window: u16) -> Vec<u8> {
    encoded(segment(seq, ack, flags, len, window), 0)
}

/// The peer's packet with this ECN field.
fn encoded(segment: Segment, codepoint: u8) -> Vec<u8> {
    let mut packet = Packet::tcp(address(2), address(1), segment);
    packet.ip.traffic_class = codepoint;
    packet.encode()
}

fn segment(seq: SeqNumber, ack: SeqNumber, flags: Flags, len: usize, window: u16) -> Segment {
    Segment {
        src_port: 5000,
        dst_port: 80,
        seq,
        ack,
        flags,
        window: WindowField::new(window),
        payload: pattern(len),
        ..Segment::default()
    }
}

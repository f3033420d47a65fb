//! One host under test and a peer that we play by hand.
//!
//! Segments are written as `FLAGS seq=.. ack=.. len=.. win=.. mss=..`, with
//! options as `ws=7 ts=5,3 sackok sack=11:21/31:41 uto=300s` and the IP header's ECN
//! field as `ce`, `ect0`. Numbers
//! count from each side's initial sequence number, and four symbols stand for
//! the host's variables: `n` RCV.NXT, `w` RCV.WND, `a` SND.UNA, `u` SND.NXT, as
//! the rig last saw them on the wire. What the host sends is written the same
//! way with plain numbers.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tcpspec_bundled::{Config, ConnectionId, Error, Host, Isn};
use tcpspec_wire::icmp::{IcmpError, Report};
use tcpspec_wire::{
    Body, Flags, Instant, IpHeader, Packet, Segment, SeqNumber, State, TcpOption, WindowField,
};

/// Where a trial takes place: IP version and sequence-number neighbourhood.
#[derive(Clone, Copy, Debug)]
pub(crate) struct World {
    pub(crate) ipv6: bool,
    pub(crate) iss: u32,
    pub(crate) irs: u32,
}

/// Both IP versions, and initial numbers around the wrap of either side.
pub(crate) const WORLDS: [World; 6] = [
    World::new(false, 8000, 1000),
    World::new(true, 8000, 1000),
    World::new(false, u32::MAX, 5),
    World::new(false, 5, u32::MAX),
    World::new(true, u32::MAX - 1, u32::MAX - 5),
    World::new(false, (1 << 31) - 1, 1 << 31),
];

impl World {
    const fn new(ipv6: bool, iss: u32, irs: u32) -> Self {
        Self { ipv6, iss, irs }
    }
}

impl Default for World {
    fn default() -> Self {
        WORLDS[0]
    }
}

pub(crate) struct Rig {
    pub(crate) host: Host,
    pub(crate) now: Instant,
    world: World,
    local: SocketAddr,
    remote: SocketAddr,
    /// Whether options are part of what is shown.
    pub(crate) with_options: bool,
    /// The connection, once the host's user has it.
    pub(crate) id: Option<ConnectionId>,
    /// As last seen: RCV.NXT, RCV.WND, SND.NXT; and SND.UNA as last told.
    n: i64,
    w: i64,
    u: i64,
    a: i64,
}

impl Rig {
    pub(crate) fn new(world: World, config: Config) -> Self {
        let address = |last: u8| -> IpAddr {
            if world.ipv6 {
                [0x2001, 0xdb8, 0, 0, 0, 0, 0, u16::from(last)].into()
            } else {
                [192, 0, 2, last].into()
            }
        };
        let config = Config {
            isn: Isn::Fixed(SeqNumber::new(world.iss)),
            ..config
        };
        Self {
            host: Host::new(config, &[address(1)], 7),
            now: Instant::ZERO,
            world,
            local: SocketAddr::new(address(1), 80),
            remote: SocketAddr::new(address(2), 40_000),
            with_options: false,
            id: None,
            n: 0,
            w: 0,
            u: 0,
            a: 0,
        }
    }

    /// A connection in this state, with nothing pending. Passive states come
    /// by a passive open, SYN-RECEIVED(A) is [`simultaneous`](Self::simultaneous).
    pub(crate) fn in_state(world: World, config: Config, state: State) -> Self {
        let mut rig = Self::new(world, config);
        rig.reach(state);
        assert_eq!(rig.state(), state, "prelude");
        rig.now += Duration::from_millis(10);
        rig
    }

    /// Goes to this state in no time.
    pub(crate) fn reach(&mut self, state: State) {
        match state {
            State::Closed => {}
            State::Listen => self.listen(),
            State::SynSent => self.connect(),
            State::SynReceived => {
                self.listen();
                self.peer("SYN seq=0 mss=1000", "SYN+ACK seq=0 ack=1");
            }
            State::Established => {
                self.reach(State::SynReceived);
                self.peer("ACK seq=1 ack=1", "-");
                self.id = Some(self.host.accept(80).expect("established"));
            }
            State::FinWait1 => {
                self.reach(State::Established);
                self.shutdown("FIN+ACK seq=1 ack=1");
            }
            State::FinWait2 => {
                self.reach(State::FinWait1);
                self.peer("ACK seq=1 ack=2", "-");
            }
            State::CloseWait => {
                self.reach(State::Established);
                self.peer("FIN+ACK seq=1 ack=1", "ACK seq=1 ack=2");
            }
            State::Closing => {
                self.reach(State::FinWait1);
                self.peer("FIN+ACK seq=1 ack=1", "ACK seq=2 ack=2");
            }
            State::LastAck => {
                self.reach(State::CloseWait);
                self.shutdown("FIN+ACK seq=1 ack=2");
            }
            State::TimeWait => {
                self.reach(State::FinWait2);
                self.peer("FIN+ACK seq=1 ack=2", "ACK seq=2 ack=2");
            }
        }
        self.transitions();
    }

    /// SYN-RECEIVED by an active open: both SYNs crossed.
    pub(crate) fn simultaneous(world: World) -> Self {
        let mut rig = Self::in_state(world, Config::default(), State::SynSent);
        rig.peer("SYN seq=0", "SYN+ACK seq=0 ack=1");
        rig.transitions();
        rig
    }

    pub(crate) fn listen(&mut self) {
        self.host.listen(self.now, 80, 4).expect("free port");
        self.transitions();
    }

    pub(crate) fn connect(&mut self) {
        let id = self.host.connect(self.now, 80, self.remote);
        self.id = Some(id.expect("free tuple"));
        assert_eq!(self.sent(), "SYN seq=0");
    }

    #[track_caller]
    pub(crate) fn shutdown(&mut self, reply: &str) {
        let id = self.id();
        self.host.shutdown(self.now, id).expect("open");
        assert_eq!(self.sent(), reply);
    }

    pub(crate) fn id(&self) -> ConnectionId {
        self.id.expect("a connection")
    }

    pub(crate) fn write(&mut self, len: usize) -> Result<usize, Error> {
        let id = self.id();
        self.host.send(self.now, id, &pattern(len))
    }

    pub(crate) fn read(&mut self, max: usize) -> Result<Vec<u8>, Error> {
        let id = self.id();
        self.host.recv(self.now, id, max)
    }

    /// The peer sends, and the host answers at once with `reply`: segments
    /// parted by `; `, or `-` for none.
    #[track_caller]
    pub(crate) fn peer(&mut self, segment: &str, reply: &str) {
        self.deliver(segment);
        assert_eq!(self.sent(), reply, "in answer to {segment}");
    }

    pub(crate) fn deliver(&mut self, segment: &str) {
        let packet = self.packet(segment);
        self.host.deliver(self.now, &packet);
    }

    /// The peer's segment as a packet.
    pub(crate) fn packet(&mut self, segment: &str) -> Vec<u8> {
        let is_marked = segment.ends_with(" ce");
        let segment = self.parse(segment.trim_end_matches(" ce"));
        let mut packet = Packet::tcp(self.remote.ip(), self.local.ip(), segment);
        packet.ip.traffic_class = if is_marked { 3 } else { 0 };
        packet.encode()
    }

    /// The peer sends these octets; the first has this number.
    pub(crate) fn deliver_octets(&mut self, first: u32, octets: &[u8]) {
        let mut segment = self.parse(&format!("ACK seq={first} ack=1"));
        segment.payload = octets.to_vec();
        let packet = Packet::tcp(self.remote.ip(), self.local.ip(), segment);
        self.host.deliver(self.now, &packet.encode());
    }

    /// A router reports on the host's segment at `seq`; `edit` makes of that
    /// what it wants.
    pub(crate) fn icmp(&mut self, report: Report, seq: i64, edit: impl FnOnce(&mut IcmpError)) {
        let segment = Segment {
            src_port: self.local.port(),
            dst_port: self.remote.port(),
            seq: self.iss().offset(seq),
            flags: Flags::ACK,
            payload: pattern(1000),
            ..Segment::default()
        };
        let packet = Packet::tcp(self.local.ip(), self.remote.ip(), segment);
        let mut error = IcmpError::new(report, &packet).expect("both versions of IP have it");
        edit(&mut error);
        let ip = IpHeader::new(self.remote.ip(), self.local.ip());
        let packet = Packet::new(ip, Body::Icmp(error));
        self.host.deliver(self.now, &packet.encode());
    }

    /// The peer speaks from another port from here on.
    pub(crate) fn use_port(&mut self, port: u16) {
        self.remote.set_port(port);
    }

    pub(crate) const fn remote(&self) -> SocketAddr {
        self.remote
    }

    /// The window that the host announced last.
    pub(crate) const fn peek_window(&self) -> i64 {
        self.w
    }

    /// What the host has sent since it was last asked.
    pub(crate) fn sent(&mut self) -> String {
        let mut shown = Vec::new();
        while let Some(packet) = self.host.poll_transmit() {
            let decoded = Packet::decode(&packet).expect("a sound packet");
            assert_eq!(decoded.defects, []);
            let segment = decoded.packet.segment().expect("TCP").clone();
            self.observe(&segment);
            let marking = match decoded.packet.ip.traffic_class {
                0 => "",
                2 => " ect0",
                _ => " marked?",
            };
            shown.push(self.show(&segment) + marking);
        }
        if shown.is_empty() {
            "-".to_owned()
        } else {
            shown.join("; ")
        }
    }

    fn observe(&mut self, segment: &Segment) {
        if segment.flags.contains(Flags::RST) {
            return;
        }
        self.u = self.u.max(i64::from(segment.end().distance(self.iss())));
        if segment.flags.contains(Flags::ACK) {
            self.n = i64::from(segment.ack.distance(self.irs()));
            self.w = i64::from(segment.window.value());
        }
    }

    /// Flags, numbers and length; window and options where they are the point.
    fn show(&self, segment: &Segment) -> String {
        let mut text = segment.flags.to_string();
        let is_refusal = segment.flags == (Flags::RST | Flags::ACK);
        let seq = if is_refusal {
            // `<SEQ=0>` of a refusal is absolute.
            i64::from(segment.seq.value())
        } else {
            i64::from(segment.seq.distance(self.iss()))
        };
        text += &format!(" seq={seq}");
        if segment.flags.contains(Flags::ACK) {
            text += &format!(" ack={}", segment.ack.distance(self.irs()));
        }
        if !segment.payload.is_empty() {
            text += &format!(" len={}", segment.payload.len());
        }
        if segment.flags.contains(Flags::URG) {
            text += &format!(" urg={}", segment.urgent);
        }
        if segment.flags.contains(Flags::ACK) && segment.window.value() < 1000 && !is_refusal {
            text += &format!(" win={}", segment.window);
        }
        if self.with_options {
            text += &self.show_options(segment);
        }
        text
    }

    fn iss(&self) -> SeqNumber {
        SeqNumber::new(self.world.iss)
    }

    fn irs(&self) -> SeqNumber {
        SeqNumber::new(self.world.irs)
    }

    fn parse(&mut self, text: &str) -> Segment {
        let mut words = text.split_whitespace();
        let flags = words.next().expect("flags").parse().expect("flags");
        let mut segment: Segment = Segment {
            src_port: self.remote.port(),
            dst_port: self.local.port(),
            flags,
            window: WindowField::new(u16::MAX),
            ..Segment::default()
        };
        for word in words {
            if let Some(option) = self.option(word) {
                segment.options.push(option);
                continue;
            }
            let (key, value) = word.split_once('=').expect("key=value");
            let value = self.value(value);
            match key {
                "seq" => segment.seq = self.irs().offset(value),
                "ack" => {
                    segment.ack = self.iss().offset(value);
                    self.a = value;
                }
                "len" => segment.payload = pattern(value as usize),
                "win" => segment.window = WindowField::new(value as u16),
                "urg" => segment.urgent = value as u16,
                "mss" => segment.options.push(TcpOption::Mss(value as u16)),
                "ws" => segment.options.push(TcpOption::WindowScale(value as u8)),
                other => panic!("no such key: {other}"),
            }
        }
        segment
    }

    /// An option that is more than one number.
    fn option(&self, word: &str) -> Option<TcpOption> {
        let number = |text: &str| text.parse().expect("a number");
        let edge = |text: &str| self.iss() + number(text);
        match word.split_once('=') {
            None if word == "sackok" => Some(TcpOption::SackPermitted),
            Some(("ts", pair)) => {
                let (value, echo) = pair.split_once(',').expect("TSval,TSecr");
                Some(TcpOption::Timestamps {
                    value: number(value),
                    echo: number(echo),
                })
            }
            Some(("uto", _)) => Some(word.parse().expect("a user timeout")),
            Some(("sack", blocks)) => {
                let block = |block: &str| {
                    let (left, right) = block.split_once(':').expect("left:right");
                    (edge(left), edge(right))
                };
                Some(TcpOption::Sack(blocks.split('/').map(block).collect()))
            }
            _ => None,
        }
    }

    /// The options that a segment of the host's carries beyond the MSS.
    fn show_options(&self, segment: &Segment) -> String {
        let edge = |number: SeqNumber| number.distance(self.irs());
        let options = segment.options.iter().filter_map(|option| match option {
            TcpOption::WindowScale(shift) => Some(format!(" ws={shift}")),
            TcpOption::SackPermitted => Some(" sackok".to_owned()),
            TcpOption::Timestamps { value, echo } => Some(format!(" ts={value},{echo}")),
            TcpOption::UserTimeout(_) => Some(format!(" {option}")),
            TcpOption::Sack(blocks) => {
                let blocks = blocks.iter();
                let shown = blocks.map(|(from, to)| format!("{}:{}", edge(*from), edge(*to)));
                Some(format!(" sack={}", shown.collect::<Vec<_>>().join("/")))
            }
            _ => None,
        });
        options.collect()
    }

    /// A sum of numbers and symbols: `n+10`, `u-5`, `7`.
    fn value(&self, text: &str) -> i64 {
        text.replace('-', "+-")
            .split('+')
            .filter(|term| !term.is_empty())
            .map(|term| match term {
                "n" => self.n,
                "w" => self.w,
                "u" => self.u,
                "a" => self.a,
                number => number.parse().expect("a number"),
            })
            .sum()
    }

    /// The same with symbols replaced, for what is expected.
    pub(crate) fn plain(&self, text: &str) -> String {
        let word = |word: &str| match word.split_once('=') {
            Some((key, value)) if !value.ends_with(';') => format!("{key}={}", self.value(value)),
            Some((key, value)) => {
                format!("{key}={};", self.value(value.trim_end_matches(';')))
            }
            None => word.to_owned(),
        };
        text.split(' ').map(word).collect::<Vec<_>>().join(" ")
    }

    /// The states entered since the last question, joined by spaces.
    pub(crate) fn transitions(&mut self) -> String {
        let mut names = Vec::new();
        while let Some(transition) = self.host.poll_transition() {
            names.push(transition.state.name());
        }
        names.join(" ")
    }

    /// The connection's state as the host tells it: by its user's handle, or
    /// by the log where no user has it.
    pub(crate) fn state(&self) -> State {
        match self.id {
            Some(id) => self.host.state(id),
            None if self.n > 0 => State::SynReceived,
            None => self.host.listener_state(80),
        }
    }

    /// Lets time pass up to the next deadline and says how long that took, in
    /// milliseconds, and what was sent.
    pub(crate) fn next(&mut self) -> (u128, String) {
        let at = self.host.poll_at().expect("a timer");
        let waited = at.since(self.now).as_millis();
        self.now = at;
        self.host.on_time(at);
        (waited, self.sent())
    }

    /// Lets this much time pass, timers included.
    pub(crate) fn wait(&mut self, by: Duration) -> String {
        let end = self.now + by;
        while let Some(at) = self.host.poll_at().filter(|at| *at <= end) {
            self.now = at;
            self.host.on_time(at);
        }
        self.now = end;
        self.sent()
    }
}

/// Octets whose order can be seen.
pub(crate) fn pattern(len: usize) -> Vec<u8> {
    (0..len).map(|at| (at % 251) as u8).collect()
}

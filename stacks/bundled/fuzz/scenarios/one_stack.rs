//! One stack that is fed arbitrary octets: read as packets, as segments near
//! the numbers of a connection, as ICMP errors, as calls and as time.
//!
//! Whatever comes, the stack does not panic, answers with sound packets and a
//! bounded number of them, and has no timer left that is due.

use std::net::IpAddr;
use std::time::Duration;

use tcpspec_bundled::{Config, ConnectionId, Host, Isn, UserTimeouts};
use tcpspec_wire::{
    Body, Flags, IcmpError, Instant, IpHeader, Packet, Segment, SeqNumber, TcpOption, WindowField,
};

/// Steps of one run; more of them show nothing new.
const STEPS: usize = 256;
/// Packets in answer to one step. The send buffer holds this many octets, so
/// even segments of one octet stay below it.
const PACKETS: usize = 4096;
const ISS: SeqNumber = SeqNumber::new(u32::MAX - 700);
const IRS: SeqNumber = SeqNumber::new(u32::MAX - 300);

/// Plays the input to the end.
pub(crate) fn run(input: &[u8]) {
    let mut input = Input(input);
    let mut trial = Trial::new(input.octet());
    for _ in 0..STEPS {
        if input.0.is_empty() {
            return;
        }
        trial.step(&mut input);
        trial.check();
    }
}

/// Octets to read from; zeros behind the end.
struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn octet(&mut self) -> u8 {
        self.take(1).first().copied().unwrap_or_default()
    }

    fn short(&mut self) -> u16 {
        u16::from_be_bytes([self.octet(), self.octet()])
    }

    fn take(&mut self, len: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(len.min(self.0.len()));
        self.0 = rest;
        taken
    }

    /// A number near `base`, or anywhere.
    fn near(&mut self, base: SeqNumber) -> SeqNumber {
        let offset = i64::from(self.short().cast_signed());
        base.offset(if offset % 16 == 15 {
            offset << 16
        } else {
            offset % 2048
        })
    }
}

struct Trial {
    host: Host,
    now: Instant,
    ids: Vec<ConnectionId>,
    v6: bool,
}

impl Trial {
    /// A listener with an established connection, and an active open.
    fn new(knobs: u8) -> Self {
        let is_on = |bit: u8| knobs >> bit & 1 == 1;
        let config = Config {
            isn: Isn::Fixed(ISS),
            send_buffer: PACKETS,
            receive_buffer: if is_on(0) { 700 } else { 200_000 },
            nagle: is_on(1),
            window_scale: is_on(2),
            timestamps: is_on(3),
            sack: is_on(4),
            ecn: is_on(5),
            user_timeouts: UserTimeouts {
                enabled: is_on(7),
                ..UserTimeouts::default()
            },
            ..Config::default()
        };
        let v6 = is_on(6);
        let mut trial = Self {
            host: Host::new(config, &[address(v6, 1)], 1),
            now: Instant::ZERO,
            ids: Vec::new(),
            v6,
        };
        trial.host.listen(trial.now, 80, 3).expect("free");
        trial.deliver(Flags::SYN, IRS, SeqNumber::default());
        trial.deliver(Flags::ACK, IRS + 1, ISS + 1);
        trial.ids.extend(trial.host.accept(80));
        let remote = (address(v6, 2), 90).into();
        trial
            .ids
            .extend(trial.host.connect(trial.now, 5000, remote));
        trial
    }

    fn deliver(&mut self, flags: Flags, seq: SeqNumber, ack: SeqNumber) {
        let segment = Segment {
            src_port: 40_000,
            dst_port: 80,
            seq,
            ack,
            flags,
            window: WindowField::new(u16::MAX),
            ..Segment::default()
        };
        self.packet(Body::Tcp(segment));
    }

    fn packet(&mut self, body: Body) {
        let ip = IpHeader::new(address(self.v6, 2), address(self.v6, 1));
        self.host.deliver(self.now, &Packet::new(ip, body).encode());
    }

    fn step(&mut self, input: &mut Input<'_>) {
        match input.octet() % 8 {
            0 => {
                let len = usize::from(input.octet());
                self.host.deliver(self.now, input.take(len));
            }
            1..=3 => {
                let segment = segment(input);
                self.packet(Body::Tcp(segment));
            }
            4 => {
                let error = self.icmp(input);
                self.packet(Body::Icmp(error));
            }
            5 => {
                self.now += Duration::from_millis(u64::from(input.short()) * 4);
                self.host.on_time(self.now);
            }
            6 => {
                self.now = self.host.poll_at().map_or(self.now, |at| self.now.max(at));
                self.host.on_time(self.now);
            }
            _ => self.call(input),
        }
    }

    /// An error about a segment that the host may have sent.
    fn icmp(&self, input: &mut Input<'_>) -> IcmpError {
        let quoted = Segment {
            src_port: 80,
            dst_port: 40_000,
            seq: input.near(ISS),
            ..Segment::default()
        };
        let quoted = Packet::tcp(address(self.v6, 1), address(self.v6, 2), quoted);
        let mut quote = quoted.encode();
        let (kind, code) = (input.octet(), input.octet());
        let parameter = u32::from(input.short());
        quote.truncate(usize::from(input.octet()));
        IcmpError {
            v6: self.v6,
            kind,
            code,
            parameter,
            quote,
        }
    }

    fn call(&mut self, input: &mut Input<'_>) {
        let (now, which, len) = (self.now, input.octet(), usize::from(input.short()) % 5000);
        self.ids.extend(self.host.accept(80));
        let Some(id) = self
            .ids
            .get(usize::from(which >> 4) % self.ids.len().max(1))
        else {
            return;
        };
        // Whether a call succeeds is not the question here.
        let _ = match which % 8 {
            0 | 1 => self.host.send(now, *id, &vec![7; len]).map(|_| ()),
            2 | 3 => self.host.recv(now, *id, len).map(|_| ()),
            4 => self.host.send_urgent(now, *id, &vec![9; len]).map(|_| ()),
            5 => self.host.shutdown(now, *id),
            6 => self
                .host
                .set_keepalive(now, *id, Some(Duration::from_millis(len as u64))),
            _ if len % 4 == 0 => self.host.close(now, *id),
            _ if len % 4 == 1 => self.host.abort(now, *id),
            _ => self.host.set_receive_buffer(now, *id, len as u32),
        };
    }

    fn check(&mut self) {
        let mut count = 0;
        while let Some(octets) = self.host.poll_transmit() {
            count += 1;
            let packet = Packet::decode(&octets).expect("an IP packet");
            assert_eq!(packet.defects, []);
        }
        assert!(count <= PACKETS, "{count} packets in answer to one step");
        while self.host.poll_transition().is_some() {}
        while self.host.poll_error_report().is_some() {}
        self.host.on_time(self.now);
        while self.host.poll_transmit().is_some() {}
        let due = self.host.poll_at().is_some_and(|at| at <= self.now);
        assert!(!due, "a timer that fired is due again at once");
    }
}

/// A segment for the connection, or from another port.
fn segment(input: &mut Input<'_>) -> Segment {
    let kind = input.octet();
    let is_ours = kind & 1 == 1;
    let mut options = Vec::new();
    if kind & 2 == 2 {
        let (value, echo) = (u32::from(input.short()), u32::from(input.short()));
        options.push(TcpOption::Timestamps { value, echo });
    }
    if kind & 4 == 4 {
        let (left, right) = (input.near(ISS), input.near(ISS));
        options.push(TcpOption::Sack(vec![(left, right)]));
    }
    if kind & 8 == 8 {
        options.push(TcpOption::Mss(input.short()));
        options.push(TcpOption::WindowScale(input.octet()));
        options.push(TcpOption::SackPermitted);
    }
    if kind & 32 == 32 {
        options.push(TcpOption::UserTimeout(input.short()));
    }
    Segment {
        src_port: if is_ours {
            90
        } else {
            40_000 + u16::from(kind >> 6)
        },
        dst_port: if is_ours { 5000 } else { 80 },
        seq: input.near(IRS),
        ack: input.near(ISS),
        flags: Flags::from_bits(input.short()),
        window: WindowField::new(input.short()),
        urgent: if kind & 16 == 16 { input.short() } else { 0 },
        options,
        payload: vec![5; usize::from(input.octet()) * 6],
    }
}

fn address(v6: bool, last: u8) -> IpAddr {
    if v6 {
        [0x2001, 0xdb8, 0, 0, 0, 0, 0, u16::from(last)].into()
    } else {
        [192, 0, 2, last].into()
    }
}

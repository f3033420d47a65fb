//! A trial on the kernel whose peer is played by hand.

use std::net::IpAddr;
use std::sync::OnceLock;

use tcpspec_connector::{
    Call, CallResult, Connection, Emitted, Handle, Reply, Setup, StackUnderTest, Stop,
};
use tcpspec_linux::sandbox::probe;
use tcpspec_linux::{LinuxStack, Settings};
use tcpspec_wire::{Flags, Instant, Packet, Segment, SeqNumber, State, WindowField};

pub(crate) const LOCAL: u16 = 80;
pub(crate) const REMOTE: u16 = 40_000;

pub(crate) const SYN: Flags = Flags::SYN;
pub(crate) const ACK: Flags = Flags::ACK;
pub(crate) const FIN: Flags = Flags::FIN;
pub(crate) const RST: Flags = Flags::RST;
pub(crate) const PSH: Flags = Flags::PSH;

/// Why the kernel cannot be tested here, said on stderr; `None` if it can.
pub(crate) fn skip() -> Option<&'static str> {
    static REASON: OnceLock<Option<String>> = OnceLock::new();
    let reason = REASON.get_or_init(reason_to_skip).as_deref()?;
    eprintln!("skipped: {reason}");
    Some(reason)
}

fn reason_to_skip() -> Option<String> {
    let checks = probe(&Settings::from_env());
    match checks.iter().find(|check| !check.ok) {
        Some(check) => Some(format!("{}: {}", check.name, check.detail)),
        // Without the rights in hand no lane was tried, and a test, which is
        // a thread, cannot get them.
        None if checks.iter().all(|check| check.name != "lane") => {
            Some("rights: a test cannot enter a user namespace; run as root".to_owned())
        }
        None => None,
    }
}

/// Addresses of IP version 4 or 6.
pub(crate) fn setup(version: u8) -> Setup {
    let ip = |text: &str| text.parse::<IpAddr>().unwrap();
    let (stack, prefix, peer) = match version {
        4 => (ip("192.0.2.1"), 24, ip("192.0.2.2")),
        _ => (ip("2001:db8::1"), 64, ip("2001:db8::2")),
    };
    Setup {
        stack,
        prefix,
        peer,
        mtu: 1500,
        iss: None,
        seed: 1,
    }
}

pub(crate) fn handle(name: &str) -> Handle {
    Handle(name.to_owned())
}

/// A stack that was opened, and the peer's side of one connection.
pub(crate) struct Trial {
    pub(crate) stack: LinuxStack,
    pub(crate) setup: Setup,
    /// Next sequence number of the peer.
    pub(crate) seq: SeqNumber,
    /// What the peer acknowledges: all that came.
    pub(crate) ack: SeqNumber,
    /// State of the connection, as the changes say.
    pub(crate) state: Option<State>,
    /// All its states, in order.
    pub(crate) states: Vec<State>,
    pub(crate) last: Reply,
}

impl Trial {
    /// A trial on a lane of its own; `None` if there can be none here.
    pub(crate) fn open(version: u8) -> Option<Self> {
        Self::open_with(Settings::from_env(), version)
    }

    pub(crate) fn open_with(settings: Settings, version: u8) -> Option<Self> {
        if skip().is_some() {
            return None;
        }
        let mut stack = LinuxStack::new(settings);
        let setup = setup(version);
        let last = stack.open(&setup).unwrap();
        Some(Self {
            stack,
            setup,
            seq: SeqNumber::new(1000),
            ack: SeqNumber::new(0),
            state: None,
            states: Vec::new(),
            last,
        })
    }

    /// The next trial of the same stack.
    pub(crate) fn reopen(&mut self) -> &mut Self {
        self.last = self.stack.open(&self.setup).unwrap();
        self.seq = SeqNumber::new(1000);
        self.ack = SeqNumber::new(0);
        self.state = None;
        self.states.clear();
        self
    }

    pub(crate) fn call(&mut self, call: &Call) -> &mut Self {
        let reply = self.stack.call(call).unwrap();
        self.take(reply)
    }

    /// What the application was told by this call.
    pub(crate) fn told(&mut self, call: &Call) -> CallResult {
        self.call(call).last.ret.clone().unwrap()
    }

    pub(crate) fn listen(&mut self) -> &mut Self {
        self.call(&listen("L"))
    }

    pub(crate) fn accept(&mut self) -> &mut Self {
        self.call(&accept("L"))
    }

    pub(crate) fn connect(&mut self) -> &mut Self {
        let to = (self.setup.peer, REMOTE).into();
        self.call(&Call::Connect {
            handle: handle("C"),
            port: LOCAL,
            to,
            route: None,
        })
    }

    pub(crate) fn shutdown(&mut self) -> &mut Self {
        self.call(&shutdown("C"))
    }

    pub(crate) fn close(&mut self) -> &mut Self {
        self.call(&close("C"))
    }

    /// Brings a connection to ESTABLISHED through a listener, accepted.
    pub(crate) fn establish(&mut self) -> &mut Self {
        self.listen();
        self.inject(SYN).inject(ACK).accept()
    }

    /// Plays a script of words: application's calls, `data`, `foreign`, or the
    /// flags of a segment (`FIN+ACK`).
    pub(crate) fn play(&mut self, script: &str) -> &mut Self {
        for word in script.split(' ') {
            match word {
                "listen" => self.listen(),
                "connect" => self.connect(),
                "accept" => self.accept(),
                "establish" => self.establish(),
                "recv" => self.call(&recv("C", 1)),
                "shutdown" => self.shutdown(),
                "close" => self.close(),
                "abort" => self.call(&abort("C")),
                "die" => self.call(&Call::Die),
                "data" => self.inject_data(PSH | ACK, b"abc"),
                "foreign" => self.inject_octets(vec![0x45; 20]),
                "crossing-FIN" => self.inject_crossing_fin(),
                flags => self.inject(flags.parse().unwrap()),
            };
        }
        self
    }

    /// Sends a segment with the peer's sequence numbers.
    pub(crate) fn inject(&mut self, flags: Flags) -> &mut Self {
        self.inject_data(flags, &[])
    }

    /// Sends a FIN that left before the stack's own had arrived.
    fn inject_crossing_fin(&mut self) -> &mut Self {
        let ack = self.ack;
        self.ack = ack - 1;
        self.inject(FIN | ACK).ack = ack;
        self
    }

    pub(crate) fn inject_data(&mut self, flags: Flags, payload: &[u8]) -> &mut Self {
        let packet = self.packet(flags, payload);
        self.inject_octets(packet)
    }

    /// The peer's next segment, packed.
    pub(crate) fn packet(&mut self, flags: Flags, payload: &[u8]) -> Vec<u8> {
        let segment = Segment {
            src_port: REMOTE,
            dst_port: LOCAL,
            seq: self.seq,
            ack: self.ack,
            flags,
            window: WindowField::new(65_535),
            payload: payload.to_vec(),
            ..Segment::default()
        };
        self.seq = segment.end();
        Packet::tcp(self.setup.peer, self.setup.stack, segment).encode()
    }

    pub(crate) fn inject_octets(&mut self, packet: Vec<u8>) -> &mut Self {
        let reply = self.stack.deliver(&[packet]).unwrap();
        self.take(reply)
    }

    pub(crate) fn run(&mut self, until: Instant, stop: Stop) -> &mut Self {
        let reply = self.stack.run(until, stop).unwrap();
        self.take(reply)
    }

    /// Takes notice of a reply, and holds it to what every reply must keep.
    fn take(&mut self, reply: Reply) -> &mut Self {
        let (connection, since) = (connection(), self.last.now);
        let times = reply.tx.iter().map(|sent| sent.at);
        for at in times.chain(reply.states.iter().map(|change| change.at)) {
            assert!((since..=reply.now).contains(&at), "{reply:?}");
        }
        assert!(reply.late <= reply.now.since(since), "{reply:?}");
        for change in &reply.states {
            assert_eq!(change.connection, connection);
            assert_ne!(self.state, Some(change.state), "not a change");
            self.state = Some(change.state);
            self.states.push(change.state);
        }
        for segment in reply.tx.iter().map(segment) {
            // A reset takes nothing of the sequence space.
            if !segment.flags.contains(RST) {
                self.ack = segment.end();
            }
        }
        self.last = reply;
        self
    }

    /// The flags of the segments in the last reply.
    pub(crate) fn flags(&self) -> Vec<Flags> {
        let flags = |sent| segment(sent).flags;
        self.last.tx.iter().map(flags).collect()
    }

    /// Holds the connection's state and the last reply to these.
    #[track_caller]
    pub(crate) fn expect(&mut self, state: State, flags: &[Flags]) -> &mut Self {
        assert_eq!(self.flags(), flags, "{:?}", self.last);
        self.expect_state(state)
    }

    #[track_caller]
    pub(crate) fn expect_state(&mut self, state: State) -> &mut Self {
        assert_eq!(self.state, Some(state), "{:?}", self.last);
        self
    }
}

pub(crate) const fn connection() -> Connection {
    Connection {
        local: LOCAL,
        remote: REMOTE,
    }
}

/// The segment of a packet, which must be without fault.
pub(crate) fn segment(sent: &Emitted) -> Segment {
    let decoded = Packet::decode(&sent.octets).unwrap();
    assert_eq!(decoded.defects, []);
    decoded.packet.segment().unwrap().clone()
}

pub(crate) fn listen(name: &str) -> Call {
    Call::Listen {
        handle: handle(name),
        port: LOCAL,
        backlog: 8,
    }
}

pub(crate) fn accept(name: &str) -> Call {
    Call::Accept {
        handle: handle(name),
        new: handle("C"),
    }
}

pub(crate) fn send(name: &str, data: &[u8]) -> Call {
    Call::Send {
        handle: handle(name),
        data: data.to_vec(),
    }
}

pub(crate) fn recv(name: &str, max: usize) -> Call {
    Call::Recv {
        handle: handle(name),
        max,
    }
}

pub(crate) fn shutdown(name: &str) -> Call {
    Call::Shutdown {
        handle: handle(name),
    }
}

pub(crate) fn close(name: &str) -> Call {
    Call::Close {
        handle: handle(name),
    }
}

pub(crate) fn abort(name: &str) -> Call {
    Call::Abort {
        handle: handle(name),
    }
}

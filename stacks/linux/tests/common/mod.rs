//! What the tests have in common: a trial on the kernel with a hand-played
//! peer.

use std::net::IpAddr;

use tcpspec_connector::{Call, Connection, Emitted, Handle, Reply, Setup, StackUnderTest, Stop};
use tcpspec_linux::{LinuxStack, Settings};
use tcpspec_wire::{Flags, Instant, Packet, Segment, SeqNumber, State, WindowField};

pub const LOCAL: u16 = 80;
pub const REMOTE: u16 = 40_000;

/// IP version 4 or 6.
pub fn setup(version: u8) -> Setup {
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
        seed: 1,
    }
}

pub fn handle(name: &str) -> Handle {
    Handle(name.to_owned())
}

/// A stack that was opened, and the peer's side of one connection.
pub struct Trial {
    pub stack: LinuxStack,
    pub setup: Setup,
    /// Next sequence number of the peer.
    pub seq: SeqNumber,
    /// What the peer acknowledges.
    pub ack: SeqNumber,
    /// State of the connection, as the changes say.
    pub state: Option<State>,
    pub last: Reply,
}

impl Trial {
    pub fn open(version: u8) -> Self {
        let mut stack = LinuxStack::new(Settings::from_env());
        let setup = setup(version);
        let last = stack.open(&setup).unwrap();
        Self {
            stack,
            setup,
            seq: SeqNumber::new(1000),
            ack: SeqNumber::new(0),
            state: None,
            last,
        }
    }

    pub fn call(&mut self, call: &Call) -> &mut Self {
        let reply = self.stack.call(call).unwrap();
        self.take(reply)
    }

    pub fn listen(&mut self) -> &mut Self {
        self.call(&Call::Listen {
            handle: handle("L"),
            port: LOCAL,
            backlog: 8,
        })
    }

    pub fn accept(&mut self) -> &mut Self {
        self.call(&Call::Accept {
            handle: handle("L"),
            new: handle("C"),
        })
    }

    pub fn connect(&mut self) -> &mut Self {
        let to = (self.setup.peer, REMOTE).into();
        self.call(&Call::Connect {
            handle: handle("C"),
            port: LOCAL,
            to,
        })
    }

    pub fn shutdown(&mut self) -> &mut Self {
        self.call(&Call::Shutdown {
            handle: handle("C"),
        })
    }

    pub fn close(&mut self) -> &mut Self {
        self.call(&Call::Close {
            handle: handle("C"),
        })
    }

    /// Sends a segment with the peer's sequence numbers.
    pub fn inject(&mut self, flags: Flags) -> &mut Self {
        self.inject_data(flags, &[])
    }

    pub fn inject_data(&mut self, flags: Flags, payload: &[u8]) -> &mut Self {
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
        let packet = Packet::tcp(self.setup.peer, self.setup.stack, segment).encode();
        let reply = self.stack.deliver(&[packet]).unwrap();
        self.take(reply)
    }

    pub fn run(&mut self, until: Instant, stop: Stop) -> &mut Self {
        let reply = self.stack.run(until, stop).unwrap();
        self.take(reply)
    }

    fn take(&mut self, reply: Reply) -> &mut Self {
        for change in &reply.states {
            assert_eq!(
                change.connection,
                Connection {
                    local: LOCAL,
                    remote: REMOTE
                }
            );
            self.state = Some(change.state);
        }
        for segment in reply.tx.iter().map(segment) {
            // A reset takes nothing of the sequence space.
            if !segment.flags.contains(Flags::RST) {
                self.ack = segment.end();
            }
        }
        self.last = reply;
        self
    }

    /// The flags of the segments in the last reply.
    pub fn flags(&self) -> Vec<Flags> {
        self.last
            .tx
            .iter()
            .map(|sent| segment(sent).flags)
            .collect()
    }

    #[track_caller]
    pub fn expect(&mut self, state: State, flags: &[Flags]) -> &mut Self {
        assert_eq!(self.state, Some(state), "{:?}", self.last);
        assert_eq!(self.flags(), flags, "{:?}", self.last);
        self
    }
}

pub fn segment(sent: &Emitted) -> Segment {
    let decoded = Packet::decode(&sent.octets).unwrap();
    assert_eq!(decoded.defects, []);
    decoded.packet.segment().unwrap().clone()
}

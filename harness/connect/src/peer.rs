//! The other end of one connection, as far as a ladder needs it: it sends in
//! order, and acknowledges what it is told to.

use tcpspec_connector::Setup;
use tcpspec_wire::text::{Base, SegmentText};
use tcpspec_wire::{Flags, Packet, Segment, SeqNumber, TcpOption, WindowField};

/// The port of the stack that is listened on.
pub(crate) const PORT: u16 = 80;

/// One end of a connection.
#[derive(Clone, Debug)]
pub(crate) struct Peer {
    world: Setup,
    port: u16,
    iss: SeqNumber,
    /// The number of what it sends next.
    pub(crate) next: SeqNumber,
    /// Where the stack's numbers begin, once it has shown it.
    pub(crate) irs: Option<SeqNumber>,
    /// The number that it expects next from the stack.
    pub(crate) expected: SeqNumber,
}

impl Peer {
    /// The end at this port of the peer's, before its SYN.
    pub(crate) fn new(world: &Setup, port: u16) -> Self {
        let iss = SeqNumber::new(1_000_000 + u32::from(port));
        Self {
            world: world.clone(),
            port,
            iss,
            next: iss,
            irs: None,
            expected: SeqNumber::default(),
        }
    }

    /// The next segment: its packet, and how it is written.
    pub(crate) fn say(&mut self, flags: Flags, text: &[u8]) -> (Vec<u8>, String) {
        let mut segment = Segment {
            src_port: self.port,
            dst_port: PORT,
            seq: self.next,
            flags,
            window: WindowField::new(65535),
            payload: text.to_vec(),
            ..Segment::default()
        };
        if flags.contains(Flags::ACK) {
            segment.ack = self.expected;
        }
        if flags.contains(Flags::SYN) {
            segment.options = vec![TcpOption::Mss(1460)];
        }
        self.next = segment.end();
        let own = Some(Base::new(self.iss));
        let written = SegmentText::new(&segment, own, self.irs.map(Base::new))
            .short()
            .to_string();
        let packet = Packet::tcp(self.world.peer, self.world.stack, segment);
        (packet.encode(), written)
    }

    /// How a segment of the stack is written.
    pub(crate) fn shown(&self, segment: &Segment) -> String {
        let irs = self.irs.unwrap_or(segment.seq);
        let own = Some(Base::new(self.iss));
        SegmentText::new(segment, Some(Base::new(irs)), own)
            .short()
            .to_string()
    }

    /// Whether the segment belongs to this connection.
    pub(crate) fn is_meant(&self, packet: &Packet, segment: &Segment) -> bool {
        let ports = (segment.src_port, segment.dst_port) == (PORT, self.port);
        ports && (packet.ip.src, packet.ip.dst) == (self.world.stack, self.world.peer)
    }
}

//! A stack whose segments are changed on their way out, checksums made right:
//! what a faulty stack, or a faulty link of ours, would do.

use tcpspec_bundled_adapter::Bundled;
use tcpspec_connector::{Call, Hello, Reply, Setup, StackError, StackUnderTest, Stop};
use tcpspec_wire::{Body, Flags, Instant, Packet, Segment};

/// What is done to the fourth segment with text.
pub(crate) type Lie = fn(&mut Segment);

pub(crate) struct Liar {
    stack: Bundled,
    lie: Lie,
    texts: u32,
}

impl Liar {
    pub(crate) const fn new(stack: Bundled, lie: Lie) -> Self {
        Self {
            stack,
            lie,
            texts: 0,
        }
    }

    fn tell(&mut self, mut reply: Reply) -> Reply {
        for emitted in &mut reply.tx {
            let mut decoded = Packet::decode(&emitted.octets).expect("a packet");
            if let Body::Tcp(segment) = &mut decoded.packet.body
                && !segment.payload.is_empty()
            {
                self.texts += 1;
                if self.texts == 4 {
                    (self.lie)(segment);
                    emitted.octets = decoded.packet.encode();
                }
            }
        }
        reply
    }
}

impl StackUnderTest for Liar {
    fn hello(&self) -> &Hello {
        self.stack.hello()
    }

    fn open(&mut self, setup: &Setup) -> Result<Reply, StackError> {
        self.stack.open(setup).map(|reply| self.tell(reply))
    }

    fn call(&mut self, call: &Call) -> Result<Reply, StackError> {
        self.stack.call(call).map(|reply| self.tell(reply))
    }

    fn deliver(&mut self, packets: &[Vec<u8>]) -> Result<Reply, StackError> {
        self.stack.deliver(packets).map(|reply| self.tell(reply))
    }

    fn run(&mut self, until: Instant, stop: Stop) -> Result<Reply, StackError> {
        self.stack.run(until, stop).map(|reply| self.tell(reply))
    }
}

/// One octet of text is missing, and nothing else tells of it.
pub(crate) fn drop_an_octet(segment: &mut Segment) {
    segment.payload.remove(5);
}

pub(crate) fn acknowledge_too_much(segment: &mut Segment) {
    segment.ack += 100_000;
}

pub(crate) fn reset(segment: &mut Segment) {
    segment.flags = Flags::RST | Flags::ACK;
    segment.payload.clear();
}

pub(crate) fn grow(segment: &mut Segment) {
    segment.payload.push(0);
}

pub(crate) const fn honest(_: &mut Segment) {}

//! Control stacks: wrong on purpose, each in one way. They show that a case
//! can fail, and that the harness outlives whatever a stack does.

use std::collections::BTreeSet;

use tcpspec_wire::{Capability, Flags, Instant, Packet, Segment, SeqNumber};

use crate::hello::{Clock, Hello, Profile};
use crate::reply::{Emitted, Reply};
use crate::{Call, CallError, Ret, Setup, StackError, StackUnderTest, Stop};

/// What a control stack does when a packet arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Control {
    /// Nothing, ever.
    Silent,
    /// A reset, as if no connection existed (RFC 9293 section 3.5.2).
    Resets,
    /// It panics.
    Dies,
    /// It never returns.
    Hangs,
    /// It emits packets without end.
    Floods,
}

impl Control {
    /// Every control stack with its name.
    pub const ALL: [(Self, &'static str); 5] = [
        (Self::Silent, "silent"),
        (Self::Resets, "resets"),
        (Self::Dies, "dies"),
        (Self::Hangs, "hangs"),
        (Self::Floods, "floods"),
    ];

    /// The control stack of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .find(|(_, known)| *known == name)
            .map(|(control, _)| *control)
    }
}

/// Packets in one instant that make a storm. A window of 65,535 octets in
/// segments of 536 is 123.
pub const STORM: usize = 1000;

/// A stack that does one wrong thing.
#[derive(Debug)]
pub struct ControlStack {
    control: Control,
    hello: Hello,
    now: Instant,
}

impl ControlStack {
    /// The stack that does this. It claims every capability but introspection
    /// of its state, so that no case is skipped.
    #[must_use]
    pub fn new(control: Control) -> Self {
        let name = Control::ALL
            .iter()
            .find(|(known, _)| *known == control)
            .map_or("", |found| found.1);
        let introspection = [Capability::State, Capability::StateLog];
        let capabilities: BTreeSet<Capability> = Capability::ALL
            .iter()
            .map(|(capability, _)| *capability)
            .filter(|capability| !introspection.contains(capability))
            .collect();
        let hello = Hello {
            name: format!("control:{name}"),
            version: "1".to_owned(),
            clock: Clock::Virtual,
            capabilities,
            profile: Profile::default(),
            info: BTreeSet::new(),
            mtu: 1500,
            details: Vec::new(),
            service: None,
        };
        Self {
            control,
            hello,
            now: Instant::ZERO,
        }
    }
}

impl StackUnderTest for ControlStack {
    fn hello(&self) -> &Hello {
        &self.hello
    }

    fn open(&mut self, _: &Setup) -> Result<Reply, StackError> {
        self.now = Instant::ZERO;
        Ok(Reply::nothing(self.now))
    }

    fn call(&mut self, call: &Call) -> Result<Reply, StackError> {
        let ret = match call {
            Call::Accept { .. } | Call::Recv { .. } | Call::Report { .. } => Err(CallError::Again),
            Call::Send { data, .. } | Call::SendUrgent { data, .. } => Ok(Ret::Sent(data.len())),
            Call::Urgent { .. } => Ok(Ret::Urgent(false)),
            Call::Info { .. } => Err(CallError::Unsupported),
            _ => Ok(Ret::Done),
        };
        Ok(Reply {
            ret: Some(ret),
            ..Reply::nothing(self.now)
        })
    }

    fn deliver(&mut self, packets: &[Vec<u8>]) -> Result<Reply, StackError> {
        let mut reply = Reply::nothing(self.now);
        match self.control {
            Control::Silent => {}
            Control::Resets => {
                let resets = packets.iter().filter_map(|packet| reset_for(packet));
                reply.tx = resets
                    .map(|octets| Emitted {
                        at: self.now,
                        octets,
                    })
                    .collect();
            }
            #[expect(clippy::panic, reason = "this control stack dies, as its name says")]
            Control::Dies => panic!("the control stack `dies` was given a packet"),
            Control::Hangs => loop {
                std::thread::park();
            },
            Control::Floods => return Err(StackError::Storm(STORM)),
        }
        Ok(reply)
    }

    fn run(&mut self, until: Instant, _: Stop) -> Result<Reply, StackError> {
        self.now = self.now.max(until);
        Ok(Reply::nothing(self.now))
    }

    fn leap(&mut self, to: Instant) -> Result<Reply, StackError> {
        self.run(to, Stop::AtEnd)
    }
}

/// The reset that answers a segment to a closed port; none for a reset.
fn reset_for(octets: &[u8]) -> Option<Vec<u8>> {
    let packet = Packet::decode(octets).ok()?.packet;
    let segment = packet.segment()?;
    if segment.flags.contains(Flags::RST) {
        return None;
    }
    let mut reset = Segment {
        src_port: segment.dst_port,
        dst_port: segment.src_port,
        flags: Flags::RST,
        seq: segment.ack,
        ..Segment::default()
    };
    if !segment.flags.contains(Flags::ACK) {
        reset.flags = Flags::RST | Flags::ACK;
        reset.seq = SeqNumber::new(0);
        reset.ack = segment.end();
    }
    Some(Packet::tcp(packet.ip.dst, packet.ip.src, reset).encode())
}

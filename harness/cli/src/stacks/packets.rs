//! Stacks of which nothing but packets is at hand: what is declared of them, and
//! whether somebody is there.

use std::sync::Arc;

use tcpspec_connector::{Call, Hello, Reply, Setup, StackError, StackUnderTest, Stop};
use tcpspec_packets::{PacketStack, Target};
use tcpspec_wire::Instant;

use super::{Participant, StackName};

/// Calls the stack, so that a run with nobody at the other end says so once.
pub(super) fn enlist(target: &Target) -> Participant {
    let greeted = match PacketStack::new(target) {
        Ok(mut stack) => stack.greet(),
        Err(error) => Err(error.to_string()),
    };
    Participant {
        hello: Arc::new(PacketStack::declared(target)),
        name: StackName::Packets(Box::new(target.clone())),
        greeting: None,
        remarks: Vec::new(),
        unavailable: greeted.err().unwrap_or_default(),
    }
}

/// The stack, or why there is no way to it any more, which every trial tells.
pub(super) fn made(target: &Target) -> Box<dyn StackUnderTest> {
    match PacketStack::new(target) {
        Ok(stack) => Box::new(stack),
        Err(error) => Box::new(Unreachable {
            hello: PacketStack::declared(target),
            why: error.to_string(),
        }),
    }
}

struct Unreachable {
    hello: Hello,
    why: String,
}

impl Unreachable {
    fn why(&self) -> Result<Reply, StackError> {
        Err(StackError::Environment(self.why.clone()))
    }
}

impl StackUnderTest for Unreachable {
    fn hello(&self) -> &Hello {
        &self.hello
    }

    fn open(&mut self, _: &Setup) -> Result<Reply, StackError> {
        self.why()
    }

    fn call(&mut self, _: &Call) -> Result<Reply, StackError> {
        self.why()
    }

    fn deliver(&mut self, _: &[Vec<u8>]) -> Result<Reply, StackError> {
        self.why()
    }

    fn run(&mut self, _: Instant, _: Stop) -> Result<Reply, StackError> {
        self.why()
    }
}

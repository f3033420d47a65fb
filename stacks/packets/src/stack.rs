//! [`PacketStack`]: packets out, packets in, and a service in place of the
//! application.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use tcpspec_connector::{
    Call, CallError, CallResult, Hello, Reply, Ret, Service, Setup, StackError, StackUnderTest,
    Stop,
};
use tcpspec_wire::{Flags, Instant, Packet, Segment};

use crate::carrier::{Carrier, CarrierError};
use crate::clock;
use crate::declaration;
use crate::target::Target;
use crate::terms::Terms;
use crate::translation::PORTS;
use crate::trial::Trial;

/// A stack of which nothing but packets is at hand. Several of one target share
/// what carries them; each has its own ports of the peer.
#[derive(Debug)]
pub struct PacketStack {
    terms: Terms,
    hello: Hello,
    carrier: Arc<Carrier>,
    trial: Option<Trial>,
}

impl PacketStack {
    /// What is declared of a target.
    #[must_use]
    pub fn declared(target: &Target) -> Hello {
        declaration::hello(target)
    }

    /// The stack of a target.
    ///
    /// # Errors
    ///
    /// If there is no way to it.
    pub fn new(target: &Target) -> Result<Self, CarrierError> {
        Ok(Self {
            terms: target.terms.clone(),
            hello: declaration::hello(target),
            carrier: Carrier::of(target)?,
            trial: None,
        })
    }

    /// Whether somebody is there: the link knows the stack's addresses, and its
    /// service takes calls.
    ///
    /// # Errors
    ///
    /// In words, if not.
    pub fn greet(&mut self) -> Result<(), String> {
        for v4 in [true, false] {
            let Some((stack, peer)) = self.terms.addresses(v4) else {
                continue;
            };
            let known = self.carrier.resolve(stack);
            if !known.map_err(|error| error.to_string())? {
                return Err(format!("nobody on the link says that {stack} is theirs"));
            }
            if self.terms.service != Service::Nothing {
                self.knock(stack, peer)?;
            }
        }
        Ok(())
    }

    /// Calls the service.
    fn knock(&mut self, stack: IpAddr, peer: IpAddr) -> Result<(), String> {
        let port = self.terms.port;
        let setup = Setup {
            stack,
            prefix: 0,
            peer,
            mtu: self.terms.mtu,
            iss: None,
            seed: 0,
        };
        let told = |error: StackError| error.to_string();
        self.open(&setup).map_err(told)?;
        let trial = self.trial.as_mut().ok_or("there is no trial")?;
        trial.names.listen(port, port);
        let syn = Segment {
            src_port: PORTS,
            dst_port: port,
            flags: Flags::SYN,
            ..Segment::default()
        };
        let syn = [Packet::tcp(peer, stack, syn).encode()];
        let mut answer = self.deliver(&syn).map_err(told)?;
        for _ in 0..KNOCKS {
            for emitted in &answer.tx {
                let packet = Packet::decode(&emitted.octets).map_err(|error| error.to_string())?;
                match packet.packet.segment().map(|segment| segment.flags) {
                    Some(flags) if flags.contains(Flags::SYN) => {
                        self.trial = None;
                        return Ok(());
                    }
                    Some(flags) if flags.contains(Flags::RST) => {
                        return Err(format!("nobody listens on port {port} of {stack}"));
                    }
                    _ => {}
                }
            }
            let until = answer.now + PATIENCE;
            answer = self.run(until, Stop::FirstPacket).map_err(told)?;
            if answer.tx.is_empty() {
                answer.tx = self.deliver(&syn).map_err(told)?.tx;
            }
        }
        Err(format!("{stack} says nothing to a SYN to port {port}"))
    }

    fn trial(&mut self) -> Result<&mut Trial, StackError> {
        let none = || StackError::Environment("nothing works before an open".to_owned());
        self.trial.as_mut().ok_or_else(none)
    }

    /// Ends the trial: every connection that it has left is reset, so that the
    /// stack has its resources back.
    fn end_trial(&mut self) {
        let Some(trial) = self.trial.take() else {
            return;
        };
        for reset in trial.resets() {
            // A device that is gone has no connections either.
            let _ = self.carrier.send(&reset);
        }
    }

    /// Sends a packet of the case.
    fn send(&mut self, packet: &[u8]) -> Result<(), StackError> {
        let (closed, others) = (self.terms.closed, self.terms.other.clone());
        let trial = self.trial()?;
        trial.names.notice(packet, closed);
        trial.notice_other(packet, &others)?;
        let mut octets = packet.to_vec();
        trial.names.known.outward(&mut octets);
        let sent = self.carrier.send(&octets);
        sent.map_err(|error| StackError::Environment(format!("sending a packet: {error}")))
    }

    /// What the service makes of a call.
    fn made_by_service(&mut self, call: &Call) -> Result<CallResult, StackError> {
        let (service, port) = (self.terms.service, self.terms.port);
        let trial = self.trial()?;
        let done = match (service, call) {
            (Service::Nothing, _) => false,
            (_, Call::Listen { port: case, .. }) => {
                trial.names.listen(*case, port);
                true
            }
            (_, Call::Accept { .. }) => true,
            (Service::Close, Call::Close { .. }) | (Service::Shutdown, Call::Shutdown { .. }) => {
                true
            }
            _ => false,
        };
        Ok(match done {
            true => Ok(Ret::Done),
            false => Err(CallError::Unsupported),
        })
    }
}

impl Drop for PacketStack {
    fn drop(&mut self) {
        self.end_trial();
    }
}

impl StackUnderTest for PacketStack {
    fn hello(&self) -> &Hello {
        &self.hello
    }

    fn open(&mut self, setup: &Setup) -> Result<Reply, StackError> {
        self.end_trial();
        let real = self.terms.addresses(setup.stack.is_ipv4());
        let real = real.ok_or_else(|| {
            StackError::Environment("no address of this version of IP is declared".to_owned())
        })?;
        self.trial = Some(Trial::new(setup, real, self.carrier.slot()));
        Ok(Reply::nothing(Instant::ZERO))
    }

    fn call(&mut self, call: &Call) -> Result<Reply, StackError> {
        let ret = self.made_by_service(call)?;
        let trial = self.trial()?;
        let mut reply = trial.begin();
        reply.ret = Some(ret);
        trial.last = clock::now();
        Ok(reply)
    }

    fn deliver(&mut self, packets: &[Vec<u8>]) -> Result<Reply, StackError> {
        let mut reply = self.trial()?.begin();
        for packet in packets {
            self.send(packet)?;
        }
        let settle = self.terms.settle;
        let trial = self.trial()?;
        reply.now = trial.at(clock::now());
        trial.settle(settle, &mut reply)?;
        trial.last = clock::now();
        Ok(reply)
    }

    fn run(&mut self, until: Instant, stop: Stop) -> Result<Reply, StackError> {
        let settle = self.terms.settle;
        let trial = self.trial()?;
        let mut reply = trial.begin();
        reply.late = Duration::ZERO;
        loop {
            let left = until.since(trial.at(clock::now()));
            let Some(heard) = trial.hear(left)? else {
                let now = trial.at(clock::now());
                reply.late = now.since(until);
                reply.now = reply.now.max(now);
                break;
            };
            let read = clock::now();
            reply.late = reply.late.max(read.saturating_sub(heard.at));
            trial.take(heard, &mut reply);
            trial.settle(settle, &mut reply)?;
            if stop.is_met_by(&reply) {
                break;
            }
        }
        trial.last = clock::now();
        Ok(reply)
    }
}

/// How often and how long a service is called before a run.
const KNOCKS: usize = 3;
const PATIENCE: Duration = Duration::from_secs(1);

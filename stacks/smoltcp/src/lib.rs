//! [smoltcp](https://docs.rs/smoltcp), as released, behind the seam.
//!
//! [`Smoltcp`] is a [`StackUnderTest`] in this process and on virtual time. It
//! names sockets, hands packets over one at a time, and reads states after each;
//! it adds no behaviour that smoltcp lacks. What that means for its users: a
//! listener is as many sockets as its backlog, each of which becomes a
//! connection itself; CLOSE is that of RFC 9293, there is no other; congestion
//! control is what smoltcp does without being told (none).
//!
//! Left out: setting buffers, urgent text and reports, which smoltcp does not
//! have.

mod declaration;
mod device;
mod isn;
mod sockets;

use smoltcp::iface::{Config, Interface, PollResult};
use smoltcp::time::Instant as SmolInstant;
use smoltcp::wire::{HardwareAddress, IpCidr};
use tcpspec_connector::{
    Call, CallResult, Hello, Next, Reply, Setup, StackError, StackUnderTest, Stop,
};
use tcpspec_wire::Instant;

use device::Wire;
use sockets::Sockets;

/// The version of smoltcp that this crate is built with.
pub const VERSION: &str = "0.14.0";

/// Rounds of polling at one instant after which a stack is not waited for.
const ROUNDS: usize = 100_000;

/// smoltcp on virtual time.
pub struct Smoltcp {
    hello: Hello,
    wire: Wire,
    interface: Interface,
    sockets: Sockets,
    now: Instant,
}

impl Smoltcp {
    /// A stack that has not been opened.
    #[must_use]
    pub fn new() -> Self {
        let mut wire = Wire::new(1500);
        Self {
            hello: declaration::hello(),
            interface: interface(&mut wire, Instant::ZERO, 0),
            wire,
            sockets: Sockets::default(),
            now: Instant::ZERO,
        }
    }

    /// Lets it work until nothing is left to do at this instant, and adds what
    /// it does to the reply.
    fn settle(&mut self, reply: &mut Reply) -> Result<(), StackError> {
        for _ in 0..ROUNDS {
            let before = self.wire.emitted.len();
            let sockets = &mut self.sockets.set;
            let result = self
                .interface
                .poll(to_smol(self.now), &mut self.wire, sockets);
            self.sockets.notice(self.now, &mut reply.states);
            if result == PollResult::None && self.wire.emitted.len() == before {
                self.wire.take_emitted(self.now, &mut reply.tx);
                return Ok(());
            }
        }
        Err(StackError::Storm(ROUNDS))
    }

    /// The next deadline; never one that is over, which would be polled for
    /// without end.
    fn deadline(&mut self) -> Option<Instant> {
        let at = self
            .interface
            .poll_at(to_smol(self.now), &self.sockets.set)?;
        let at = from_smol(at);
        Some(if at > self.now {
            at
        } else {
            self.now + PATIENCE
        })
    }

    fn finish(&mut self, reply: &mut Reply) {
        reply.now = self.now;
        reply.next = self.deadline().map_or(Next::Never, Next::At);
    }
}

/// How long a deadline that is over and was not met is left alone.
const PATIENCE: std::time::Duration = std::time::Duration::from_millis(1);

impl Default for Smoltcp {
    fn default() -> Self {
        Self::new()
    }
}

impl StackUnderTest for Smoltcp {
    fn hello(&self) -> &Hello {
        &self.hello
    }

    fn open(&mut self, setup: &Setup) -> Result<Reply, StackError> {
        self.now = Instant::ZERO;
        self.wire = Wire::new(setup.mtu);
        let seed = setup
            .iss
            .map_or(setup.seed, |iss| isn::seed_of(iss.value(), setup.seed));
        self.interface = interface(&mut self.wire, self.now, seed);
        self.interface.update_ip_addrs(|addresses| {
            // The list of a new interface is empty and has room for one.
            let _ = addresses.push(IpCidr::new(setup.stack.into(), setup.prefix));
        });
        self.sockets = Sockets::default();
        let mut reply = Reply::nothing(self.now);
        self.settle(&mut reply)?;
        self.finish(&mut reply);
        Ok(reply)
    }

    fn call(&mut self, call: &Call) -> Result<Reply, StackError> {
        let mut reply = Reply::nothing(self.now);
        let ret: CallResult = self.sockets.call(&mut self.interface, call);
        self.sockets.notice(self.now, &mut reply.states);
        self.settle(&mut reply)?;
        self.sockets.sweep();
        self.finish(&mut reply);
        reply.ret = Some(ret);
        Ok(reply)
    }

    fn deliver(&mut self, packets: &[Vec<u8>]) -> Result<Reply, StackError> {
        let mut reply = Reply::nothing(self.now);
        self.sockets.is_delivering = true;
        for packet in packets {
            self.wire.arrived.push_back(packet.clone());
            self.settle(&mut reply)?;
        }
        self.sockets.is_delivering = false;
        self.sockets.sweep();
        self.finish(&mut reply);
        Ok(reply)
    }

    fn run(&mut self, until: Instant, stop: Stop) -> Result<Reply, StackError> {
        let mut reply = Reply::nothing(self.now);
        while !stop.is_met_by(&reply) {
            let Some(at) = self.deadline().filter(|at| *at <= until) else {
                self.now = self.now.max(until);
                break;
            };
            self.now = at;
            self.settle(&mut reply)?;
        }
        self.sockets.sweep();
        self.finish(&mut reply);
        Ok(reply)
    }

    fn leap(&mut self, to: Instant) -> Result<Reply, StackError> {
        let mut reply = Reply::nothing(self.now);
        self.now = self.now.max(to);
        self.settle(&mut reply)?;
        self.sockets.sweep();
        self.finish(&mut reply);
        Ok(reply)
    }
}

impl std::fmt::Debug for Smoltcp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Smoltcp").finish_non_exhaustive()
    }
}

fn interface(wire: &mut Wire, now: Instant, seed: u64) -> Interface {
    let mut config = Config::new(HardwareAddress::Ip);
    config.random_seed = seed;
    Interface::new(config, wire, to_smol(now))
}

/// What smoltcp's clock shows, in microseconds, when a trial begins. It takes its
/// zero for "long ago", which is so on a host that has been up for a while.
const UPTIME: i64 = 1_000_000_000;

fn to_smol(at: Instant) -> SmolInstant {
    let micros = i64::try_from(at.as_nanos() / 1000).unwrap_or(i64::MAX);
    SmolInstant::from_micros(micros.saturating_add(UPTIME))
}

fn from_smol(at: SmolInstant) -> Instant {
    let micros = u64::try_from(at.total_micros().saturating_sub(UPTIME)).unwrap_or(0);
    Instant::from_nanos(micros.saturating_mul(1000))
}

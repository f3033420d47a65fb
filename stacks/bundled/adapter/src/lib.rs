//! The bundled TCP behind the seam: [`Bundled`] is a [`StackUnderTest`].
//!
//! It names things, moves virtual time from deadline to deadline, and declares
//! what the stack can do. It adds no behaviour of its own.

mod declaration;
mod sockets;
pub mod switches;

use tcpspec_bundled::{Config, Host, Isn};
use tcpspec_connector::{
    Call, CallResult, Connection, Emitted, Hello, Next, Reply, Setup, StackError, StackUnderTest,
    StateChange, Stop,
};
use tcpspec_link::Reassembly;
use tcpspec_wire::Instant;

use sockets::Sockets;

/// The bundled stack on virtual time.
#[derive(Debug)]
pub struct Bundled {
    hello: Hello,
    config: Config,
    host: Host,
    sockets: Sockets,
    /// The host begins above IP: what comes in pieces is put together here.
    reassembly: Reassembly,
    now: Instant,
}

impl Bundled {
    /// A stack with these settings, but for MTU and prefix,
    /// which [`open`](StackUnderTest::open) sets to the link's.
    #[must_use]
    pub fn new(config: Config) -> Self {
        Self {
            hello: declaration::hello(&config),
            host: Host::new(config.clone(), &[], 0),
            config,
            sockets: Sockets::default(),
            reassembly: Reassembly::default(),
            now: Instant::ZERO,
        }
    }

    /// What has happened since the last reply.
    fn reply(&mut self, ret: Option<CallResult>) -> Reply {
        let mut reply = Reply {
            next: self.host.poll_at().map_or(Next::Never, Next::At),
            ret,
            ..Reply::nothing(self.now)
        };
        self.drain(&mut reply);
        reply
    }

    /// Takes out what the host has to say at this instant.
    fn drain(&mut self, reply: &mut Reply) {
        while let Some(octets) = self.host.poll_transmit() {
            reply.tx.push(Emitted {
                at: self.now,
                octets,
            });
        }
        self.sockets.take_reports(&mut self.host);
        while let Some(transition) = self.host.poll_transition() {
            // A listening port is no connection of the trial's two sides.
            let Some(remote) = transition.remote else {
                continue;
            };
            reply.states.push(StateChange {
                connection: Connection {
                    local: transition.local_port,
                    remote: remote.port(),
                },
                state: transition.state,
                at: transition.at,
            });
        }
    }

    /// The next deadline, if it comes by `until`.
    fn deadline_by(&self, until: Instant) -> Option<Instant> {
        self.host.poll_at().filter(|at| *at <= until)
    }
}

impl Default for Bundled {
    fn default() -> Self {
        Self::new(Config::default())
    }
}

impl StackUnderTest for Bundled {
    fn hello(&self) -> &Hello {
        &self.hello
    }

    fn open(&mut self, setup: &Setup) -> Result<Reply, StackError> {
        let config = Config {
            mtu: setup.mtu,
            ipv4_prefix: setup.prefix,
            isn: setup.iss.map_or(self.config.isn, Isn::From),
            ..self.config.clone()
        };
        self.host = Host::new(config, &[setup.stack], setup.seed.into());
        self.sockets = Sockets::default();
        self.reassembly = Reassembly::default();
        self.now = Instant::ZERO;
        Ok(self.reply(None))
    }

    fn call(&mut self, call: &Call) -> Result<Reply, StackError> {
        let ret = self.sockets.call(&mut self.host, self.now, call);
        Ok(self.reply(Some(ret)))
    }

    fn deliver(&mut self, packets: &[Vec<u8>]) -> Result<Reply, StackError> {
        for packet in packets {
            if !Reassembly::is_fragment(packet) {
                self.host.deliver(self.now, packet);
            } else if let Some(whole) = self.reassembly.take(packet.clone()) {
                self.host.deliver(self.now, &whole);
            }
        }
        Ok(self.reply(None))
    }

    fn run(&mut self, until: Instant, stop: Stop) -> Result<Reply, StackError> {
        let mut reply = Reply::nothing(self.now);
        while let Some(at) = self.deadline_by(until) {
            // Every timer is set for later than the instant that sets it, so
            // this loop moves on.
            self.now = self.now.max(at);
            self.host.on_time(self.now);
            self.drain(&mut reply);
            if stop.is_met_by(&reply) {
                break;
            }
        }
        if !stop.is_met_by(&reply) {
            self.now = self.now.max(until);
        }
        reply.now = self.now;
        reply.next = self.host.poll_at().map_or(Next::Never, Next::At);
        Ok(reply)
    }

    fn leap(&mut self, to: Instant) -> Result<Reply, StackError> {
        self.now = self.now.max(to);
        self.run(to, Stop::AtEnd)
    }
}

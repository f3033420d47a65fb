//! The seam between tcpspec and a TCP stack under test.
//!
//! A stack is driven through one trait, [`StackUnderTest`]: it is opened in a
//! fresh state, its application's calls are made, packets are delivered to it,
//! time is let pass, and each [`Reply`] says what came of it. The trait's
//! contract:
//!
//! 1. **Barrier.** A reply is given when the stack is quiet: no work left, no
//!    timer due, and every packet it will emit without new input or more time
//!    is in the reply, each with its own time. Time moves only inside
//!    [`run`](StackUnderTest::run) and [`leap`](StackUnderTest::leap), and on a
//!    real clock by itself.
//! 2. **No judgement.** A connector never compares, retries or decides. The
//!    harness owns all deadlines.
//! 3. **Capabilities are declared**, never inferred: see [`Hello`].
//! 4. **A fresh state per trial**: [`open`](StackUnderTest::open) forgets all.
//! 5. **States** come as the exact ordered list of changes where the stack
//!    declares `state-log`; as samples taken at each reply where it declares
//!    `state` alone.
//! 6. **Lateness.** On a real clock a reply says how late the harness itself
//!    was, so that a stack is never blamed for that.
//! 7. **Reasons.** A stack may say why it dropped a packet or sent a RST. They
//!    are shown beside a failure, and nothing is judged by them.
//!
//! [`control`] holds the stacks that are wrong on purpose. What carries this seam to
//! other processes is `tcpspec-protocol`.

pub mod call;
pub mod control;
pub mod hello;
pub mod reply;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

pub use call::{Call, CallError, CallResult, Handle, Report, Ret};
pub use hello::{Clock, Hello, Lateness, Profile, Service};
pub use reply::{Connection, Did, Emitted, Next, Reason, Reply, StateChange};
use tcpspec_wire::{Capability, Instant, SeqNumber};

/// A TCP stack that the harness can drive.
///
/// Every method may fail with [`StackError`], which ends the trial.
pub trait StackUnderTest {
    /// What the stack is and can do. Does not change while it lives.
    fn hello(&self) -> &Hello;

    /// Brings the stack into a fresh state with these addresses, at time zero.
    ///
    /// # Errors
    ///
    /// [`StackError`], as all methods here.
    fn open(&mut self, setup: &Setup) -> Result<Reply, StackError>;

    /// Makes a call of the application. It never blocks: what cannot be done
    /// at once is answered by [`CallError::Again`].
    ///
    /// # Errors
    ///
    /// [`StackError`]. What the application is told is in [`Reply::ret`].
    fn call(&mut self, call: &Call) -> Result<Reply, StackError>;

    /// Puts these packets into the receive queue and processes them all.
    ///
    /// # Errors
    ///
    /// [`StackError`].
    fn deliver(&mut self, packets: &[Vec<u8>]) -> Result<Reply, StackError>;

    /// Lets time pass until `until` at most, or less as `stop` says.
    ///
    /// # Errors
    ///
    /// [`StackError`].
    fn run(&mut self, until: Instant, stop: Stop) -> Result<Reply, StackError>;

    /// It is `to` at once, as on a machine that was suspended: the stack learns of
    /// the time only when it is over, and whatever was due meanwhile is due now.
    /// Only of stacks that declare `leap`.
    ///
    /// # Errors
    ///
    /// [`StackError`]; of a stack whose clock cannot leap,
    /// [`StackError::Connector`].
    fn leap(&mut self, to: Instant) -> Result<Reply, StackError> {
        let why = format!("its clock cannot leap to {to}");
        Err(StackError::Connector(why))
    }
}

/// When [`StackUnderTest::run`] ends before its time is up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// At the first instant at which the stack emits a packet.
    FirstPacket,
    /// At the first instant at which the stack emits a packet or a connection
    /// changes its state.
    FirstChange,
    /// Not before the time is up.
    AtEnd,
}

impl Stop {
    /// Whether `reply`, as far as it has come, ends the run.
    #[must_use]
    pub const fn is_met_by(self, reply: &Reply) -> bool {
        match self {
            Self::FirstPacket => !reply.tx.is_empty(),
            Self::FirstChange => !reply.tx.is_empty() || !reply.states.is_empty(),
            Self::AtEnd => false,
        }
    }
}

/// The world a stack is opened in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setup {
    /// The stack's own address.
    pub stack: IpAddr,
    /// Length of the prefix that holds both addresses, in bits.
    pub prefix: u8,
    /// The peer's address.
    pub peer: IpAddr,
    /// Largest IP packet of the link, in octets.
    pub mtu: u16,
    /// The initial sequence number that the stack has to take for its first
    /// connection; later ones follow by the stack's own rule. Only of stacks
    /// that declare `isn`.
    pub iss: Option<SeqNumber>,
    /// Seed of whatever the stack draws at random, if it can be seeded.
    pub seed: u64,
}

impl Setup {
    /// A world to try a stack in, with addresses that are for documentation (RFC 5737,
    /// RFC 3849): of IPv4, unless the stack has IPv6 alone.
    #[must_use]
    pub fn to_try(hello: &Hello, seed: u64) -> Self {
        let v4 = |host| IpAddr::from(Ipv4Addr::new(192, 0, 2, host));
        let v6 = |host| IpAddr::from(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, host));
        let has = |capability| hello.capabilities.contains(&capability);
        let is_v6 = has(Capability::Ipv6) && !has(Capability::Ipv4);
        let (stack, peer, prefix) = match is_v6 {
            true => (v6(1), v6(2), 64),
            false => (v4(1), v4(2), 24),
        };
        Self {
            stack,
            prefix,
            peer,
            mtu: hello.mtu,
            iss: None,
            seed,
        }
    }
}

/// Why a stack gives no reply any more. Whose fault it is decides the verdict.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StackError {
    /// The stack died: its process ended, or it panicked.
    #[error("the stack died: {0}")]
    Died(String),
    /// The stack emitted more packets in one instant than any TCP has reason to.
    #[error("the stack emitted more than {0} packets in one instant")]
    Storm(usize),
    /// The stack says nothing any more: for how long, and to what.
    #[error("the stack did not answer {0}")]
    Silent(String),
    /// What stands between the harness and the stack did what the protocol does
    /// not allow: nobody can say anything about the stack.
    #[error("the connector is at fault: {0}")]
    Connector(String),
    /// The machine withheld what the harness needs (a device, a permission, a
    /// file descriptor): nobody can say anything about the stack.
    #[error("{0}")]
    Environment(String),
}

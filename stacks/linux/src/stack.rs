//! [`LinuxStack`]: the kernel's TCP behind the seam.
//!
//! A packet written to the device has been processed, answer included,
//! when the write returns. So a reply to `deliver` and `call` is complete
//! without waiting, and that nothing came is an exact observation. Only
//! [`run`](StackUnderTest::run) waits: in `ppoll`, or, as
//! [`LinuxStack::run_async`], as a task among thousands on one thread.

pub(crate) mod probe;
mod running;

use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use tcpspec_connector::{
    Call, Connection, Hello, Next, Reply, Setup, StackError, StackUnderTest, Stop,
};
use tcpspec_wire::Instant;

use crate::application::Application;
use crate::clock::Clock;
use crate::connections::{Connections, connection_of};
use crate::diag::Addresses;
use crate::error::Context;
use crate::hello;
use crate::lane::Lane;
use crate::options::Options;
use crate::port::{Attachment, EtherType};
use crate::sys;
use running::Running;

/// How the kernel is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The device node that TUN devices come from.
    pub tun: PathBuf,
    /// How lanes are attached; as it can be had if that is left open.
    pub attach: Option<Attachment>,
    /// Whether to read the kernel's log of state changes, if that is allowed.
    /// Without it states are looked at after each step.
    pub state_log: bool,
    /// What is asked of it beside its defaults.
    pub options: Options,
}

impl Settings {
    /// The settings of the environment: `TCPSPEC_TUN` names another device
    /// node than `/dev/net/tun`, `TCPSPEC_ATTACH` says `tun` or `veth`, and `TCPSPEC_STATE_LOG=off` does without the
    /// kernel's log of state changes.
    #[must_use]
    pub fn from_env() -> Self {
        let tun = std::env::var_os("TCPSPEC_TUN").unwrap_or_else(|| "/dev/net/tun".into());
        let state_log = std::env::var_os("TCPSPEC_STATE_LOG").is_none_or(|value| value != "off");
        let attach = std::env::var(ATTACH).ok();
        Self {
            tun: tun.into(),
            attach: attach.and_then(|name| Attachment::named(&name)),
            state_log,
            options: Options::default(),
        }
    }
}

impl Settings {
    /// How lanes are attached, and why so if TUN was not asked for and cannot
    /// be had.
    pub(crate) fn attachment(&self) -> (Attachment, Option<String>) {
        match self.attach {
            Some(forced) => (forced, None),
            None => Attachment::choose(&self.tun),
        }
    }
}

/// Names the attachment to use.
pub(crate) const ATTACH: &str = "TCPSPEC_ATTACH";

/// The kernel's TCP, on a lane of its own: a network namespace with a
/// device, made at the first [`open`](StackUnderTest::open) and used again by
/// the next ones as long as nothing of the trial before is left in it.
///
/// Use it from one thread at a time; which one may change between calls.
#[derive(Debug)]
pub struct LinuxStack {
    settings: Settings,
    hello: Hello,
    lane: Option<Lane>,
    trial: Option<Trial>,
}

/// What there is only while a trial runs. Dropped before the lane: its sockets
/// must be gone when the lane is cleaned.
#[derive(Debug)]
struct Trial {
    clock: Clock,
    addresses: Addresses,
    kind: EtherType,
    application: Application,
    connections: Connections,
    /// The connection for which the kernel has just refused a socket: what it
    /// logs there now is of that socket.
    refused: Option<Connection>,
    /// Something was delivered that may have left what no four-tuple leads
    /// to: the lane cannot be used again.
    stained: bool,
    /// When the last reply was given.
    last: Instant,
}

impl LinuxStack {
    /// The kernel as it runs. The first one in a process makes its lane at once
    /// and asks the kernel for its timers on it; if there can be no lane, they
    /// are assumed. Of later ones nothing is made before the first `open`.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        let mut stack = Self {
            hello: hello::assumed(settings.options),
            settings,
            lane: None,
            trial: None,
        };
        let probed = probe::probed(&mut stack);
        stack.hello = hello::of_this_kernel(&stack.settings, probed);
        stack.end_trial();
        stack
    }

    /// [`run`](StackUnderTest::run) for a task: other tasks of the thread go
    /// on while this one waits. It needs a runtime with I/O and time.
    ///
    /// # Errors
    ///
    /// [`StackError`], as `run`.
    pub async fn run_async(&mut self, until: Instant, stop: Stop) -> Result<Reply, StackError> {
        let mut running = self.running()?;
        let mut reply = Reply::nothing(running.trial.last);
        while let Some(wake) = running.look(until, stop, &mut reply)? {
            let patience = wake.since(running.trial.clock.now());
            if patience >= REST {
                running.lane.rest();
            }
            let fd = sys::watch(running.lane.readable()).context(WAITING)?;
            wait(fd.readable(), patience).await.context(WAITING)?;
        }
        Ok(reply)
    }

    /// Holds few descriptors until it is used again; what that takes to open
    /// the others is some ten microseconds.
    pub fn rest(&mut self) {
        if let Some(lane) = &mut self.lane {
            lane.rest();
        }
    }

    fn running(&mut self) -> Result<Running<'_>, StackError> {
        match (&mut self.lane, &mut self.trial) {
            (Some(lane), Some(trial)) => Ok(Running { lane, trial }),
            _ => Err(StackError::Environment(
                "the lane is lost; nothing works before the next open".to_owned(),
            )),
        }
    }

    /// Ends the trial, and keeps the lane if it is as good as new.
    fn end_trial(&mut self) {
        let (Some(trial), Some(lane)) = (self.trial.take(), &mut self.lane) else {
            return;
        };
        drop(trial.application);
        let clean = lane.clean(trial.addresses, &trial.connections);
        if clean.is_err() || trial.stained {
            self.lane = None;
        }
    }

    /// The lane of the trial before, if it can be used again.
    fn reusable_lane(&mut self, setup: &Setup) -> Option<Lane> {
        self.end_trial();
        self.lane.take().filter(|lane| lane.suits(setup))
    }
}

impl Drop for LinuxStack {
    fn drop(&mut self) {
        // An orphaned connection would keep the namespace alive for minutes.
        self.end_trial();
    }
}

impl StackUnderTest for LinuxStack {
    fn hello(&self) -> &Hello {
        &self.hello
    }

    fn open(&mut self, setup: &Setup) -> Result<Reply, StackError> {
        let mut lane = match self.reusable_lane(setup) {
            Some(lane) => lane,
            None => Lane::create(&self.settings)?,
        };
        lane.configure(setup)?;
        let trial = Trial::new(setup, self.settings.options);
        let reply = Reply::nothing(trial.last);
        (self.lane, self.trial) = (Some(lane), Some(trial));
        Ok(reply)
    }

    fn call(&mut self, call: &Call) -> Result<Reply, StackError> {
        let mut running = self.running()?;
        let mut reply = running.begin();
        let Running { lane, trial } = &mut running;
        if let Call::Connect { port, to, .. } = call {
            trial.notice_connect(*port, *to);
        }
        let ret = trial.application.call(lane, trial.addresses.stack, call)?;
        if let (Call::Connect { port, to, .. }, Err(_)) = (call, &ret) {
            let (local, remote) = (*port, to.port());
            trial.refused = Some(Connection { local, remote });
        }
        running.take_in(&mut reply)?;
        running.trial.refused = None;
        running.finish(&mut reply);
        reply.ret = Some(ret);
        Ok(reply)
    }

    fn deliver(&mut self, packets: &[Vec<u8>]) -> Result<Reply, StackError> {
        let mut running = self.running()?;
        let mut reply = running.begin();
        for packet in packets {
            running.trial.notice_packet(packet);
            running.write(packet)?;
            running.take_in(&mut reply)?;
        }
        running.finish(&mut reply);
        Ok(reply)
    }

    fn run(&mut self, until: Instant, stop: Stop) -> Result<Reply, StackError> {
        let mut running = self.running()?;
        let mut reply = Reply::nothing(running.trial.last);
        while let Some(wake) = running.look(until, stop, &mut reply)? {
            let patience = wake.since(running.trial.clock.now());
            running.wait(patience).context(WAITING)?;
        }
        Ok(reply)
    }
}

impl Trial {
    fn new(setup: &Setup, options: Options) -> Self {
        Self {
            clock: Clock::start(),
            addresses: Addresses {
                stack: setup.stack,
                peer: setup.peer,
            },
            kind: match setup.stack {
                IpAddr::V4(_) => EtherType::Ipv4,
                IpAddr::V6(_) => EtherType::Ipv6,
            },
            application: Application::new(options.dual()),
            connections: Connections::default(),
            refused: None,
            stained: false,
            last: Instant::ZERO,
        }
    }

    fn notice_packet(&mut self, packet: &[u8]) {
        match connection_of(packet, self.addresses) {
            Some(connection) => {
                let listens = self.application.listens(connection.local);
                self.connections.touch(connection, listens);
            }
            None => self.stained = true,
        }
    }

    fn notice_connect(&mut self, local: u16, to: SocketAddr) {
        if to.ip() == self.addresses.peer {
            let remote = to.port();
            let connection = Connection { local, remote };
            self.connections.touch(connection, false);
        } else {
            self.stained = true;
        }
    }

    /// What can be said of the future: the kernel's timers are not all shown,
    /// but where there is neither socket nor connection there is none.
    fn next(&self) -> Next {
        let quiet = self.application.is_empty() && !self.connections.any_live() && !self.stained;
        if quiet { Next::Never } else { Next::Unknown }
    }
}

/// Waits for a packet, as a task. Running out of patience is no error.
async fn wait<T>(
    readable: impl Future<Output = io::Result<T>>,
    patience: Duration,
) -> io::Result<()> {
    tokio::time::timeout(patience, readable)
        .await
        .map_or(Ok(()), |ready| ready.map(drop))
}

const WAITING: &str = "waiting for the device";
/// A wait that is worth closing descriptors for.
const REST: Duration = Duration::from_millis(20);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_that_goes_costs_one_trial() {
        let mut stack = LinuxStack::new(Settings::from_env());
        let setup = probe::setup();
        if stack.open(&setup).is_err() {
            return; // no right to a lane; the tests of the whole stack say so
        }
        let lane = stack.lane.as_ref();
        lane.unwrap().lose_device().unwrap();
        let is_lost = |reply| matches!(reply, Err(StackError::Environment(_)));
        let hour = Instant::ZERO + Duration::from_secs(3600);
        assert!(is_lost(stack.run(hour, Stop::AtEnd)), "it does not wait");
        assert!(is_lost(stack.deliver(&[vec![0x45; 40]])));
        assert!(stack.open(&setup).is_ok());
        assert!(stack.deliver(&[vec![0x45; 40]]).is_ok());
    }
}

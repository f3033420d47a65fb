//! A trial under way: what the kernel sends and how its connections change is
//! taken in, at once or after a wait.

use std::io;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use tcpspec_connector::control::STORM;
use tcpspec_connector::{Emitted, Reason, Reply, StackError, StateChange, Stop};
use tcpspec_wire::{Body, Flags, Instant, PacketRef};

use super::Trial;
use crate::connections::{Ask, Looks};
use crate::error::LaneError;
use crate::lane::{Lane, Sent};

/// A running trial with its lane.
#[derive(Debug)]
pub(super) struct Running<'a> {
    pub(super) lane: &'a mut Lane,
    pub(super) trial: &'a mut Trial,
}

impl Running<'_> {
    /// A reply to something that was to be done at once.
    pub(super) fn begin(&self) -> Reply {
        Reply::nothing(self.trial.last)
    }

    /// Hands the kernel a packet.
    pub(super) fn write(&mut self, packet: &[u8]) -> Result<(), StackError> {
        let Self { lane, trial } = self;
        let kind = trial.kind;
        match urgent_from(packet) {
            Some(remote) => {
                let write = || lane.write(kind, packet);
                trial.application.while_urged(remote, write)??;
            }
            None => lane.write(kind, packet)?,
        }
        Ok(())
    }

    /// Takes in what came of something that the kernel has already dealt with.
    pub(super) fn take_in(&mut self, reply: &mut Reply) -> Result<(), StackError> {
        let came = self.drain(reply)?;
        self.sample(reply, came, Ask::Unlogged)
    }

    /// One round of waiting: takes what has come, and says when to wake if
    /// nothing comes before; `None` if the wait is over.
    pub(super) fn look(
        &mut self,
        until: Instant,
        stop: Stop,
        reply: &mut Reply,
    ) -> Result<Option<Instant>, StackError> {
        let came = self.drain(reply)?;
        let now = self.trial.clock.now();
        let over = now >= until;
        let due = self.trial.connections.look_at().is_some_and(|at| at <= now);
        if came.is_some() || over || due {
            self.sample(reply, came, if due { Ask::All } else { Ask::Unlogged })?;
        }
        // Only a wait needs to know the timers.
        if !over && !stop.is_met_by(reply) && self.trial.connections.any_touched() {
            self.sample(reply, None, Ask::All)?;
        }
        if over || stop.is_met_by(reply) {
            let due = due_end(reply, until, stop).max(self.trial.last);
            self.finish(reply);
            reply.late = reply.now.since(due);
            return Ok(None);
        }
        let wake = self.trial.connections.look_at().unwrap_or(until);
        Ok(Some(wake.min(until)))
    }

    /// Takes what the kernel has sent; says when the last of it left.
    fn drain(&mut self, reply: &mut Reply) -> Result<Option<Instant>, StackError> {
        let before = reply.tx.len();
        while let Some(Sent { octets, stamp }) = self.lane.read()? {
            let at = match stamp {
                Some(stamp) => self.trial.clock.of_real_time(stamp, self.trial.last),
                None => self.trial.clock.now(),
            };
            reply.tx.push(Emitted { at, octets });
            if reply.tx.len() - before > STORM {
                return Err(StackError::Storm(STORM));
            }
        }
        Ok(reply.tx[before..].last().map(|emitted| emitted.at))
    }

    /// Looks at the connections. A change that was not logged came with the
    /// packet, if there was one; a silent one is dated by the look that found
    /// it.
    fn sample(
        &mut self,
        reply: &mut Reply,
        came: Option<Instant>,
        ask: Ask,
    ) -> Result<(), StackError> {
        let (looks, log) = self.look_and_read(reply, ask)?;
        let Trial {
            clock,
            application,
            connections,
            ..
        } = &mut *self.trial;
        let now = clock.now();
        let listens = |port| application.listens(port);
        let times = (came.unwrap_or(now), now);
        let changes = connections.update(&looks, &log, times, listens);
        for mut change in changes {
            let before = reply.states.last().map_or(change.at, |before| before.at);
            change.at = change.at.max(before);
            reply.states.push(change);
        }
        Ok(())
    }

    /// What the kernel shows of the connections, and how it came to that by
    /// its log, if there is one. The reasons in it are taken in.
    fn look_and_read(
        &mut self,
        reply: &mut Reply,
        ask: Ask,
    ) -> Result<(Looks, Vec<StateChange>), LaneError> {
        let (addresses, clock) = (self.trial.addresses, self.trial.clock);
        let refused = self.trial.refused;
        let connections = &self.trial.connections;
        let mut log = Vec::new();
        for looked in 0..LOOKS + LATER_LOOKS {
            if looked >= LOOKS {
                // Another processor is between the two, and may be kept there.
                pause(PAUSE);
            }
            let Some(told) = self.lane.logged(addresses)? else {
                let look = |connection| self.lane.look_up(addresses, connection);
                return Ok((connections.look(Ask::All, &log, look)?, log));
            };
            reply
                .reasons
                .extend(told.reasons.into_iter().map(|told| Reason {
                    did: told.did,
                    why: told.why,
                    at: clock.of_monotonic(told.at, self.trial.last),
                }));
            let changes = told.changes.iter();
            let changes = changes.filter(|logged| Some(logged.connection) != refused);
            log.extend(changes.map(|logged| StateChange {
                connection: logged.connection,
                state: logged.state,
                at: clock.of_monotonic(logged.at, self.trial.last),
            }));
            let look = |connection| self.lane.look_up(addresses, connection);
            let looks = connections.look(ask, &log, look)?;
            if connections.check(&looks, &log).is_ok() {
                return Ok((looks, log));
            }
        }
        Err(LaneError::Contradiction)
    }

    pub(super) fn finish(&mut self, reply: &mut Reply) {
        reply.now = self.trial.clock.now();
        reply.next = self.trial.next();
        reply.late = reply.now.since(self.trial.last);
        self.trial.last = reply.now;
    }

    /// Waits for a packet, in the calling thread.
    pub(super) fn wait(&self, patience: Duration) -> io::Result<()> {
        let fd = self.lane.readable();
        let timeout = Timespec {
            tv_sec: i64::try_from(patience.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: i64::from(patience.subsec_nanos()),
        };
        match poll(
            &mut [PollFd::from_borrowed_fd(fd, PollFlags::IN)],
            Some(&timeout),
        ) {
            // A signal only makes for one more look.
            Ok(_) | Err(Errno::INTR) => Ok(()),
            Err(errno) => Err(errno.into()),
        }
    }
}

/// The port that sent a packet, if it tells of urgent text.
fn urgent_from(packet: &[u8]) -> Option<u16> {
    let Body::Tcp(segment) = PacketRef::decode(packet).ok()?.body else {
        return None;
    };
    let is_urgent = segment.flags.contains(Flags::URG);
    is_urgent.then_some(segment.src_port)
}

/// When a run should have ended: when its time was up, or at the first thing
/// that it was to stop at.
fn due_end(reply: &Reply, until: Instant, stop: Stop) -> Instant {
    let packet = reply.tx.first().map(|emitted| emitted.at);
    let change = reply.states.first().map(|change| change.at);
    let first = match stop {
        Stop::FirstPacket => packet,
        Stop::FirstChange => packet.into_iter().chain(change).min(),
        Stop::AtEnd => None,
    };
    first.map_or(until, |first| first.min(until))
}

/// Lets the thread wait, for nothing in particular.
fn pause(time: Timespec) {
    // A signal only makes it shorter.
    let _ = poll(&mut [], Some(&time));
}

/// How often to read and look: a timer of the kernel's may come in between,
/// but hardly twice.
const LOOKS: usize = 8;
/// How often after that, with a pause before each: a change is logged before it can be
/// seen, and a processor of a virtual machine may stand still between the two, for as
/// long as its host lets others run.
const LATER_LOOKS: usize = 50;
const PAUSE: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 1_000_000,
};

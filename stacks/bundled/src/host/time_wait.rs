//! Connections in TIME-WAIT: opened anew by a SYN (RFC 9293 MAY-2, RFC 6191),
//! and bounded in number.
//!
//! A connection whose place is taken lives on until the new one is
//! established. If the SYN was an old duplicate, its sender says so by a RST,
//! and TIME-WAIT goes on.

use tcpspec_wire::{Flags, Instant, SegmentRef, SeqNumber, State};

use super::Host;
use crate::connection::{Arrival, Connection, ConnectionId, FourTuple};
use crate::error::End;
use crate::phase::Event;
use crate::transition::Transition;

/// What is done about connections in TIME-WAIT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeWaitPolicy {
    /// Whether a SYN that cannot be old opens the connection anew (MAY-2).
    pub reuse: bool,
    /// Whether a RST is ignored, so that an old segment cannot bring TIME-WAIT
    /// to an early end (RFC 1337). RFC 9293 itself lets it close.
    pub ignore_rst: bool,
    /// How many there may be; the oldest connection goes first. One that the
    /// user has let go of takes less than a kibibyte.
    pub max: usize,
}

impl Default for TimeWaitPolicy {
    fn default() -> Self {
        Self {
            reuse: true,
            ignore_rst: false,
            max: 65_536,
        }
    }
}

impl Host {
    /// Opens a connection in place of `old`, if that is in TIME-WAIT and the
    /// segment is a SYN that cannot be old. False if nothing was done.
    pub(super) fn reopen(
        &mut self,
        now: Instant,
        old: ConnectionId,
        tuple: FourTuple,
        arrival: &Arrival<'_>,
    ) -> bool {
        let Some(nxt) = self.reopens(old, tuple, arrival.segment) else {
            return false;
        };
        if let Some(new) = self.answer(now, tuple, arrival, Some(nxt)) {
            self.predecessors.insert(new, old);
        }
        true
    }

    /// SND.NXT of the old connection, if the segment opens it anew.
    fn reopens(
        &self,
        old: ConnectionId,
        tuple: FourTuple,
        segment: &SegmentRef<'_>,
    ) -> Option<SeqNumber> {
        let is_call = segment.flags.contains(Flags::SYN)
            && !segment.flags.contains(Flags::ACK)
            && !segment.flags.contains(Flags::RST);
        if !is_call || !self.config.time_wait.reuse || !self.listens(tuple.local) {
            return None;
        }
        let connection = self.connections.get(&old)?;
        let space = connection.phase.receive_space()?;
        let qualifies = connection.state() == State::TimeWait
            && self.cannot_be_old(connection, space.nxt, segment);
        let snd = connection.phase.send_space()?;
        qualifies.then_some(snd.nxt)
    }

    /// Whether a SYN is later than everything the peer has sent (RFC 6191
    /// section 2): by its timestamp, if both connections have them; as it has
    /// one now, if the old one had none; else by its number, which must be
    /// above all others, FIN included.
    fn cannot_be_old(&self, old: &Connection, rcv_nxt: SeqNumber, syn: &SegmentRef<'_>) -> bool {
        let is_above = syn.seq.at_or_after(rcv_nxt);
        let value = syn
            .options
            .timestamps()
            .filter(|_| self.config.timestamps)
            .map(|(value, _)| value);
        match (old.options.timestamps, value) {
            (Some(old), Some(value)) => old.leads(value) || !old.lags(value) && is_above,
            (None, Some(_)) => true,
            (_, None) => is_above,
        }
    }

    /// A connection has changed its state, with the log `mark` entries long
    /// before: what follows for one whose place it took.
    pub(super) fn settle_predecessor(&mut self, now: Instant, id: ConnectionId, mark: usize) {
        let state = self.state(id);
        let opening = matches!(state, State::SynReceived);
        let Some(old) = self.predecessors.get(&id).copied().filter(|_| !opening) else {
            return;
        };
        self.predecessors.remove(&id);
        let Some(tuple) = self.time_wait_tuple(old) else {
            return;
        };
        if state.is_synchronized() {
            self.delete(now, old);
            // It ended before its successor stood, and the log says so.
            if let Some(end) = self.log.pop_back() {
                self.log.insert(mark, end);
            }
        } else {
            self.tuples.insert(tuple, old);
            self.log.push_back(Transition {
                connection: Some(old),
                local_port: tuple.local.port(),
                remote: Some(tuple.remote),
                state: State::TimeWait,
                at: now,
            });
        }
    }

    fn time_wait_tuple(&self, id: ConnectionId) -> Option<FourTuple> {
        let connection = self.connections.get(&id)?;
        (connection.state() == State::TimeWait).then_some(connection.tuple)
    }

    fn delete(&mut self, now: Instant, id: ConnectionId) {
        self.drive(now, id, |connection, cx| {
            connection.transition(cx, Event::Delete(End::Orderly));
        });
    }

    /// Keeps the list of connections in TIME-WAIT, and its bound.
    pub(super) fn settle_time_wait(&mut self, now: Instant, id: ConnectionId, state: State) {
        if state != State::TimeWait {
            self.time_wait.remove(&id);
        } else if self.time_wait.insert(id)
            && self.time_wait.len() > self.config.time_wait.max
            && let Some(oldest) = self.time_wait.pop_first()
        {
            self.delete(now, oldest);
        }
    }
}

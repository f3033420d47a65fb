//! The user calls on one connection: SEND, RECEIVE, CLOSE, ABORT (RFC 9293
//! sections 3.10.2 to 3.10.5), state by state.

use crate::config::CloseKind;
use crate::connection::{Connection, Context, Owner};
use crate::error::{End, Error};
use crate::phase::{Event, Phase};
use crate::receive;
use crate::timers::AckDue;

impl Connection {
    /// SEND. Octets are taken once the connection is established; before that
    /// the RFC lets us queue or refuse, and we say "again" as sockets do.
    pub(crate) fn send(&mut self, cx: &mut Context<'_>, octets: &[u8]) -> Result<usize, Error> {
        let taken = self.queue(octets)?;
        self.output(cx);
        Ok(taken)
    }

    /// Puts octets into the send buffer, as many as there is room for.
    pub(crate) fn queue(&mut self, octets: &[u8]) -> Result<usize, Error> {
        let taken = match &mut self.phase {
            Phase::Listen | Phase::SynSent { .. } | Phase::SynReceived { .. } => 0,
            Phase::Established { snd, .. } | Phase::CloseWait { snd, .. } => snd.write(octets),
            Phase::FinWait1 { .. }
            | Phase::FinWait2 { .. }
            | Phase::Closing { .. }
            | Phase::LastAck { .. }
            | Phase::TimeWait { .. } => return Err(Error::Closing),
            Phase::Closed { end, .. } => return Err(end.on_send()),
        };
        if taken == 0 {
            return Err(Error::Again);
        }
        Ok(taken)
    }

    /// RECEIVE. What arrived before the peer's FIN is read first; what arrived
    /// before a RST is gone with it.
    pub(crate) fn recv(&mut self, cx: &mut Context<'_>, octets: &mut [u8]) -> Result<usize, Error> {
        let (len, otherwise) = match &mut self.phase {
            Phase::Listen | Phase::SynSent { .. } => (0, Error::Again),
            Phase::SynReceived { rcv, .. }
            | Phase::Established { rcv, .. }
            | Phase::FinWait1 { rcv, .. }
            | Phase::FinWait2 { rcv, .. } => (rcv.read(octets), Error::Again),
            Phase::CloseWait { rcv, .. }
            | Phase::Closing { rcv, .. }
            | Phase::LastAck { rcv, .. }
            | Phase::TimeWait { rcv, .. } => (rcv.read(octets), Error::Eof),
            Phase::Closed { unread, end } => (receive::read(unread, octets), end.on_receive()),
        };
        if len == 0 {
            return Err(otherwise);
        }
        self.open_window();
        self.output(cx);
        Ok(len)
    }

    /// Moves the right edge; whether the peer must be told is then in `ack`.
    fn open_window(&mut self) {
        let announce = self
            .phase
            .receiver_mut()
            .is_some_and(|rcv| rcv.open_window());
        if announce {
            self.ack = AckDue::Now;
        }
    }

    /// CLOSE as the RFC has it: no more to send, but still to receive.
    pub(crate) fn shutdown(&mut self, cx: &mut Context<'_>) -> Result<(), Error> {
        match self.phase {
            Phase::Listen | Phase::SynSent { .. } => {
                self.transition(cx, Event::Delete(End::Local));
            }
            Phase::SynReceived { .. } | Phase::Established { .. } | Phase::CloseWait { .. } => {
                self.transition(cx, Event::Close);
                self.output(cx);
            }
            Phase::FinWait1 { .. }
            | Phase::FinWait2 { .. }
            | Phase::Closing { .. }
            | Phase::LastAck { .. }
            | Phase::TimeWait { .. } => return Err(Error::Closing),
            Phase::Closed { end, .. } => return Err(end.on_send()),
        }
        Ok(())
    }

    /// `close`: the application lets go of the connection, which comes to its
    /// end without it. See [`CloseKind`].
    pub(crate) fn close(&mut self, cx: &mut Context<'_>) {
        self.owner = Owner::Nobody;
        self.quiet_since = cx.now;
        let may_be_told =
            self.phase.receiver().is_some() || matches!(self.phase, Phase::CloseWait { .. });
        let unread = may_be_told && self.phase.unread() > 0;
        if unread && cx.config.close == CloseKind::HalfDuplex {
            self.abort(cx);
            return;
        }
        if let Some(rcv) = self.phase.receiver_mut() {
            rcv.discard();
        }
        self.open_window();
        // Where the sending direction is closed already, the window is all
        // there is to send.
        if self.shutdown(cx).is_err() {
            self.output(cx);
        }
    }

    /// ABORT. The states in which both sides have closed send no RST.
    pub(crate) fn abort(&mut self, cx: &mut Context<'_>) {
        match self.phase {
            Phase::SynReceived { .. }
            | Phase::Established { .. }
            | Phase::FinWait1 { .. }
            | Phase::FinWait2 { .. }
            | Phase::CloseWait { .. } => self.send_reset(cx),
            Phase::Listen
            | Phase::SynSent { .. }
            | Phase::Closing { .. }
            | Phase::LastAck { .. }
            | Phase::TimeWait { .. }
            | Phase::Closed { .. } => {}
        }
        self.transition(cx, Event::Delete(End::Local));
    }
}

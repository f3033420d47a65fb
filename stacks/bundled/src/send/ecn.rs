//! Marks by the network, as the sender (RFC 3168 section 6.1.2): an echo of one
//! counts as a loss, once in each window of data.

use tcpspec_wire::{Instant, SeqNumber};

use super::{Acknowledgment, Recovery, Sender};
use crate::timers::SendTimer;

/// What the sender has to remember of echoes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Echoes {
    /// SND.NXT when cwnd was last lowered: echoes up to there tell of the same.
    lowered_at: SeqNumber,
    /// The next segment with new data is to say so (CWR).
    cwr_due: bool,
    /// cwnd cannot be lower than it is: nothing new until the timer runs out.
    is_held: bool,
}

impl Echoes {
    pub(super) const fn new(iss: SeqNumber) -> Self {
        Self {
            lowered_at: iss,
            cwr_due: false,
            is_held: false,
        }
    }

    pub(super) const fn take_cwr(&mut self) -> bool {
        std::mem::replace(&mut self.cwr_due, false)
    }

    pub(super) const fn is_held(&self) -> bool {
        self.is_held
    }

    pub(super) const fn release(&mut self) {
        self.is_held = false;
    }
}

impl Sender {
    /// The peer echoes a mark. While a loss is being repaired cwnd is lowered
    /// already.
    pub(super) fn on_echo(&mut self, now: Instant, seg: &Acknowledgment<'_>) {
        let is_told = seg
            .ack
            .at_or_before(self.echoes.lowered_at.latest(self.recover));
        if is_told || self.recovery != Recovery::none() {
            return;
        }
        self.echoes.lowered_at = self.nxt;
        self.echoes.cwr_due = true;
        if self.congestion.window() > self.mss {
            let flight = self.nxt.distance(self.una).cast_unsigned();
            self.congestion
                .on_mark(flight.min(self.congestion.window()));
        } else {
            self.echoes.is_held = true;
            if self.timer != SendTimer::Off {
                self.restart_retransmit(now);
            }
        }
    }
}

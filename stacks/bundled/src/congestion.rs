//! How much may be in flight on the network's account. A fixed allowance, and
//! one segment after a timeout: the place where RFC 5681 goes.

use crate::limits::SEGMENTS_IN_FLIGHT;

/// The congestion window.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Congestion {
    segments: u32,
}

impl Congestion {
    pub(crate) const fn new() -> Self {
        Self {
            segments: SEGMENTS_IN_FLIGHT,
        }
    }

    /// Octets that may be in flight.
    pub(crate) const fn window(self, mss: u32) -> u32 {
        self.segments.saturating_mul(mss)
    }

    /// The retransmission timer ran out: one segment until an ACK comes.
    pub(crate) const fn on_timeout(&mut self) {
        self.segments = 1;
    }

    /// New data was acknowledged.
    pub(crate) const fn on_ack(&mut self) {
        self.segments = SEGMENTS_IN_FLIGHT;
    }
}

//! How much may be in flight on the network's account (RFC 5681): cwnd and
//! ssthresh, and what each event does to them. Which event it is, the
//! sender's [`recovery`](crate::send) decides.

use crate::config::InitialWindow;

/// The congestion window, in octets.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Congestion {
    /// SMSS.
    mss: u32,
    cwnd: u32,
    ssthresh: u32,
    /// Octets acknowledged since cwnd last grew, in congestion avoidance.
    counted: u32,
    initial: InitialWindow,
}

impl Congestion {
    /// Before the peer's SYN says how large a segment is.
    pub(crate) const fn new(initial: InitialWindow) -> Self {
        Self {
            mss: 1,
            cwnd: 1,
            ssthresh: u32::MAX,
            counted: 0,
            initial,
        }
    }

    /// The connection opens with segments of this size.
    pub(crate) fn open(&mut self, mss: u32) {
        self.mss = mss;
        self.cwnd = self.initial.octets(mss);
    }

    /// Segments have become smaller than thought: as many as before may be in
    /// flight, not as many octets (section 3.1).
    pub(crate) fn shrink_mss(&mut self, mss: u32) {
        let segments = self.cwnd / self.mss;
        self.mss = mss;
        self.cwnd = segments.max(1).saturating_mul(mss);
    }

    /// Segments may be larger again. As many octets as before may be in flight,
    /// but one segment always.
    pub(crate) fn widen_mss(&mut self, mss: u32) {
        self.mss = mss;
        self.cwnd = self.cwnd.max(mss);
    }

    /// cwnd.
    pub(crate) const fn window(&self) -> u32 {
        self.cwnd
    }

    /// The SYN had to be repeated: begin with one segment (section 3.1).
    pub(crate) const fn syn_was_lost(&mut self) {
        self.cwnd = self.mss;
    }

    /// New data was acknowledged: slow start, or by bytes one segment in each
    /// round trip.
    pub(crate) fn on_ack(&mut self, octets: u32) {
        if self.cwnd < self.ssthresh {
            self.grow(octets.min(self.mss));
            return;
        }
        self.counted = self.counted.saturating_add(octets);
        if self.counted >= self.cwnd {
            self.counted -= self.cwnd;
            self.grow(self.mss);
        }
    }

    const fn grow(&mut self, octets: u32) {
        self.cwnd = self.cwnd.saturating_add(octets);
    }

    /// A loss, with this much in flight: equation 4.
    fn lower_threshold(&mut self, flight: u32) {
        self.ssthresh = (flight / 2).max(2 * self.mss);
        self.counted = 0;
    }

    /// The retransmission timer ran out: for the first time since the peer's
    /// last progress, or again.
    pub(crate) fn on_timeout(&mut self, flight: u32, again: bool) {
        if !again {
            self.lower_threshold(flight);
        }
        self.counted = 0;
        self.cwnd = self.mss;
    }

    /// Three duplicate ACKs: three segments have left the network (section 3.2).
    pub(crate) fn enter_fast_recovery(&mut self, flight: u32) {
        self.lower_threshold(flight);
        self.cwnd = self.ssthresh.saturating_add(3 * self.mss);
    }

    /// One more duplicate ACK in fast recovery: one more segment has left.
    pub(crate) const fn inflate(&mut self) {
        self.grow(self.mss);
    }

    /// A partial ACK in fast recovery (RFC 6582 section 3.2, step 3).
    pub(crate) fn deflate(&mut self, octets: u32) {
        let back = if octets >= self.mss { self.mss } else { 0 };
        self.cwnd = self.cwnd.saturating_sub(octets).saturating_add(back);
        self.cwnd = self.cwnd.max(self.mss);
    }

    /// A loss that is repaired by counting what is in flight (RFC 6675): half
    /// of it, and no inflation.
    pub(crate) fn halve(&mut self, flight: u32) {
        self.lower_threshold(flight);
        self.cwnd = self.ssthresh;
    }

    /// A mark by the network (RFC 3168 section 6.1.2): half of cwnd, even if
    /// that leaves one segment.
    pub(crate) fn on_mark(&mut self, flight: u32) {
        self.lower_threshold(flight);
        self.cwnd = (self.cwnd / 2).max(self.mss);
    }

    /// Fast recovery is over.
    pub(crate) const fn leave_recovery(&mut self) {
        self.cwnd = self.ssthresh;
    }

    /// Nothing was sent for longer than a timeout: the ACK clock has stopped
    /// (section 4.1).
    pub(crate) fn restart(&mut self) {
        self.cwnd = self.cwnd.min(self.initial.octets(self.mss));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    const MSS: u32 = 1000;

    fn open() -> Congestion {
        let mut congestion = Congestion::new(InitialWindow::Rfc5681);
        congestion.open(MSS);
        congestion
    }

    #[rstest]
    #[case::small_segments(InitialWindow::Rfc5681, 1095, 4380)]
    #[case::usual_segments(InitialWindow::Rfc5681, 1460, 4380)]
    #[case::between(InitialWindow::Rfc5681, 2190, 6570)]
    #[case::large_segments(InitialWindow::Rfc5681, 2191, 4382)]
    #[case::ten(InitialWindow::Rfc6928, 1460, 14_600)]
    #[case::ten_at_most_14600(InitialWindow::Rfc6928, 4000, 14_600)]
    #[case::ten_at_least_two(InitialWindow::Rfc6928, 9000, 18_000)]
    fn initial_window_follows_its_rfc(
        #[case] initial: InitialWindow,
        #[case] mss: u32,
        #[case] octets: u32,
    ) {
        let mut congestion = Congestion::new(initial);
        congestion.open(mss);
        assert_eq!(congestion.window(), octets);
    }

    #[test]
    fn slow_start_grows_by_what_is_acknowledged_one_segment_at_most() {
        let mut congestion = open();
        for (octets, cwnd) in [(1, 4001), (1000, 5001), (5000, 6001)] {
            congestion.on_ack(octets);
            assert_eq!(congestion.window(), cwnd);
        }
    }

    #[test]
    fn avoidance_grows_by_one_segment_for_each_window_of_octets() {
        let mut congestion = open();
        congestion.halve(8000);
        for (octets, cwnd) in [(2000, 4000), (1999, 4000), (1, 5000), (5000, 6000)] {
            congestion.on_ack(octets);
            assert_eq!(congestion.window(), cwnd);
        }
    }

    #[test]
    fn timeout_leaves_one_segment_and_only_the_first_moves_the_threshold() {
        let mut congestion = open();
        congestion.on_timeout(8000, false);
        congestion.on_timeout(1000, true);
        assert_eq!(congestion.window(), MSS);
        // Slow start up to half of 8000, avoidance from there.
        for _ in 0..6 {
            congestion.on_ack(1000);
        }
        assert_eq!(congestion.window(), 4000);
    }

    #[test]
    fn fast_recovery_inflates_deflates_and_ends_at_the_threshold() {
        let mut congestion = open();
        congestion.enter_fast_recovery(10_000);
        assert_eq!(congestion.window(), 8000);
        congestion.inflate();
        assert_eq!(congestion.window(), 9000);
        congestion.deflate(3000);
        assert_eq!(congestion.window(), 7000);
        congestion.deflate(500);
        assert_eq!(congestion.window(), 6500);
        congestion.leave_recovery();
        assert_eq!(congestion.window(), 5000);
    }

    #[test]
    fn threshold_is_two_segments_at_least() {
        let mut congestion = open();
        congestion.halve(1000);
        assert_eq!(congestion.window(), 2000);
    }

    #[test]
    fn larger_segments_keep_the_octets_but_one_always_fits() {
        let mut congestion = open();
        congestion.shrink_mss(500);
        congestion.widen_mss(1000);
        assert_eq!(congestion.window(), 2000);
        congestion.widen_mss(9000);
        assert_eq!(congestion.window(), 9000);
    }

    #[test]
    fn restart_takes_back_growth_and_lost_syn_leaves_one_segment() {
        let mut congestion = open();
        congestion.on_ack(1000);
        congestion.restart();
        assert_eq!(congestion.window(), 4000);
        congestion.syn_was_lost();
        congestion.restart();
        assert_eq!(congestion.window(), 1000);
    }

    #[test]
    fn smaller_segments_keep_their_number() {
        let mut congestion = open();
        congestion.shrink_mss(500);
        assert_eq!(congestion.window(), 2000);
    }
}

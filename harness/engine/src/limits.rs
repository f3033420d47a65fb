//! Every bound of the interpreter, with its reason.

use std::time::Duration;

/// How long a `sut:` step without bounds waits: the longest that RFC 9293
/// (MUST-58, SHLD-18 and section 3.8.6.3) lets an ACK be held back.
pub(crate) const REPLY: Duration = Duration::from_millis(500);

/// Time between what the peer receives and what it does next, on a virtual
/// clock: gives round trips a length and ladders a scale, and costs nothing.
const PACE: Duration = Duration::from_millis(10);

/// [`PACE`], or less with a stack that hardly holds back its ACKs: several
/// segments have to come within that time, or nothing could be seen of it.
pub(crate) fn pace(ack_delay: Duration) -> Duration {
    if ack_delay.is_zero() {
        PACE
    } else {
        PACE.min(ack_delay / 4)
    }
}

/// How long a virtual stack is watched after a trial was decided, so that the
/// trace shows what it went on to do.
pub(crate) const AFTERMATH: Duration = Duration::from_secs(1);

/// Packets a stack may emit in one reply. A window of 65,535 octets in
/// segments of one octet is the most that any correct TCP can have reason to.
pub(crate) const PACKETS_PER_REPLY: usize = 70_000;

/// Packets a stack may emit in one trial; the longest case needs some dozens.
pub(crate) const PACKETS_PER_TRIAL: usize = 200_000;

/// How long a peer on a faulty link waits for an acknowledgment before it sends
/// again (RFC 6298 section 2.1), and the longest that doubling makes of it: it is
/// there to come through, and congests nobody.
pub(crate) const PEER_RTO: Duration = Duration::from_secs(1);
pub(crate) const PEER_RTO_MAX: Duration = Duration::from_secs(4);

/// The longest that a packet is under way on any profile's link.
pub(crate) const UNDER_WAY: Duration = Duration::from_secs(1);

/// So long a stack may be silent on a faulty link though it has something to send
/// again: the least upper bound on the timer (RFC 6298 section 2.5).
pub(crate) const SILENCE: Duration = Duration::from_secs(60);

/// How long one step may take on a faulty link: longer than any R2.
pub(crate) const PATIENCE: Duration = Duration::from_secs(3600);

/// The same in real time while the link lets things through: nobody has an hour.
pub(crate) const PATIENCE_REAL: Duration = Duration::from_secs(240);

/// So many times as long as it declares an orphan may stay in FIN-WAIT-2 on a faulty
/// link: Linux gives it up to seven of its timeouts of 120 s, where it declares 60 s.
pub(crate) const ORPHAN: u32 = 15;

/// Packets of the stack in one trial on a faulty link, which has some dozens
/// without faults: an exchange that needs more has no end.
pub(crate) const EXCHANGE: usize = 5_000;

/// Octets that one look of the application takes.
pub(crate) const LOOK: usize = 65_535;

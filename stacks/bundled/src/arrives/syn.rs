//! Fourth: the SYN bit (RFC 9293 section 3.10.7.4, RFC 5961 section 4).

use tcpspec_wire::{Flags, SegmentRef};

use super::{Check, Disposition};
use crate::connection::{Connection, Context};
use crate::phase::{Origin, Phase};

/// A SYN is no reason to reset: the peer is asked, and if it lost the
/// connection it answers with a RST that fits. RFC 793 resets instead. A SYN
/// that opens a connection in TIME-WAIT anew (RFC 9293 MAY-2) does not get here.
pub(super) fn check(connection: &Connection, cx: &Context<'_>, segment: &SegmentRef<'_>) -> Check {
    if !segment.flags.contains(Flags::SYN) {
        return Check::Continue(());
    }
    if is_repeated(connection, segment) {
        return Check::Break(Disposition::Acknowledge);
    }
    Check::Break(match connection.phase {
        Phase::SynReceived {
            origin: Origin::Passive,
            ..
        } => Disposition::Refused,
        _ if cx.config.blind_attacks.syn => Disposition::Challenge,
        _ => Disposition::RefuseAndDelete,
    })
}

/// Whether this is the SYN of a half-open connection once more. With text behind
/// it the segment reaches into the window, but its SYN does not, and of what is
/// left without an ACK nothing is taken.
fn is_repeated(connection: &Connection, segment: &SegmentRef<'_>) -> bool {
    let space = connection.phase.receive_space();
    matches!(connection.phase, Phase::SynReceived { .. })
        && !segment.flags.contains(Flags::ACK)
        && space.is_some_and(|space| segment.seq + 1 == space.nxt)
}

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
    Check::Break(match connection.phase {
        Phase::SynReceived {
            origin: Origin::Passive,
            ..
        } => Disposition::Refused,
        _ if cx.config.blind_attacks.syn => Disposition::Challenge,
        _ => Disposition::RefuseAndDelete,
    })
}

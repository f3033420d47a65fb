//! Before the first check: timestamps, and protection against wrapped sequence
//! numbers (RFC 7323 sections 3.2, 4.3 and 5.3).

use tcpspec_wire::{Flags, SegmentRef};

use super::{Check, Disposition};
use crate::connection::{Connection, Context};

/// R1. A RST is never judged by its age: whoever is reset has no clock. A SYN
/// without the option comes from a peer that has lost the connection, and must
/// be answered (RFC 5961 section 4).
pub(super) fn check(connection: &Connection, cx: &Context<'_>, segment: &SegmentRef<'_>) -> Check {
    let Some(ours) = &connection.options.timestamps else {
        return Check::Continue(());
    };
    if segment.flags.contains(Flags::RST) {
        return Check::Continue(());
    }
    match segment.options.timestamps() {
        Some((value, _)) if ours.is_old(cx.now, value) => Check::Break(Disposition::Acknowledge),
        None if !segment.flags.contains(Flags::SYN) => Check::Break(Disposition::Drop),
        Some(_) | None => Check::Continue(()),
    }
}

/// R3: takes the timestamp of a segment whose sequence number is acceptable.
pub(super) fn record(connection: &mut Connection, cx: &Context<'_>, segment: &SegmentRef<'_>) {
    if let Some(ours) = &mut connection.options.timestamps
        && let Some((value, _)) = segment.options.timestamps()
        && !segment.flags.contains(Flags::RST)
    {
        ours.record(cx.now, value, segment.seq, connection.last_ack);
    }
}

//! Sixth: the urgent pointer (RFC 9293 section 3.10.7.4). The user
//! is told when it moves ahead of what was read, and can ask how far it is.

use tcpspec_wire::{Flags, SegmentRef};

use crate::connection::{Connection, Context};
use crate::error_report::Reason;

pub(super) fn process(connection: &mut Connection, cx: &mut Context<'_>, segment: &SegmentRef<'_>) {
    if !segment.flags.contains(Flags::URG) {
        return;
    }
    let Some(rcv) = connection.phase.receiver_mut() else {
        return;
    };
    let before = rcv.urgent_ahead();
    rcv.take_urgent(segment.seq + u32::from(segment.urgent));
    let ahead = rcv.urgent_ahead();
    if ahead > before {
        connection.report(cx, Reason::Urgent { ahead });
    }
}

//! Sixth: the urgent pointer (RFC 9293 section 3.10.7.4). It is kept for the
//! user to ask for; signalling it, and sending urgent data, are left out.

use tcpspec_wire::{Flags, Segment};

use crate::connection::Connection;

pub(super) fn process(connection: &mut Connection, segment: &Segment) {
    if let Some(rcv) = connection.phase.receiver_mut()
        && segment.flags.contains(Flags::URG)
    {
        rcv.take_urgent(segment.seq + u32::from(segment.urgent));
    }
}

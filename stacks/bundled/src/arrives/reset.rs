//! Second: the RST bit (RFC 9293 section 3.10.7.4, RFC 5961 section 3).

use tcpspec_wire::{Flags, SegmentRef, State};

use super::{Check, Disposition};
use crate::connection::{Connection, Context};
use crate::error::End;

pub(super) fn check(connection: &Connection, cx: &Context<'_>, segment: &SegmentRef<'_>) -> Check {
    if !segment.flags.contains(Flags::RST) {
        return Check::Continue(());
    }
    if connection.state() == State::TimeWait && cx.config.time_wait.ignore_rst {
        return Check::Break(Disposition::Drop);
    }
    // In the window (the first check saw to that), but only the very next
    // number proves that the sender follows the connection.
    let rcv_nxt = connection.phase.receive_space().map(|space| space.nxt);
    if rcv_nxt != Some(segment.seq) && cx.config.blind_attacks.rst {
        return Check::Break(Disposition::Challenge);
    }
    Check::Break(match connection.state() {
        State::SynReceived => Disposition::Refused,
        State::Established | State::FinWait1 | State::FinWait2 | State::CloseWait => {
            Disposition::Delete(End::Reset)
        }
        // Both sides have closed: nobody waits for an answer any more.
        State::Closing | State::LastAck | State::TimeWait => Disposition::Delete(End::Orderly),
        State::Closed | State::Listen | State::SynSent => Disposition::Drop,
    })
}

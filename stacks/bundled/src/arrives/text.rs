//! Seventh: the segment text (RFC 9293 section 3.10.7.4), and with it the
//! place of a FIN, which may have to wait for text before it.

use tcpspec_wire::{Flags, SegmentRef, State};

use super::{Check, Disposition};
use crate::config::CloseKind;
use crate::connection::{Connection, Context, Owner};
use crate::limits::{MAX_ACK_DELAY, MIN_TIMER};
use crate::receive::Intake;
use crate::timers::AckDue;

pub(super) fn process(
    connection: &mut Connection,
    cx: &Context<'_>,
    segment: &SegmentRef<'_>,
) -> Check {
    if is_unwanted(connection, cx, segment) {
        return Check::Break(Disposition::Abort);
    }
    // Where a SYN is processed at all here (SYN-SENT), the text follows it.
    let syn = segment.flags.contains(Flags::SYN);
    let seq = segment.seq + u32::from(syn);
    let fin = segment.flags.contains(Flags::FIN);
    connection.note_duplicate(seq, segment.payload.len());
    let Some(rcv) = connection.phase.receiver_mut() else {
        return after_the_fin(connection, segment);
    };
    let intake = rcv.take(seq, segment.payload, fin);
    if connection.owner == Owner::Nobody {
        rcv.discard();
        rcv.open_window();
    }
    let owed = rcv.space().nxt.distance(connection.last_ack);
    let is_second = owed >= 2 * rcv.full_sized();
    connection.ack = acknowledgment(connection.ack, intake, is_second, cx);
    Check::Continue(())
}

/// Text that the application, which is gone, will never read (RFC 9293
/// section 3.6.1). The peer must learn that it is lost.
fn is_unwanted(connection: &Connection, cx: &Context<'_>, segment: &SegmentRef<'_>) -> bool {
    connection.owner == Owner::Nobody
        && cx.config.close == CloseKind::HalfDuplex
        && matches!(connection.state(), State::FinWait1 | State::FinWait2)
        && brings_new_text(connection, segment)
}

/// Whether some of the text lies at or behind RCV.NXT.
fn brings_new_text(connection: &Connection, segment: &SegmentRef<'_>) -> bool {
    let end = segment.seq + segment.payload.len() as u32;
    let space = connection.phase.receive_space();
    !segment.payload.is_empty() && space.is_some_and(|space| end.after(space.nxt))
}

/// Nothing can follow the peer's FIN. TIME-WAIT answers all the same, since
/// what arrives there is most likely old and its sender wants to know.
fn after_the_fin(connection: &Connection, segment: &SegmentRef<'_>) -> Check {
    if connection.state() == State::TimeWait && segment.seq_len() > 0 {
        Check::Break(Disposition::Acknowledge)
    } else {
        Check::Continue(())
    }
}

/// At once where there is or was a gap, and for every second full-sized
/// segment; else delayed (RFC 9293 MUST-40, SHLD-18, SHLD-19; RFC 5681 section
/// 4.2).
fn acknowledgment(due: AckDue, intake: Intake, is_second: bool, cx: &Context<'_>) -> AckDue {
    match (intake, due) {
        (Intake::Nothing, due) => due,
        (Intake::InOrder, AckDue::No | AckDue::Delayed(_))
            if is_second || cx.config.ack_delay.is_zero() =>
        {
            AckDue::Now
        }
        (Intake::InOrder, AckDue::Delayed(at)) => AckDue::Delayed(at),
        (Intake::InOrder, AckDue::No) => {
            let delay = cx.config.ack_delay.clamp(MIN_TIMER, MAX_ACK_DELAY);
            AckDue::Delayed(cx.now + delay)
        }
        (Intake::Gap, _) | (Intake::InOrder, AckDue::Now) => AckDue::Now,
    }
}

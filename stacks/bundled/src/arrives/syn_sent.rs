//! SEGMENT ARRIVES in SYN-SENT (RFC 9293 section 3.10.7.3), whose order is its
//! own: ACK, RST, SYN.

use tcpspec_wire::{Flags, SegmentRef, WindowScale};

use super::ack::acknowledge;
use super::{Check, Disposition, effective_mss, urgent_text_and_fin};
use crate::connection::{Connection, Context};
use crate::error::End;
use crate::phase::Event;
use crate::receive::Receiver;
use crate::timers::AckDue;

pub(super) fn process(
    connection: &mut Connection,
    cx: &mut Context<'_>,
    segment: &SegmentRef<'_>,
) -> Check {
    let acknowledges = check_ack(connection, segment)?;
    check_rst(segment, acknowledges)?;
    if !segment.flags.contains(Flags::SYN) {
        return Check::Break(Disposition::Drop);
    }
    let rcv = synchronize(connection, cx, segment);
    if acknowledges {
        established(connection, cx, segment, rcv);
        urgent_text_and_fin(connection, cx, segment)
    } else {
        connection.transition(cx, Event::SynArrived(Box::new(rcv)));
        Check::Continue(())
    }
}

/// Whether the segment acknowledges our SYN; one that acknowledges anything
/// else is refused. The left border is strict (erratum 3300 of RFC 793).
fn check_ack(
    connection: &Connection,
    segment: &SegmentRef<'_>,
) -> std::ops::ControlFlow<Disposition, bool> {
    if !segment.flags.contains(Flags::ACK) {
        return std::ops::ControlFlow::Continue(false);
    }
    let in_flight = connection
        .phase
        .send_space()
        .is_some_and(|snd| segment.ack.after(snd.una) && segment.ack.at_or_before(snd.nxt));
    if in_flight {
        std::ops::ControlFlow::Continue(true)
    } else {
        // A RST is not answered, but that is the reply's own rule.
        std::ops::ControlFlow::Break(Disposition::Refuse)
    }
}

/// The ACK field proves a RST here, and no sequence number: RCV.NXT does not
/// exist yet (erratum 8167).
fn check_rst(segment: &SegmentRef<'_>, acknowledges: bool) -> Check {
    if !segment.flags.contains(Flags::RST) {
        Check::Continue(())
    } else if acknowledges {
        Check::Break(Disposition::Delete(End::Refused))
    } else {
        Check::Break(Disposition::Drop)
    }
}

/// Takes the peer's SYN: IRS, RCV.NXT, the MSS, and (RFC 1122 section
/// 4.2.2.20) the send window.
fn synchronize(
    connection: &mut Connection,
    cx: &mut Context<'_>,
    segment: &SegmentRef<'_>,
) -> Receiver {
    let own_mss = connection.own_mss(cx.config);
    connection.options.agree(cx.now, segment);
    let options = connection.options;
    let is_ipv4 = connection.tuple.local.is_ipv4();
    if let Some(snd) = connection.phase.sender_mut() {
        snd.agree(effective_mss(segment, own_mss, is_ipv4), &options);
        // The window of a SYN is never scaled. Without an ACK there is no
        // SEG.ACK for SND.WL2 either; ISS is what a first ACK exceeds.
        let acked = if segment.flags.contains(Flags::ACK) {
            segment.ack
        } else {
            snd.space().una
        };
        snd.set_window(
            segment.seq,
            acked,
            segment.window.unscale(WindowScale::NONE),
        );
        if !segment.flags.contains(Flags::ACK) {
            snd.rewind_to_syn();
        }
    }
    connection.hear_user_timeout(cx, segment);
    connection.last_ack = segment.seq + 1;
    let buffer = connection.receive_buffer;
    Receiver::new(segment.seq, own_mss, buffer, options.own_scale())
}

fn established(
    connection: &mut Connection,
    cx: &mut Context<'_>,
    segment: &SegmentRef<'_>,
    rcv: Receiver,
) {
    acknowledge(connection, cx, segment);
    connection.transition(cx, Event::SynAckArrived(Box::new(rcv)));
    connection.open_whole_window();
    connection.ack = AckDue::Now;
}

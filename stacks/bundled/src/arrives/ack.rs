//! Fifth: the ACK field (RFC 9293 section 3.10.7.4, RFC 5961 section 5).

use tcpspec_wire::{Flags, SegmentRef, SeqNumber, State, WindowScale};

use tcpspec_wire::option::SackBlocks;

use super::{Check, Disposition};
use crate::connection::{Connection, Context};
use crate::phase::{Event, Phase};
use crate::send::{Acknowledgment, SendSpace};

/// Where SEG.ACK lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    /// SND.UNA < SEG.ACK =< SND.NXT.
    New,
    /// SEG.ACK = SND.UNA.
    Duplicate,
    /// Below SND.UNA, by no more than the largest window we ever had.
    Old,
    /// Further below: nobody who follows the connection sends it.
    Stale,
    /// Above SND.NXT: acknowledges what was never sent.
    Future,
}

pub(super) fn check(
    connection: &mut Connection,
    cx: &mut Context<'_>,
    segment: &SegmentRef<'_>,
) -> Check {
    let Some(space) = connection.phase.send_space() else {
        return Check::Break(Disposition::Drop);
    };
    if !segment.flags.contains(Flags::ACK) {
        return Check::Break(Disposition::Drop);
    }
    let class = classify(space, segment.ack);
    if connection.state() == State::SynReceived {
        if class != Class::New {
            return Check::Break(Disposition::Refuse);
        }
        connection.transition(cx, Event::SynAcknowledged);
        connection.open_whole_window();
    }
    match class {
        Class::Future => return Check::Break(Disposition::Acknowledge),
        Class::Stale if cx.config.blind_attacks.ack => {
            return Check::Break(Disposition::Challenge);
        }
        Class::Stale | Class::Old => {}
        Class::Duplicate | Class::New => {
            let covers_fin = acknowledge(connection, cx, segment);
            take_window(connection, cx, segment);
            if covers_fin {
                fin_acknowledged(connection, cx);
            }
        }
    }
    // LAST-ACK ends here; all other states go on.
    if connection.state() == State::Closed {
        Check::Break(Disposition::Drop)
    } else {
        Check::Continue(())
    }
}

fn classify(space: SendSpace, ack: SeqNumber) -> Class {
    let SendSpace { una, nxt, max_wnd } = space;
    if ack == una {
        Class::Duplicate
    } else if ack.after(nxt) {
        Class::Future
    } else if ack.after(una) {
        Class::New
    } else if ack.at_or_after(una - max_wnd.octets()) {
        Class::Old
    } else {
        Class::Stale
    }
}

/// Hands the ACK to the sending direction. True if it covers our FIN.
pub(super) fn acknowledge(
    connection: &mut Connection,
    cx: &Context<'_>,
    segment: &SegmentRef<'_>,
) -> bool {
    let options = &connection.options;
    let echo = options.timestamps.zip(segment.options.timestamps());
    let said = Acknowledgment {
        ack: segment.ack,
        wnd: segment.window.unscale(scale(connection, segment)),
        is_bare: segment.seq_len() == 0,
        blocks: options
            .sack
            .map_or_else(SackBlocks::default, |_| segment.options.sack_blocks()),
        ece: options.ecn.is_some() && is_echo(segment),
        rtt: echo.and_then(|(ours, (_, echo))| ours.round_trip(cx.now, echo)),
    };
    connection
        .phase
        .sender_mut()
        .is_some_and(|snd| snd.acknowledge(cx.now, &said))
}

/// Takes the send window, in every state that can still send.
fn take_window(connection: &mut Connection, cx: &Context<'_>, segment: &SegmentRef<'_>) {
    let window = segment.window.unscale(scale(connection, segment));
    if let Some(snd) = connection.phase.sender_mut() {
        snd.heard(cx.now);
        snd.update_window(segment.seq, segment.ack, window);
    }
}

/// Whether the segment echoes a mark. On a SYN the bit says something else.
fn is_echo(segment: &SegmentRef<'_>) -> bool {
    segment.flags.contains(Flags::ECE) && !segment.flags.contains(Flags::SYN)
}

/// The scale of a segment's window: none on a SYN.
fn scale(connection: &Connection, segment: &SegmentRef<'_>) -> WindowScale {
    if segment.flags.contains(Flags::SYN) {
        WindowScale::NONE
    } else {
        connection.options.peer_scale()
    }
}

/// FIN-WAIT-1 to FIN-WAIT-2, CLOSING to TIME-WAIT, LAST-ACK to CLOSED.
/// A segment that acknowledges our FIN and brings the peer's passes through
/// FIN-WAIT-2 on its way to TIME-WAIT, and the log shows both.
fn fin_acknowledged(connection: &mut Connection, cx: &mut Context<'_>) {
    if matches!(
        connection.phase,
        Phase::FinWait1 { .. } | Phase::Closing { .. } | Phase::LastAck { .. }
    ) {
        let until = Connection::time_wait_end(cx);
        connection.transition(cx, Event::FinAcknowledged(until));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tcpspec_wire::WindowSize;

    #[rstest::rstest]
    #[case::far_below(-11, Class::Stale)]
    #[case::one_window_below(-10, Class::Old)]
    #[case::just_below(-1, Class::Old)]
    #[case::at_una(0, Class::Duplicate)]
    #[case::first_new(1, Class::New)]
    #[case::at_nxt(5, Class::New)]
    #[case::above_nxt(6, Class::Future)]
    fn classes_hold_around_the_wrap(#[case] from_una: i64, #[case] class: Class) {
        for una in [0, 3, u32::MAX, u32::MAX - 4, 1 << 31] {
            let una = SeqNumber::new(una);
            let space = SendSpace {
                una,
                nxt: una + 5,
                max_wnd: WindowSize::new(10),
            };
            assert_eq!(classify(space, una.offset(from_una)), class, "{una}");
        }
    }
}

//! First: is the sequence number acceptable? (RFC 9293 section 3.10.7.4 and
//! table 6 in section 3.4.)

use tcpspec_wire::{Flags, SegmentRef};

use super::{Check, Disposition};
use crate::connection::{Connection, Context};
use crate::phase::Phase;
use crate::receive::ReceiveSpace;

pub(super) fn check(
    connection: &mut Connection,
    cx: &Context<'_>,
    segment: &SegmentRef<'_>,
) -> Check {
    let Some(space) = connection.phase.receive_space() else {
        return Check::Break(Disposition::Drop);
    };
    let is_rst = segment.flags.contains(Flags::RST);
    // A RST occupies no number, whatever else it carries.
    let len = if is_rst { 0 } else { segment.seq_len() };
    if is_acceptable(space, segment, len) {
        return Check::Continue(());
    }
    if is_rst {
        return Check::Break(Disposition::Drop);
    }
    restart_time_wait(connection, cx, segment, space);
    connection.note_duplicate(segment.seq, segment.payload.len());
    Check::Break(Disposition::Acknowledge)
}

/// Whether the segment probes our closed window: not acceptable, but no
/// nonsense either.
pub(super) fn is_probe(connection: &Connection, segment: &SegmentRef<'_>) -> bool {
    let space = connection.phase.receive_space();
    space.is_some_and(|space| space.wnd.octets() == 0 && space.nxt == segment.seq)
}

/// The four rows of the table.
fn is_acceptable(space: ReceiveSpace, segment: &SegmentRef<'_>, len: u32) -> bool {
    let ReceiveSpace { nxt, wnd } = space;
    let wnd = wnd.octets();
    match (len, wnd) {
        (0, 0) => segment.seq == nxt,
        (0, _) => segment.seq.within(nxt, wnd),
        (_, 0) => false,
        (_, _) => {
            let last = segment.seq + (len - 1);
            segment.seq.within(nxt, wnd) || last.within(nxt, wnd)
        }
    }
}

/// A repeated FIN starts 2 MSL again. By the letter steps five and eight do
/// this, but a repeated FIN is never acceptable and so never gets there.
fn restart_time_wait(
    connection: &mut Connection,
    cx: &Context<'_>,
    segment: &SegmentRef<'_>,
    space: ReceiveSpace,
) {
    let is_repeated_fin = segment.flags.contains(Flags::FIN) && segment.end() == space.nxt;
    if let Phase::TimeWait { until, .. } = &mut connection.phase
        && is_repeated_fin
    {
        *until = Connection::time_wait_end(cx);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tcpspec_wire::{SeqNumber, WindowSize};

    #[rstest::rstest]
    #[case::empty_exact_shut(0, 0, 0, true)]
    #[case::empty_left_shut(-1, 0, 0, false)]
    #[case::empty_right_shut(1, 0, 0, false)]
    #[case::empty_exact(0, 0, 10, true)]
    #[case::empty_last(9, 0, 10, true)]
    #[case::empty_at_edge(10, 0, 10, false)]
    #[case::empty_left(-1, 0, 10, false)]
    #[case::text_shut(0, 1, 0, false)]
    #[case::text_first_inside(9, 5, 10, true)]
    #[case::text_last_inside(-4, 5, 10, true)]
    #[case::text_all_left(-5, 5, 10, false)]
    #[case::text_all_right(10, 5, 10, false)]
    fn table_holds_around_the_wrap(
        #[case] from_nxt: i64,
        #[case] len: u32,
        #[case] wnd: u32,
        #[case] acceptable: bool,
    ) {
        for nxt in [5, 0, u32::MAX, u32::MAX - 3, 1 << 31] {
            let nxt = SeqNumber::new(nxt);
            let segment = SegmentRef {
                seq: nxt.offset(from_nxt),
                ..SegmentRef::default()
            };
            let wnd = WindowSize::new(wnd);
            let space = ReceiveSpace { nxt, wnd };
            assert_eq!(is_acceptable(space, &segment, len), acceptable, "{nxt}");
        }
    }
}

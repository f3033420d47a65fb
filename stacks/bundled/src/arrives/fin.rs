//! Eighth: the FIN bit (RFC 9293 section 3.10.7.4).

use crate::connection::{Connection, Context};
use crate::phase::Event;
use crate::timers::AckDue;

/// Takes the peer's FIN if everything before it was taken. It need not be in
/// this very segment: the gap before an earlier one may just have closed.
pub(super) fn process(connection: &mut Connection, cx: &mut Context<'_>) {
    let is_next = connection
        .phase
        .receiver_mut()
        .is_some_and(|rcv| rcv.fin_is_next());
    if is_next {
        let until = Connection::time_wait_end(cx);
        connection.ack = AckDue::Now;
        connection.transition(cx, Event::FinArrived(until));
    }
}

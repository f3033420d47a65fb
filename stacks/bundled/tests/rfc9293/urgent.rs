//! Urgent data (RFC 9293 section 3.8.5): the pointer names the octet behind
//! the last urgent one.

use rstest::rstest;
use tcpspec_bundled::{Config, Reason};
use tcpspec_wire::State;

use crate::rig::{Rig, World, pattern};

fn rig(state: State) -> Rig {
    Rig::in_state(World::default(), Config::default(), state)
}

fn write_urgent(rig: &mut Rig, len: usize) {
    let (now, id) = (rig.now, rig.id());
    let taken = rig.host.send_urgent(now, id, &pattern(len));
    assert_eq!(taken, Ok(len));
}

fn told(rig: &mut Rig) -> Vec<u32> {
    let mut told = Vec::new();
    while let Some(report) = rig.host.poll_error_report() {
        let Reason::Urgent { ahead } = report.reason else {
            panic!("nothing else happened");
        };
        told.push(ahead);
    }
    told
}

#[rstest]
#[case::established(State::Established, "PSH+URG+ACK seq=1 ack=1 len=5 urg=5")]
#[case::close_wait(State::CloseWait, "PSH+URG+ACK seq=1 ack=2 len=5 urg=5")]
fn urgent_send_sets_the_pointer(#[case] state: State, #[case] segment: &str) {
    let mut rig = rig(state);
    write_urgent(&mut rig, 5);
    assert_eq!(rig.sent(), segment);
    assert_eq!(rig.next().1, segment, "repeated alike");
}

#[test]
fn every_segment_up_to_the_pointer_is_marked_and_none_behind_it() {
    let mut rig = rig(State::Established);
    rig.write(1000).unwrap();
    write_urgent(&mut rig, 1500);
    rig.write(500).unwrap();
    assert_eq!(
        rig.sent(),
        "PSH+ACK seq=1 ack=1 len=1000; URG+ACK seq=1001 ack=1 len=1000 urg=1500; \
         PSH+URG+ACK seq=2001 ack=1 len=1000 urg=500"
    );
    rig.peer("ACK seq=1 ack=3001", "-");
    rig.write(7).unwrap();
    assert_eq!(rig.sent(), "PSH+ACK seq=3001 ack=1 len=7");
}

#[test]
fn mark_needs_an_octet_to_ride_on() {
    let mut rig = rig(State::Established);
    rig.peer("ACK seq=1 ack=1 win=0", "-");
    write_urgent(&mut rig, 5);
    rig.peer("ACK seq=0 ack=1", "ACK seq=1 ack=1");
    assert_eq!(rig.next().1, "URG+ACK seq=1 ack=1 len=1 urg=5");
}

/// Pointer of a segment at RCV.NXT, and what the user is told of it.
#[rstest]
#[case::behind_the_text("URG+ACK seq=1 ack=1 len=5 urg=5", &[5])]
#[case::beyond_the_text("URG+ACK seq=1 ack=1 len=5 urg=20", &[20])]
#[case::without_text("URG+ACK seq=1 ack=1 urg=20", &[20])]
#[case::as_far_as_can_be("URG+ACK seq=1 ack=1 len=5 urg=65535", &[65_535])]
#[case::zero("URG+ACK seq=1 ack=1 len=5 urg=0", &[])]
#[case::no_flag("ACK seq=1 ack=1 len=5 urg=5", &[])]
fn pointer_is_told(#[case] segment: &str, #[case] expected: &[u32]) {
    let mut rig = rig(State::Established);
    rig.deliver(segment);
    assert_eq!(told(&mut rig), expected);
    let ahead = rig.host.urgent_ahead(rig.id());
    assert_eq!(ahead, expected.first().copied().unwrap_or_default());
}

#[test]
fn user_is_told_of_every_advance_and_of_no_retreat() {
    let mut rig = rig(State::Established);
    rig.deliver("URG+ACK seq=1 ack=1 len=5 urg=5");
    rig.deliver("URG+ACK seq=1 ack=1 len=5 urg=5");
    rig.deliver("URG+ACK seq=6 ack=1 len=5 urg=2");
    rig.deliver("URG+ACK seq=11 ack=1 len=5 urg=65535");
    rig.deliver("URG+ACK seq=16 ack=1 urg=10");
    assert_eq!(told(&mut rig), [5, 7, 65_545]);
}

#[test]
fn pointer_is_forgotten_once_the_user_has_read_up_to_it() {
    let mut rig = rig(State::Established);
    rig.deliver("URG+ACK seq=1 ack=1 len=10 urg=7");
    assert_eq!(rig.read(6).unwrap().len(), 6);
    assert_eq!(rig.host.urgent_ahead(rig.id()), 1);
    assert_eq!(rig.read(100).unwrap().len(), 4);
    assert_eq!(rig.host.urgent_ahead(rig.id()), 0);
    rig.deliver("URG+ACK seq=11 ack=1 urg=3");
    assert_eq!(told(&mut rig), [7, 3]);
}

#[rstest]
#[case::fin_wait_1(State::FinWait1, "URG+ACK seq=1 ack=1 urg=3", &[3])]
#[case::fin_wait_2(State::FinWait2, "URG+ACK seq=1 ack=2 urg=3", &[3])]
#[case::close_wait(State::CloseWait, "URG+ACK seq=2 ack=1 urg=3", &[])]
#[case::closing(State::Closing, "URG+ACK seq=2 ack=1 urg=3", &[])]
#[case::last_ack(State::LastAck, "URG+ACK seq=2 ack=1 urg=3", &[])]
#[case::time_wait(State::TimeWait, "URG+ACK seq=2 ack=2 urg=3", &[])]
fn pointer_counts_until_the_peer_has_closed(
    #[case] state: State,
    #[case] segment: &str,
    #[case] expected: &[u32],
) {
    let mut rig = rig(state);
    rig.deliver(segment);
    assert_eq!(told(&mut rig), expected);
    assert_eq!(rig.state(), state);
}

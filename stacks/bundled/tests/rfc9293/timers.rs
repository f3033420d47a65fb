//! Timers: delayed ACK, retransmission and its end, zero-window probes.

use std::time::Duration;

use rstest::rstest;
use tcpspec_bundled::{Config, Error};
use tcpspec_wire::State;

use crate::rig::{Rig, World};

fn rig(state: State) -> Rig {
    Rig::in_state(World::default(), Config::default(), state)
}

#[test]
fn single_segment_is_acknowledged_after_the_delay() {
    let mut rig = rig(State::Established);
    rig.peer("ACK seq=1 ack=1 len=5", "-");
    assert_eq!(rig.next(), (200, "ACK seq=1 ack=6".to_owned()));
    assert_eq!(rig.host.poll_at(), None);
}

#[test]
fn without_delay_each_segment_is_acknowledged_at_once() {
    let config = Config {
        ack_delay: Duration::ZERO,
        ..Config::default()
    };
    let mut rig = Rig::in_state(World::default(), config, State::Established);
    rig.peer("ACK seq=1 ack=1 len=5", "ACK seq=1 ack=6");
    assert_eq!(rig.host.poll_at(), None);
}

#[test]
fn delayed_ack_does_not_hurry_a_retransmission() {
    let mut rig = rig(State::Established);
    rig.write(5).unwrap();
    rig.sent();
    rig.peer("ACK seq=1 ack=1 len=5", "-");
    assert_eq!(rig.next(), (200, "ACK seq=6 ack=6".to_owned()));
    assert_eq!(rig.next(), (800, "PSH+ACK seq=1 ack=6 len=5".to_owned()));
}

/// Each state's unacknowledged segment is repeated with back-off until R2.
#[rstest]
#[case::syn(State::SynSent, "SYN seq=0", &[1, 2, 4, 8, 16, 32, 60], 57)]
#[case::syn_ack(State::SynReceived, "SYN+ACK seq=0 ack=1", &[1, 2, 4, 8, 16, 32, 60], 57)]
#[case::fin(State::FinWait1, "FIN+ACK seq=1 ack=1", &[1, 2, 4, 8, 16, 32], 37)]
#[case::fin_in_closing(State::Closing, "FIN+ACK seq=1 ack=2", &[1, 2, 4, 8, 16, 32], 37)]
#[case::fin_in_last_ack(State::LastAck, "FIN+ACK seq=1 ack=2", &[1, 2, 4, 8, 16, 32], 37)]
fn unanswered_segment_is_repeated_until_r2(
    #[case] state: State,
    #[case] segment: &str,
    #[case] seconds: &[u64],
    #[case] rest: u64,
) {
    let mut rig = Rig::new(World::default(), Config::default());
    rig.reach(state);
    for wait in seconds {
        assert_eq!(rig.next(), (u128::from(wait * 1000), segment.to_owned()));
    }
    assert_eq!(rig.next(), (u128::from(rest * 1000), "-".to_owned()));
    let end = if state == State::SynReceived {
        "LISTEN"
    } else {
        "CLOSED"
    };
    assert_eq!(rig.transitions(), end);
    assert_eq!(rig.host.poll_at(), None);
    if rig.id.is_some() {
        assert_eq!(rig.read(1), Err(Error::Timeout));
    }
}

#[test]
fn oldest_segment_is_repeated_alone_and_the_rest_follows_the_ack() {
    let mut rig = rig(State::Established);
    rig.write(3000).unwrap();
    rig.sent();
    assert_eq!(rig.next(), (1000, "ACK seq=1 ack=1 len=1000".to_owned()));
    assert_eq!(rig.next(), (2000, "ACK seq=1 ack=1 len=1000".to_owned()));
    rig.peer(
        "ACK seq=1 ack=1001",
        "ACK seq=1001 ack=1 len=1000; PSH+ACK seq=2001 ack=1 len=1000",
    );
    rig.peer("ACK seq=1 ack=3001", "-");
    assert_eq!(rig.host.poll_at(), None);
}

#[test]
fn ack_of_everything_after_a_timeout_repeats_nothing() {
    let mut rig = rig(State::Established);
    rig.write(3000).unwrap();
    rig.sent();
    rig.next();
    rig.peer("ACK seq=1 ack=3001", "-");
    assert_eq!(rig.host.poll_at(), None);
}

#[test]
fn new_ack_restarts_the_timer_and_backed_off_rto_stays_without_a_sample() {
    let mut rig = rig(State::Established);
    rig.write(2000).unwrap();
    rig.sent();
    assert_eq!(rig.next().0, 1000);
    rig.now += Duration::from_millis(100);
    // Acknowledges a segment that was sent twice: no sample (Karn).
    rig.deliver("ACK seq=1 ack=1001");
    rig.sent();
    assert_eq!(rig.next().0, 2000);
}

#[test]
fn repeat_that_carries_new_text_too_gives_no_sample() {
    let mut rig = rig(State::Established);
    rig.write(500).unwrap();
    rig.write(300).unwrap();
    assert_eq!(rig.sent(), "PSH+ACK seq=1 ack=1 len=500");
    assert_eq!(rig.next().1, "PSH+ACK seq=1 ack=1 len=800");
    rig.peer("ACK seq=1 ack=801", "-");
    rig.write(1).unwrap();
    rig.sent();
    assert_eq!(rig.next().0, 2000);
}

#[test]
fn round_trip_times_set_the_timeout() {
    let mut rig = rig(State::Established);
    // The handshake took no time at all; from there on 800 ms each. By hand:
    // SRTT 0, 100, 187.5, 264.06; RTTVAR 0, 200, 325, 396.875.
    for (octet, rto) in [(1, 1000), (2, 1000), (3, 1487), (4, 1851)] {
        rig.write(1).unwrap();
        rig.sent();
        let at = rig.host.poll_at().unwrap();
        assert_eq!(at.since(rig.now).as_millis(), rto);
        rig.now += Duration::from_millis(800);
        rig.peer(&format!("ACK seq=1 ack={}", octet + 1), "-");
    }
}

#[test]
fn lost_syn_makes_the_first_timeout_three_seconds() {
    let mut rig = rig(State::SynSent);
    rig.next();
    rig.peer("SYN+ACK seq=0 ack=1", "ACK seq=1 ack=1");
    rig.write(1).unwrap();
    rig.sent();
    assert_eq!(rig.next().0, 3000);
}

#[test]
fn shut_window_is_probed_for_as_long_as_probes_are_answered() {
    let mut rig = rig(State::Established);
    rig.peer("ACK seq=1 ack=1 win=0", "-");
    rig.write(10).unwrap();
    assert_eq!(rig.sent(), "-");
    let mut waits = Vec::new();
    for _ in 0..12 {
        let (waited, probe) = rig.next();
        assert_eq!(probe, "ACK seq=1 ack=1 len=1");
        waits.push(waited / 1000);
        rig.peer("ACK seq=1 ack=1 win=0", "-");
    }
    assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60, 60, 60, 60, 60]);
    rig.peer("ACK seq=1 ack=1 win=100", "PSH+ACK seq=1 ack=1 len=10");
}

#[test]
fn shut_window_is_probed_with_the_fin_where_nothing_else_waits() {
    let mut rig = rig(State::Established);
    rig.peer("ACK seq=1 ack=1 win=0", "-");
    rig.shutdown("-");
    assert_eq!(rig.next(), (1000, "FIN+ACK seq=1 ack=1".to_owned()));
    rig.peer("ACK seq=1 ack=1 win=0", "-");
    assert_eq!(rig.next(), (2000, "FIN+ACK seq=1 ack=1".to_owned()));
    rig.peer("ACK seq=1 ack=2 win=0", "-");
    assert_eq!(rig.transitions(), "FIN-WAIT-1 FIN-WAIT-2");
}

#[test]
fn taken_probe_octet_is_not_sent_again() {
    let mut rig = rig(State::Established);
    rig.peer("ACK seq=1 ack=1 win=0", "-");
    rig.write(10).unwrap();
    rig.next();
    rig.peer("ACK seq=1 ack=2 win=0", "-");
    assert_eq!(rig.next().1, "ACK seq=2 ack=1 len=1");
    rig.peer("ACK seq=1 ack=2 win=100", "PSH+ACK seq=2 ack=1 len=9");
}

#[test]
fn unanswered_probes_end_with_r2() {
    let mut rig = rig(State::Established);
    rig.peer("ACK seq=1 ack=1 win=0", "-");
    rig.write(10).unwrap();
    rig.wait(Duration::from_millis(99_999));
    assert_eq!(rig.state(), State::Established);
    rig.wait(Duration::from_millis(1));
    assert_eq!(rig.read(1), Err(Error::Timeout));
}

/// Nobody runs the host for a day. What is due then is done once, and R2 counts
/// the silence of a peer that could have answered.
#[rstest]
#[case::text(65_535, "PSH+ACK seq=1 ack=1 len=10", &[2, 4, 8, 16, 32], 38)]
#[case::probe(0, "ACK seq=1 ack=1 len=1", &[2, 4, 8, 16, 32], 38)]
fn time_in_which_nobody_runs_the_host_is_no_silence(
    #[case] window: u32,
    #[case] segment: &str,
    #[case] seconds: &[u64],
    #[case] rest: u64,
) {
    let mut rig = rig(State::Established);
    rig.peer(&format!("ACK seq=1 ack=1 win={window}"), "-");
    rig.write(10).unwrap();
    rig.sent();
    rig.now += Duration::from_secs(24 * 60 * 60);
    rig.host.on_time(rig.now);
    assert_eq!(rig.sent(), segment);
    for wait in seconds {
        assert_eq!(rig.next(), (u128::from(wait * 1000), segment.to_owned()));
    }
    rig.wait(Duration::from_millis(rest * 1000 - 1001));
    assert_eq!(rig.state(), State::Established);
    rig.wait(Duration::from_millis(1001));
    assert_eq!(rig.read(1), Err(Error::Timeout));
}

#[test]
fn window_that_shuts_on_text_in_flight_is_probed() {
    let mut rig = rig(State::Established);
    rig.write(1000).unwrap();
    rig.sent();
    rig.peer("ACK seq=1 ack=1 win=0", "-");
    assert_eq!(rig.next(), (1000, "ACK seq=1 ack=1 len=1".to_owned()));
    rig.peer("ACK seq=1 ack=1 win=2000", "PSH+ACK seq=1 ack=1 len=1000");
}

#[test]
fn silly_window_is_used_after_the_timeout() {
    let mut rig = rig(State::Established);
    rig.peer("ACK seq=1 ack=1 win=20", "-");
    rig.write(1000).unwrap();
    assert_eq!(rig.sent(), "-");
    assert_eq!(rig.next(), (1000, "ACK seq=1 ack=1 len=20".to_owned()));
    rig.peer("ACK seq=1 ack=21 win=2000", "PSH+ACK seq=21 ack=1 len=980");
}

#[test]
fn idle_connection_has_no_timer() {
    let rig = rig(State::Established);
    assert_eq!(rig.host.poll_at(), None);
}

#[rstest]
#[case::reset("RST seq=6")]
#[case::let_go("")]
fn connection_that_ends_leaves_no_timer(#[case] rst: &str) {
    let mut rig = rig(State::Established);
    rig.peer("ACK seq=1 ack=1 len=5", "-");
    if rst.is_empty() {
        rig.host.abort(rig.now, rig.id()).unwrap();
    } else {
        rig.peer(rst, "-");
    }
    assert_eq!(rig.state(), State::Closed);
    assert_eq!(rig.host.poll_at(), None);
}

/// The limit begins anew with each word of the peer's; as long as the user has
/// the connection there is none.
#[test]
fn orphan_in_fin_wait_2_is_given_up_when_its_peer_is_silent() {
    let mut rig = rig(State::FinWait2);
    assert_eq!(rig.host.poll_at(), None);
    rig.host.close(rig.now, rig.id()).unwrap();
    rig.wait(Duration::from_secs(59));
    rig.peer("ACK seq=1 ack=2", "-");
    rig.wait(Duration::from_millis(59_999));
    assert_eq!(rig.state(), State::FinWait2);
    assert_eq!(rig.wait(Duration::from_millis(1)), "-");
    assert_eq!(rig.transitions(), "CLOSED");
    assert_eq!(rig.host.poll_at(), None);
}

#[test]
fn orphan_in_fin_wait_2_closes_in_order_when_its_peer_does() {
    let mut rig = rig(State::FinWait2);
    rig.host.close(rig.now, rig.id()).unwrap();
    rig.peer("FIN+ACK seq=1 ack=2", "ACK seq=2 ack=2");
    assert_eq!(rig.next(), (240_000, "-".to_owned()));
    assert_eq!(rig.transitions(), "TIME-WAIT CLOSED");
}

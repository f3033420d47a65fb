//! Keep-alives, the user timeout, R1 and R2 (RFC 9293 sections 3.8.3, 3.8.4).

use std::time::Duration;

use rstest::rstest;
use tcpspec_bundled::{Config, Error, KeepAlive, Reason};
use tcpspec_wire::State;

use crate::rig::{Rig, World};

const HOURS_2: u128 = 2 * 60 * 60 * 1000;

fn rig(state: State) -> Rig {
    Rig::in_state(World::default(), Config::default(), state)
}

fn set_keepalive(rig: &mut Rig, seconds: Option<u64>) {
    let (now, id) = (rig.now, rig.id());
    let idle = seconds.map(Duration::from_secs);
    rig.host.set_keepalive(now, id, idle).expect("held");
}

fn reasons(rig: &mut Rig) -> Vec<Reason> {
    std::iter::from_fn(|| rig.host.poll_error_report())
        .map(|report| report.reason)
        .collect()
}

#[rstest]
#[case::established(State::Established, "ACK seq=0 ack=1")]
#[case::close_wait(State::CloseWait, "ACK seq=0 ack=2")]
#[case::fin_wait_2(State::FinWait2, "ACK seq=1 ack=1")]
fn silent_peer_is_probed_without_text(#[case] state: State, #[case] probe: &str) {
    let mut rig = rig(state);
    assert_eq!(rig.host.poll_at(), None, "off by default");
    set_keepalive(&mut rig, Some(60));
    assert_eq!(rig.next(), (60_000, probe.to_owned()));
    assert_eq!(rig.next(), (75_000, probe.to_owned()));
    set_keepalive(&mut rig, None);
    assert_eq!(rig.host.poll_at(), None, "switched off");
}

#[test]
fn default_interval_is_two_hours() {
    let config = Config {
        keepalive: KeepAlive {
            on: true,
            ..KeepAlive::default()
        },
        ..Config::default()
    };
    let mut rig = Rig::new(World::default(), config);
    rig.reach(State::Established);
    assert_eq!(rig.next().0, HOURS_2);
}

#[test]
fn answer_begins_the_interval_again() {
    let mut rig = rig(State::Established);
    set_keepalive(&mut rig, Some(60));
    rig.next();
    rig.peer("ACK seq=1 ack=1", "-");
    assert_eq!(rig.next().0, 60_000);
}

#[test]
fn nothing_is_probed_while_something_is_in_flight() {
    let mut rig = rig(State::Established);
    set_keepalive(&mut rig, Some(2));
    rig.write(5).unwrap();
    rig.sent();
    for wait in [1000, 2000, 4000] {
        assert_eq!(rig.next(), (wait, "PSH+ACK seq=1 ack=1 len=5".to_owned()));
    }
    rig.peer("ACK seq=1 ack=6", "-");
    assert_eq!(rig.next(), (2000, "ACK seq=5 ack=1".to_owned()));
}

#[test]
fn peer_that_answers_no_probe_is_given_up() {
    let mut rig = rig(State::Established);
    set_keepalive(&mut rig, Some(60));
    rig.next();
    for _ in 1..9 {
        assert_eq!(rig.next(), (75_000, "ACK seq=0 ack=1".to_owned()));
    }
    assert_eq!(rig.next(), (75_000, "-".to_owned()));
    assert_eq!(rig.transitions(), "CLOSED");
    assert_eq!(rig.read(1), Err(Error::Timeout));
}

#[test]
fn one_lost_probe_is_no_proof_even_if_one_is_asked_for() {
    let mut config = Config::default();
    config.keepalive.probes = 1;
    let mut rig = Rig::in_state(World::default(), config, State::Established);
    set_keepalive(&mut rig, Some(60));
    assert_eq!(rig.next().0, 60_000);
    assert_eq!(rig.next(), (75_000, "ACK seq=0 ack=1".to_owned()));
    rig.next();
    assert_eq!(rig.transitions(), "CLOSED");
}

#[test]
fn probe_of_the_peer_is_answered() {
    let mut rig = rig(State::Established);
    rig.peer("ACK seq=0 ack=1", "ACK seq=1 ack=1");
    rig.peer("ACK seq=0 ack=1 len=1", "ACK seq=1 ack=1");
}

#[rstest]
#[case::syn_sent(State::SynSent)]
#[case::established(State::Established)]
#[case::close_wait(State::CloseWait)]
#[case::fin_wait_1(State::FinWait1)]
#[case::closing(State::Closing)]
#[case::last_ack(State::LastAck)]
fn user_timeout_ends_the_connection(#[case] state: State) {
    let mut rig = Rig::new(World::default(), Config::default());
    rig.reach(state);
    let (now, id) = (rig.now, rig.id());
    let timeout = Duration::from_secs(10);
    rig.host.set_user_timeout(now, id, timeout).unwrap();
    if matches!(state, State::Established | State::CloseWait) {
        rig.write(5).unwrap();
    }
    rig.wait(Duration::from_millis(9_999));
    assert_eq!(rig.state(), state);
    rig.wait(Duration::from_millis(1));
    assert_eq!(rig.transitions(), "CLOSED");
    assert_eq!(rig.write(1), Err(Error::Timeout));
}

#[rstest]
#[case::of_a_syn(State::SynSent)]
#[case::of_a_fin(State::FinWait1)]
fn third_repeat_reaches_r1_and_the_user_is_told_once(#[case] state: State) {
    let mut rig = rig(state);
    rig.wait(Duration::from_secs(6));
    assert_eq!(reasons(&mut rig), []);
    rig.wait(Duration::from_secs(60));
    assert_eq!(reasons(&mut rig), [Reason::Retransmissions]);
}

#[test]
fn progress_begins_the_count_to_r1_again() {
    let mut rig = rig(State::Established);
    rig.write(2000).unwrap();
    rig.sent();
    rig.next();
    rig.next();
    rig.peer("ACK seq=1 ack=1001", "PSH+ACK seq=1001 ack=1 len=1000");
    rig.next();
    rig.next();
    assert_eq!(reasons(&mut rig), []);
}

#[test]
fn reports_can_be_switched_off() {
    let config = Config {
        error_reports: false,
        ..Config::default()
    };
    let mut rig = Rig::in_state(World::default(), config, State::FinWait1);
    rig.wait(Duration::from_secs(60));
    assert_eq!(reasons(&mut rig), []);
}

#[test]
fn late_clock_does_not_make_up_for_probes_it_missed() {
    let mut rig = rig(State::Established);
    set_keepalive(&mut rig, Some(60));
    rig.now += Duration::from_secs(100_000);
    rig.host.on_time(rig.now);
    assert_eq!(rig.sent(), "ACK seq=0 ack=1");
    assert_eq!(rig.next(), (75_000, "ACK seq=0 ack=1".to_owned()));
    assert_eq!(rig.state(), State::Established);
}

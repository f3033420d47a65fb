//! TIME-WAIT: opened anew by a SYN (RFC 6191), RST (RFC 1337), bound. The peer's
//! last number is 2 there, and ours is 2.

use rstest::rstest;
use tcpspec_bundled::{Config, Error, TimeWaitPolicy};
use tcpspec_wire::State;

use crate::rig::{Rig, WORLDS, World};

fn rig_with(world: World, time_wait: TimeWaitPolicy) -> Rig {
    let config = Config {
        time_wait,
        ..Config::default()
    };
    Rig::in_state(world, config, State::TimeWait)
}

/// The old numbers of the peer end with 1, its FIN.
#[rstest]
#[case::first_above("SYN seq=2", "SYN+ACK seq=3 ack=3", "SYN-RECEIVED")]
#[case::far_above("SYN seq=1000000", "SYN+ACK seq=3 ack=1000001", "SYN-RECEIVED")]
#[case::same_as_the_fin("SYN seq=1", "ACK seq=2 ack=2", "")]
#[case::below("SYN seq=-1000000", "ACK seq=2 ack=2", "")]
#[case::with_ack("SYN+ACK seq=1000000 ack=2", "ACK seq=2 ack=2", "")]
#[case::with_rst("SYN+RST seq=1000000", "-", "")]
fn syn_above_all_old_numbers_opens_anew(
    #[case] syn: &str,
    #[case] reply: &str,
    #[case] entered: &str,
) {
    for world in WORLDS {
        let mut rig = rig_with(world, TimeWaitPolicy::default());
        rig.peer(syn, reply);
        assert_eq!(rig.transitions(), entered, "{world:?}");
        assert_eq!(rig.state(), State::TimeWait);
    }
}

#[test]
fn old_connection_is_over_once_the_new_one_stands() {
    let mut rig = rig_with(World::default(), TimeWaitPolicy::default());
    rig.peer("SYN seq=1000 mss=1000", "SYN+ACK seq=3 ack=1001");
    rig.peer("ACK seq=1001 ack=4", "-");
    assert_eq!(rig.transitions(), "SYN-RECEIVED CLOSED ESTABLISHED");
    assert_eq!(rig.read(1), Err(Error::Eof));
    rig.id = Some(rig.host.accept(80).unwrap());
    rig.deliver("PSH+ACK seq=1001 ack=4 len=5");
    assert_eq!(rig.read(9).unwrap().len(), 5);
}

/// RFC 1122 section 4.2.2.13: back to TIME-WAIT if the SYN was an old duplicate.
#[test]
fn old_connection_is_back_if_the_syn_was_an_old_duplicate() {
    let mut rig = rig_with(World::default(), TimeWaitPolicy::default());
    rig.peer("SYN seq=1000", "SYN+ACK seq=3 ack=1001");
    rig.peer("RST seq=1001", "-");
    assert_eq!(rig.transitions(), "SYN-RECEIVED LISTEN TIME-WAIT");
    rig.peer("FIN+ACK seq=1 ack=2", "ACK seq=2 ack=2");
    assert_eq!(rig.next().0, 240_000);
    assert_eq!(rig.transitions(), "CLOSED");
    assert_eq!(rig.host.poll_at(), None);
}

#[test]
fn two_msl_of_the_old_connection_end_behind_the_new_one() {
    let config = Config {
        msl: std::time::Duration::from_millis(10),
        ..Config::default()
    };
    let mut rig = Rig::new(World::default(), config);
    rig.reach(State::TimeWait);
    rig.peer("SYN seq=1000", "SYN+ACK seq=3 ack=1001");
    assert_eq!(rig.next(), (20, "-".to_owned()));
    assert_eq!(rig.transitions(), "SYN-RECEIVED CLOSED");
    rig.peer("ACK seq=1001 ack=4", "-");
    assert_eq!(rig.transitions(), "ESTABLISHED");
}

#[rstest]
#[case::switched_off(false, true)]
#[case::nobody_listens(true, false)]
fn syn_is_challenged_where_it_opens_nothing(#[case] reuse: bool, #[case] listens: bool) {
    let policy = TimeWaitPolicy {
        reuse,
        ..TimeWaitPolicy::default()
    };
    let mut rig = rig_with(World::default(), policy);
    if !listens {
        rig.host.close_listener(rig.now, 80).unwrap();
    }
    rig.peer("SYN seq=1000000", "ACK seq=2 ack=2");
    assert_eq!(rig.state(), State::TimeWait);
}

#[rstest]
#[case::exact("RST seq=2", "-")]
#[case::inside("RST seq=5", "-")]
#[case::outside("RST seq=-5", "-")]
fn rst_can_be_ignored(#[case] rst: &str, #[case] reply: &str) {
    let policy = TimeWaitPolicy {
        ignore_rst: true,
        ..TimeWaitPolicy::default()
    };
    let mut rig = rig_with(World::default(), policy);
    rig.peer(rst, reply);
    assert_eq!(rig.state(), State::TimeWait);
}

#[test]
fn oldest_makes_room_for_one_more_than_the_bound() {
    let policy = TimeWaitPolicy {
        max: 1,
        ..TimeWaitPolicy::default()
    };
    let mut rig = rig_with(World::default(), policy);
    let first = rig.id();
    rig.use_port(40_001);
    rig.peer("SYN seq=0 mss=1000", "SYN+ACK seq=0 ack=1");
    rig.peer("ACK seq=1 ack=1", "-");
    let second = rig.host.accept(80).unwrap();
    rig.id = Some(second);
    rig.shutdown("FIN+ACK seq=1 ack=1");
    assert_eq!(rig.host.state(first), State::TimeWait);
    rig.peer("FIN+ACK seq=1 ack=2", "ACK seq=2 ack=2");
    assert_eq!(rig.host.state(first), State::Closed);
    assert_eq!(rig.host.state(second), State::TimeWait);
}

/// TIME-WAIT behind a connection with timestamps, the last of which was 100.
fn rig_with_timestamps() -> Rig {
    let mut rig = Rig::new(World::default(), Config::default());
    rig.listen();
    rig.deliver("SYN seq=0 mss=1000 ts=100,0");
    rig.deliver("ACK seq=1 ack=1 ts=100,0");
    rig.id = Some(rig.host.accept(80).expect("established"));
    rig.host.shutdown(rig.now, rig.id()).expect("open");
    rig.deliver("FIN+ACK seq=1 ack=2 ts=100,0");
    rig.sent();
    rig.transitions();
    rig
}

#[rstest]
#[case::newer(true, "SYN seq=-1000000 ts=101,0", true)]
#[case::newer_and_above(true, "SYN seq=1000000 ts=101,0", true)]
#[case::equal_and_above(true, "SYN seq=2 ts=100,0", true)]
#[case::equal_and_not_above(true, "SYN seq=1 ts=100,0", false)]
#[case::older(true, "SYN seq=1000000 ts=99,0", false)]
#[case::none_any_more_and_above(true, "SYN seq=2", true)]
#[case::none_any_more_and_not_above(true, "SYN seq=1", false)]
#[case::new_ones(false, "SYN seq=-1000000 ts=1,0", true)]
fn timestamp_decides_where_there_is_one(
    #[case] had_them: bool,
    #[case] syn: &str,
    #[case] opens: bool,
) {
    let mut rig = if had_them {
        rig_with_timestamps()
    } else {
        rig_with(World::default(), TimeWaitPolicy::default())
    };
    assert_eq!(rig.state(), State::TimeWait);
    rig.deliver(syn);
    let entered = if opens { "SYN-RECEIVED" } else { "" };
    assert_eq!(rig.transitions(), entered);
}

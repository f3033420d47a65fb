//! The user timeout option (RFC 5482) on the wire, and what it does to R2.

use std::time::Duration;

use rstest::rstest;
use tcpspec_bundled::{Config, Reason, UserTimeouts};
use tcpspec_wire::State;

use crate::rig::{Rig, World};

/// The option and no other.
fn config(changeable: bool) -> Config {
    Config {
        window_scale: false,
        timestamps: false,
        sack: false,
        user_timeouts: UserTimeouts {
            enabled: true,
            changeable,
            ..UserTimeouts::default()
        },
        ..Config::default()
    }
}

/// Established after a SYN with this option, or none, and our first segment.
fn established(config: Config, option: &str) -> Rig {
    let mut rig = Rig::new(World::default(), config);
    rig.with_options = true;
    rig.listen();
    rig.deliver(&format!("SYN seq=0 mss=1000 {option}"));
    rig.sent();
    let timestamps = if option.contains("ts=") { "ts=1,0" } else { "" };
    rig.peer(&format!("ACK seq=1 ack=1 {timestamps}"), "-");
    rig.id = Some(rig.host.accept(80).expect("established"));
    rig
}

/// Sends an octet that nobody acknowledges, and says after how many seconds
/// the connection is given up.
fn seconds_to_the_end(rig: &mut Rig) -> u64 {
    let begin = rig.now;
    rig.write(1).expect("open");
    while rig.state() != State::Closed {
        rig.next();
    }
    rig.now.since(begin).as_secs()
}

#[test]
fn both_syns_and_the_first_segment_after_them_carry_ours() {
    let mut rig = Rig::new(World::default(), config(true));
    rig.with_options = true;
    rig.listen();
    rig.peer("SYN seq=0 mss=1000", "SYN+ACK seq=0 ack=1 uto=100s");
    rig.peer("ACK seq=1 ack=1", "-");
    rig.id = Some(rig.host.accept(80).expect("established"));
    rig.write(1).unwrap();
    assert_eq!(rig.sent(), "PSH+ACK seq=1 ack=1 len=1 uto=100s");
    rig.peer("ACK seq=1 ack=2", "-");
    rig.write(1).unwrap();
    assert_eq!(rig.sent(), "PSH+ACK seq=2 ack=1 len=1");

    let mut rig = Rig::new(World::default(), config(true));
    rig.with_options = true;
    let id = rig.host.connect(rig.now, 80, rig.remote()).unwrap();
    rig.id = Some(id);
    assert_eq!(rig.sent(), "SYN seq=0 uto=100s");
    rig.peer("SYN+ACK seq=0 ack=1 mss=1000", "ACK seq=1 ack=1 uto=100s");
}

#[test]
fn full_segment_gives_way_to_the_option() {
    let mut rig = established(config(true), "");
    rig.write(1990).unwrap();
    assert_eq!(rig.sent(), "ACK seq=1 ack=1 len=996 uto=100s");
    rig.peer("ACK seq=1 ack=997", "PSH+ACK seq=997 ack=1 len=994");
}

#[test]
fn option_takes_the_place_of_a_block_where_all_options_meet() {
    let mut rig = established(
        Config {
            timestamps: true,
            sack: true,
            ..config(true)
        },
        "sackok ts=1,0",
    );
    for block in [11, 31, 51] {
        rig.deliver(&format!("ACK seq={block} ack=1 len=10 ts=1,0"));
    }
    let sent = rig.sent();
    let acks: Vec<&str> = sent.split("; ").collect();
    assert_eq!(acks.len(), 3, "{sent}");
    assert!(acks[0].ends_with("uto=100s sack=11:21"), "{sent}");
    assert!(acks[2].ends_with("sack=51:61/31:41/11:21"), "{sent}");

    rig.host
        .set_user_timeout(rig.now, rig.id(), Duration::from_secs(300))
        .unwrap();
    rig.deliver("ACK seq=71 ack=1 len=10 ts=1,0");
    let sent = rig.sent();
    assert!(sent.ends_with("uto=300s sack=71:81/51:61"), "{sent}");
}

/// The peer's option on its SYN, and how long ours then goes on.
#[rstest]
#[case::none("", 100)]
#[case::longer("uto=300s", 300)]
#[case::in_minutes("uto=7min", 420)]
#[case::shorter_than_the_lower_limit("uto=1s", 100)]
#[case::longer_than_the_upper_limit("uto=32767min", 3_600)]
#[case::zero_is_ignored("uto=0s", 100)]
fn timeout_adapts_to_the_peers(#[case] option: &str, #[case] seconds: u64) {
    let mut rig = established(config(true), option);
    assert_eq!(seconds_to_the_end(&mut rig), seconds);
}

#[test]
fn option_on_a_later_segment_counts_too_and_the_user_is_told() {
    let mut rig = established(config(true), "");
    rig.peer("ACK seq=1 ack=1 uto=200s", "-");
    rig.peer("ACK seq=1 ack=1 uto=200s", "-");
    let theirs = Duration::from_secs(200);
    let report = rig.host.poll_error_report().map(|report| report.reason);
    assert_eq!(report, Some(Reason::UserTimeout { theirs }));
    assert_eq!(rig.host.poll_error_report(), None, "no news");
    assert_eq!(seconds_to_the_end(&mut rig), 200);
}

#[rstest]
#[case::out_of_the_window("ACK seq=70000 ack=1 uto=200s")]
#[case::on_a_reset("RST seq=2 uto=200s")]
fn option_that_proves_nothing_is_not_taken(#[case] segment: &str) {
    let mut rig = established(config(true), "");
    rig.deliver(segment);
    assert_eq!(seconds_to_the_end(&mut rig), 100);
}

#[test]
fn what_may_not_be_changed_is_told_to_the_user_alone() {
    let mut rig = established(config(false), "");
    rig.peer("ACK seq=1 ack=1 uto=200s", "-");
    assert!(rig.host.poll_error_report().is_some());
    assert_eq!(seconds_to_the_end(&mut rig), 100);
}

#[test]
fn timeout_set_by_the_user_is_told_at_once_and_not_changed_by_the_peer() {
    let mut rig = established(config(true), "");
    rig.write(1).unwrap();
    rig.sent();
    rig.peer("ACK seq=1 ack=2", "-");
    let (now, id) = (rig.now, rig.id());
    let set = Duration::from_secs(180);
    rig.host.set_user_timeout(now, id, set).unwrap();
    rig.write(1).unwrap();
    assert_eq!(rig.sent(), "PSH+ACK seq=2 ack=1 len=1 uto=180s");
    rig.peer("ACK seq=1 ack=3 uto=300s", "-");
    assert_eq!(seconds_to_the_end(&mut rig), 180);
}

/// RFC 5482 section 3.3: before that the default holds.
#[test]
fn option_changes_nothing_until_the_connection_is_synchronized() {
    let mut rig = Rig::new(World::default(), config(true));
    rig.listen();
    rig.deliver("SYN seq=0 mss=1000 uto=300s");
    rig.sent();
    rig.wait(Duration::from_millis(179_999));
    assert_eq!(rig.transitions(), "SYN-RECEIVED");
    rig.wait(Duration::from_millis(1));
    assert_eq!(rig.transitions(), "LISTEN");
}

#[test]
fn option_means_nothing_where_it_is_switched_off() {
    let mut rig = established(
        Config {
            user_timeouts: UserTimeouts::default(),
            ..config(true)
        },
        "uto=300s",
    );
    rig.peer("ACK seq=1 ack=1 uto=300s", "-");
    assert_eq!(rig.host.poll_error_report(), None);
    assert_eq!(seconds_to_the_end(&mut rig), 100);
}

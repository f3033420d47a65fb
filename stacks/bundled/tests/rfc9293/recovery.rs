//! Congestion control and the repair of losses, as the sender: ten segments of
//! 1000 octets in flight, and what ACKs make of them.

use std::time::Duration;

use rstest::rstest;
use tcpspec_bundled::{Config, InitialWindow};
use tcpspec_wire::State;

use crate::rig::{Rig, World};

fn ten() -> Config {
    Config {
        initial_window: InitialWindow::Rfc6928,
        ..Config::default()
    }
}

/// A connection by a SYN with these options.
fn established(config: Config, options: &str) -> Rig {
    let mut rig = Rig::new(World::default(), config);
    rig.listen();
    rig.deliver(&format!("SYN seq=0 mss=1000 {options}"));
    rig.sent();
    rig.peer("ACK seq=1 ack=1", "-");
    rig.id = Some(rig.host.accept(80).expect("established"));
    rig
}

/// Full segments with these first octets, as the rig writes them.
fn segments(first: &[u32]) -> String {
    let shown = first
        .iter()
        .map(|seq| format!("ACK seq={seq} ack=1 len=1000"));
    let shown = shown.collect::<Vec<_>>().join("; ");
    if shown.is_empty() {
        "-".to_owned()
    } else {
        shown
    }
}

/// The first octets of so many segments in a row.
fn row(first: u32, count: u32) -> Vec<u32> {
    (0..count).map(|index| first + index * 1000).collect()
}

/// Forty segments to send, of which the first ten are in flight.
fn flight(config: Config, options: &str) -> Rig {
    let mut rig = established(config, options);
    rig.write(40_000).expect("room");
    assert_eq!(rig.sent(), segments(&row(1, 10)));
    rig
}

/// Runs ACKs, each with the segments that it lets go by their first octets.
#[track_caller]
fn play(rig: &mut Rig, exchange: &[(&str, &str)]) {
    for (ack, released) in exchange {
        let first = released.split(' ').filter(|first| *first != "-");
        let first: Vec<u32> = first
            .map(|first| first.parse().expect("a number"))
            .collect();
        rig.peer(&format!("ACK seq=1 {ack}"), &segments(&first));
    }
}

#[rstest]
#[case::four_small(InitialWindow::Rfc5681, 4)]
#[case::ten(InitialWindow::Rfc6928, 10)]
fn first_flight_is_the_initial_window(#[case] initial: InitialWindow, #[case] count: u32) {
    let config = Config {
        initial_window: initial,
        ..Config::default()
    };
    let mut rig = established(config, "");
    rig.write(40_000).unwrap();
    assert_eq!(rig.sent(), segments(&row(1, count)));
}

#[test]
fn flight_is_one_segment_after_a_lost_syn() {
    let mut rig = Rig::new(World::default(), ten());
    rig.connect();
    rig.next();
    rig.peer("SYN+ACK seq=0 ack=1 mss=1000", "ACK seq=1 ack=1");
    rig.write(40_000).unwrap();
    assert_eq!(rig.sent(), segments(&[1]));
}

#[rstest]
#[case::slow_start_adds_a_segment_for_each(&[
    ("ack=1001", "10001 11001"),
    ("ack=2001", "12001 13001"),
])]
#[case::one_at_most_however_much_is_acknowledged(&[("ack=5001", "10001 11001 12001 13001 14001 15001")])]
#[case::pieces_of_a_segment_add_up_to_one(&[
    ("ack=251", "-"), ("ack=501", "10001"), ("ack=751", "-"), ("ack=1001", "11001"),
])]
#[case::two_duplicates_let_two_new_ones_go(&[
    ("ack=1", "10001"), ("ack=1", "11001"), ("ack=2001", "12001"),
])]
#[case::window_update_is_no_duplicate(&[
    ("ack=1 win=60000", "-"), ("ack=1 win=59000", "-"), ("ack=1 win=58000", "-"),
])]
#[case::fast_retransmit_and_recovery(&[
    ("ack=1", "10001"),
    ("ack=1", "11001"),
    // ssthresh is 5000, cwnd 8000; 12,000 are in flight.
    ("ack=1", "1"),
    ("ack=1", "-"), ("ack=1", "-"), ("ack=1", "-"), ("ack=1", "-"),
    ("ack=1", "12001"),
    ("ack=1", "13001"),
    // Everything sent before the loss showed: cwnd is 5000, 2000 in flight.
    ("ack=12001", "14001 15001 16001"),
])]
#[case::partial_ack_shows_the_next_loss(&[
    ("ack=1", "10001"), ("ack=1", "11001"), ("ack=1", "1"),
    ("ack=4001", "4001"),
    ("ack=9001", "9001"),
    ("ack=12001", "12001 13001 14001 15001 16001"),
])]
#[case::duplicates_of_the_same_loss_do_not_count_again(&[
    ("ack=1", "10001"), ("ack=1", "11001"), ("ack=1", "1"),
    ("ack=12001", "12001 13001 14001 15001 16001"),
    ("ack=12001", "17001"), ("ack=12001", "18001"), ("ack=12001", "-"),
])]
fn acks_let_segments_go(#[case] exchange: &[(&str, &str)]) {
    play(&mut flight(ten(), ""), exchange);
}

#[rstest]
#[case::no_limited_transmit(
    Config { limited_transmit: false, ..ten() },
    &[("ack=1", "-"), ("ack=1", "-"), ("ack=1", "1")]
)]
#[case::no_fast_retransmit(
    Config { fast_retransmit: false, ..ten() },
    &[("ack=1", "10001"), ("ack=1", "11001"), ("ack=1", "-"), ("ack=1", "-")]
)]
fn switched_off(#[case] config: Config, #[case] exchange: &[(&str, &str)]) {
    play(&mut flight(config, ""), exchange);
}

/// With SACK. Blocks say what has arrived.
#[rstest]
#[case::without_news_nothing_is_a_duplicate(&[
    ("ack=1", "-"), ("ack=1", "-"), ("ack=1", "-"),
    ("ack=1 sack=1001:2001", "10001"),
    ("ack=1 sack=1001:2001", "-"),
])]
#[case::three_duplicates(&[
    ("ack=1 sack=1001:2001", "10001"),
    ("ack=1 sack=1001:3001", "11001"),
    // cwnd is 5000. In flight: 8000 not reported, and the repeat.
    ("ack=1 sack=1001:4001", "1"),
    ("ack=1 sack=1001:5001", "-"), ("ack=1 sack=1001:6001", "-"),
    ("ack=1 sack=1001:7001", "-"), ("ack=1 sack=1001:8001", "-"),
    ("ack=1 sack=1001:9001", "12001"),
    ("ack=12001", "13001 14001 15001 16001"),
])]
#[case::one_that_reports_enough_will_do(&[("ack=1 sack=1001:4001", "1")])]
#[case::every_hole_is_repeated_once(&[
    ("ack=1 sack=1001:2001", "10001"),
    ("ack=1 sack=3001:4001", "11001"),
    ("ack=1 sack=5001:6001", "1"),
    // Below 5001 all is lost: 4000 not reported, and the repeat.
    ("ack=1 sack=5001:8001", "-"),
    ("ack=1 sack=5001:10001", "2001 4001"),
    ("ack=2001 sack=5001:10001", "12001"),
    ("ack=4001 sack=5001:10001", "13001"),
    ("ack=12001", "14001 15001 16001"),
])]
#[case::nonsense_does_nothing(&[
    ("ack=1 sack=9001:8001", "-"),
    ("ack=1 sack=10001:12001", "-"),
    ("ack=1 sack=4000001:4001001", "-"),
])]
#[case::report_of_a_duplicate_is_no_loss(&[
    ("ack=2001", "10001 11001 12001"),
    ("ack=2001 sack=1:1001", "-"), ("ack=2001 sack=1:1001", "-"), ("ack=2001 sack=1:1001", "-"),
])]
fn blocks_guide_the_repair(#[case] exchange: &[(&str, &str)]) {
    let config = Config {
        sack: true,
        ..ten()
    };
    play(&mut flight(config, "sackok"), exchange);
}

#[test]
fn end_is_repeated_once_on_suspicion() {
    let config = Config {
        sack: true,
        ..ten()
    };
    let mut rig = established(config, "sackok");
    rig.write(8000).unwrap();
    rig.sent();
    rig.peer("ACK seq=1 ack=1 sack=1001:4001", &segments(&[1]));
    // 4000 in flight is all that cwnd lets; one ACK more makes room.
    rig.peer("ACK seq=1 ack=4001", "-");
    rig.peer("ACK seq=1 ack=5001", "PSH+ACK seq=7001 ack=1 len=1000");
    // What then shows to be missing goes too, but the end no second time.
    rig.peer(
        "ACK seq=1 ack=5001 sack=7001:8001",
        &segments(&[5001, 6001]),
    );
    rig.peer("ACK seq=1 ack=7001", "-");
}

#[test]
fn text_is_no_duplicate() {
    let mut rig = flight(ten(), "");
    for seq in 1..6 {
        rig.deliver(&format!("ACK seq={seq} ack=1 len=1"));
    }
    assert!(!rig.sent().contains("len="));
}

#[test]
fn timeout_forgets_blocks_and_begins_with_one_segment() {
    let config = Config {
        sack: true,
        ..ten()
    };
    let mut rig = flight(config, "sackok");
    rig.peer(
        "ACK seq=1 ack=1 sack=1:2001/5001:6001",
        "ACK seq=10001 ack=1 len=1000; ACK seq=11001 ack=1 len=1000; ACK seq=12001 ack=1 len=1000",
    );
    // Even if the peer says it holds the first.
    assert_eq!(rig.next(), (1000, segments(&[1])));
    play(
        &mut rig,
        &[
            ("ack=1001", "1001 2001"),
            // What it reports from here on is not repeated.
            ("ack=2001 sack=3001:10001", "10001 11001"),
            ("ack=10001", "12001 13001"),
        ],
    );
}

#[test]
fn timeout_halves_the_threshold_and_acks_regain_it_fast() {
    let mut rig = flight(ten(), "");
    assert_eq!(rig.next(), (1000, segments(&[1])));
    assert_eq!(rig.next(), (2000, segments(&[1])));
    play(
        &mut rig,
        &[
            ("ack=1001", "1001 2001"),
            ("ack=2001", "3001 4001"),
            ("ack=3001", "5001 6001"),
            ("ack=4001", "7001 8001"),
            // Half of ten is reached: one more for each window from here on.
            ("ack=5001", "9001"),
            ("ack=6001", "10001"),
            ("ack=7001", "11001"),
            ("ack=8001", "12001"),
            ("ack=9001", "13001 14001"),
        ],
    );
}

#[test]
fn pause_takes_the_window_back() {
    let mut rig = flight(ten(), "");
    play(
        &mut rig,
        &[("ack=5001", "10001 11001 12001 13001 14001 15001")],
    );
    rig.deliver("ACK seq=1 ack=15001");
    rig.sent();
    rig.deliver("ACK seq=1 ack=27001");
    rig.sent();
    rig.deliver("ACK seq=1 ack=40001");
    assert_eq!(rig.sent(), "-");
    rig.now += Duration::from_secs(5);
    rig.write(40_000).unwrap();
    assert_eq!(rig.sent(), segments(&row(40_001, 10)));
}

#[test]
fn repeat_is_not_timed_and_restarts_the_timer() {
    let mut rig = flight(
        Config {
            limited_transmit: false,
            ..ten()
        },
        "",
    );
    rig.now += Duration::from_millis(900);
    play(&mut rig, &[("ack=1", "-"), ("ack=1", "-"), ("ack=1", "1")]);
    // A whole timeout after the repeat, not 100 ms.
    assert_eq!(rig.next(), (1000, segments(&[1])));
    assert_eq!(rig.state(), State::Established);
}

#[test]
fn fin_is_repeated_fast_too() {
    let mut rig = established(ten(), "");
    rig.write(4000).unwrap();
    rig.sent();
    rig.shutdown("FIN+ACK seq=4001 ack=1");
    rig.peer("ACK seq=1 ack=1001", "-");
    rig.peer("ACK seq=1 ack=1001", "-");
    rig.peer("ACK seq=1 ack=1001", "-");
    rig.peer("ACK seq=1 ack=1001", &segments(&[1001]));
    rig.peer("ACK seq=1 ack=4001", "FIN+ACK seq=4001 ack=1");
}

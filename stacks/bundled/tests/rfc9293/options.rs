//! Window scale, timestamps and selective acknowledgment, as the receiver.

use std::time::Duration;

use rstest::rstest;
use tcpspec_bundled::{Config, Error};
use tcpspec_wire::State;

use crate::rig::{Rig, WORLDS, World};

/// Everything on.
fn all() -> Config {
    Config {
        window_scale: true,
        timestamps: true,
        sack: true,
        ..plain()
    }
}

/// Everything off.
fn plain() -> Config {
    Config {
        window_scale: false,
        timestamps: false,
        sack: false,
        ..Config::default()
    }
}

/// A connection that was opened by a SYN with these options.
fn established(world: World, config: Config, options: &str) -> Rig {
    let mut rig = Rig::new(world, config);
    rig.with_options = true;
    rig.listen();
    rig.deliver(&format!("SYN seq=0 mss=1000 {options}"));
    rig.sent();
    let timestamp = if options.contains("ts=") {
        "ts=10,0"
    } else {
        ""
    };
    rig.peer(&format!("ACK seq=1 ack=1 {timestamp}"), "-");
    rig.id = Some(rig.host.accept(80).expect("established"));
    rig
}

/// Runs segments and replies in turn.
#[track_caller]
fn play(rig: &mut Rig, exchange: &[(&str, &str)]) {
    for (segment, reply) in exchange {
        rig.peer(segment, reply);
    }
}

#[rstest]
#[case::all(all(), "sackok ts=5,0 ws=3", " sackok ts=0,5 ws=0")]
#[case::layout_without_sack(Config { sack: false, ..all() }, "sackok ts=5,0 ws=3", " ts=0,5 ws=0")]
#[case::peer_has_none(all(), "", "")]
#[case::we_have_none(plain(), "sackok ts=5,0 ws=3", "")]
#[case::scale_alone(all(), "ws=3", " ws=0")]
#[case::timestamps_alone(all(), "ts=5,0", " ts=0,5")]
#[case::sack_alone(all(), "sackok", " sackok")]
#[case::as_wide_as_the_buffer(Config { receive_buffer: 65_536, ..all() }, "ws=0", " ws=1")]
#[case::no_wider_than_14(Config { receive_buffer: u32::MAX, ..all() }, "ws=0", " ws=14")]
fn syn_ack_has_what_the_syn_has(#[case] config: Config, #[case] syn: &str, #[case] reply: &str) {
    let mut rig = Rig::new(World::default(), config);
    rig.with_options = true;
    rig.listen();
    rig.peer(
        &format!("SYN seq=0 {syn}"),
        &format!("SYN+ACK seq=0 ack=1{reply}"),
    );
}

#[rstest]
#[case::all(all(), " sackok ts=0,0 ws=0")]
#[case::none(plain(), "")]
#[case::no_sack(Config { sack: false, ..all() }, " ts=0,0 ws=0")]
#[case::no_timestamps(Config { timestamps: false, ..all() }, " sackok ws=0")]
#[case::no_scale(Config { window_scale: false, ..all() }, " sackok ts=0,0")]
fn syn_offers_what_is_switched_on(#[case] config: Config, #[case] options: &str) {
    let mut rig = Rig::new(World::default(), config);
    rig.with_options = true;
    let remote = rig.remote();
    rig.host.connect(rig.now, 80, remote).unwrap();
    assert_eq!(rig.sent(), format!("SYN seq=0{options}"));
}

#[test]
fn simultaneous_open_keeps_what_both_have() {
    let mut rig = Rig::new(World::default(), all());
    rig.with_options = true;
    let remote = rig.remote();
    rig.host.connect(rig.now, 80, remote).unwrap();
    rig.sent();
    rig.peer("SYN seq=0 ts=5,99", "SYN+ACK seq=0 ack=1 ts=0,5");
}

#[rstest]
#[case::shifted("ws=4", 125, "ACK seq=1 ack=1 len=1000; ACK seq=1001 ack=1 len=1000")]
#[case::not_agreed("", 1000, "ACK seq=1 ack=1 len=1000")]
fn peers_windows_are_scaled(#[case] syn: &str, #[case] win: u32, #[case] sent: &str) {
    let mut rig = established(World::default(), all(), syn);
    // A scale on another segment than a SYN means nothing.
    rig.peer(&format!("ACK seq=1 ack=1 win={win} ws=9"), "-");
    rig.write(5000).unwrap();
    assert_eq!(rig.sent(), sent);
}

#[test]
fn window_of_a_syn_is_not_scaled() {
    let mut rig = Rig::new(World::default(), all());
    let remote = rig.remote();
    rig.id = Some(rig.host.connect(rig.now, 80, remote).unwrap());
    rig.sent();
    rig.peer(
        "SYN+ACK seq=0 ack=1 mss=1000 win=1000 ws=7",
        "ACK seq=1 ack=1",
    );
    rig.write(5000).unwrap();
    assert_eq!(rig.sent(), "ACK seq=1 ack=1 len=1000");
}

#[test]
fn our_windows_are_scaled_but_for_that_of_the_syn() {
    let config = Config {
        receive_buffer: 200_000,
        ..all()
    };
    let mut rig = Rig::new(World::default(), config.clone());
    rig.listen();
    rig.peer("SYN seq=0 ws=0", "SYN+ACK seq=0 ack=1");
    assert_eq!(rig.peek_window(), 65_535);
    let mut rig = established(World::default(), config, "ws=0");
    // Beyond what the SYN announced: the buffer is what counts.
    rig.peer("ACK seq=100001 ack=1 len=10", "ACK seq=1 ack=1");
    assert_eq!(rig.peek_window(), 200_000 >> 2);
}

#[test]
fn edge_that_rounding_hides_is_still_the_edge() {
    let config = Config {
        receive_buffer: 131_072,
        ..all()
    };
    let mut rig = established(World::default(), config, "ws=0");
    // Shift 2: the window's last three octets do not show in its field.
    rig.peer("ACK seq=2 ack=1 len=1", "ACK seq=1 ack=1");
    rig.peer("ACK seq=131072 ack=1 len=1", "ACK seq=1 ack=1");
    assert_eq!(rig.peek_window(), 131_072 >> 2);
}

/// Segments with text after a handshake with TSval 5 and 10, each with the
/// ACK it draws; `ts=` of a reply is our clock, at zero, and the echo.
#[rstest]
#[case::delayed_ack_echoes_the_earliest(&[
    ("ACK seq=1 ack=1 len=5 ts=20,0", "-"),
    ("ACK seq=6 ack=1 len=5 ts=21,0", "ACK seq=1 ack=11 ts=0,20"),
])]
#[case::gap_echoes_the_last_in_order(&[
    ("ACK seq=6 ack=1 len=5 ts=21,0", "ACK seq=1 ack=1 ts=0,10"),
    ("ACK seq=11 ack=1 len=5 ts=22,0", "ACK seq=1 ack=1 ts=0,10"),
])]
#[case::filling_a_gap_is_echoed(&[
    ("ACK seq=6 ack=1 len=5 ts=21,0", "ACK seq=1 ack=1 ts=0,10"),
    ("ACK seq=1 ack=1 len=5 ts=23,0", "ACK seq=1 ack=11 ts=0,23"),
])]
#[case::kept_text_is_not_tested_again(&[
    ("ACK seq=6 ack=1 len=5 ts=21,0", "ACK seq=1 ack=1 ts=0,10"),
    ("ACK seq=1 ack=1 len=5 ts=30,0", "ACK seq=1 ack=11 ts=0,30"),
    ("ACK seq=11 ack=1 len=5 ts=29,0", "ACK seq=1 ack=11 ts=0,30"),
])]
#[case::old_is_answered_and_dropped(&[
    ("ACK seq=1 ack=1 len=5 ts=9,0", "ACK seq=1 ack=1 ts=0,10"),
    ("FIN+ACK seq=1 ack=1 ts=9,0", "ACK seq=1 ack=1 ts=0,10"),
])]
#[case::equal_is_taken(&[
    ("FIN+ACK seq=1 ack=1 ts=10,0", "ACK seq=1 ack=2 ts=0,10"),
])]
#[case::missing_is_dropped(&[
    ("ACK seq=1 ack=1 len=5", "-"),
    ("FIN+ACK seq=1 ack=1", "-"),
    ("FIN+ACK seq=1 ack=1 ts=10,0", "ACK seq=1 ack=2 ts=0,10"),
])]
#[case::syn_is_challenged_without(&[("SYN seq=700", "ACK seq=1 ack=1 ts=0,10")])]
#[case::outside_the_window_nothing_is_taken(&[
    ("ACK seq=-9000 ack=1 len=5 ts=99,0", "ACK seq=1 ack=1 ts=0,10"),
    ("FIN+ACK seq=1 ack=1 ts=11,0", "ACK seq=1 ack=2 ts=0,11"),
])]
#[case::challenged_rst_changes_nothing(&[
    ("RST seq=9 ts=99,0", "ACK seq=1 ack=1 ts=0,10"),
    ("FIN+ACK seq=1 ack=1 ts=11,0", "ACK seq=1 ack=2 ts=0,11"),
])]
fn timestamps_are_echoed_and_tested(#[case] exchange: &[(&str, &str)]) {
    for world in WORLDS {
        play(&mut established(world, all(), "ts=5,0"), exchange);
    }
}

#[rstest]
#[case::old("RST seq=1 ts=1,0")]
#[case::missing("RST seq=1")]
fn rst_is_not_judged_by_its_timestamp(#[case] rst: &str) {
    let mut rig = established(World::default(), all(), "ts=5,0");
    rig.peer(rst, "-");
    assert_eq!(rig.state(), State::Closed);
}

#[test]
fn recent_timestamp_is_void_after_24_days() {
    let mut rig = established(World::default(), all(), "ts=5,0");
    rig.now += Duration::from_secs(25 * 86_400);
    rig.deliver("FIN+ACK seq=1 ack=1 ts=4,0");
    assert!(rig.sent().ends_with(",4"));
    assert_eq!(rig.state(), State::CloseWait);
}

#[test]
fn timestamp_that_was_not_agreed_on_is_ignored() {
    let mut rig = established(World::default(), all(), "");
    rig.peer("ACK seq=1 ack=1 len=5 ts=20,0", "-");
    rig.peer("FIN+ACK seq=6 ack=1 ts=1,0", "ACK seq=1 ack=7");
}

#[test]
fn every_segment_has_a_timestamp() {
    let mut rig = established(World::default(), all(), "ts=5,0");
    rig.write(5).unwrap();
    assert_eq!(rig.sent(), "PSH+ACK seq=1 ack=1 len=5 ts=0,10");
    assert_eq!(rig.next().1, "PSH+ACK seq=1 ack=1 len=5 ts=1000,10");
    rig.peer("ACK seq=1 ack=6 win=0 ts=11,1000", "-");
    rig.write(5).unwrap();
    let (_, probe) = rig.next();
    assert_eq!(probe, "ACK seq=6 ack=1 len=1 ts=2000,11");
    rig.host.abort(rig.now, rig.id()).unwrap();
    assert_eq!(rig.sent(), "RST seq=7 ts=2000,0");
}

#[rstest]
#[case::ack(all(), "ACK seq=1 ack=1 ts=7,0", "RST seq=1 ts=0,7")]
#[case::syn(all(), "SYN seq=0 ts=7,0", "RST+ACK seq=0 ack=1 ts=0,7")]
#[case::without(all(), "ACK seq=1 ack=1", "RST seq=1")]
#[case::switched_off(plain(), "ACK seq=1 ack=1 ts=7,0", "RST seq=1")]
fn refusal_echoes_the_timestamp(#[case] config: Config, #[case] cause: &str, #[case] rst: &str) {
    let mut rig = Rig::new(World::default(), config);
    rig.with_options = true;
    rig.peer(cause, rst);
}

#[test]
fn options_come_off_the_text() {
    let mut rig = established(World::default(), all(), "ts=5,0 sackok");
    rig.write(3000).unwrap();
    assert_eq!(
        rig.sent(),
        "ACK seq=1 ack=1 len=988 ts=0,10; ACK seq=989 ack=1 len=988 ts=0,10; \
         ACK seq=1977 ack=1 len=988 ts=0,10"
    );
    rig.peer(
        "ACK seq=5 ack=1 len=5 ts=11,0",
        "ACK seq=2965 ack=1 ts=0,10 sack=5:10",
    );
}

#[test]
fn echoed_timestamp_is_a_sample_even_of_a_repeat() {
    let mut rig = established(World::default(), all(), "ts=5,0");
    rig.write(5).unwrap();
    rig.sent();
    // The handshake gave a sample of zero; this one is 2.5 s, of the repeat.
    assert_eq!(rig.next().0, 1000);
    rig.now += Duration::from_millis(2500 - 1000);
    rig.peer("ACK seq=1 ack=6 ts=11,0", "-");
    rig.write(5).unwrap();
    rig.sent();
    // SRTT 2500/8, RTTVAR 2500/4.
    assert_eq!(rig.next().0, 2812);
}

/// Each segment with the ACK it draws, on a connection with SACK.
#[rstest]
#[case::first_block_is_the_latest(&[
    ("ACK seq=11 ack=1 len=5", "ACK seq=1 ack=1 sack=11:16"),
    ("ACK seq=31 ack=1 len=5", "ACK seq=1 ack=1 sack=31:36/11:16"),
    ("ACK seq=21 ack=1 len=5", "ACK seq=1 ack=1 sack=21:26/31:36/11:16"),
])]
#[case::blocks_grow_together(&[
    ("ACK seq=11 ack=1 len=5", "ACK seq=1 ack=1 sack=11:16"),
    ("ACK seq=21 ack=1 len=5", "ACK seq=1 ack=1 sack=21:26/11:16"),
    ("ACK seq=16 ack=1 len=5", "ACK seq=1 ack=1 sack=11:26"),
    ("ACK seq=1 ack=1 len=5", "ACK seq=1 ack=6 sack=11:26"),
    ("ACK seq=6 ack=1 len=5", "ACK seq=1 ack=26"),
])]
#[case::four_blocks_fit(&[
    ("ACK seq=11 ack=1 len=1", "ACK seq=1 ack=1 sack=11:12"),
    ("ACK seq=21 ack=1 len=1", "ACK seq=1 ack=1 sack=21:22/11:12"),
    ("ACK seq=31 ack=1 len=1", "ACK seq=1 ack=1 sack=31:32/21:22/11:12"),
    ("ACK seq=41 ack=1 len=1", "ACK seq=1 ack=1 sack=41:42/31:32/21:22/11:12"),
    ("ACK seq=51 ack=1 len=1", "ACK seq=1 ack=1 sack=51:52/41:42/31:32/21:22"),
])]
#[case::fin_counts(&[
    ("FIN+ACK seq=11 ack=1 len=5", "ACK seq=1 ack=1 sack=11:17"),
    ("ACK seq=1 ack=1 len=10", "ACK seq=1 ack=17"),
])]
#[case::bare_fin(&[("FIN+ACK seq=11 ack=1", "ACK seq=1 ack=1 sack=11:12")])]
#[case::old_text(&[
    ("ACK seq=1 ack=1 len=5", "-"),
    ("ACK seq=1 ack=1 len=5", "ACK seq=1 ack=6 sack=1:6"),
    ("ACK seq=20 ack=1 len=5", "ACK seq=1 ack=6 sack=20:25"),
])]
#[case::text_that_waits(&[
    ("ACK seq=11 ack=1 len=10", "ACK seq=1 ack=1 sack=11:21"),
    ("ACK seq=13 ack=1 len=4", "ACK seq=1 ack=1 sack=13:17/11:21"),
    ("ACK seq=31 ack=1 len=4", "ACK seq=1 ack=1 sack=31:35/11:21"),
])]
#[case::overlap_alone_is_a_duplicate(&[
    ("ACK seq=11 ack=1 len=10", "ACK seq=1 ack=1 sack=11:21"),
    ("ACK seq=16 ack=1 len=10", "ACK seq=1 ack=1 sack=16:21/11:26"),
])]
#[case::first_of_two_islands(&[
    ("ACK seq=11 ack=1 len=5", "ACK seq=1 ack=1 sack=11:16"),
    ("ACK seq=21 ack=1 len=5", "ACK seq=1 ack=1 sack=21:26/11:16"),
    ("ACK seq=11 ack=1 len=15", "ACK seq=1 ack=1 sack=11:16/11:26"),
])]
#[case::behind_the_fin(&[
    ("FIN+ACK seq=1 ack=1 len=5", "ACK seq=1 ack=7"),
    ("ACK seq=1 ack=1 len=5", "ACK seq=1 ack=7 sack=1:6"),
])]
fn blocks_are_reported(#[case] exchange: &[(&str, &str)]) {
    for world in WORLDS {
        play(&mut established(world, all(), "sackok"), exchange);
    }
}

#[test]
fn three_blocks_fit_beside_a_timestamp() {
    let mut rig = established(World::default(), all(), "sackok ts=5,0");
    for seq in [11, 21, 31, 41] {
        rig.deliver(&format!("ACK seq={seq} ack=1 len=1 ts=10,0"));
    }
    let sent = rig.sent();
    let last = sent.split("; ").last();
    assert_eq!(last, Some("ACK seq=1 ack=1 ts=0,10 sack=41:42/31:32/21:22"));
}

#[test]
fn text_makes_room_for_blocks() {
    let mut rig = established(World::default(), all(), "sackok");
    rig.peer("ACK seq=11 ack=1 len=5", "ACK seq=1 ack=1 sack=11:16");
    rig.write(988).unwrap();
    assert_eq!(rig.sent(), "PSH+ACK seq=1 ack=1 len=988 sack=11:16");
    rig.write(989).unwrap();
    rig.peer("ACK seq=1 ack=989", "ACK seq=989 ack=1 len=988 sack=11:16");
}

#[rstest]
#[case::not_agreed(all(), "", "ACK seq=1 ack=1")]
#[case::switched_off(plain(), "sackok", "ACK seq=1 ack=1")]
fn no_blocks_without_agreement(#[case] config: Config, #[case] syn: &str, #[case] reply: &str) {
    let mut rig = established(World::default(), config, syn);
    rig.peer("ACK seq=11 ack=1 len=5", reply);
}

#[test]
fn duplicates_are_reported_only_where_switched_on() {
    let config = Config {
        duplicate_sack: false,
        ..all()
    };
    let mut rig = established(World::default(), config, "sackok");
    rig.peer("ACK seq=1 ack=1 len=5", "-");
    rig.peer("ACK seq=1 ack=1 len=5", "ACK seq=1 ack=6");
}

#[rstest]
#[case::two_full_ones(&[("len=500", "-"), ("len=500", "ACK seq=1 ack=1001")])]
#[case::small_after_full(&[("len=500", "-"), ("len=5", "-"), ("len=495", "ACK seq=1 ack=1001")])]
fn every_second_full_sized_segment_is_acknowledged(#[case] pieces: &[(&str, &str)]) {
    let mut rig = established(World::default(), plain(), "");
    let mut seq = 1;
    for (piece, reply) in pieces {
        rig.peer(&format!("ACK seq={seq} ack=1 {piece}"), reply);
        seq += piece[4..].parse::<u32>().unwrap();
    }
    assert_eq!(rig.read(0), Err(Error::Again));
}

#[test]
fn ack_is_never_delayed_for_500_ms() {
    let config = Config {
        ack_delay: Duration::from_secs(5),
        ..plain()
    };
    let mut rig = established(World::default(), config, "");
    rig.peer("ACK seq=1 ack=1 len=5", "-");
    assert_eq!(rig.next(), (499, "ACK seq=1 ack=6".to_owned()));
}

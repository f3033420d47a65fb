//! Data both ways: reassembly, windows, acknowledgment, segmentation.

use rstest::rstest;
use tcpspec_bundled::{Config, Error};
use tcpspec_wire::State;

use crate::rig::{Rig, WORLDS, World, pattern};

fn established(config: Config) -> Rig {
    Rig::in_state(World::default(), config, State::Established)
}

/// Text of 30 octets in pieces; each piece is `(first, len)`, counted from 0.
#[rstest]
#[case::in_order(&[(0, 10), (10, 10), (20, 10)])]
#[case::backwards(&[(20, 10), (10, 10), (0, 10)])]
#[case::gap_first(&[(10, 20), (0, 10)])]
#[case::overlap_left(&[(0, 10), (5, 15), (15, 15)])]
#[case::overlap_over_a_gap(&[(10, 5), (5, 20), (0, 6), (24, 6)])]
#[case::twice(&[(0, 10), (0, 10), (10, 20), (10, 20)])]
#[case::covering(&[(10, 5), (20, 5), (0, 30)])]
fn pieces_are_put_together(#[case] pieces: &[(usize, usize)]) {
    for world in WORLDS {
        let mut rig = Rig::in_state(world, Config::default(), State::Established);
        let whole = pattern(30);
        for (first, len) in pieces {
            rig.deliver_octets(1 + *first as u32, &whole[*first..first + len]);
        }
        rig.deliver("ACK seq=0 ack=1");
        assert!(rig.sent().ends_with("ACK seq=1 ack=31"), "{world:?}");
        assert_eq!(rig.read(100), Ok(whole));
    }
}

#[rstest]
#[case::second_segment(&["-", "ACK seq=1 ack=11"], &["ACK seq=1 ack=1 len=5", "ACK seq=6 ack=1 len=5"])]
#[case::gap_at_once(&["ACK seq=1 ack=1"], &["ACK seq=6 ack=1 len=5"])]
#[case::filling_a_gap_at_once(&["ACK seq=1 ack=1", "ACK seq=1 ack=11"],
    &["ACK seq=6 ack=1 len=5", "ACK seq=1 ack=1 len=5"])]
#[case::filling_one_gap_of_two(&["ACK seq=1 ack=1", "ACK seq=1 ack=1", "ACK seq=1 ack=11"],
    &["ACK seq=6 ack=1 len=5", "ACK seq=16 ack=1 len=5", "ACK seq=1 ack=1 len=5"])]
fn text_is_acknowledged_in_time(#[case] replies: &[&str], #[case] segments: &[&str]) {
    let mut rig = established(Config::default());
    for (segment, reply) in segments.iter().zip(replies) {
        rig.peer(segment, reply);
    }
}

#[test]
fn ack_rides_on_text() {
    let mut rig = established(Config::default());
    rig.peer("ACK seq=1 ack=1 len=20", "-");
    rig.write(10).unwrap();
    assert_eq!(rig.sent(), "PSH+ACK seq=1 ack=21 len=10");
    assert_eq!(rig.wait(std::time::Duration::from_millis(500)), "-");
}

#[test]
fn window_shuts_as_the_buffer_fills_and_opens_in_no_silly_steps() {
    let config = Config {
        receive_buffer: 3000,
        ..Config::default()
    };
    let mut rig = established(config);
    rig.peer("ACK seq=1 ack=1 len=1500", "-");
    rig.peer("ACK seq=1501 ack=1 len=1500", "ACK seq=1 ack=3001 win=0");
    // A probe is answered and not taken.
    rig.peer("ACK seq=3001 ack=1 len=1", "ACK seq=1 ack=3001 win=0");
    // Too little room to speak of: MSS is 1460, half the buffer 1500.
    rig.read(1000).unwrap();
    assert_eq!(rig.sent(), "-");
    rig.read(1000).unwrap();
    assert_eq!(rig.sent(), "ACK seq=1 ack=3001");
    assert_eq!(rig.peek_window(), 2000);
}

#[rstest]
#[case::exact_ack("ACK seq=n ack=1", "-")]
#[case::keep_alive("ACK seq=n-1 ack=1", "ACK seq=1 ack=n win=0")]
#[case::bare_fin("FIN+ACK seq=n ack=1", "ACK seq=1 ack=n win=0")]
#[case::rst_inexact("RST seq=n+1", "-")]
#[case::rst_exact("RST seq=n", "-")]
fn zero_window_segment_outcome(#[case] segment: &str, #[case] reply: &str) {
    let config = Config {
        receive_buffer: 1000,
        ..Config::default()
    };
    let mut rig = established(config);
    rig.deliver("ACK seq=1 ack=1 len=1000");
    rig.deliver("ACK seq=0 ack=1");
    assert_eq!(rig.sent(), "ACK seq=1 ack=1001 win=0");
    let reply = rig.plain(reply);
    rig.peer(segment, &reply);
    let is_reset = segment == "RST seq=n";
    assert_eq!(rig.state() == State::Closed, is_reset);
}

#[test]
fn text_and_fin_beyond_the_right_edge_are_cut_off() {
    let config = Config {
        receive_buffer: 1000,
        ..Config::default()
    };
    let mut rig = established(config);
    rig.deliver("FIN+ACK seq=1 ack=1 len=1200");
    rig.deliver("ACK seq=0 ack=1");
    assert_eq!(rig.sent(), "ACK seq=1 ack=1001 win=0");
    assert_eq!(rig.state(), State::Established);
    assert_eq!(rig.read(2000), Ok(pattern(1000)));
}

#[test]
fn peers_window_and_mss_bound_what_is_sent() {
    let mut rig = established(Config::default());
    rig.peer("ACK seq=1 ack=1 win=2500", "-");
    assert_eq!(rig.write(5000), Ok(5000));
    assert_eq!(
        rig.sent(),
        "ACK seq=1 ack=1 len=1000; ACK seq=1001 ack=1 len=1000"
    );
    // Half a segment of room is silly while text is in flight.
    rig.peer("ACK seq=1 ack=1001 win=1500", "-");
    rig.peer(
        "ACK seq=1 ack=2001 win=2500",
        "ACK seq=2001 ack=1 len=1000; ACK seq=3001 ack=1 len=1000",
    );
    rig.peer(
        "ACK seq=1 ack=4001 win=2500",
        "PSH+ACK seq=4001 ack=1 len=1000",
    );
}

#[test]
fn half_of_the_widest_window_is_not_silly() {
    let mut rig = Rig::new(World::default(), Config::default());
    rig.listen();
    rig.peer("SYN seq=0 mss=1000 win=600", "SYN+ACK seq=0 ack=1");
    rig.peer("ACK seq=1 ack=1 win=600", "-");
    rig.id = Some(rig.host.accept(80).unwrap());
    rig.write(1000).unwrap();
    assert_eq!(rig.sent(), "ACK seq=1 ack=1 len=600");
}

#[test]
fn older_segment_does_not_set_the_window() {
    let mut rig = established(Config::default());
    // Beyond a gap, so sent later than what fills the gap.
    rig.peer("ACK seq=11 ack=1 len=10 win=3000", "ACK seq=1 ack=1");
    rig.peer("ACK seq=1 ack=1 len=10 win=0", "ACK seq=1 ack=21");
    rig.write(1000).unwrap();
    assert_eq!(rig.sent(), "PSH+ACK seq=1 ack=21 len=1000");
}

#[test]
fn send_buffer_takes_what_it_has_room_for() {
    let config = Config {
        send_buffer: 100,
        ..Config::default()
    };
    let mut rig = established(config);
    assert_eq!(rig.write(150), Ok(100));
    assert_eq!(rig.write(50), Err(Error::Again));
    rig.sent();
    rig.peer("ACK seq=1 ack=41", "-");
    assert_eq!(rig.write(50), Ok(40));
}

#[test]
fn receive_buffer_can_be_set_before_the_connection_and_on_it() {
    let mut rig = Rig::in_state(World::default(), Config::default(), State::Listen);
    rig.host.set_listener_receive_buffer(80, 500).unwrap();
    rig.peer("SYN seq=0", "SYN+ACK seq=0 ack=1 win=500");
    rig.peer("ACK seq=1 ack=1", "-");
    rig.id = Some(rig.host.accept(80).unwrap());
    rig.host.set_receive_buffer(rig.now, rig.id(), 800).unwrap();
    rig.deliver_octets(1, &pattern(500));
    rig.deliver("ACK seq=0 ack=1");
    assert_eq!(rig.sent(), "ACK seq=1 ack=501 win=0");
    rig.read(500).unwrap();
    assert_eq!(rig.sent(), "ACK seq=1 ack=501 win=800");

    let mut active = Rig::in_state(World::default(), Config::default(), State::SynSent);
    active
        .host
        .set_receive_buffer(active.now, active.id(), 600)
        .unwrap();
    active.peer("SYN+ACK seq=0 ack=1", "ACK seq=1 ack=1 win=600");
}

#[rstest]
#[case::on(true, "-", "PSH+ACK seq=11 ack=1 len=10")]
#[case::off(false, "PSH+ACK seq=11 ack=1 len=10", "-")]
fn nagle_holds_small_segments_while_text_is_in_flight(
    #[case] nagle: bool,
    #[case] at_once: &str,
    #[case] after_the_ack: &str,
) {
    let mut rig = established(Config::default());
    rig.host.set_nagle(rig.now, rig.id(), nagle).unwrap();
    rig.write(10).unwrap();
    assert_eq!(rig.sent(), "PSH+ACK seq=1 ack=1 len=10");
    rig.write(10).unwrap();
    assert_eq!(rig.sent(), at_once);
    rig.peer("ACK seq=1 ack=11", after_the_ack);
}

#[test]
fn urgent_pointer_is_kept() {
    let mut rig = established(Config::default());
    rig.deliver("ACK+URG seq=1 ack=1 len=10 urg=6");
    assert_eq!(rig.host.urgent_ahead(rig.id()), 6);
    rig.read(4).unwrap();
    assert_eq!(rig.host.urgent_ahead(rig.id()), 2);
    rig.read(4).unwrap();
    assert_eq!(rig.host.urgent_ahead(rig.id()), 0);
}

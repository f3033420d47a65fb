//! Explicit congestion notification (RFC 3168).

use rstest::rstest;
use tcpspec_bundled::{Config, InitialWindow};
use tcpspec_wire::State;

use crate::rig::{Rig, World};

fn on() -> Config {
    Config {
        ecn: true,
        initial_window: InitialWindow::Rfc6928,
        ..Config::default()
    }
}

/// Segments of the peer and what the host sends at once.
#[track_caller]
fn play(rig: &mut Rig, exchange: &[(&str, &str)]) {
    for (segment, reply) in exchange {
        rig.peer(segment, reply);
    }
}

/// A connection on which both sides take part.
fn established() -> Rig {
    let mut rig = Rig::new(World::default(), on());
    rig.listen();
    rig.peer("SYN+ECE+CWR seq=0 mss=1000", "SYN+ACK+ECE seq=0 ack=1");
    rig.peer("ACK seq=1 ack=1", "-");
    rig.id = Some(rig.host.accept(80).expect("established"));
    rig
}

#[rstest]
#[case::both_bits(on(), "SYN+ECE+CWR", "SYN+ACK+ECE", " ect0")]
#[case::accurate_ecn_falls_back(on(), "SYN+ECE+CWR+AE", "SYN+ACK+ECE", " ect0")]
#[case::none(on(), "SYN", "SYN+ACK", "")]
#[case::one_bit(on(), "SYN+ECE", "SYN+ACK", "")]
#[case::the_other_bit(on(), "SYN+CWR", "SYN+ACK", "")]
#[case::switched_off(Config::default(), "SYN+ECE+CWR", "SYN+ACK", "")]
fn answer_to_a_syn(
    #[case] config: Config,
    #[case] syn: &str,
    #[case] answer: &str,
    #[case] codepoint: &str,
) {
    let mut rig = Rig::new(World::default(), config);
    rig.listen();
    rig.peer(&format!("{syn} seq=0"), &format!("{answer} seq=0 ack=1"));
    rig.peer("ACK seq=1 ack=1", "-");
    rig.id = Some(rig.host.accept(80).unwrap());
    rig.write(5).unwrap();
    assert_eq!(rig.sent(), format!("PSH+ACK seq=1 ack=1 len=5{codepoint}"));
}

#[rstest]
#[case::taken("SYN+ACK+ECE", " ect0")]
#[case::not_taken("SYN+ACK", "")]
#[case::sent_back("SYN+ACK+ECE+CWR", "")]
#[case::nonsense("SYN+ACK+CWR", "")]
fn offer_of_ours(#[case] answer: &str, #[case] codepoint: &str) {
    let mut rig = Rig::new(World::default(), on());
    let remote = rig.remote();
    rig.id = Some(rig.host.connect(rig.now, 80, remote).unwrap());
    assert_eq!(rig.sent(), "SYN+ECE+CWR seq=0");
    rig.peer(&format!("{answer} seq=0 ack=1"), "ACK seq=1 ack=1");
    rig.write(5).unwrap();
    assert_eq!(rig.sent(), format!("PSH+ACK seq=1 ack=1 len=5{codepoint}"));
}

#[rstest]
#[case::until_the_peer_has_heard(&[
    ("ACK seq=1 ack=1 len=5 ce", "-"),
    ("ACK seq=6 ack=1 len=5", "ACK+ECE seq=1 ack=11"),
    ("ACK seq=11 ack=1 len=5", "-"),
    ("ACK seq=16 ack=1 len=5", "ACK+ECE seq=1 ack=21"),
    ("ACK+CWR seq=21 ack=1 len=5", "-"),
    ("ACK seq=26 ack=1 len=5", "ACK seq=1 ack=31"),
])]
#[case::again_after_that(&[
    ("ACK seq=1 ack=1 len=5 ce", "-"),
    ("ACK+CWR seq=6 ack=1 len=5 ce", "ACK+ECE seq=1 ack=11"),
])]
#[case::not_for_what_is_outside_the_window(&[
    ("ACK seq=-90 ack=1 len=5 ce", "ACK seq=1 ack=1"),
])]
fn marks_are_echoed(#[case] exchange: &[(&str, &str)]) {
    play(&mut established(), exchange);
}

#[test]
fn probe_of_a_closed_window_is_heard() {
    let config = Config {
        receive_buffer: 1000,
        ..on()
    };
    let mut rig = Rig::new(World::default(), config);
    rig.listen();
    rig.peer("SYN+ECE+CWR seq=0 mss=1000", "SYN+ACK+ECE seq=0 ack=1");
    rig.peer("ACK seq=1 ack=1", "-");
    rig.deliver("ACK seq=1 ack=1 len=500");
    rig.peer("ACK seq=501 ack=1 len=500", "ACK seq=1 ack=1001 win=0");
    rig.peer(
        "ACK seq=1001 ack=1 len=1 ce",
        "ACK+ECE seq=1 ack=1001 win=0",
    );
}

/// Ten segments in flight; each ACK with what it lets go.
#[rstest]
#[case::cwnd_is_halved_once(&[
    // 9 in flight, and room for 5.
    ("ACK+ECE seq=1 ack=1001", "-"),
    ("ACK+ECE seq=1 ack=5001", "-"),
    ("ACK+ECE seq=1 ack=6001", "ACK+CWR seq=10001 ack=1 len=1000 ect0"),
    ("ACK+ECE seq=1 ack=7001", "ACK seq=11001 ack=1 len=1000 ect0"),
    ("ACK+ECE seq=1 ack=10001", "ACK seq=12001 ack=1 len=1000 ect0; \
        ACK seq=13001 ack=1 len=1000 ect0; ACK seq=14001 ack=1 len=1000 ect0"),
])]
#[case::and_again_for_the_next_window(&[
    ("ACK+ECE seq=1 ack=10001", "ACK+CWR seq=10001 ack=1 len=1000 ect0; \
        ACK seq=11001 ack=1 len=1000 ect0; ACK seq=12001 ack=1 len=1000 ect0; \
        ACK seq=13001 ack=1 len=1000 ect0; ACK seq=14001 ack=1 len=1000 ect0"),
    ("ACK+ECE seq=1 ack=11001", "-"),
    ("ACK+ECE seq=1 ack=15001", "ACK+CWR seq=15001 ack=1 len=1000 ect0; \
        ACK seq=16001 ack=1 len=1000 ect0"),
])]
#[case::repeats_carry_neither(&[
    ("ACK+ECE seq=1 ack=1001", "-"),
    ("ACK seq=1 ack=1001", "-"), ("ACK seq=1 ack=1001", "-"),
    ("ACK seq=1 ack=1001", "ACK seq=1001 ack=1 len=1000"),
])]
fn echo_is_a_loss(#[case] exchange: &[(&str, &str)]) {
    let mut rig = established();
    rig.write(40_000).unwrap();
    assert_eq!(rig.sent().matches(" ect0").count(), 10);
    play(&mut rig, exchange);
}

#[test]
fn timeouts_and_probes_carry_neither() {
    let mut rig = established();
    rig.write(5).unwrap();
    rig.sent();
    assert_eq!(rig.next().1, "PSH+ACK seq=1 ack=1 len=5");
    rig.peer("ACK seq=1 ack=6 win=0", "-");
    rig.write(5).unwrap();
    assert_eq!(rig.next().1, "ACK seq=6 ack=1 len=1");
    assert_eq!(rig.state(), State::Established);
}

#[test]
fn nothing_new_before_the_timer_where_cwnd_is_one_segment() {
    let mut rig = established();
    rig.write(40_000).unwrap();
    rig.sent();
    rig.next();
    // cwnd is one segment; what is repeated is not new.
    rig.peer(
        "ACK+ECE seq=1 ack=10001",
        "ACK seq=10001 ack=1 len=1000 ect0",
    );
    rig.peer("ACK+ECE seq=1 ack=11001", "-");
    let (waited, sent) = rig.next();
    assert_eq!(
        (waited, sent.as_str()),
        (1000, "ACK+CWR seq=11001 ack=1 len=1000 ect0")
    );
}

/// RFC 3168 section 6.1.1.1: what is on the way may drop a SYN for its bits. If
/// the peer answers the first one after all, it may mark, and we do not ask for
/// marks.
#[rstest]
#[case::repeat_is_answered("SYN+ACK", "ACK")]
#[case::first_is_answered("SYN+ACK+ECE", "ACK+ECE")]
fn repeated_syn_does_without(#[case] answer: &str, #[case] ack_of_a_mark: &str) {
    let mut rig = Rig::new(World::default(), on());
    let id = rig.host.connect(rig.now, 80, rig.remote()).unwrap();
    rig.id = Some(id);
    assert_eq!(rig.sent(), "SYN+ECE+CWR seq=0");
    assert_eq!(rig.next().1, "SYN seq=0");
    rig.peer(&format!("{answer} seq=0 ack=1"), "ACK seq=1 ack=1");
    rig.write(1).unwrap();
    assert_eq!(rig.sent(), "PSH+ACK seq=1 ack=1 len=1", "no ECT");
    rig.peer("ACK seq=1 ack=2 len=5 ce", "-");
    assert_eq!(rig.next().1, format!("{ack_of_a_mark} seq=2 ack=6"));
}

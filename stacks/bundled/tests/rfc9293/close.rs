//! Closing: whole sequences, half-close, what `close` does with unread data,
//! and TIME-WAIT.

use std::time::Duration;

use rstest::rstest;
use tcpspec_bundled::{CloseKind, Config, Error};
use tcpspec_wire::State;

use crate::rig::{Rig, WORLDS, World, pattern};

fn rig(state: State) -> Rig {
    Rig::in_state(World::default(), Config::default(), state)
}

/// Segments in, replies out, and the states passed on the way.
#[rstest]
#[case::four_segments(&[("ACK seq=1 ack=2", "-"), ("FIN+ACK seq=1 ack=2", "ACK seq=2 ack=2")],
    "FIN-WAIT-2 TIME-WAIT")]
#[case::three_segments(&[("FIN+ACK seq=1 ack=2", "ACK seq=2 ack=2")], "FIN-WAIT-2 TIME-WAIT")]
#[case::simultaneous(&[("FIN+ACK seq=1 ack=1", "ACK seq=2 ack=2"), ("ACK seq=2 ack=2", "-")],
    "CLOSING TIME-WAIT")]
#[case::simultaneous_with_fin_repeated(
    &[("FIN+ACK seq=1 ack=1", "ACK seq=2 ack=2"), ("FIN+ACK seq=1 ack=2", "ACK seq=2 ack=2"),
      ("ACK seq=2 ack=2", "-")],
    "CLOSING TIME-WAIT")]
#[case::text_after_our_fin(
    &[("ACK seq=1 ack=2 len=10", "-"), ("FIN+ACK seq=11 ack=2", "ACK seq=2 ack=12")],
    "FIN-WAIT-2 TIME-WAIT")]
#[case::fin_before_the_text_it_follows(
    &[("FIN+ACK seq=11 ack=2", "ACK seq=2 ack=1"), ("ACK seq=1 ack=2 len=10", "ACK seq=2 ack=12")],
    "FIN-WAIT-2 TIME-WAIT")]
fn active_close_goes_the_way_of_the_rfc(#[case] exchange: &[(&str, &str)], #[case] states: &str) {
    for world in WORLDS {
        let mut rig = Rig::in_state(world, Config::default(), State::FinWait1);
        for (segment, reply) in exchange {
            rig.peer(segment, reply);
        }
        assert_eq!(rig.transitions(), states, "{world:?}");
    }
}

#[test]
fn passive_close_ends_with_the_ack_of_our_fin() {
    for world in WORLDS {
        let mut rig = Rig::in_state(world, Config::default(), State::CloseWait);
        assert_eq!(rig.write(5), Ok(5));
        assert_eq!(rig.sent(), "PSH+ACK seq=1 ack=2 len=5");
        rig.shutdown("FIN+ACK seq=6 ack=2");
        rig.peer("ACK seq=2 ack=6", "-");
        assert_eq!(rig.state(), State::LastAck);
        rig.peer("ACK seq=2 ack=7", "-");
        assert_eq!(rig.transitions(), "LAST-ACK CLOSED");
        assert_eq!(rig.read(1), Err(Error::Eof));
        assert_eq!(rig.write(1), Err(Error::Closed));
        rig.peer("FIN+ACK seq=1 ack=7", "RST seq=7");
    }
}

#[test]
fn half_close_goes_on_receiving() {
    let mut rig = rig(State::FinWait2);
    for at in 0..4 {
        let reply = [
            "-".to_owned(),
            format!("ACK seq=2 ack={}", 1 + (at + 1) * 100),
        ];
        rig.peer(
            &format!("ACK seq={} ack=2 len=100", 1 + at * 100),
            &reply[at % 2],
        );
    }
    assert_eq!(rig.read(1000).map(|octets| octets.len()), Ok(400));
    assert_eq!(rig.write(1), Err(Error::Closing));
}

#[test]
fn fin_waits_for_the_text_before_it() {
    let mut rig = rig(State::Established);
    assert_eq!(rig.write(2500), Ok(2500));
    assert_eq!(
        rig.sent(),
        "ACK seq=1 ack=1 len=1000; ACK seq=1001 ack=1 len=1000"
    );
    rig.shutdown("FIN+PSH+ACK seq=2001 ack=1 len=500");
    rig.peer("ACK seq=1 ack=2501", "-");
    assert_eq!(rig.state(), State::FinWait1);
    rig.peer("ACK seq=1 ack=2502", "-");
    assert_eq!(rig.state(), State::FinWait2);
}

#[test]
fn close_while_the_window_is_shut_enters_fin_wait_1_and_holds_the_fin() {
    let mut rig = rig(State::Established);
    rig.peer("ACK seq=1 ack=1 win=0", "-");
    rig.shutdown("-");
    assert_eq!(rig.state(), State::FinWait1);
    rig.peer("ACK seq=1 ack=1 win=10", "FIN+ACK seq=1 ack=1");
}

#[test]
fn text_is_read_before_the_end_of_it() {
    let mut rig = rig(State::Established);
    rig.peer("FIN+ACK seq=1 ack=1 len=5", "ACK seq=1 ack=7");
    assert_eq!(rig.read(3), Ok(pattern(3)));
    assert_eq!(rig.read(9).map(|octets| octets.len()), Ok(2));
    assert_eq!(rig.read(9), Err(Error::Eof));
}

#[test]
fn unread_text_outlives_an_orderly_end_but_no_reset() {
    let mut orderly = rig(State::Established);
    orderly.peer("FIN+ACK seq=1 ack=1 len=5", "ACK seq=1 ack=7");
    orderly.shutdown("FIN+ACK seq=1 ack=7");
    orderly.peer("ACK seq=7 ack=2", "-");
    assert_eq!(orderly.state(), State::Closed);
    assert_eq!(orderly.read(9), Ok(pattern(5)));
    assert_eq!(orderly.read(9), Err(Error::Eof));

    let mut reset = rig(State::Established);
    reset.peer("ACK seq=1 ack=1 len=5", "-");
    reset.peer("RST seq=6", "-");
    assert_eq!(reset.read(9), Err(Error::Reset));
    assert_eq!(reset.write(9), Err(Error::Reset));
}

/// What `close` does, by kind and by what is unread or arrives later.
#[rstest]
#[case::nothing_unread(CloseKind::HalfDuplex, None, "FIN+ACK seq=1 ack=1")]
#[case::unread_resets(CloseKind::HalfDuplex, Some("ACK seq=1 ack=1 len=5"), "RST seq=1")]
#[case::unread_before_fin_resets(
    CloseKind::HalfDuplex,
    Some("FIN+ACK seq=1 ack=1 len=5"),
    "RST seq=1"
)]
#[case::full_duplex_sends_fin(
    CloseKind::FullDuplex,
    Some("ACK seq=1 ack=1 len=5"),
    "FIN+ACK seq=1 ack=6"
)]
fn close_with_unread_text(
    #[case] close: CloseKind,
    #[case] unread: Option<&str>,
    #[case] sent: &str,
) {
    let config = Config {
        close,
        ..Config::default()
    };
    let mut rig = Rig::in_state(World::default(), config, State::Established);
    if let Some(segment) = unread {
        rig.deliver(segment);
        rig.sent();
    }
    rig.host.close(rig.now, rig.id()).unwrap();
    assert_eq!(rig.sent(), sent);
    assert_eq!(rig.read(1), Err(Error::Closed));
}

#[rstest]
#[case::half_duplex(CloseKind::HalfDuplex, "RST seq=2", "CLOSED")]
#[case::full_duplex(CloseKind::FullDuplex, "-", "")]
fn text_after_close(#[case] close: CloseKind, #[case] reply: &str, #[case] states: &str) {
    let config = Config {
        close,
        ..Config::default()
    };
    let mut rig = Rig::in_state(World::default(), config, State::Established);
    rig.host.close(rig.now, rig.id()).unwrap();
    rig.sent();
    rig.peer("ACK seq=1 ack=2", "-");
    rig.transitions();
    rig.peer("ACK seq=1 ack=2 len=5", reply);
    assert_eq!(rig.transitions(), states);
}

#[test]
fn full_duplex_close_opens_the_window_that_nobody_would_have_opened() {
    let config = Config {
        close: CloseKind::FullDuplex,
        receive_buffer: 1000,
        ..Config::default()
    };
    let mut rig = Rig::in_state(World::default(), config, State::Established);
    rig.deliver("ACK seq=1 ack=1 len=1000");
    rig.deliver("ACK seq=0 ack=1");
    assert_eq!(rig.sent(), "ACK seq=1 ack=1001 win=0");
    rig.host.close(rig.now, rig.id()).unwrap();
    assert_eq!(rig.sent(), "FIN+ACK seq=1 ack=1001");
}

#[test]
fn old_text_with_the_peers_fin_is_no_text_after_close() {
    let mut rig = rig(State::Established);
    rig.deliver("ACK seq=1 ack=1 len=5");
    rig.read(5).unwrap();
    rig.host.close(rig.now, rig.id()).unwrap();
    rig.sent();
    rig.peer("FIN+ACK seq=1 ack=2 len=5", "ACK seq=2 ack=7");
    assert_eq!(rig.transitions(), "FIN-WAIT-1 FIN-WAIT-2 TIME-WAIT");
}

#[test]
fn close_without_text_after_it_ends_in_order() {
    let mut rig = rig(State::Established);
    rig.host.close(rig.now, rig.id()).unwrap();
    assert_eq!(rig.sent(), "FIN+ACK seq=1 ack=1");
    rig.peer("ACK seq=1 ack=2", "-");
    rig.peer("FIN+ACK seq=1 ack=2", "ACK seq=2 ack=2");
    rig.wait(Duration::from_secs(240));
    assert_eq!(rig.transitions(), "FIN-WAIT-1 FIN-WAIT-2 TIME-WAIT CLOSED");
}

#[test]
fn time_wait_lasts_2_msl_and_a_repeated_fin_starts_them_again() {
    let mut rig = rig(State::TimeWait);
    // The prelude let 10 ms pass.
    assert_eq!(
        rig.host.poll_at().unwrap().since(rig.now).as_millis(),
        239_990
    );
    rig.wait(Duration::from_secs(100));
    rig.peer("FIN+ACK seq=1 ack=2", "ACK seq=2 ack=2");
    assert_eq!(rig.next(), (240_000, "-".to_owned()));
    assert_eq!(rig.transitions(), "CLOSED");
    rig.peer("FIN+ACK seq=1 ack=2", "RST seq=2");
}

#[rstest]
#[case::pure_ack("ACK seq=2 ack=2")]
#[case::rst_inside("RST seq=5")]
#[case::text("ACK seq=2 ack=2 len=5")]
#[case::fin_of_no_such_number("FIN+ACK seq=2 ack=2")]
#[case::old_syn("SYN seq=-1000000")]
fn time_wait_is_not_prolonged(#[case] segment: &str) {
    let mut rig = rig(State::TimeWait);
    let end = rig.host.poll_at();
    rig.deliver(segment);
    assert_eq!(rig.host.poll_at(), end);
    assert_eq!(rig.state(), State::TimeWait);
}

/// RFC 9293 section 3.5.1: the peer has forgotten the connection.
#[test]
fn half_open_connection_is_found_by_the_peers_syn() {
    let mut rig = rig(State::Established);
    rig.peer("SYN seq=500000", "ACK seq=1 ack=1");
    rig.peer("RST seq=1", "-");
    assert_eq!(rig.read(1), Err(Error::Reset));
    rig.peer("SYN seq=500000", "SYN+ACK seq=0 ack=500001");
}

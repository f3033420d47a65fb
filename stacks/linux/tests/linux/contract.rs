//! Every state, seen by the kernel's own account, and every way between them
//! that needs no waiting.

use rstest::rstest;
use tcpspec_connector::{Next, StackUnderTest};
use tcpspec_wire::{Packet, SeqNumber, State, TcpOption};

use crate::trial::{ACK, FIN, PSH, RST, SYN, Trial, close, segment};

#[rstest]
fn listen_syn_ack_established(#[values(4, 6)] version: u8) {
    let Some(mut trial) = Trial::open(version) else {
        return;
    };
    trial.listen();
    trial.inject(SYN).expect(State::SynReceived, &[SYN | ACK]);
    trial.inject(ACK).expect(State::Established, &[]);
    trial.inject(RST).expect(State::Closed, &[]);
}

#[rstest]
fn syn_received_reset_goes_back_to_listen(#[values(4, 6)] version: u8) {
    let Some(mut trial) = Trial::open(version) else {
        return;
    };
    trial.listen().inject(SYN);
    trial.inject(RST).expect(State::Listen, &[]);
    trial.seq = SeqNumber::new(1000);
    trial.inject(SYN).expect(State::SynReceived, &[SYN | ACK]);
    trial.call(&close("L")).expect_state(State::Closed);
}

#[rstest]
fn connect_syn_ack_established(#[values(4, 6)] version: u8) {
    let Some(mut trial) = Trial::open(version) else {
        return;
    };
    trial.connect().expect(State::SynSent, &[SYN]);
    trial.inject(SYN | ACK).expect(State::Established, &[ACK]);
}

#[rstest]
fn connect_crossing_syn_goes_through_syn_received(#[values(4, 6)] version: u8) {
    let Some(mut trial) = Trial::open(version) else {
        return;
    };
    trial.connect().expect(State::SynSent, &[SYN]);
    trial.inject(SYN).expect(State::SynReceived, &[SYN | ACK]);
    trial.inject(ACK).expect_state(State::Established);
}

#[rstest]
fn fin_received_then_close_goes_through_last_ack(#[values(4, 6)] version: u8) {
    let Some(mut trial) = Trial::open(version) else {
        return;
    };
    trial.establish();
    trial.inject(FIN | ACK).expect_state(State::CloseWait);
    trial.close().expect(State::LastAck, &[FIN | ACK]);
    trial.inject(ACK).expect(State::Closed, &[]);
}

#[rstest]
#[case::descriptor_held("shutdown")]
#[case::orphaned("close")]
fn closing_first_goes_through_fin_wait_to_time_wait(
    #[case] end: &str,
    #[values(4, 6)] version: u8,
) {
    let Some(mut trial) = Trial::open(version) else {
        return;
    };
    trial.establish();
    trial.play(end).expect(State::FinWait1, &[FIN | ACK]);
    trial.inject(ACK).expect(State::FinWait2, &[]);
    trial.inject(FIN | ACK).expect(State::TimeWait, &[ACK]);
    assert_eq!(trial.last.next, Next::Unknown);
}

#[rstest]
#[case::descriptor_held("shutdown")]
#[case::orphaned("close")]
fn crossing_fins_go_through_closing(#[case] end: &str, #[values(4, 6)] version: u8) {
    let Some(mut trial) = Trial::open(version) else {
        return;
    };
    trial.establish();
    let before = trial.ack;
    trial.play(end).expect(State::FinWait1, &[FIN | ACK]);
    trial.ack = before;
    trial.inject(FIN | ACK).expect(State::Closing, &[ACK]);
    trial.inject(ACK).expect(State::TimeWait, &[]);
}

#[rstest]
fn no_listener_answers_by_reset(#[values(4, 6)] version: u8) {
    let Some(mut trial) = Trial::open(version) else {
        return;
    };
    assert_eq!(trial.inject(SYN).flags(), [RST | ACK]);
    assert_eq!(trial.inject(ACK).flags(), [RST]);
    assert_eq!(trial.inject(RST).flags(), []);
    assert_eq!(trial.last.next, Next::Never);
}

#[rstest]
fn equal_resets_in_the_window_are_each_challenged(#[values(4, 6)] version: u8) {
    let Some(mut trial) = Trial::open(version) else {
        return;
    };
    trial.establish();
    let seq = trial.seq;
    for _ in 0..4 {
        trial.seq = seq + 1;
        trial.inject(RST).expect(State::Established, &[ACK]);
    }
}

#[rstest]
fn wrong_checksum_gets_silence(#[values(4, 6)] version: u8) {
    let Some(mut trial) = Trial::open(version) else {
        return;
    };
    trial.listen();
    let template = tcpspec_wire::Segment {
        src_port: crate::trial::REMOTE,
        dst_port: crate::trial::LOCAL,
        flags: SYN,
        ..Default::default()
    };
    let mut packet = Packet::tcp(trial.setup.peer, trial.setup.stack, template).encode();
    *packet.last_mut().unwrap() ^= 1;
    assert_eq!(trial.inject_octets(packet).flags(), []);
    assert_eq!(trial.state, None);
}

#[rstest]
#[case::nothing(vec![])]
#[case::one_octet(vec![0x45])]
#[case::unknown_version(vec![0x5f; 40])]
#[case::random(vec![0xa7; 1500])]
#[case::longest(vec![0x45; 65_535])]
fn octets_that_are_no_packet_do_no_harm(#[case] packet: Vec<u8>, #[values(4, 6)] version: u8) {
    let Some(mut trial) = Trial::open(version) else {
        return;
    };
    trial.listen();
    assert_eq!(trial.inject_octets(packet).last.tx, []);
    trial.inject(SYN).expect(State::SynReceived, &[SYN | ACK]);
}

#[rstest]
#[case::v4(4, 536)]
#[case::v6(6, 1220)]
fn mtu_of_the_setup_shows_in_the_mss(#[case] version: u8, #[case] mss: u16) {
    let Some(mut trial) = Trial::open(version) else {
        return;
    };
    trial.setup.mtu = mss + if version == 4 { 40 } else { 60 };
    trial.reopen().listen();
    trial.inject(SYN);
    let options = segment(&trial.last.tx[0]).options;
    assert!(options.contains(&TcpOption::Mss(mss)), "{options:?}");
}

/// What a trial may leave behind, each of which would answer in the next.
#[rstest]
#[case::half_open("listen SYN")]
#[case::established("listen SYN ACK")]
#[case::accepted("establish")]
#[case::syn_sent("connect")]
#[case::orphan_in_fin_wait_1("establish close")]
#[case::orphan_in_time_wait("establish close FIN+ACK")]
#[case::foreign_packet("foreign")]
fn open_again_forgets_everything(#[case] leave: &str, #[values(4, 6)] version: u8) {
    let Some(mut trial) = Trial::open(version) else {
        return;
    };
    trial.play(leave).reopen();
    trial.inject(ACK);
    assert_eq!(trial.flags(), [RST]);
    trial.reopen().establish().expect_state(State::Established);
    trial.inject_data(PSH | ACK, b"ab");
    assert_eq!(trial.state, Some(State::Established));
}

#[test]
fn a_stack_serves_both_versions_and_any_size_by_turns() {
    let Some(mut trial) = Trial::open(4) else {
        return;
    };
    for (version, mtu) in [(6, 1500), (4, 1500), (4, 576), (6, 1280), (4, 9000)] {
        trial.setup = crate::trial::setup(version);
        trial.setup.mtu = mtu;
        trial.reopen().establish().expect_state(State::Established);
    }
}

#[test]
fn hello_names_the_kernel() {
    let stack = tcpspec_linux::LinuxStack::new(tcpspec_linux::Settings::from_env());
    let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap();
    assert_eq!(stack.hello().version, release.trim());
}

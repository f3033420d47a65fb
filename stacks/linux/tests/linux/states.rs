//! The log of states: exact where the kernel lets it be read, by looking after
//! each step elsewhere.

use rstest::rstest;
use tcpspec_connector::StackUnderTest;
use tcpspec_linux::{LinuxStack, Settings};
use tcpspec_wire::State::{
    self, CloseWait, Closed, Closing, Established, FinWait1, FinWait2, LastAck, Listen,
    SynReceived, SynSent, TimeWait,
};
use tcpspec_wire::{Capability, Instant};

use crate::trial::{ACK, FIN, Trial};

fn settings(state_log: bool) -> Settings {
    Settings {
        state_log,
        ..Settings::from_env()
    }
}

/// Whether this process may read the log. Said where it may not.
fn may_read_the_log() -> bool {
    let stack = LinuxStack::new(settings(true));
    let may = stack.hello().capabilities.contains(&Capability::StateLog);
    if !may {
        eprintln!("skipped: the log of state changes cannot be read here");
    }
    may
}

#[track_caller]
fn check(state_log: bool, version: u8, script: &str, expected: &[State]) {
    let Some(mut trial) = Trial::open_with(settings(state_log), version) else {
        return;
    };
    trial.play(script);
    assert_eq!(trial.states, expected);
}

#[rstest]
#[case::closed_by_the_peer(
    "establish FIN+ACK close ACK",
    &[SynReceived, Established, CloseWait, LastAck, Closed]
)]
#[case::crossing_fins(
    "establish shutdown crossing-FIN ACK",
    &[SynReceived, Established, FinWait1, Closing, TimeWait]
)]
#[case::active("connect SYN+ACK", &[SynSent, Established])]
#[case::crossing_syns("connect SYN ACK", &[SynSent, SynReceived, Established])]
#[case::reset_half_open("listen SYN RST", &[SynReceived, Listen])]
#[case::aborted("establish abort", &[SynReceived, Established, Closed])]
fn one_change_at_a_time_is_seen_either_way(
    #[case] script: &str,
    #[case] expected: &[State],
    #[values(false, true)] state_log: bool,
    #[values(4, 6)] version: u8,
) {
    if !state_log || may_read_the_log() {
        check(state_log, version, script, expected);
    }
}

/// One segment acknowledges the FIN and carries the peer's.
#[rstest]
#[case::descriptor_held("establish shutdown FIN+ACK")]
#[case::orphaned("establish close FIN+ACK")]
fn two_changes_by_one_segment_are_both_logged(#[case] script: &str, #[values(4, 6)] version: u8) {
    let way = [SynReceived, Established, FinWait1, FinWait2, TimeWait];
    let seen = [SynReceived, Established, FinWait1, TimeWait];
    check(false, version, script, &seen);
    if may_read_the_log() {
        check(true, version, script, &way);
    }
}

/// The remnant of a connection gives way to another one on the same ports.
#[rstest]
fn a_syn_in_time_wait_opens_again(
    #[values(false, true)] state_log: bool,
    #[values(4, 6)] version: u8,
) {
    let Some(mut trial) = Trial::open_with(settings(state_log), version) else {
        return;
    };
    trial.play("establish shutdown FIN+ACK");
    trial.states.clear();
    trial.seq += 1;
    trial.play("SYN ACK accept FIN+ACK");
    assert_eq!(trial.states, [SynReceived, Established, CloseWait]);
}

#[rstest]
fn packets_delivered_together_are_looked_at_one_by_one(#[values(false, true)] state_log: bool) {
    let Some(mut trial) = Trial::open_with(settings(state_log), 4) else {
        return;
    };
    trial.play("establish shutdown");
    let packets = [ACK, FIN | ACK].map(|flags| trial.packet(flags, &[]));
    let reply = trial.stack.deliver(&packets).unwrap();
    let states: Vec<State> = reply.states.iter().map(|change| change.state).collect();
    assert_eq!(states, [FinWait2, TimeWait]);
    let times: Vec<Instant> = reply.states.iter().map(|change| change.at).collect();
    assert!(times.is_sorted(), "{times:?}");
}

#[test]
fn what_the_log_is_switched_off_for_is_not_declared() {
    let stack = LinuxStack::new(settings(false));
    let capabilities = &stack.hello().capabilities;
    assert!(capabilities.contains(&Capability::State));
    assert!(!capabilities.contains(&Capability::StateLog));
}

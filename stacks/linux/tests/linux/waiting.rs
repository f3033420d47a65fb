//! Time that passes: what the kernel's timers send, in a thread and as tasks.

use std::time::Duration;

use rstest::rstest;
use tcpspec_connector::{StackError, StackUnderTest, Stop};
use tcpspec_linux::{LinuxStack, Settings};
use tcpspec_wire::{Instant, State};
use tokio::runtime::{Builder, Runtime};

use crate::trial::{ACK, SYN, Trial};

const LONG: Instant = Instant::from_millis(5000);

/// The retransmission of a SYN-ACK is the same to the octet, so it shows that
/// each packet gets its own time stamp.
#[rstest]
#[case::syn("connect", State::SynSent)]
#[case::syn_ack("listen SYN", State::SynReceived)]
fn run_stops_at_a_retransmission(
    #[case] way: &str,
    #[case] state: State,
    #[values(4, 6)] version: u8,
) {
    let Some(mut trial) = Trial::open(version) else {
        return;
    };
    trial.play(way);
    let (sent, flags) = (trial.last.tx[0].at, trial.flags());
    trial.run(LONG, Stop::FirstPacket).expect(state, &flags);
    let profile = trial.stack.hello().profile;
    let (first, waited) = (profile.rto_initial, trial.last.tx[0].at.since(sent));
    let latest = first + profile.lateness.of(first) + profile.clock_error;
    assert!(
        (first - profile.clock_error..=latest).contains(&waited),
        "{waited:?}"
    );
    assert!(trial.last.now < LONG);
}

#[rstest]
fn run_to_the_end_goes_on_after_a_packet(#[values(4, 6)] version: u8) {
    let Some(mut trial) = Trial::open(version) else {
        return;
    };
    trial.listen().inject(SYN);
    let until = trial.last.now + Duration::from_millis(1300);
    trial.run(until, Stop::AtEnd);
    trial.expect(State::SynReceived, &[SYN | ACK]);
    assert!(trial.last.now >= until);
}

#[rstest]
#[case::past(Duration::ZERO)]
#[case::future(Duration::from_millis(20))]
fn run_in_silence_ends_when_the_time_is_up(#[case] wait: Duration) {
    let Some(mut trial) = Trial::open(4) else {
        return;
    };
    let until = trial.listen().last.now + wait;
    for stop in [Stop::FirstPacket, Stop::FirstChange, Stop::AtEnd] {
        trial.run(until, stop);
        assert_eq!((trial.flags(), trial.state), (vec![], None));
        assert!(trial.last.now >= until);
        let began = trial.last.now;
        let until = began + wait;
        let reply = runtime().block_on(trial.stack.run_async(until, stop));
        let reply = reply.unwrap();
        assert_eq!((&reply.tx[..], &reply.states[..]), (&[][..], &[][..]));
        assert!(reply.now >= until);
        assert_eq!(reply.late, reply.now.since(until.max(began)));
    }
}

/// The harness does something else between two things that were to be done at
/// once.
#[test]
fn a_harness_that_dawdles_is_late() {
    let Some(mut trial) = Trial::open(4) else {
        return;
    };
    let began = trial.listen().last.now;
    let (mut other, dawdled) = (Trial::open(4).unwrap(), Duration::from_millis(3));
    other.run(Instant::ZERO + dawdled, Stop::AtEnd);
    trial.inject(SYN).expect(State::SynReceived, &[SYN | ACK]);
    assert!(trial.last.late >= dawdled, "{:?}", trial.last);
    assert!(trial.last.late <= trial.last.now.since(began));
}

#[test]
fn run_before_open_is_an_error_of_the_environment() {
    let mut stack = LinuxStack::new(Settings::from_env());
    let refused = stack.run(LONG, Stop::AtEnd);
    assert!(matches!(refused, Err(StackError::Environment(_))));
}

/// All of them wait one second; one after the other they would take a minute.
#[test]
fn many_trials_wait_as_tasks_of_one_thread() {
    if Trial::open(4).is_none() {
        return;
    }
    let local = tokio::task::LocalSet::new();
    let trials = (0..60).map(|_| local.spawn_local(one_retransmission()));
    let trials: Vec<_> = trials.collect();
    let retransmitted = runtime().block_on(local.run_until(async {
        let mut count = 0;
        for trial in trials {
            count += usize::from(trial.await.unwrap() < LONG);
        }
        count
    }));
    assert_eq!(retransmitted, 60);
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// When the trial was over.
async fn one_retransmission() -> Instant {
    let mut trial = Trial::open(4).unwrap();
    trial.connect();
    let reply = trial.stack.run_async(LONG, Stop::FirstPacket).await;
    let reply = reply.unwrap();
    assert_eq!(reply.tx.len(), 1);
    reply.now
}

//! The limit on challenge ACKs (RFC 5961 section 7), and on answers that could
//! go to and fro for ever (RFC 1337 section 2.3).

use std::time::Duration;

use rstest::rstest;
use tcpspec_bundled::{BlindAttacks, ChallengeLimit, Config};
use tcpspec_wire::State;

use crate::rig::{Rig, World};

const TWO_A_SECOND: Option<ChallengeLimit> = Some(ChallengeLimit {
    count: 2,
    per: Duration::from_secs(1),
});

fn answers(rig: &mut Rig, segment: &str, times: usize) -> usize {
    let answered = |_: &usize| {
        rig.deliver(segment);
        rig.sent() != "-"
    };
    (0..times).filter(answered).count()
}

#[rstest]
#[case::rst_in_window("RST seq=2", TWO_A_SECOND, 2)]
#[case::syn("SYN seq=100000", TWO_A_SECOND, 2)]
#[case::syn_in_window("SYN seq=5", TWO_A_SECOND, 2)]
#[case::stale_ack("ACK seq=1 ack=-1000000", TWO_A_SECOND, 2)]
#[case::empty_outside("ACK seq=-9 ack=1", TWO_A_SECOND, 2)]
#[case::ack_of_the_unsent("ACK seq=1 ack=100", TWO_A_SECOND, 2)]
#[case::text_outside("ACK seq=-9 ack=1 len=5", TWO_A_SECOND, 5)]
#[case::rst_without_limit("RST seq=2", None, 5)]
fn five_at_once_are_answered(
    #[case] segment: &str,
    #[case] challenge_limit: Option<ChallengeLimit>,
    #[case] answered: usize,
) {
    let config = Config {
        challenge_limit,
        ..Config::default()
    };
    let mut rig = Rig::in_state(World::default(), config, State::Established);
    assert_eq!(answers(&mut rig, segment, 5), answered);
    rig.wait(Duration::from_secs(1));
    assert!(answers(&mut rig, segment, 1) == 1, "after the period");
}

#[test]
fn limit_of_one_connection_is_not_another_ones() {
    let config = Config {
        challenge_limit: TWO_A_SECOND,
        ..Config::default()
    };
    let mut rig = Rig::in_state(World::default(), config, State::Established);
    assert_eq!(answers(&mut rig, "RST seq=2", 3), 2);
    rig.use_port(40_001);
    rig.peer("SYN seq=0 mss=1000", "SYN+ACK seq=0 ack=1");
    rig.peer("ACK seq=1 ack=1", "-");
    assert_eq!(answers(&mut rig, "RST seq=2", 3), 2);
}

/// What RFC 793 does where RFC 5961 is switched off: a RST and a SYN in the
/// window end the connection, and no ACK is too old to go on.
#[rstest]
#[case::rst("RST seq=n+1", "-", "CLOSED")]
#[case::rst_outside("RST seq=n-1", "-", "")]
#[case::syn("SYN seq=n", "RST+ACK seq=0 ack=n+1", "CLOSED")]
#[case::syn_with_ack("SYN+ACK seq=n+5 ack=u", "RST seq=u", "CLOSED")]
#[case::syn_outside("SYN seq=n-9", "ACK seq=u ack=n", "")]
#[case::stale_ack_with_text("PSH+ACK seq=n ack=a-1000000 len=2000", "ACK seq=u ack=n+2000", "")]
fn without_challenges_the_segment_does_its_work(
    #[case] segment: &str,
    #[case] reply: &str,
    #[case] entered: &str,
) {
    let config = Config {
        blind_attacks: BlindAttacks {
            rst: false,
            syn: false,
            ack: false,
        },
        ack_delay: Duration::ZERO,
        ..Config::default()
    };
    for state in [State::Established, State::FinWait1, State::FinWait2] {
        let mut rig = Rig::in_state(World::default(), config.clone(), state);
        let reply = rig.plain(reply);
        rig.peer(segment, &reply);
        assert_eq!(rig.transitions(), entered, "{state}");
    }
}

//! Oracle of segments against states: every synchronized state, SYN-RECEIVED
//! of both kinds, SYN-SENT, LISTEN and CLOSED, each in every world.

use rstest::rstest;
use tcpspec_bundled::Config;
use tcpspec_wire::State;

use crate::rig::{Rig, WORLDS};

/// The columns of the table.
const SYNCHRONIZED: [State; 7] = [
    State::Established,
    State::FinWait1,
    State::FinWait2,
    State::CloseWait,
    State::Closing,
    State::LastAck,
    State::TimeWait,
];

/// Delivers `segment` and holds reply and transitions to `outcome`: the reply,
/// then, behind `>`, the states entered.
#[track_caller]
fn check(rig: &mut Rig, segment: &str, outcome: &str, label: &str) {
    let (reply, entered) = outcome.split_once('>').unwrap_or((outcome, ""));
    let reply = rig.plain(reply.trim());
    rig.deliver(segment);
    assert_eq!(rig.sent(), reply, "{label}: {segment}");
    assert_eq!(rig.transitions(), entered.trim(), "{label}: {segment}");
}

const ACK: &str = "ACK seq=u ack=n";

#[rstest]
#[case::rst_exact("RST seq=n", ["- > CLOSED"; 7])]
#[case::rst_exact_whatever_else("SYN+FIN+RST+ACK seq=n ack=u+100 len=9", ["- > CLOSED"; 7])]
#[case::rst_next("RST seq=n+1", [ACK; 7])]
#[case::rst_inside("RST seq=n+w-1", [ACK; 7])]
#[case::rst_left("RST seq=n-1", ["-"; 7])]
#[case::rst_left_with_text_reaching_in("RST seq=n-1 len=20", ["-"; 7])]
#[case::rst_edge("RST seq=n+w", ["-"; 7])]
#[case::syn_exact("SYN seq=n", [ACK; 7])]
#[case::syn_inside("SYN seq=n+10", [ACK; 7])]
#[case::syn_left("SYN seq=n-100", [ACK; 7])]
#[case::syn_far("SYN seq=n+1000000", [ACK; 7])]
#[case::syn_ack_repeated("SYN+ACK seq=0 ack=1", [ACK; 7])]
#[case::syn_ack_inside("SYN+ACK seq=n+10 ack=u len=7", [ACK; 7])]
#[case::empty_left("ACK seq=n-1 ack=u", [ACK; 7])]
#[case::empty_edge("ACK seq=n+w ack=u", [ACK; 7])]
#[case::text_left("ACK seq=n-5 ack=u len=5", [ACK; 7])]
#[case::text_right("ACK seq=n+w ack=u len=5", [ACK; 7])]
#[case::fin_far("FIN+ACK seq=n+1000000 ack=u", [ACK; 7])]
#[case::unacceptable_without_ack("PSH seq=n-5 len=5", [ACK; 7])]
#[case::nothing_set("none seq=n", ["-"; 7])]
#[case::text_without_ack("PSH seq=n len=5", ["-"; 7])]
#[case::fin_without_ack("FIN seq=n", ["-"; 7])]
#[case::ack_future("ACK seq=n ack=u+1", [ACK; 7])]
#[case::ack_future_with_text_and_fin("FIN+ACK seq=n ack=u+1 len=5", [ACK; 7])]
#[case::ack_stale("ACK seq=n ack=a-1000000", [ACK; 7])]
#[case::ack_stale_with_text("FIN+ACK seq=n ack=a-1000000 len=5", [ACK; 7])]
#[case::ack_old("ACK seq=n ack=a-10", ["-"; 7])]
#[case::ack_duplicate("ACK seq=n ack=a", ["-"; 7])]
#[case::urgent_without_text("ACK+URG seq=n ack=a urg=5", ["-"; 7])]
#[case::ack_of_everything("ACK seq=n ack=u",
    ["-", "- > FIN-WAIT-2", "-", "-", "- > TIME-WAIT", "- > CLOSED", "-"])]
#[case::text_in_order("ACK seq=n ack=a len=5", ["-", "-", "-", "-", "-", "-", ACK])]
#[case::text_beyond_gap("ACK seq=n+10 ack=a len=5", [ACK, ACK, ACK, "-", "-", "-", ACK])]
#[case::fin_beyond_gap("FIN+ACK seq=n+10 ack=a", [ACK, ACK, ACK, "-", "-", "-", ACK])]
#[case::fin_repeated("FIN+ACK seq=n-1 ack=a", [ACK; 7])]
#[case::fin_in_order("FIN+ACK seq=n ack=a", [
    "ACK seq=u ack=n+1 > CLOSE-WAIT",
    "ACK seq=u ack=n+1 > CLOSING",
    "ACK seq=u ack=n+1 > TIME-WAIT",
    "-", "-", "-", ACK,
])]
#[case::fin_with_ack_of_everything("FIN+ACK seq=n ack=u", [
    "ACK seq=u ack=n+1 > CLOSE-WAIT",
    "ACK seq=u ack=n+1 > FIN-WAIT-2 TIME-WAIT",
    "ACK seq=u ack=n+1 > TIME-WAIT",
    "-", "ACK seq=u ack=n > TIME-WAIT", "- > CLOSED", ACK,
])]
#[case::fin_with_text("FIN+ACK seq=n ack=a len=5", [
    "ACK seq=u ack=n+6 > CLOSE-WAIT",
    "ACK seq=u ack=n+6 > CLOSING",
    "ACK seq=u ack=n+6 > TIME-WAIT",
    "-", "-", "-", ACK,
])]
fn synchronized_segment_outcome(#[case] segment: &str, #[case] outcomes: [&str; 7]) {
    // Opening anew is `time_wait`'s subject.
    let mut config = Config::default();
    config.time_wait.reuse = false;
    for (state, outcome) in SYNCHRONIZED.into_iter().zip(outcomes) {
        for world in WORLDS {
            let mut rig = Rig::in_state(world, config.clone(), state);
            check(&mut rig, segment, outcome, &format!("{state} in {world:?}"));
            if !outcome.contains('>') {
                assert_eq!(rig.state(), state);
            }
        }
    }
}

/// What must not have had an effect has none: the connection goes on as if the
/// segment had never come.
#[rstest]
fn bad_segment_leaves_the_connection_unharmed(
    #[values(
        "RST seq=n+1",
        "RST seq=n-1",
        "SYN seq=n",
        "SYN+ACK seq=0 ack=1",
        "ACK seq=n ack=u+1 len=5",
        "PSH seq=n len=5",
        "ACK seq=n ack=a-1000000 len=5",
        "FIN+ACK seq=n+w ack=u"
    )]
    bad: &str,
    #[values(
        (State::Established, "ACK seq=u ack=n+6 > CLOSE-WAIT"),
        (State::FinWait1, "ACK seq=u ack=n+6 > FIN-WAIT-2 TIME-WAIT"),
        (State::FinWait2, "ACK seq=u ack=n+6 > TIME-WAIT")
    )]
    (state, good): (State, &str),
) {
    for world in WORLDS {
        let mut rig = Rig::in_state(world, Config::default(), state);
        rig.deliver(bad);
        rig.sent();
        rig.transitions();
        check(
            &mut rig,
            "FIN+ACK seq=n ack=u len=5",
            good,
            &format!("{state} after {bad}"),
        );
        assert_eq!(rig.read(10), Ok(crate::rig::pattern(5)));
    }
}

#[rstest]
#[case::rst("RST seq=0", "-")]
#[case::rst_ack("RST+ACK seq=0 ack=1", "-")]
#[case::rst_syn("SYN+RST seq=0", "-")]
#[case::ack("ACK seq=0 ack=77", "RST seq=77")]
#[case::syn_ack("SYN+ACK seq=0 ack=77", "RST seq=77")]
#[case::fin_ack("FIN+ACK seq=5 ack=77 len=3", "RST seq=77")]
#[case::syn("SYN seq=0", "SYN+ACK seq=0 ack=1 > SYN-RECEIVED")]
#[case::syn_with_text("SYN seq=0 len=10", "SYN+ACK seq=0 ack=1 > SYN-RECEIVED")]
#[case::syn_fin("SYN+FIN seq=0", "SYN+ACK seq=0 ack=1 > SYN-RECEIVED")]
#[case::syn_with_other_bits(
    "SYN+PSH+URG+ECE+CWR seq=0 ack=99",
    "SYN+ACK seq=0 ack=1 > SYN-RECEIVED"
)]
#[case::none("none seq=0", "-")]
#[case::fin("FIN seq=0", "-")]
#[case::text("PSH seq=0 len=4", "-")]
fn listen_segment_outcome(#[case] segment: &str, #[case] outcome: &str) {
    for world in WORLDS {
        let mut rig = Rig::in_state(world, Config::default(), State::Listen);
        check(&mut rig, segment, outcome, &format!("{world:?}"));
    }
}

#[rstest]
#[case::rst("RST seq=3", "-")]
#[case::rst_ack("RST+ACK seq=3 ack=9", "-")]
#[case::syn("SYN seq=3", "RST+ACK seq=0 ack=4")]
#[case::syn_fin_text("SYN+FIN seq=3 len=10", "RST+ACK seq=0 ack=15")]
#[case::none("none seq=3", "RST+ACK seq=0 ack=3")]
#[case::ack("ACK seq=3 ack=9", "RST seq=9")]
#[case::syn_ack("SYN+ACK seq=3 ack=9", "RST seq=9")]
fn closed_segment_outcome(#[case] segment: &str, #[case] outcome: &str) {
    for world in WORLDS {
        let mut rig = Rig::in_state(world, Config::default(), State::Closed);
        check(&mut rig, segment, outcome, &format!("{world:?}"));
    }
}

#[rstest]
#[case::ack_of_iss("ACK seq=5 ack=0", "RST seq=0")]
#[case::ack_above("ACK seq=5 ack=2", "RST seq=2")]
#[case::ack_below("SYN+ACK seq=0 ack=-5", "RST seq=-5")]
#[case::rst_with_bad_ack("RST+ACK seq=0 ack=2", "-")]
#[case::rst_with_good_ack("RST+ACK seq=12345 ack=1", "- > CLOSED")]
#[case::rst_without_ack("RST seq=0", "-")]
#[case::syn_rst_with_good_ack("SYN+RST+ACK seq=0 ack=1", "- > CLOSED")]
#[case::syn_ack("SYN+ACK seq=0 ack=1", "ACK seq=1 ack=1 > ESTABLISHED")]
#[case::syn_ack_text("SYN+ACK seq=0 ack=1 len=5", "ACK seq=1 ack=6 > ESTABLISHED")]
#[case::syn_ack_fin(
    "SYN+FIN+ACK seq=0 ack=1 len=5",
    "ACK seq=1 ack=7 > ESTABLISHED CLOSE-WAIT"
)]
#[case::syn("SYN seq=0", "SYN+ACK seq=0 ack=1 > SYN-RECEIVED")]
#[case::syn_with_text("SYN+FIN seq=0 len=5", "SYN+ACK seq=0 ack=1 > SYN-RECEIVED")]
#[case::ack_alone("ACK seq=0 ack=1", "-")]
#[case::fin_ack("FIN+ACK seq=0 ack=1 len=5", "-")]
#[case::none("none seq=0", "-")]
fn syn_sent_segment_outcome(#[case] segment: &str, #[case] outcome: &str) {
    for world in WORLDS {
        let mut rig = Rig::in_state(world, Config::default(), State::SynSent);
        check(&mut rig, segment, outcome, &format!("{world:?}"));
    }
}

/// Outcomes for SYN-RECEIVED after a passive and after an active open.
#[rstest]
#[case::rst_exact("RST seq=1", "- > LISTEN", "- > CLOSED")]
#[case::rst_inside("RST seq=2", "ACK seq=1 ack=1", "ACK seq=1 ack=1")]
#[case::rst_left("RST seq=0", "-", "-")]
#[case::rst_edge("RST seq=n+w", "-", "-")]
#[case::syn_repeated("SYN seq=0", "ACK seq=1 ack=1", "ACK seq=1 ack=1")]
#[case::syn_inside("SYN seq=5", "- > LISTEN", "ACK seq=1 ack=1")]
#[case::syn_far("SYN seq=1000000", "ACK seq=1 ack=1", "ACK seq=1 ack=1")]
#[case::syn_ack_of_the_peer("SYN+ACK seq=0 ack=1", "ACK seq=1 ack=1", "ACK seq=1 ack=1")]
#[case::unacceptable("ACK seq=0 ack=1", "ACK seq=1 ack=1", "ACK seq=1 ack=1")]
#[case::no_ack("PSH seq=1 len=5", "-", "-")]
#[case::ack_of_iss("ACK seq=1 ack=0", "RST seq=0", "RST seq=0")]
#[case::ack_above("FIN+ACK seq=1 ack=2 len=5", "RST seq=2", "RST seq=2")]
#[case::ack("ACK seq=1 ack=1", "- > ESTABLISHED", "- > ESTABLISHED")]
#[case::ack_with_fin(
    "FIN+ACK seq=1 ack=1 len=5",
    "ACK seq=1 ack=7 > ESTABLISHED CLOSE-WAIT",
    "ACK seq=1 ack=7 > ESTABLISHED CLOSE-WAIT"
)]
fn syn_received_segment_outcome(
    #[case] segment: &str,
    #[case] passive: &str,
    #[case] active: &str,
) {
    for world in WORLDS {
        let mut rig = Rig::in_state(world, Config::default(), State::SynReceived);
        check(&mut rig, segment, passive, &format!("passive, {world:?}"));
        let mut rig = Rig::simultaneous(world);
        check(&mut rig, segment, active, &format!("active, {world:?}"));
    }
}

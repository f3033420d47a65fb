//! The transition table and its picture, both pinned: a change of the machine is
//! a change of these files. The two OPENs are not in them: they make a
//! connection and change none.

mod drawing;

use std::collections::BTreeSet;

use super::*;
use crate::config::Config;
use tcpspec_wire::{SeqNumber, WindowScale};

const ISS: SeqNumber = SeqNumber::new(100);

fn snd() -> Box<Sender> {
    Box::new(Sender::new(ISS, &Config::default()))
}

fn rcv() -> Box<Receiver> {
    Box::new(Receiver::new(ISS, 1460, 1000, WindowScale::NONE))
}

/// Every phase, with the name that tells the two kinds of SYN-RECEIVED apart.
fn phases() -> Vec<(String, Phase)> {
    let received = |origin| Phase::SynReceived {
        origin,
        snd: snd(),
        rcv: rcv(),
    };
    let (sent, ended) = (snd().end(), rcv().end());
    let mut phases = vec![
        (
            "SYN-RECEIVED (passive)".to_owned(),
            received(Origin::Passive),
        ),
        ("SYN-RECEIVED (active)".to_owned(), received(Origin::Active)),
    ];
    let others = [
        Phase::Listen,
        Phase::SynSent { snd: snd() },
        Phase::Established {
            snd: snd(),
            rcv: rcv(),
        },
        Phase::FinWait1 {
            snd: snd(),
            rcv: rcv(),
        },
        Phase::FinWait2 {
            snd: sent,
            rcv: rcv(),
        },
        Phase::CloseWait {
            snd: snd(),
            rcv: ended.clone(),
        },
        Phase::Closing {
            snd: snd(),
            rcv: ended.clone(),
        },
        Phase::LastAck {
            snd: snd(),
            rcv: ended.clone(),
        },
        Phase::TimeWait {
            snd: sent,
            rcv: ended,
            until: Instant::ZERO,
        },
        Phase::closed(End::Orderly),
    ];
    phases.extend(others.map(|phase| (phase.state().name().to_owned(), phase)));
    phases
}

fn events() -> [(&'static str, Event); 12] {
    [
        ("SYN arrives", Event::SynArrived(rcv())),
        ("SYN,ACK arrives", Event::SynAckArrived(rcv())),
        ("SYN acknowledged", Event::SynAcknowledged),
        ("RST or SYN refuses", Event::Refused),
        ("CLOSE", Event::Close),
        ("FIN acknowledged", Event::FinAcknowledged(Instant::ZERO)),
        ("FIN arrives", Event::FinArrived(Instant::ZERO)),
        ("2 MSL over", Event::TimeWaitOver),
        ("refused", Event::Delete(End::Refused)),
        ("reset", Event::Delete(End::Reset)),
        ("R2 over", Event::Delete(End::Timeout)),
        ("ABORT", Event::Delete(End::Local)),
    ]
}

/// State, event, next state; pairs that change nothing are left out.
fn arrows() -> Vec<(String, &'static str, State)> {
    let mut arrows = Vec::new();
    for (name, phase) in phases() {
        for (label, event) in events() {
            let next = phase.clone().after(event).state();
            if next != phase.state() {
                arrows.push((name.clone(), label, next));
            }
        }
    }
    arrows
}

#[test]
fn every_state_has_a_phase() {
    let mut states: Vec<State> = phases().iter().map(|(_, phase)| phase.state()).collect();
    states.sort_unstable();
    states.dedup();
    assert_eq!(states, State::ALL);
}

#[test]
fn transition_table_is_that_of_the_rfc() {
    let table: String = arrows()
        .into_iter()
        .map(|(from, event, to)| format!("{from:<23} {event:<19} {to}\n"))
        .collect();
    insta::assert_snapshot!(table);
}

/// The arrows of the RFC's figure: what deletes a connection from anywhere is
/// left out.
fn arrows_of_figure_5() -> BTreeSet<(String, &'static str, String)> {
    let everywhere = ["refused", "reset", "R2 over", "ABORT"];
    arrows()
        .into_iter()
        .filter(|(_, event, _)| !everywhere.contains(event))
        .map(|(from, event, to)| {
            let from = from.split(" (").next().unwrap_or_default();
            (from.to_owned(), event, to.name().to_owned())
        })
        .collect()
}

/// What is kept of the receiving direction for the user, by way of leaving.
#[rstest::rstest]
#[case::orderly_keeps(End::Orderly, 1)]
#[case::reset_flushes(End::Reset, 0)]
#[case::timeout_flushes(End::Timeout, 0)]
fn deletion_in_last_ack_leaves(#[case] end: End, #[case] octets: usize) {
    let mut rcv = rcv().end();
    rcv.unread.push_back(7);
    let phase = Phase::LastAck { snd: snd(), rcv };
    let Phase::Closed { unread, .. } = phase.after(Event::Delete(end)) else {
        panic!("deleted means CLOSED");
    };
    assert_eq!(unread.len(), octets);
}

//! The kernel says why it drops a packet or sends a RST, where it may be
//! asked; what it says is of this lane alone.

use rstest::rstest;
use tcpspec_connector::{Did, Reply, StackUnderTest};
use tcpspec_wire::Flags;

use crate::trial::{ACK, RST, SYN, Trial};

/// Two lanes, if there can be any and the reasons of each are told. It says so
/// where they are not.
fn two_lanes(version: u8) -> Option<(Trial, Trial)> {
    let lanes = (Trial::open(version)?, Trial::open(version)?);
    let details = &lanes.0.stack.hello().details;
    let reasons = details.iter().find(|(name, _)| name == "reasons");
    let told = reasons.is_some_and(|(_, text)| text.starts_with("of each"));
    if !told {
        eprintln!("skipped: {reasons:?}");
    }
    told.then_some(lanes)
}

fn reasons(reply: &Reply) -> Vec<(Did, &str)> {
    let told = reply.reasons.iter();
    told.map(|told| (told.did, told.why.as_str())).collect()
}

/// By how much a segment is ahead of what is expected, its flags, and what is
/// said of it.
#[rstest]
#[case::behind_the_window(1 << 20, ACK, &[(Did::Dropped, "TCP_INVALID_SEQUENCE")])]
#[case::reset_in_the_window(5, RST, &[(Did::Dropped, "TCP_RESET")])]
#[case::in_order(0, ACK, &[])]
fn what_is_dropped_is_given_a_reason(
    #[case] ahead: u32,
    #[case] flags: Flags,
    #[case] expected: &[(Did, &str)],
    #[values(4, 6)] version: u8,
) {
    let Some((mut trial, mut other)) = two_lanes(version) else {
        return;
    };
    trial.establish();
    other.inject(SYN);
    trial.seq += ahead;
    trial.inject(flags);
    assert_eq!(reasons(&trial.last), expected);
}

#[rstest]
fn a_closed_port_is_named(#[values(4, 6)] version: u8) {
    let Some((mut trial, mut other)) = two_lanes(version) else {
        return;
    };
    other.inject(SYN);
    trial.inject(SYN);
    let expected = [(Did::Reset, "NO_SOCKET"), (Did::Dropped, "NO_SOCKET")];
    assert_eq!(reasons(&trial.last), expected);
    assert!(trial.last.reasons.is_sorted_by_key(|told| told.at));
}

#[rstest]
fn a_wrong_checksum_is_named(#[values(4, 6)] version: u8) {
    let Some((mut trial, _)) = two_lanes(version) else {
        return;
    };
    trial.listen();
    let mut packet = trial.packet(SYN, &[]);
    *packet.last_mut().unwrap() ^= 1;
    trial.inject_octets(packet);
    assert_eq!(reasons(&trial.last), [(Did::Dropped, "TCP_CSUM")]);
}

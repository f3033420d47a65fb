//! Dialogs, and what the witness has to say of them.
//!
//! A line is a segment in the usual one-line form, numbers counted from each
//! side's SYN, after `>` (end 0 sends) or `<` (end 1 does), and `x` behind that
//! if it is lost. Text counts up from its sequence number.

use rstest::rstest;
use tcpspec_wire::text::{Base, SegmentText};
use tcpspec_wire::{Instant, Packet, Segment, SeqNumber, WindowField};
use tcpspec_witness::{Law, Witness};

const ISS: [SeqNumber; 2] = [SeqNumber::new(u32::MAX - 2), SeqNumber::new(8000)];

const OPEN: &str = "
    > SYN seq=0 win=1000 <mss=100>
    < SYN+ACK seq=0 ack=1 win=1000 <mss=100>
    > ACK seq=1 ack=1 win=1000
";
const OPEN_WITH_ALL: &str = "
    > SYN seq=0 win=1000 <mss=100; sackok; ts=10,0; ws=2>
    < SYN+ACK seq=0 ack=1 win=1000 <mss=100; sackok; ts=70,10; ws=2>
    > ACK seq=1 ack=1 win=250 <ts=11,70>
";

/// What nobody can object to.
#[rstest]
#[case::close(
    OPEN,
    "
    > FIN+ACK seq=1 ack=1 win=1000
    < FIN+ACK seq=1 ack=2 win=1000
    > ACK seq=2 ack=2 win=1000"
)]
#[case::both_open_at_once(
    "
    > SYN seq=0 win=1000 <ws=2>
    < SYN seq=0 win=1000
    > SYN+ACK seq=0 ack=1 win=1000 <ws=2>
    < SYN+ACK seq=0 ack=1 win=1000",
    ""
)]
#[case::lost_and_repeated(
    OPEN,
    "
    >x ACK seq=1 ack=1 len=50 win=1000
    > ACK seq=51 ack=1 len=50 win=1000
    < ACK seq=1 ack=1 win=1000
    > ACK seq=1 ack=1 len=50 win=1000
    < ACK seq=1 ack=101 win=900"
)]
#[case::probe_of_a_closed_window(
    "
    > SYN seq=0 win=1000
    < SYN+ACK seq=0 ack=1 win=0",
    "
    > ACK seq=1 ack=1 len=1 win=1000
    < ACK seq=1 ack=1 win=0"
)]
#[case::keep_alive(
    OPEN,
    "
    > ACK seq=0 ack=1 win=1000
    < ACK seq=1 ack=1 win=1000"
)]
#[case::blocks(
    OPEN_WITH_ALL,
    "
    >x ACK seq=1 ack=1 len=50 win=250 <ts=12,70>
    > ACK seq=51 ack=1 len=50 win=250 <ts=12,70>
    < ACK seq=1 ack=1 win=250 <ts=71,11; sack=51-101>"
)]
#[case::duplicate_told(
    OPEN_WITH_ALL,
    "
    > ACK seq=1 ack=1 len=50 win=250 <ts=12,70>
    > ACK seq=1 ack=1 len=50 win=250 <ts=12,70>
    < ACK seq=1 ack=51 win=250 <ts=71,12; sack=1-51>"
)]
#[case::scaled_window(
    OPEN_WITH_ALL,
    "
    < ACK seq=1 ack=1 win=250 <ts=71,11>
    > ACK seq=1 ack=1 len=80 win=250 <ts=12,71>
    < ACK seq=1 ack=81 win=230 <ts=72,12>"
)]
#[case::window_rounded_down(
    OPEN_WITH_ALL,
    "
    > ACK seq=1 ack=1 len=3 win=250 <ts=12,70>
    < ACK seq=1 ack=4 win=249 <ts=71,12>"
)]
fn right(#[case] opening: &str, #[case] rest: &str) {
    assert_eq!(findings(opening, rest), []);
}

/// The law that the last line breaks.
#[rstest]
#[case::reserved(OPEN, "> ACK+R1 seq=1 ack=1 win=1000", Law::ReservedBits)]
#[case::tail(OPEN, "> ACK seq=1 ack=1 win=1000 <tail=02016666>", Law::Form)]
#[case::other_iss(OPEN, "> SYN seq=5 win=1000", Law::SynNumber)]
#[case::gap(OPEN, "> ACK seq=2 ack=1 len=5 win=1000", Law::Sequence)]
#[case::behind_the_fin(
    OPEN,
    "
    > FIN+ACK seq=1 ack=1 win=1000
    > ACK seq=2 ack=1 len=5 win=1000",
    Law::Sequence
)]
#[case::no_ack(OPEN, "> PSH seq=1 len=5 win=1000", Law::AckAlways)]
#[case::ack_of_nothing("", "> ACK seq=1 ack=1 win=1000", Law::AckOfWhatCame)]
#[case::ack_of_what_was_lost(
    OPEN,
    "
    >x ACK seq=1 ack=1 len=50 win=1000
    < ACK seq=1 ack=51 win=950",
    Law::AckOfWhatCame
)]
#[case::ack_over_a_gap(
    OPEN,
    "
    >x ACK seq=1 ack=1 len=50 win=1000
    > ACK seq=51 ack=1 len=50 win=1000
    < ACK seq=1 ack=101 win=900",
    Law::AckOfWhatCame
)]
#[case::ack_back(
    OPEN,
    "
    > ACK seq=1 ack=1 len=50 win=1000
    < ACK seq=1 ack=51 win=950
    < ACK seq=1 ack=41 win=960",
    Law::AckBackwards
)]
#[case::beyond_the_window(
    "
    > SYN seq=0 win=1000
    < SYN+ACK seq=0 ack=1 win=60 <mss=100>",
    "> ACK seq=1 ack=1 len=61 win=1000",
    Law::Window
)]
#[case::window_taken_back(
    OPEN,
    "
    < ACK seq=1 ack=1 win=999",
    Law::WindowEdge
)]
#[case::larger_than_the_offer(OPEN, "> ACK seq=1 ack=1 len=101 win=1000", Law::SegmentSize)]
#[case::larger_with_options(
    OPEN_WITH_ALL,
    "
    > ACK seq=1 ack=1 len=89 win=250 <ts=12,70>",
    Law::SegmentSize
)]
#[case::larger_than_the_default(
    "
    > SYN seq=0 win=1000
    < SYN+ACK seq=0 ack=1 win=1000",
    "> ACK seq=1 ack=1 len=537 win=1000",
    Law::SegmentSize
)]
#[case::mss_later(OPEN, "> ACK seq=1 ack=1 win=1000 <mss=100>", Law::OptionPlace)]
#[case::sack_unasked(OPEN, "> ACK seq=1 ack=1 win=1000 <sack=1-2>", Law::OptionAgreed)]
#[case::scale_unasked(
    "> SYN seq=0 win=1000",
    "
    < SYN+ACK seq=0 ack=1 win=1000 <ws=2>",
    Law::OptionAgreed
)]
#[case::timestamps_unasked(OPEN, "> ACK seq=1 ack=1 win=1000 <ts=1,0>", Law::OptionAgreed)]
#[case::timestamps_missing(OPEN_WITH_ALL, "> ACK seq=1 ack=1 win=250", Law::TimestampsAlways)]
#[case::echo_of_nothing(
    OPEN_WITH_ALL,
    "
    > ACK seq=1 ack=1 win=250 <ts=12,71>",
    Law::TimestampEcho
)]
#[case::timestamp_back(
    OPEN_WITH_ALL,
    "
    > ACK seq=1 ack=1 win=250 <ts=10,70>",
    Law::TimestampBackwards
)]
#[case::block_of_what_was_lost(
    OPEN_WITH_ALL,
    "
    >x ACK seq=1 ack=1 len=50 win=250 <ts=12,70>
    >x ACK seq=51 ack=1 len=50 win=250 <ts=12,70>
    < ACK seq=1 ack=1 win=250 <ts=71,11; sack=51-101>",
    Law::SackOfWhatCame
)]
#[case::block_reversed(
    OPEN_WITH_ALL,
    "
    > ACK seq=1 ack=1 len=50 win=250 <ts=12,70>
    < ACK seq=1 ack=51 win=250 <ts=71,12; sack=51-1>",
    Law::SackOfWhatCame
)]
#[case::reset(OPEN, "> RST+ACK seq=1 ack=1 win=0", Law::Reset)]
fn wrong(#[case] opening: &str, #[case] rest: &str, #[case] law: Law) {
    let lines = rest.trim().lines().count();
    let before: Vec<&str> = rest.trim().lines().take(lines - 1).collect();
    assert_eq!(
        findings(opening, &before.join("\n")),
        [],
        "before the last line"
    );
    assert_eq!(findings(opening, rest), [law]);
}

#[test]
fn reset_is_due_without_a_connection_and_after_an_abort() {
    for tell in [Witness::closed, Witness::aborted] {
        let mut witness = Witness::default();
        play(&mut witness, OPEN);
        tell(&mut witness, 0);
        play(&mut witness, "> RST+ACK seq=1 ack=1 win=0");
        assert_eq!(witness.findings(), []);
    }
}

#[test]
fn other_text_under_the_same_number_is_found() {
    let mut witness = Witness::default();
    play(&mut witness, OPEN);
    play(&mut witness, "> ACK seq=1 ack=1 len=20 win=1000");
    let mut other = segment(0, "ACK seq=1 ack=1 len=20 win=1000");
    other.payload[7] ^= 1;
    witness.sent(0, Instant::ZERO, &packet(0, other));
    let found: Vec<Law> = witness.findings().iter().map(|one| one.law).collect();
    assert_eq!(found, [Law::Text]);
    assert!(witness.findings()[0].why.contains("octet 7"));
}

#[test]
fn broken_packets_are_found_and_not_seen() {
    let mut witness = Witness::default();
    play(&mut witness, OPEN);
    let mut octets = packet(0, segment(0, "ACK seq=1 ack=1 len=20 win=1000"));
    octets[50] ^= 1;
    witness.sent(0, Instant::ZERO, &octets);
    witness.arrived(1, &octets);
    play(&mut witness, "< ACK seq=1 ack=21 win=980");
    let found: Vec<Law> = witness.findings().iter().map(|one| one.law).collect();
    assert_eq!(found, [Law::Form, Law::AckOfWhatCame]);
}

#[test]
fn each_law_is_told_once_and_counted() {
    let mut witness = Witness::default();
    play(&mut witness, OPEN);
    for _ in 0..3 {
        play(&mut witness, "> RST seq=1 win=0");
    }
    let times: Vec<u32> = witness.findings().iter().map(|one| one.times).collect();
    assert_eq!(times, [3]);
    assert_eq!(witness.findings()[0].segment, "RST seq=1 win=0");
}

/// Repeats at these milliseconds, while nothing comes back.
#[rstest]
#[case::doubled(&[1000, 3000, 7000], &[])]
#[case::not_doubled(&[1000, 2000, 3000], &[Law::Backoff])]
fn pauses_between_repeats(#[case] repeats: &[u64], #[case] laws: &[Law]) {
    let mut witness = Witness::default();
    play(&mut witness, OPEN);
    let octets = packet(0, segment(0, "ACK seq=1 ack=1 len=20 win=1000"));
    for millis in [0].iter().chain(repeats) {
        witness.sent(0, Instant::from_millis(*millis), &octets);
    }
    let found: Vec<Law> = witness.findings().iter().map(|one| one.law).collect();
    assert_eq!(found, laws);
}

proptest::proptest! {
    #[test]
    fn anything_may_be_shown(octets in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..80)) {
        let mut witness = Witness::default();
        witness.sent(0, Instant::ZERO, &octets);
        witness.arrived(1, &octets);
        proptest::prop_assert!(witness.findings().len() <= Law::ALL.len());
    }
}

fn findings(opening: &str, rest: &str) -> Vec<Law> {
    let mut witness = Witness::default();
    play(&mut witness, opening);
    play(&mut witness, rest);
    witness.findings().iter().map(|one| one.law).collect()
}

fn play(witness: &mut Witness, lines: &str) {
    let lines = lines.lines().map(str::trim).filter(|line| !line.is_empty());
    for line in lines {
        let (arrow, text) = line.split_once(' ').expect("an arrow and a segment");
        let end = usize::from(arrow.starts_with('<'));
        let octets = packet(end, segment(end, text));
        witness.sent(end, Instant::ZERO, &octets);
        if !arrow.ends_with('x') {
            witness.arrived(1 - end, &octets);
        }
    }
}

fn packet(end: usize, segment: Segment) -> Vec<u8> {
    let address = |end: usize| [192, 0, 2, 1 + end as u8].into();
    Packet::tcp(address(end), address(1 - end), segment).encode()
}

fn segment(end: usize, text: &str) -> Segment {
    let read: SegmentText = text.parse().expect("a segment");
    let base = |end: usize| Base::new(ISS[end]);
    let seq = base(end).seq(read.seq);
    let start = seq.value() as u8;
    Segment {
        src_port: 1000 + end as u16,
        dst_port: 1001 - end as u16,
        seq,
        ack: read
            .ack
            .map_or_else(SeqNumber::default, |ack| base(1 - end).seq(ack)),
        flags: read.flags,
        window: WindowField::new(read.window),
        urgent: read.urgent.unwrap_or(0),
        options: read
            .options
            .into_iter()
            .map(|option| absolute(option, ISS[1 - end]))
            .collect(),
        payload: (0..read.len)
            .map(|at| start.wrapping_add(at as u8))
            .collect(),
    }
}

/// SACK edges counted from the peer's SYN, as the text has them.
fn absolute(option: tcpspec_wire::TcpOption, origin: SeqNumber) -> tcpspec_wire::TcpOption {
    match option {
        tcpspec_wire::TcpOption::Sack(blocks) => {
            let shift = |edge: SeqNumber| origin + edge.value();
            let blocks = blocks.into_iter();
            tcpspec_wire::TcpOption::Sack(blocks.map(|(l, r)| (shift(l), shift(r))).collect())
        }
        other => other,
    }
}

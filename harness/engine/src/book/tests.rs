use rstest::rstest;
use tcpspec_wire::WindowField;

use super::*;

const PEER: u32 = u32::MAX - 2;
const SUT: u32 = 7_000;

fn segment(flags: Flags, seq: u32, ack: u32, len: usize) -> Segment {
    Segment {
        seq: SeqNumber::new(seq),
        ack: SeqNumber::new(ack),
        flags,
        window: WindowField::new(1_000),
        payload: vec![0; len],
        ..Segment::default()
    }
}

/// The peer sends, and the stack receives it.
fn both(book: &mut Book, segment: &Segment) {
    book.peer_sends(segment);
    book.sut_receives(segment);
}

/// After SYN, SYN-ACK, ACK; the peer's numbers wrap soon.
fn established() -> Book {
    let mut book = Book::new(SeqNumber::new(PEER), 536);
    both(&mut book, &segment(Flags::SYN, PEER, 0, 0));
    book.sut_sends(&segment(
        Flags::SYN | Flags::ACK,
        SUT,
        PEER.wrapping_add(1),
        0,
    ));
    both(
        &mut book,
        &segment(Flags::ACK, PEER.wrapping_add(1), SUT + 1, 0),
    );
    book
}

fn peer(offset: u32) -> u32 {
    PEER.wrapping_add(offset)
}

#[test]
fn a_handshake_sets_all_four_numbers() {
    let book = established();
    assert_eq!(book.peer_next().value(), peer(1));
    assert_eq!(book.peer_ack().map(SeqNumber::value), Some(SUT + 1));
    assert_eq!(book.rcv_nxt().value(), peer(1));
    assert_eq!(book.rcv_wnd(), Some(1_000));
}

#[rstest]
#[case::in_order(&[(1, 10, Flags::ACK)], 11)]
#[case::beyond_a_gap(&[(5, 10, Flags::ACK)], 1)]
#[case::gap_filled(&[(11, 10, Flags::ACK), (1, 10, Flags::ACK)], 21)]
#[case::without_ack_bit(&[(1, 10, Flags::PSH)], 1)]
#[case::up_to_the_edge(&[(1, 1_500, Flags::ACK)], 1_001)]
#[case::beyond_the_edge(&[(1_001, 10, Flags::ACK)], 1)]
#[case::fin(&[(1, 10, Flags::from_bits(0x11))], 12)]
#[case::old_fin_does_not_end_the_stream(&[(u32::MAX - 99, 0, Flags::from_bits(0x11)), (1, 10, Flags::ACK)], 11)]
#[case::text_behind_a_fin(&[(1, 0, Flags::from_bits(0x11)), (2, 10, Flags::ACK)], 2)]
#[case::repeated_fin(&[(1, 0, Flags::from_bits(0x11)), (1, 0, Flags::from_bits(0x11))], 2)]
fn rcv_nxt_is_what_a_correct_stack_has_taken(
    #[case] sent: &[(u32, usize, Flags)],
    #[case] rcv_nxt: u32,
) {
    let mut book = established();
    for (seq, len, flags) in sent {
        both(&mut book, &segment(*flags, peer(*seq), SUT + 1, *len));
    }
    assert_eq!(book.rcv_nxt().value(), peer(rcv_nxt));
}

#[rstest]
#[case::next_text(Flags::ACK, SUT + 1, 10, Kind::New)]
#[case::syn_ack_again(Flags::from_bits(0x12), SUT, 0, Kind::Repeat)]
#[case::same_ack(Flags::ACK, SUT + 1, 0, Kind::DuplicateAck)]
#[case::reset_is_never_tolerable(Flags::RST, SUT + 1, 0, Kind::New)]
fn kind_tells_repeats_from_news(
    #[case] flags: Flags,
    #[case] seq: u32,
    #[case] len: usize,
    #[case] kind: Kind,
) {
    let book = established();
    assert_eq!(book.due(&segment(flags, seq, peer(1), len)).kind, kind);
}

#[test]
fn a_syn_among_the_numbers_of_text_is_no_repeat() {
    let mut book = established();
    book.sut_sends(&segment(Flags::ACK, SUT + 1, peer(1), 10));
    let syn = segment(Flags::SYN | Flags::ACK, SUT + 5, peer(1), 0);
    assert_eq!(book.due(&syn).kind, Kind::New);
}

#[test]
fn another_window_in_the_same_ack_is_a_window_update() {
    let mut update = segment(Flags::ACK, SUT + 1, peer(1), 0);
    update.window = WindowField::new(2_000);
    assert_eq!(established().due(&update).kind, Kind::WindowUpdate);
}

#[test]
fn a_changed_iss_without_a_new_connection_stays_visible() {
    let mut book = established();
    book.sut_sends(&segment(Flags::SYN | Flags::ACK, SUT + 5_000, peer(1), 0));
    assert_eq!(book.sut.map(|sut| sut.iss.value()), Some(SUT));
}

#[test]
fn an_answer_to_another_syn_begins_another_incarnation() {
    let mut book = established();
    both(&mut book, &segment(Flags::SYN, peer(100_000), 0, 0));
    book.sut_sends(&segment(
        Flags::SYN | Flags::ACK,
        SUT + 70_000,
        peer(100_001),
        0,
    ));
    assert_eq!(book.peer_iss.value(), peer(100_000));
    assert_eq!(book.peer_next().value(), peer(100_001));
    assert_eq!(book.peer_ack().map(SeqNumber::value), Some(SUT + 70_001));
}

#[test]
fn the_window_keeps_its_largest_edge() {
    let mut book = established();
    let mut smaller = segment(Flags::ACK, SUT + 1, peer(1), 0);
    smaller.window = WindowField::new(10);
    book.sut_sends(&smaller);
    assert_eq!(book.rcv_wnd(), Some(1_000));
}

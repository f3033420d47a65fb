//! The one-line form by example, and every fault of it with its place.

use rstest::rstest;

use super::*;
use crate::mangle::Mangle;
use crate::window::WindowField;

fn segment() -> Segment {
    Segment {
        seq: SeqNumber::new(u32::MAX),
        ack: SeqNumber::new(8001),
        flags: Flags::SYN | Flags::ACK,
        window: WindowField::new(64_240),
        options: vec![TcpOption::Mss(1460), TcpOption::SackPermitted],
        ..Segment::default()
    }
}

const SENDER: Base = Base::new(SeqNumber::new(u32::MAX));
const RECEIVER: Base = Base {
    origin: SeqNumber::new(8000),
    shown_as: 1000,
};

#[test]
fn numbers_are_relative_to_their_base_and_absolute_without_one() {
    let relative = SegmentText::new(&segment(), Some(SENDER), Some(RECEIVER));
    let options = "<mss=1460; sackok>";
    let full = format!("SYN+ACK seq=0 ack=1001 win=64240 {options}");
    assert_eq!(relative.to_string(), full);
    assert_eq!(relative.short().to_string(), "SYN+ACK seq=0 ack=1001");
    let absolute = SegmentText::new(&segment(), None, None);
    let short = "SYN+ACK seq=abs:4294967295 ack=abs:8001";
    assert_eq!(absolute.short().to_string(), short);
}

#[rstest]
#[case::before_the_origin(SeqNumber::new(7990), Number::Relative(990))]
#[case::across_the_wrap(SeqNumber::new(8000) - 8001, Number::Relative(-7001))]
fn numbers_before_the_base_count_down(#[case] seq: SeqNumber, #[case] number: Number) {
    assert_eq!(RECEIVER.number(seq), number);
}

#[rstest]
#[case::nothing_set(Flags::NONE, 0, 0, "none seq=0")]
#[case::acknowledging_zero(Flags::ACK, 0, 0, "ACK seq=0 ack=0")]
#[case::field_without_bit(Flags::RST, 7, 9, "RST seq=0 ack=7 urg=9")]
#[case::urgent_zero(Flags::URG, 0, 0, "URG seq=0 urg=0")]
fn fields_show_if_their_bit_is_set_or_they_are_not_zero(
    #[case] flags: Flags,
    #[case] ack: u32,
    #[case] urgent: u16,
    #[case] text: &str,
) {
    let segment = Segment {
        flags,
        ack: SeqNumber::new(ack),
        urgent,
        ..Segment::default()
    };
    let base = Some(Base::default());
    let shown = SegmentText::new(&segment, base, base);
    assert_eq!(shown.short().to_string(), text);
}

#[rstest]
#[case::any_order("ACK win=5 len=7 ack=1 seq=2", "ACK seq=2 ack=1 len=7 win=5")]
#[case::more_blanks("  ACK  seq=2   win=5 < nop ;ws=7 > ", "ACK seq=2 win=5 <nop; ws=7>")]
#[case::flags_in_any_order("ACK+SYN seq=0 win=0", "SYN+ACK seq=0 win=0")]
#[case::empty_list("RST seq=0 win=0 <>", "RST seq=0 win=0")]
fn what_people_write_is_read(#[case] text: &str, #[case] shown: &str) {
    let read: SegmentText = text.parse().unwrap();
    assert_eq!(read.to_string(), shown);
}

#[track_caller]
fn check_fault<T: FromStr<Err = TextError> + fmt::Debug>(text: &str, at: usize, says: &str) {
    let error = text.parse::<T>().unwrap_err();
    assert_eq!(error.at, at, "{error}");
    assert!(error.problem.to_string().contains(says), "{error}");
}

#[rstest]
#[case::nothing("", 0, "missing flags")]
#[case::flag("SYN+XCK seq=0 win=0", 4, "`XCK` is not a control bit: write SYN, FIN")]
#[case::flag_twice("SYN+SYN seq=0 win=0", 4, "`SYN` stands twice")]
#[case::none_beside_a_flag("SYN+none seq=0 win=0", 4, "`none` is not a control bit")]
#[case::field("SYN sq=0", 4, "`sq` is not a field of a segment: write seq=")]
#[case::word("SYN 0", 4, "`0` is not a field")]
#[case::field_twice("SYN seq=0 seq=0", 10, "`seq` stands twice")]
#[case::seq_missing("SYN win=0", 9, "missing `seq=`")]
#[case::window_missing("SYN seq=0", 9, "missing `win=`")]
#[case::seq("SYN seq=x", 8, "`x` is not a sequence number")]
#[case::seq_sign("SYN seq=+1", 8, "`+1` is not a sequence number")]
#[case::seq_absolute("SYN seq=abs:4294967296", 12, "is not a number from 0 to 4294967295")]
#[case::window("ACK seq=0 win=65536", 14, "`65536` is not a number from 0 to 65535")]
#[case::list_open(
    "SYN seq=0 win=0 <nop",
    16,
    "does not have the form `<option; option>`"
)]
#[case::option(
    "SYN seq=0 win=0 <nop; mms=1460>",
    22,
    "`mms=1460` is not a TCP option"
)]
#[case::option_value(
    "SYN seq=0 win=0 <nop; mss=14x>",
    26,
    "`14x` is not a number from 0 to 65535"
)]
#[case::option_empty("SYN seq=0 win=0 <nop;>", 21, "`` is not a TCP option")]
fn a_segment_that_cannot_be_read(#[case] text: &str, #[case] at: usize, #[case] says: &str) {
    check_fault::<SegmentText>(text, at, says);
}

#[rstest]
#[case::value_of_none("nop=1", 0, "`nop=1` is not a TCP option")]
#[case::shift("ws=256", 3, "`256` is not a number from 0 to 255")]
#[case::timestamp("ts=100", 3, "does not have the form `ts=VALUE,ECHO`")]
#[case::echo("ts=100,x", 7, "`x` is not a number")]
#[case::block("sack=5", 5, "does not have the form `sack=LEFT-RIGHT")]
#[case::second_block("sack=5-9,20-x", 12, "`x` is not a number")]
#[case::no_block("sack=", 5, "does not have the form `sack=LEFT-RIGHT")]
#[case::kind_alone("kind=253", 0, "does not have the form `kind=K,len=L,hex=OCTETS`")]
#[case::kind_len("kind=253,len=256", 13, "`256` is not a number from 0 to 255")]
#[case::kind_hex("kind=253,len=3,hex=0", 19, "`0` is not octets")]
#[case::kind_more("kind=253,len=3,hex=00,x", 0, "does not have the form")]
#[case::tail("tail=0g", 5, "`0g` is not octets")]
fn an_option_that_cannot_be_read(#[case] text: &str, #[case] at: usize, #[case] says: &str) {
    check_fault::<TcpOption>(text, at, says);
}

#[rstest]
#[case::word("bad", 0, "`bad` is not an edit: write bad(checksum), zero(checksum)")]
#[case::offset("bad(dataoff=16)", 12, "`16` is not a number from 0 to 15")]
#[case::size("frag(12)", 5, "frag(N), N a multiple of eight")]
#[case::no_size("frag(0)", 5, "frag(N), N a multiple of eight")]
#[case::raw("raw(13,ff)", 4, "raw(offset=N,hex=OCTETS)")]
#[case::raw_offset("raw(offset=x,hex=ff)", 11, "`x` is not a number from 0 to 65535")]
#[case::raw_octets("raw(offset=1,hex=f)", 17, "`f` is not octets")]
#[case::address("src=other", 4, "`other` is not an IP address")]
fn an_edit_that_cannot_be_read(#[case] text: &str, #[case] at: usize, #[case] says: &str) {
    check_fault::<Mangle>(text, at, says);
}

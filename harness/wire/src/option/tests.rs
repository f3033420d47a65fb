//! Option spaces octet by octet, with the text of what is read.

use rstest::rstest;

use super::*;

/// Reads `space`, compares with the text of its options, and writes it again.
#[track_caller]
fn check(space: &[u8], text: &str) {
    let options = decode_all(OptionSpace::new(space));
    assert_eq!(OptionList(&options).to_string(), text);
    let mut written = Vec::new();
    encode_all(&options, &mut written);
    assert_eq!(written, space);
    assert_eq!(wire_len_all(&options), space.len());
}

#[rstest]
#[case::none(&[], "<>")]
#[case::mss(&[2, 4, 5, 0xb4], "<mss=1460>")]
#[case::padding_of_one(&[3, 3, 7, 0], "<ws=7>")]
#[case::padding_of_two(&[4, 2, 0, 0], "<sackok>")]
#[case::padding_of_three(&[1, 0, 0, 0], "<nop>")]
#[case::end_of_list_where_no_padding_is_due(&[2, 4, 5, 0xb4, 0, 0, 0, 0], "<mss=1460; eol>")]
#[case::zeros_beyond_one_word(&[0; 8], "<eol; eol; eol; eol; eol>")]
#[case::data_behind_end_of_list(&[0, 1, 0, 0], "<eol; tail=010000>")]
#[case::sack(&[1, 1, 5, 10, 0, 0, 0, 5, 0, 0, 0, 9], "<nop; nop; sack=5-9>")]
#[case::timestamps(&[1, 1, 8, 10, 0, 0, 0, 100, 0, 0, 0, 0], "<nop; nop; ts=100,0>")]
#[case::user_timeout_in_seconds(&[28, 4, 0x01, 0x2c], "<uto=300s>")]
#[case::user_timeout_in_minutes(&[28, 4, 0xff, 0xff], "<uto=32767min>")]
#[case::unknown_kind(&[253, 4, 1, 2], "<kind=253,len=4,hex=0102>")]
#[case::unknown_kind_without_data(&[253, 2, 1, 1], "<kind=253,len=2; nop; nop>")]
#[case::known_kind_of_wrong_length(&[2, 3, 5, 1], "<kind=2,len=3,hex=05; nop>")]
#[case::sack_without_blocks(&[5, 2, 1, 1], "<kind=5,len=2; nop; nop>")]
#[case::length_zero(&[1, 2, 0, 0], "<nop; tail=020000>")]
#[case::length_one(&[8, 1, 1, 1], "<tail=08010101>")]
#[case::length_beyond_the_header(&[2, 5, 5, 0xb4], "<tail=020505b4>")]
#[case::kind_without_length(&[1, 1, 1, 2], "<nop; nop; nop; tail=02>")]
fn option_space_is_read_and_written_again(#[case] space: &[u8], #[case] text: &str) {
    check(space, text);
}

#[test]
fn a_sack_option_without_blocks_reads_back_as_the_unknown_option_it_is() {
    let (kind, len, data) = (5, 2, Vec::new());
    let unknown = TcpOption::Unknown { kind, len, data };
    let text = TcpOption::Sack(Vec::new()).to_string();
    assert_eq!(text.parse().as_ref(), Ok(&unknown));
    assert_eq!(decode_all(OptionSpace::new(&[5, 2])), [unknown]);
}

/// Behind so many octets of other options.
#[rstest]
#[case::mss(0, TcpOption::Mss(1460), "<mss=1460>")]
#[case::window_scale(0, TcpOption::WindowScale(7), "<nop; ws=7>")]
#[case::sack_permitted(0, TcpOption::SackPermitted, "<nop; nop; sackok>")]
#[case::aligned_as_it_is(2, TcpOption::SackPermitted, "<nop; nop; sackok>")]
#[case::last_word(37, TcpOption::SackPermitted, "<nop; nop; sackok>")]
#[case::no_room(39, TcpOption::SackPermitted, "<nop; nop; nop>")]
fn option_ends_on_a_boundary(#[case] at: usize, #[case] option: TcpOption, #[case] text: &str) {
    let mut buffer = OptionBuffer::new();
    buffer.extend(std::iter::repeat_n(TcpOption::Nop, at));
    buffer.push_aligned(&option);
    let last_word = &buffer.padded()[at / 4 * 4..];
    let options = decode_all(OptionSpace::new(last_word));
    assert_eq!(OptionList(&options).to_string(), text);
}

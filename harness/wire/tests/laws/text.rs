//! Text is read back as what it was written from; text that cannot be read
//! gives an error that points into it.

use std::fmt::Debug;
use std::fmt::Display;
use std::str::FromStr;

use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use tcpspec_wire::option::{OptionList, parse_options};
use tcpspec_wire::text::{Base, Number, SegmentText};
use tcpspec_wire::{Flags, Mangle, TcpOption, TextError};

use crate::strategies::{flags, option, segment, seq_number};

fn number() -> impl Strategy<Value = Number> {
    prop_oneof![
        any::<i64>().prop_map(Number::Relative),
        (-3..3000_i64).prop_map(Number::Relative),
        any::<u32>().prop_map(Number::Absolute),
    ]
}

fn segment_text() -> impl Strategy<Value = SegmentText> {
    let base = || of((seq_number(), any::<u32>()));
    let base_of = |base: Option<_>| base.map(|(origin, shown_as)| Base { origin, shown_as });
    (segment(), base(), base(), vec(option(), 0..4)).prop_map(
        move |(mut segment, seq, ack, options)| {
            segment.options = options;
            SegmentText::new(&segment, base_of(seq), base_of(ack))
        },
    )
}

/// An edit that can be carried out as written.
fn edit() -> impl Strategy<Value = Mangle> {
    prop_oneof![
        Just(Mangle::BadChecksum),
        Just(Mangle::ZeroChecksum),
        (0..16_u8).prop_map(Mangle::DataOffset),
        (any::<u16>(), vec(any::<u8>(), 0..9))
            .prop_map(|(offset, octets)| Mangle::Raw { offset, octets }),
        any::<u16>().prop_map(Mangle::Cut),
        vec(any::<u8>(), 0..40).prop_map(Mangle::IpOptions),
        (any::<u16>(), vec(any::<u8>(), 0..20))
            .prop_map(|(offset, octets)| Mangle::Ip { offset, octets }),
        (1..0x2000_u16).prop_map(|eighths| Mangle::Fragment(eighths * 8)),
        any::<std::net::IpAddr>().prop_map(Mangle::Source),
    ]
}

fn check_round_trip<T>(value: &T) -> Result<(), TestCaseError>
where
    T: Display + FromStr<Err = TextError> + PartialEq + Debug,
{
    let text = value.to_string();
    let read = text.parse();
    prop_assert_eq!(read.as_ref(), Ok(value), "{}", text);
    Ok(())
}

/// Reads `text` as `T`; an error has to point into it.
fn check_place<T: FromStr<Err = TextError>>(text: &str) -> Result<(), TestCaseError> {
    if let Err(error) = text.parse::<T>() {
        prop_assert!(text.is_char_boundary(error.at), "{}: {}", text, error);
    }
    Ok(())
}

proptest! {
    #[test]
    fn values_come_back_from_their_text(
        number in number(),
        flags in flags(),
        option in option(),
        edit in edit(),
        segment in segment_text(),
    ) {
        check_round_trip(&number)?;
        check_round_trip(&flags)?;
        check_round_trip(&option)?;
        check_round_trip(&edit)?;
        check_round_trip(&segment)?;
    }

    #[test]
    fn lists_of_options_come_back_from_their_text(options in vec(option(), 0..5)) {
        let text = OptionList(&options).to_string();
        prop_assert_eq!(parse_options(&text), Ok(options));
    }

    #[test]
    fn numbers_stand_for_one_sequence_number(origin in seq_number(), seq in seq_number(), shown_as: u32) {
        let base = Base { origin, shown_as };
        prop_assert_eq!(base.seq(base.number(seq)), seq);
        prop_assert_eq!(base.seq(Number::Absolute(seq.value())), seq);
        prop_assert_eq!(base.number(origin), Number::Relative(i64::from(shown_as)));
    }

    #[test]
    fn the_short_form_is_the_full_one_without_window_and_options(mut text in segment_text()) {
        text.options.clear();
        let window = format!(" win={}", text.window);
        prop_assert_eq!(text.short().to_string(), text.to_string().replacen(&window, "", 1));
    }

    #[test]
    fn faults_are_placed_inside_the_text(
        segment in segment_text(),
        edit in edit(),
        at: prop::sample::Index,
        to: prop::sample::Index,
        graft in "[-+=,;<>() :0-9a-zé]{0,3}",
    ) {
        for text in [segment.to_string(), edit.to_string()] {
            let (at, to) = (at.index(text.len() + 1), to.index(text.len() + 1));
            let text = format!("{}{graft}{}", &text[..at.min(to)], &text[at.max(to)..]);
            check_place::<SegmentText>(&text)?;
            check_place::<Mangle>(&text)?;
            check_place::<TcpOption>(&text)?;
            check_place::<Flags>(&text)?;
            check_place::<Number>(&text)?;
        }
    }
}

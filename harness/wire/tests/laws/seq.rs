//! Sequence numbers are a circle: every law holds across 2^32, and so for any
//! number at all to begin with. Windows beside them.

use proptest::prelude::*;
use tcpspec_wire::{SeqNumber, WindowField, WindowScale, WindowSize};

use crate::strategies::seq_number;

const HALF: u32 = 1 << 31;

proptest! {
    #[test]
    fn adding_and_subtracting_undo_each_other(number in seq_number(), by: u32) {
        prop_assert_eq!(number + by - by, number);
        prop_assert_eq!(number.offset(i64::from(by)), number + by);
        prop_assert_eq!(number.offset(-i64::from(by)), number - by);
    }

    #[test]
    fn distance_is_what_was_added(number in seq_number(), by: i32) {
        let moved = number.offset(i64::from(by));
        prop_assert_eq!(moved.distance(number), by);
        prop_assert_eq!(number.distance(moved), by.wrapping_neg());
    }

    #[test]
    fn order_holds_for_less_than_half_the_circle(number in seq_number(), by in 1..HALF) {
        let later = number + by;
        prop_assert!(number.before(later) && later.after(number));
        prop_assert!(!later.before(number) && !number.after(later));
        prop_assert!(number.at_or_before(later) && later.at_or_after(number));
        prop_assert_eq!(number.latest(later), later);
        prop_assert_eq!(later.latest(number), later);
    }

    #[test]
    fn a_number_is_neither_before_nor_after_itself(number in seq_number()) {
        prop_assert!(!number.before(number) && !number.after(number));
        prop_assert!(number.at_or_before(number) && number.at_or_after(number));
    }

    #[test]
    fn a_shift_of_both_changes_no_answer(a in seq_number(), b in seq_number(), by: u32, len: u32) {
        prop_assert_eq!(a.distance(b), (a + by).distance(b + by));
        prop_assert_eq!(a.before(b), (a + by).before(b + by));
        prop_assert_eq!(a.within(b, len), (a + by).within(b + by, len));
    }

    #[test]
    fn within_holds_just_the_numbers_of_the_window(start in seq_number(), len: u32, by: u32) {
        prop_assert_eq!((start + by).within(start, len), by < len);
        prop_assert!(!(start + len).within(start, len));
    }

    #[test]
    fn the_value_on_the_wire_is_kept(value: u32) {
        prop_assert_eq!(SeqNumber::new(value).value(), value);
        prop_assert_eq!(SeqNumber::new(value).to_string(), value.to_string());
    }

    #[test]
    fn scaling_a_window_loses_less_than_one_unit(field: u16, octets: u32, shift in 0..=14_u8) {
        let scale = WindowScale::new(shift);
        let field = WindowField::new(field);
        prop_assert_eq!(field.unscale(scale).scaled(scale), field);
        let announced = WindowSize::new(octets).scaled(scale).unscale(scale).octets();
        let most = u32::from(u16::MAX) << shift;
        prop_assert!(announced <= octets);
        prop_assert!(announced == most || octets - announced < 1 << shift);
    }
}

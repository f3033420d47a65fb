//! Two live stacks on a faulty link.
//!
//! | module | holds |
//! |---|---|
//! | [`terms`] | [`Terms`]: addresses, how much goes which way, what ends the patience |
//! | [`mod@duel`] | [`duel()`]: plays it to the end |
//! | [`outcome`] | [`Outcome`]: what came of it |
//!
//! The left end opens actively, the right one passively; each sends what the
//! terms say, closes, and reads to the end. Any two stacks will do: time is
//! moved from event to event where both run on virtual clocks, and follows the
//! real clock where one does.
//!
//! What is judged: every octet arrives once, in order; both ends come to their
//! end; no call fails that has no reason to; and the [witness](tcpspec_witness)
//! finds nothing wrong with any segment. Nothing is judged by the time it took.

pub mod duel;
pub mod outcome;
pub mod terms;

mod application;
mod side;

pub use duel::duel;
pub use outcome::{End, Ended, Failure, Outcome};
pub use tcpspec_witness::Finding;
pub use terms::Terms;

//! Sequence numbers (RFC 9293 section 3.4).

use std::fmt;
use std::ops::{Add, AddAssign, Sub};

/// A sequence number: an unsigned 32-bit number in arithmetic modulo 2^32.
///
/// There is no `Ord`: "less than" on a circle depends on where one stands.
/// Say [`before`](Self::before), [`after`](Self::after) or take the signed
/// [`distance`](Self::distance); all hold for numbers less than 2^31 apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct SeqNumber(u32);

impl SeqNumber {
    /// The sequence number with this value on the wire.
    #[must_use]
    pub const fn new(value: u32) -> Self {
        Self(value)
    }

    /// The value on the wire.
    #[must_use]
    pub const fn value(self) -> u32 {
        self.0
    }

    /// How far ahead of `base` this is: negative if it lies before.
    #[must_use]
    pub const fn distance(self, base: Self) -> i32 {
        self.0.wrapping_sub(base.0).cast_signed()
    }

    /// This number moved by a signed distance.
    #[must_use]
    pub const fn offset(self, by: i64) -> Self {
        // Truncation is the arithmetic modulo 2^32 that is wanted.
        Self(self.0.wrapping_add(by as u32))
    }

    /// Whether this comes strictly before `other`.
    #[must_use]
    pub const fn before(self, other: Self) -> bool {
        self.distance(other) < 0
    }

    /// Whether this comes strictly after `other`.
    #[must_use]
    pub const fn after(self, other: Self) -> bool {
        self.distance(other) > 0
    }

    /// Whether this is `other` or comes before it.
    #[must_use]
    pub const fn at_or_before(self, other: Self) -> bool {
        self.distance(other) <= 0
    }

    /// Whether this is `other` or comes after it.
    #[must_use]
    pub const fn at_or_after(self, other: Self) -> bool {
        self.distance(other) >= 0
    }

    /// Whether this lies in the `len` numbers that begin at `start`
    /// (`start =< self < start + len`), for any `len` up to 2^32 - 1.
    #[must_use]
    pub const fn within(self, start: Self, len: u32) -> bool {
        self.0.wrapping_sub(start.0) < len
    }

    /// The later of two numbers.
    #[must_use]
    pub const fn latest(self, other: Self) -> Self {
        if self.before(other) { other } else { self }
    }
}

impl Add<u32> for SeqNumber {
    type Output = Self;

    fn add(self, by: u32) -> Self {
        Self(self.0.wrapping_add(by))
    }
}

impl AddAssign<u32> for SeqNumber {
    fn add_assign(&mut self, by: u32) {
        *self = *self + by;
    }
}

impl Sub<u32> for SeqNumber {
    type Output = Self;

    fn sub(self, by: u32) -> Self {
        Self(self.0.wrapping_sub(by))
    }
}

impl fmt::Display for SeqNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

//! Bounds on what a case may be, each with its reason.

/// Lists and maps within one another. Cases need six; the bound keeps
/// recursion shallow whatever a file holds.
pub const MAX_DEPTH: usize = 24;

/// Variants of a case: the cross product of a few axes stays far below, and a
/// slip in a matrix must not eat the memory.
pub const MAX_VARIANTS: usize = 1_000;

/// Elements of `all_of`: every order is an alternative, and there are 24 of 4.
pub const MAX_ALL_OF: usize = 4;

/// Rounds of one `repeat`: more than the counters of any TCP that cases wait
/// for.
pub const MAX_TIMES: usize = 1_000;

/// Steps of a variant, repeats written out: repeats within one another must
/// not eat the memory.
pub const MAX_STEPS: usize = 10_000;

/// Preludes before preludes and fragments within fragments.
pub const MAX_NESTING: usize = 16;

/// Terms and factors of an expression, which is read by recursion.
pub const MAX_TERMS: usize = 16;

/// Octets of a file. The longest case is a few KiB, the largest part of the
/// catalogue some hundred.
pub const MAX_FILE_LEN: u64 = 4 << 20;

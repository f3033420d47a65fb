//! First steps of a stack behind the line protocol.
//!
//! | module | holds |
//! |---|---|
//! | [`template`] | what a new connector begins with, in each language |
//! | [`ladder`] | what a stack has to do before cases make sense, rung by rung |
//! | [`shell`] | the verbs typed by hand |
//! | `peer` | the other end of one connection, as far as a ladder needs it |
//! | `footprint` | what a process holds of memory and files |
//!
//! It is no judge of TCP: that a rung holds says that cases can be run, and what
//! is right is said by them.

mod footprint;
pub mod ladder;
mod peer;
pub mod shell;
pub mod template;

pub use ladder::{Outcome, Rung, Terms, climb};
pub use shell::{Shell, ShellError};
pub use template::{Language, Template};

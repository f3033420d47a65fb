//! The report on a terminal: the screen that explains one trial, and the
//! summary of a run. Both are plain text of 80 columns or so, with colour on
//! request; the caller prints them.
//!
//! Nothing that a stack said reaches the terminal as a control character.

pub(crate) mod ink;
mod picture;
mod screen;
mod summary;

pub(crate) use ink::Ink;
pub use ink::Style;
pub use screen::{Context, failure};
pub use summary::summary;

/// Columns of a line of prose.
const WIDTH: usize = 80;

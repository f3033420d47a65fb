//! A run's log as something to read: a page, a terminal screen, and what other
//! programs ask for.
//!
//! | module | holds |
//! |---|---|
//! | [`model`] | [`Report`]: everything counted and ordered, once |
//! | [`ladder`] | [`Ladder`](ladder::Ladder): what happened, row by row, for every printer |
//! | [`terminal`] | a failing trial on one screen; the summary of a run |
//! | [`compare`] | stacks side by side, of one run or of several |
//! | [`html`] | one offline page |
//! | [`junit`] | JUnit XML |
//! | [`pcapng`] | captures of what failed |
//! | [`duels`] | duels of two live stacks, as a page |
//! | [`tap`], [`markdown`], [`github`], [`sarif`], [`json`], [`badge`] | what CI systems read |
//! | [`format`] | those that are one text each, by name |
//!
//! All of them see the log alone: a report can be made again from it at any
//! time, on any machine. Nothing here runs a case, reads a file or prints.

pub mod badge;
pub mod compare;
pub mod duels;
pub mod format;
pub mod github;
pub mod html;
pub mod json;
pub mod junit;
pub mod ladder;
pub mod markdown;
pub mod model;
pub mod pcapng;
pub mod sarif;
pub mod tap;
pub mod terminal;
mod text;

pub use format::Format;
pub use model::Report;

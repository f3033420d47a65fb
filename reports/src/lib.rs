//! A run's log as something to read: a page, a terminal screen, JUnit XML.
//!
//! | module | holds |
//! |---|---|
//! | [`model`] | [`Report`]: everything counted and ordered, once |
//! | [`ladder`] | [`Ladder`](ladder::Ladder): what happened, row by row, for every printer |
//! | [`terminal`] | a failing trial on one screen; the summary of a run |
//! | [`html`] | one offline page |
//! | [`junit`] | JUnit XML |
//! | [`pcapng`] | captures of what failed |
//!
//! All of them see the log alone: a report can be made again from it at any
//! time, on any machine. Nothing here runs a case, reads a file or prints.

pub mod html;
pub mod junit;
pub mod ladder;
pub mod model;
pub mod pcapng;
pub mod terminal;

pub use model::Report;

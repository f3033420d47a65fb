//! The client against processes that are what they should not be, and against
//! the server.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod lines;
mod serving;
mod session;
mod toy;
mod zoo;

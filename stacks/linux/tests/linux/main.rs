//! The kernel behind the seam, as it is used: with real namespaces, devices
//! and sockets.
//!
//! The tests need the rights to make them. Where they cannot be had each one
//! says `skipped` with the reason on stderr; there is no other way to skip.

#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "helpers of tests, which clippy does not take for tests"
)]

mod attach;
mod contract;
mod host;
mod reasons;
mod states;
mod trial;
mod unprivileged;
mod verbs;
mod waiting;

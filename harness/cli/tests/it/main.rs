//! The program as its users meet it, and the shape of its source.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod baseline;
mod case;
mod common;
mod config;
mod connect;
mod coverage;
mod duel;
mod exit_codes;
mod explain;
mod faults;
mod findings;
mod lwip;
mod manual;
mod outputs;
mod packets;
mod protocol;
mod readme;
mod replay;
mod runs;
mod selection;
mod switches;
mod templates;
mod tidy;
mod trouble;
mod watch;

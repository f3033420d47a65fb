//! `tcpspec`: shows whether a TCP implementation does what the RFCs say.
//!
//! | module | holds |
//! |---|---|
//! | [`args`] | the command line |
//! | [`commands`] | one module for each verb |
//! | [`select`] | which variants a command is about |
//! | [`stacks`] | names of stacks, and how to make one |
//! | [`schedule`] | trials on worker threads and lanes; deadlines; Ctrl-C |
//! | [`ledger`] | the run's log, written as trials end |
//! | [`output`] | files and terminal |
//! | [`bug`] | what a panic means: of a stack, or of tcpspec itself |
//!
//! It selects, schedules and prints. How a case is read, run, judged and
//! reported is in the libraries.

mod args;
mod baselines;
mod bug;
mod commands;
mod failure;
mod ledger;
mod output;
mod schedule;
mod select;
mod stacks;

use std::process::ExitCode;

use clap::Parser;
use tcpspec_record::Exit;

fn main() -> ExitCode {
    bug::install_hook();
    let args = args::Args::parse();
    let exit = match std::panic::catch_unwind(|| commands::run(args)) {
        Ok(Ok(exit)) => exit,
        Ok(Err(failure)) => {
            anstream::eprintln!("tcpspec: {failure}");
            failure.exit
        }
        Err(_) => Exit::Bug,
    };
    ExitCode::from(exit.code())
}

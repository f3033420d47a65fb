//! `tcpspec`: shows whether a TCP implementation does what the RFCs say.
//!
//! | module | holds |
//! |---|---|
//! | [`args`] | the command line |
//! | [`commands`] | one module for each verb |
//! | [`config`] | `tcpspec.toml`: what stands in for arguments that are left out |
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
mod config;
mod failure;
mod ledger;
mod output;
mod schedule;
mod select;
mod stacks;

use std::path::Path;
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches};
use tcpspec_record::Exit;

fn main() -> ExitCode {
    bug::install_hook();
    let exit = match std::panic::catch_unwind(|| commands::run(parse()?)) {
        Ok(Ok(exit)) => exit,
        Ok(Err(failure)) => {
            anstream::eprintln!("tcpspec: {failure}");
            failure.exit
        }
        Err(_) => Exit::Bug,
    };
    ExitCode::from(exit.code())
}

/// The command line, with the configuration for what it leaves out. `doctor`
/// tells by itself what is wrong with one.
fn parse() -> Result<args::Args, failure::Failure> {
    let words: Vec<String> = std::env::args_os()
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    let named = option(&words, "--config");
    let profile = option(&words, "--profile");
    let found = config::find(named.as_deref().map(Path::new));
    let command = args::Args::command();
    let configured = found.and_then(|config| {
        config::with_defaults(command.clone(), config.as_ref(), profile.as_deref())
    });
    let (command, complaint) = match configured {
        Ok(command) => (command, None),
        Err(error) => (command, Some(error)),
    };
    let parsed = args::Args::from_arg_matches(&command.get_matches());
    let args = parsed.unwrap_or_else(|error| error.exit());
    match complaint {
        Some(error) if !matches!(args.command, args::Command::Doctor(_)) => {
            Err(failure::Failure::usage(error))
        }
        _ => Ok(args),
    }
}

/// The value of an option that has to be known before all others are read.
fn option(words: &[String], name: &str) -> Option<String> {
    let own = words.iter().take_while(|word| *word != "--");
    let mut own = own.skip_while(|word| *word != name && !word.starts_with(&format!("{name}=")));
    let word = own.next()?;
    match word.split_once('=') {
        Some((_, value)) => Some(value.to_owned()),
        None => own.next().cloned(),
    }
}

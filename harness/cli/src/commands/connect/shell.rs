//! `tcpspec connect shell`: the verbs typed by hand.

use std::io::{self, BufRead, IsTerminal, Write};
use std::time::Duration;

use tcpspec_connect::{Shell, ShellError};
use tcpspec_protocol::Client;
use tcpspec_record::Exit;

use super::address;
use crate::args::CheckArgs;
use crate::failure::Failure;

pub(crate) fn run(args: &CheckArgs) -> Result<Exit, Failure> {
    let patience = Duration::from_secs(args.wall_limit);
    let mut client = Client::connect(address(&args.stack)?, patience).map_err(Failure::none)?;
    let mut shell = Shell::new(&mut client, args.seed);
    print(shell.type_in("open"));
    let is_typed = io::stdin().is_terminal();
    let mut lines = io::stdin().lock().lines();
    loop {
        anstream::print!("{}", if is_typed { "> " } else { "" });
        let unwritten = |error| Failure::usage(format!("nobody reads what is said: {error}"));
        io::stdout().flush().map_err(unwritten)?;
        let Some(Ok(line)) = lines.next() else {
            return Ok(Exit::Success);
        };
        if !is_typed {
            // So that a session from a file can be read.
            anstream::println!("> {line}");
        }
        if !print(shell.type_in(&line)) {
            return Ok(Exit::Success);
        }
    }
}

/// Whether it goes on.
fn print(told: Result<Option<Vec<String>>, ShellError>) -> bool {
    match told {
        Ok(None) => return false,
        Ok(Some(lines)) => lines.iter().for_each(|line| anstream::println!("{line}")),
        Err(error) => anstream::println!("{error}"),
    }
    true
}

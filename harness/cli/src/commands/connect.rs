//! `tcpspec connect`: first steps of a stack of one's own.

mod check;
mod init;
mod shell;

use tcpspec_protocol::Address;
use tcpspec_record::Exit;

use crate::args::{ConnectArgs, ConnectCommand};
use crate::failure::Failure;
use crate::stacks::{self, StackName};

pub(crate) fn run(args: &ConnectArgs) -> Result<Exit, Failure> {
    match &args.command {
        ConnectCommand::Init(init) => init::run(init),
        ConnectCommand::Check(check) => check::run(check),
        ConnectCommand::Shell(shell) => shell::run(shell),
    }
}

/// Where the stack is. One that is built in is served by this very program.
fn address(stack: &StackName) -> Result<Address, Failure> {
    match stack {
        StackName::Line(address) => return Ok(address.clone()),
        StackName::Lwip => return Ok(stacks::lwip()),
        _ => {}
    }
    let own = std::env::current_exe()
        .map_err(|error| Failure::usage(format!("this program is not to be found: {error}")))?;
    let words = [&*own.to_string_lossy(), "serve", &stack.to_string()].map(str::to_owned);
    let command = shlex::try_join(words.iter().map(String::as_str))
        .map_err(|error| Failure::usage(error.to_string()))?;
    Ok(Address::Exec(command))
}

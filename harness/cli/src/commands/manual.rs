//! `tcpspec completions` and `tcpspec man`: made from the command line's own
//! declaration, so that neither can say what is not so.

use std::fs;
use std::io::{self, Write};

use clap::CommandFactory;
use tcpspec_record::Exit;

use crate::args::{Args, CompletionsArgs, ManArgs};
use crate::failure::Failure;

/// Prints a shell's completions.
pub(crate) fn completions(args: &CompletionsArgs) -> Exit {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Args::command(), "tcpspec", &mut script);
    print(&script)
}

/// Prints the manual page of the program, or writes all pages.
pub(crate) fn pages(args: &ManArgs) -> Result<Exit, Failure> {
    let command = Args::command();
    if let Some(dir) = &args.out {
        fs::create_dir_all(dir).map_err(|error| Failure::file("create", dir, error))?;
        clap_mangen::generate_to(command, dir)
            .map_err(|error| Failure::file("write into", dir, error))?;
        return Ok(Exit::Success);
    }
    let mut page = Vec::new();
    let made = clap_mangen::Man::new(command).render(&mut page);
    made.map_err(|error| Failure::error(&error))?;
    Ok(print(&page))
}

/// Whoever closes the pipe has read enough.
fn print(octets: &[u8]) -> Exit {
    let _ = io::stdout().write_all(octets);
    Exit::Success
}

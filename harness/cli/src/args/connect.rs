//! Arguments of `connect`: first steps of a stack of one's own.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand, ValueEnum};

use crate::stacks::StackName;

#[derive(Debug, ClapArgs)]
pub(crate) struct ConnectArgs {
    #[command(subcommand)]
    pub(crate) command: ConnectCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ConnectCommand {
    /// Write a connector to begin with: the protocol done, the verbs empty
    Init(InitArgs),
    /// Take a stack up a ladder, from "it starts" to "the same seed, the same packets";
    /// stop at the first rung that breaks, and say what to do next
    Check(CheckArgs),
    /// Type the verbs by hand, one for each line, and see what comes of them
    Shell(CheckArgs),
}

#[derive(Debug, ClapArgs)]
pub(crate) struct InitArgs {
    /// The language
    #[arg(long, value_enum)]
    pub(crate) lang: Lang,

    /// The directory to write to; it is made if it is not there. No file is overwritten
    #[arg(value_name = "DIR", default_value = ".")]
    pub(crate) dir: PathBuf,
}

/// A language that a connector can begin in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Lang {
    /// Without any crate
    Rust,
    /// C11
    C,
    /// Python 3
    Python,
    /// Go
    Go,
    /// Zig
    Zig,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct CheckArgs {
    /// The stack: exec:CMD, unix:PATH or tcp:HOST:PORT, or its name in tcpspec.toml; one
    /// that is built in is served
    #[arg(value_name = "STACK")]
    pub(crate) stack: StackName,

    /// Seed of what it is asked
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,

    /// How long it may take for any answer, in seconds of real time
    #[arg(long, value_name = "SECONDS", default_value_t = 10)]
    pub(crate) wall_limit: u64,
}

//! Arguments of the verbs about the program itself: `schema`, `completions`,
//! `man`.

use std::path::PathBuf;

use clap::Args as ClapArgs;

#[derive(Debug, ClapArgs)]
pub(crate) struct SchemaArgs {
    /// Which: case, sweep, baseline, log (each of its lines), report
    #[arg(value_name = "NAME")]
    pub(crate) name: Option<String>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct CompletionsArgs {
    /// The shell
    #[arg(value_name = "SHELL")]
    pub(crate) shell: clap_complete::Shell,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct ManArgs {
    /// Write tcpspec.1 and a page for each verb (tcpspec-run.1 ...) here
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
}

//! Arguments of the verbs about the program itself (`schema`, `completions`,
//! `man`), and of `serve`.

use std::path::PathBuf;

use clap::Args as ClapArgs;

use crate::stacks::StackName;

#[derive(Debug, ClapArgs)]
pub(crate) struct SchemaArgs {
    /// Which: case, sweep, baseline, config, log (each of its lines), report, connector
    /// (each line of the protocol)
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

#[derive(Debug, ClapArgs)]
pub(crate) struct ServeArgs {
    /// The stack: bundled, smoltcp, linux or a control stack, with options as `run` takes
    /// them
    #[arg(value_name = "STACK")]
    pub(crate) stack: StackName,

    /// Listen on a socket at this path; each connection is a stack of its own
    #[arg(long, value_name = "PATH", conflicts_with = "tcp")]
    pub(crate) unix: Option<PathBuf>,

    /// Listen on an address and port: 127.0.0.1:7000
    #[arg(long, value_name = "ADDR")]
    pub(crate) tcp: Option<std::net::SocketAddr>,
}

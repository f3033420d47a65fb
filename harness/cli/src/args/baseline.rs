//! Arguments of `baseline`.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand};

use super::{BaselineFileArgs, CasesArgs};

#[derive(Debug, ClapArgs)]
pub(crate) struct BaselineArgs {
    #[command(subcommand)]
    pub(crate) command: BaselineCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum BaselineCommand {
    /// Write a baseline for a stack that has none: an entry for all that failed, each
    /// with a reason to be written
    Init(BaselineOfArgs),
    /// Add what failed and is not known, and put right what fails otherwise than
    /// known; reasons and comments stay
    Update(BaselineOfArgs),
    /// Say what is missing (exit code 1), what no longer fails (5), and where the
    /// reason has still to be written (3)
    Check(BaselineOfArgs),
    /// Take out what no longer fails
    Prune(BaselineOfArgs),
}

#[derive(Debug, ClapArgs)]
pub(crate) struct BaselineOfArgs {
    /// The baseline [default: that of each stack of the run, in `baselines` of the
    /// cases]
    #[arg(value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,

    /// The run to go by: its log or directory. Deviations count if it was strict
    #[arg(long, value_name = "RUN", default_value = "target/tcpspec/latest")]
    pub(crate) run: PathBuf,

    /// This stack alone, as the run names it
    #[arg(long, value_name = "NAME")]
    pub(crate) stack: Option<String>,

    #[command(flatten)]
    pub(crate) cases: CasesArgs,

    #[command(flatten)]
    pub(crate) baselines: BaselineFileArgs,
}

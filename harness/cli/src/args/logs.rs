//! Arguments of the verbs about the logs of runs: `explain`, `diff`, `compare`,
//! `merge`, `replay`, `report`.

use std::path::PathBuf;

use clap::{Args as ClapArgs, ValueEnum};
use tcpspec_reports::Format;

use super::{BaselineFileArgs, CasesArgs};

#[derive(Debug, ClapArgs)]
pub(crate) struct ExplainArgs {
    /// A case, a variant of one or a group, whatever became of it; or a log. Left
    /// out: all that needs an explanation
    #[arg(value_name = "CASE|LOG")]
    pub(crate) what: Option<String>,

    /// The log of the run
    #[arg(
        long,
        value_name = "LOG",
        default_value = "target/tcpspec/latest/log.jsonl"
    )]
    pub(crate) log: PathBuf,

    /// How to write it
    #[arg(long, value_enum, default_value_t = ExplainFormat::Text)]
    pub(crate) format: ExplainFormat,
}

/// How an explanation is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExplainFormat {
    /// Screens for a terminal
    Text,
    /// The same for an issue or a comment
    Md,
    /// One offline page
    Html,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct DiffArgs {
    /// The earlier run: its log or directory
    #[arg(value_name = "BEFORE")]
    pub(crate) before: PathBuf,

    /// The later run
    #[arg(value_name = "AFTER")]
    pub(crate) after: PathBuf,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct CompareArgs {
    /// Runs: logs or directories, each stack of each a column
    #[arg(value_name = "RUN", default_value = "target/tcpspec/latest")]
    pub(crate) runs: Vec<PathBuf>,

    /// How to write it
    #[arg(long, value_enum, default_value_t = CompareFormat::Text)]
    pub(crate) format: CompareFormat,
}

/// How a comparison is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum CompareFormat {
    /// Tables for a terminal
    Text,
    /// The same in Markdown
    Md,
    /// For other programs
    Json,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct MergeArgs {
    /// Every shard of one run: logs or directories, in any order
    #[arg(value_name = "RUN", required = true)]
    pub(crate) runs: Vec<PathBuf>,

    /// What to write beside log and captures, separated by commas
    #[arg(
        long,
        value_name = "LIST",
        value_delimiter = ',',
        default_value = "html,junit"
    )]
    pub(crate) format: Vec<Format>,

    /// Directory for log.jsonl, the reports and captures/
    #[arg(long, value_name = "DIR", default_value = "target/tcpspec/latest")]
    pub(crate) out: PathBuf,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct ReplayArgs {
    /// The run: its log or directory
    #[arg(value_name = "RUN", default_value = "target/tcpspec/latest")]
    pub(crate) run: PathBuf,

    /// Write log, reports and captures as they are judged now into this directory
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,

    /// What to write there beside log and captures, separated by commas
    #[arg(
        long,
        value_name = "LIST",
        value_delimiter = ',',
        default_value = "html,junit"
    )]
    pub(crate) format: Vec<Format>,

    #[command(flatten)]
    pub(crate) cases: CasesArgs,

    #[command(flatten)]
    pub(crate) baselines: BaselineFileArgs,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct ReportArgs {
    /// The log of a run
    #[arg(value_name = "LOG")]
    pub(crate) log: PathBuf,

    /// What to write, separated by commas: html, junit, tap, md, sarif, json, badge
    #[arg(
        long,
        value_name = "LIST",
        value_delimiter = ',',
        default_value = "html,junit"
    )]
    pub(crate) format: Vec<Format>,

    /// An earlier run, a log or its directory: the page says what has changed
    #[arg(long, value_name = "RUN")]
    pub(crate) against: Option<PathBuf>,

    /// Directory for the reports and captures/
    #[arg(long, value_name = "DIR", default_value = "target/tcpspec/latest")]
    pub(crate) out: PathBuf,
}

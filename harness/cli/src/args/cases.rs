//! Arguments of the verbs about cases: `list`, `show`, `coverage`, `case`.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand, ValueEnum};

use super::CasesArgs;
use crate::select::SelectArgs;

#[derive(Debug, ClapArgs)]
pub(crate) struct ListArgs {
    #[command(flatten)]
    pub(crate) select: SelectArgs,

    /// Count them by groups instead: how deep they reach into a stack
    #[arg(long, value_enum, value_name = "WHAT")]
    pub(crate) by: Option<ListBy>,

    #[command(flatten)]
    pub(crate) cases: CasesArgs,
}

/// By what variants are grouped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ListBy {
    /// What they ask of the stack's application at most, from packets alone on,
    /// and what a stack declares to play them
    Depth,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct ShowArgs {
    /// The case, or one variant of it
    #[arg(value_name = "CASE")]
    pub(crate) case: String,

    #[command(flatten)]
    pub(crate) cases: CasesArgs,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct CoverageArgs {
    /// How to print it
    #[arg(long, value_enum, default_value_t = CoverageFormat::Text)]
    pub(crate) format: CoverageFormat,

    /// Requirements of this RFC only; may stand more than once
    #[arg(long, value_name = "NUMBER")]
    pub(crate) rfc: Vec<String>,

    /// List the requirements that no case decides though one could
    #[arg(long)]
    pub(crate) missing: bool,

    /// Draw what every event does in every state
    #[arg(long, conflicts_with_all = ["rfc", "missing"])]
    pub(crate) grid: bool,

    #[command(flatten)]
    pub(crate) cases: CasesArgs,
}

/// How coverage is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum CoverageFormat {
    /// Tables for a terminal
    Text,
    /// Every requirement by itself
    Json,
    /// The page cases/COVERAGE.md
    Md,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct CaseArgs {
    #[command(subcommand)]
    pub(crate) command: CaseCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum CaseCommand {
    /// Write a case that is valid and plays, to be changed into what you want
    New(NewArgs),
    /// Print all mistakes in case files, and what could be better in the valid ones
    Lint(LintArgs),
    /// Put case files into their canonical form: order of keys, indentation, blank lines
    Fmt(FmtArgs),
}

#[derive(Debug, ClapArgs)]
pub(crate) struct NewArgs {
    /// The new case: GROUP/NAME
    #[arg(value_name = "ID")]
    pub(crate) id: String,

    #[command(flatten)]
    pub(crate) cases: CasesArgs,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct LintArgs {
    /// A file or directory; all cases if left out
    #[arg(value_name = "PATH")]
    pub(crate) path: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) cases: CasesArgs,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct FmtArgs {
    /// A file or directory; all cases and fragments if left out
    #[arg(value_name = "PATH")]
    pub(crate) path: Option<PathBuf>,

    /// Write nothing: name the files that would change, and end with 1 if there are any
    #[arg(long)]
    pub(crate) check: bool,

    #[command(flatten)]
    pub(crate) cases: CasesArgs,
}

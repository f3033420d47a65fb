//! The command line. The arguments of the verbs are in the modules, by what the
//! verbs are about.

mod baseline;
mod cases;
mod connect;
mod duel;
mod logs;
mod run;
mod tool;

use std::path::PathBuf;

use clap::builder::styling::{AnsiColor, Styles};
use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};
use tcpspec_record::Exit;

pub(crate) use baseline::{BaselineArgs, BaselineCommand, BaselineOfArgs};
pub(crate) use cases::{
    CaseArgs, CaseCommand, CoverageArgs, CoverageFormat, FmtArgs, LintArgs, ListArgs, ListBy,
    NewArgs, ShowArgs,
};
pub(crate) use connect::{CheckArgs, ConnectArgs, ConnectCommand, InitArgs, Lang};
pub(crate) use duel::DuelArgs;
pub(crate) use logs::{
    CompareArgs, CompareFormat, DiffArgs, ExplainArgs, ExplainFormat, MergeArgs, ReplayArgs,
    ReportArgs,
};
pub(crate) use run::{Ip, IsnArg, RerunArgs, RunArgs};
pub(crate) use tool::{CompletionsArgs, ManArgs, SchemaArgs, ServeArgs};

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default().bold());

/// Shows whether a TCP implementation does what the RFCs say.
#[derive(Debug, Parser)]
#[command(version, styles = STYLES, after_help = exit_codes(), max_term_width = 100)]
pub(crate) struct Args {
    /// When to colour the output; NO_COLOR is honoured
    #[arg(long, global = true, value_enum, default_value_t = Colour::Auto)]
    pub(crate) color: Colour,

    /// The configuration [default: tcpspec.toml here or in a directory above]
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,

    /// The profile of the configuration that stands in for arguments of `run`
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) profile: Option<String>,

    #[command(subcommand)]
    pub(crate) command: Command,
}

/// A baseline in place of that in the cases.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StackFile {
    pub(crate) stack: String,
    pub(crate) file: PathBuf,
}

impl std::str::FromStr for StackFile {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        // A stack's name may hold `=`, too: linux:mtu=1280.
        let (stack, file) = text.rsplit_once('=').ok_or("write STACK=FILE")?;
        Ok(Self {
            stack: stack.to_owned(),
            file: file.into(),
        })
    }
}

/// What is known of the stacks.
#[derive(Clone, Debug, ClapArgs)]
pub(crate) struct BaselineFileArgs {
    /// What is known of a stack, in place of the file in `baselines` of the cases; may
    /// stand more than once
    #[arg(long, value_name = "STACK=FILE")]
    pub(crate) baseline: Vec<StackFile>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run cases on one or more stacks, write log, reports and captures of failures
    Run(RunArgs),
    /// Play again what has not passed yet in a run: same stacks, options and seed
    Rerun(RerunArgs),
    /// List variants of cases
    List(ListArgs),
    /// Show a case: what it checks, which requirements, step by step
    Show(ShowArgs),
    /// Show which requirements the cases decide, and which not
    Coverage(CoverageArgs),
    /// Write a new case, remark on the style of cases, put them into one form
    Case(CaseArgs),
    /// Say what this machine allows, and how to change it
    Doctor(CasesArgs),
    /// Let two stacks talk to each other over a faulty link, and judge every segment
    Duel(DuelArgs),
    /// First steps of a stack of your own: write a connector to begin with, take it up a
    /// ladder of checks, type its verbs by hand
    Connect(ConnectArgs),
    /// Be a stack that is built in, behind the line protocol, for another program to drive
    Serve(ServeArgs),
    /// Explain what went wrong in a run, from its log
    Explain(ExplainArgs),
    /// Say what changed from one run to another; ends with 1 if anything got worse
    Diff(DiffArgs),
    /// Set stacks of one run or several side by side: where they differ, which one
    /// stands alone, what they chose
    Compare(CompareArgs),
    /// Judge a run again without its stacks, by the cases as they are now
    Replay(ReplayArgs),
    /// Put the shards of a run together
    Merge(MergeArgs),
    /// Make reports and captures again from a log
    Report(ReportArgs),
    /// Keep the files that say what is known of a stack
    Baseline(BaselineArgs),
    /// Print the JSON Schema of a kind of file; without a name, list them
    Schema(SchemaArgs),
    /// Print the completions of a shell, to be put where it looks for them
    Completions(CompletionsArgs),
    /// Print the manual page, or write those of all verbs into a directory
    Man(ManArgs),
    /// Show what a bug of tcpspec looks like, to test who watches it
    #[command(hide = true)]
    Bug,
}

/// Where cases come from.
#[derive(Clone, Debug, ClapArgs)]
pub(crate) struct CasesArgs {
    /// Directory of the cases [default: `cases` here or in a directory above]
    #[arg(long, value_name = "DIR")]
    pub(crate) cases: Option<PathBuf>,
}

/// When to colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Colour {
    /// On a terminal
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

fn exit_codes() -> String {
    let lines = Exit::ALL.map(|(_, code, meaning)| format!("  {code:>3}  {meaning}"));
    format!(
        "Exit codes (of several, the first of 70, 130, 3, 1, 6, 5, 4):\n{}",
        lines.join("\n")
    )
}

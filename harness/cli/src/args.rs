//! The command line.

use std::path::PathBuf;

use clap::builder::styling::{AnsiColor, Styles};
use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};
use tcpspec_record::{Exit, IpVersion, Isn};
use tcpspec_reports::Format;

use crate::commands::Part;
use crate::stacks::StackName;

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

    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run cases on one or more stacks, write log, reports and captures of failures
    Run(RunArgs),
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
    /// Explain what went wrong in a run, from its log
    Explain(ExplainArgs),
    /// Say what changed from one run to another; ends with 1 if anything got worse
    Diff(DiffArgs),
    /// Put the shards of a run together
    Merge(MergeArgs),
    /// Make reports and captures again from a log
    Report(ReportArgs),
    /// Show what a bug of tcpspec looks like, to test who watches it
    #[command(hide = true)]
    Bug,
}

/// Where cases come from.
#[derive(Debug, ClapArgs)]
pub(crate) struct CasesArgs {
    /// Directory of the cases [default: `cases` here or in a directory above]
    #[arg(long, value_name = "DIR")]
    pub(crate) cases: Option<PathBuf>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct RunArgs {
    /// What to run: an id, a group (`closing/`), a glob (`reset/*`), a variant
    /// (`reset/exact@in=closing`), `tag:NAME`, a requirement (`9293:MUST-13`), a
    /// section (`rfc9293/3.10.7.4`) or a state (`state:CLOSING`); everything if left out
    #[arg(value_name = "SELECTION")]
    pub(crate) selection: Vec<String>,

    /// Stack to test; may stand more than once: bundled (with extensions switched,
    /// as in bundled:ecn,no-sack), linux, or one of the
    /// control stacks that are wrong on purpose (control:silent, control:resets,
    /// control:dies, control:hangs, control:floods)
    #[arg(long, value_name = "NAME", default_value = "bundled")]
    pub(crate) stack: Vec<StackName>,

    /// Version of IP
    #[arg(long, value_enum, default_value_t = Ip::Both)]
    pub(crate) ip: Ip,

    /// Where initial sequence numbers lie: anywhere, or so near 2^32 that the first
    /// octets wrap (the peer's; the stack's too where it can be set)
    #[arg(long, value_enum, default_value_t = IsnArg::Random)]
    pub(crate) isn: IsnArg,

    /// Trials at once on virtual clocks [default: the number of cores]
    #[arg(short, long, value_name = "N")]
    pub(crate) jobs: Option<std::num::NonZeroUsize>,

    /// Seed of everything drawn at random
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,

    /// Play one part of the variants only: 2/5 for the second of five; `merge` puts
    /// the parts together
    #[arg(long, value_name = "N/OF")]
    pub(crate) shard: Option<Part>,

    /// Count deviations as failures
    #[arg(long)]
    pub(crate) strict: bool,

    /// Directory for log.jsonl, reports and captures/ (a pcapng file for each variant
    /// that failed)
    #[arg(long, value_name = "DIR", default_value = "target/tcpspec/latest")]
    pub(crate) out: PathBuf,

    /// Reports to write beside log and captures, separated by commas: html, junit,
    /// tap, md, sarif, json, badge
    #[arg(
        long,
        value_name = "LIST",
        value_delimiter = ',',
        default_value = "html,junit"
    )]
    pub(crate) report: Vec<Format>,

    /// Play everything so many times, each time into a directory of its own
    /// (DIR/1, DIR/2 ...), and list the verdicts that changed
    #[arg(long, value_name = "N", default_value = "1")]
    pub(crate) runs: std::num::NonZeroUsize,

    /// Seconds of real time after which a stack on a virtual clock that does
    /// not answer is stuck
    #[arg(long, value_name = "SECONDS", default_value_t = 10)]
    pub(crate) wall_limit: u64,

    #[command(flatten)]
    pub(crate) cases: CasesArgs,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct ListArgs {
    /// What to list, as for `run`
    #[arg(value_name = "SELECTION")]
    pub(crate) selection: Vec<String>,

    #[command(flatten)]
    pub(crate) cases: CasesArgs,
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

    /// Directory for the reports and captures/
    #[arg(long, value_name = "DIR", default_value = "target/tcpspec/latest")]
    pub(crate) out: PathBuf,
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

/// Versions of IP to run over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Ip {
    /// IPv4
    #[value(name = "4")]
    V4,
    /// IPv6
    #[value(name = "6")]
    V6,
    /// IPv4, then IPv6
    Both,
}

/// Initial sequence numbers to run with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum IsnArg {
    /// Drawn from the seed
    Random,
    /// Near 2^32
    Wrap,
    /// Drawn from the seed, then near 2^32
    Both,
}

impl IsnArg {
    pub(crate) const fn values(self) -> &'static [Isn] {
        match self {
            Self::Random => &[Isn::Random],
            Self::Wrap => &[Isn::Wrap],
            Self::Both => &[Isn::Random, Isn::Wrap],
        }
    }
}

impl Ip {
    pub(crate) const fn versions(self) -> &'static [IpVersion] {
        match self {
            Self::V4 => &[IpVersion::V4],
            Self::V6 => &[IpVersion::V6],
            Self::Both => &[IpVersion::V4, IpVersion::V6],
        }
    }
}

fn exit_codes() -> String {
    let lines = Exit::ALL.map(|(_, code, meaning)| format!("  {code:>3}  {meaning}"));
    format!(
        "Exit codes (of several, the first of 70, 130, 3, 1, 6, 5, 4):\n{}",
        lines.join("\n")
    )
}

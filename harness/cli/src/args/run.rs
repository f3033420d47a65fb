//! Arguments of `run`.

use std::path::PathBuf;

use clap::{Args as ClapArgs, ValueEnum};
use tcpspec_record::{IpVersion, Isn};
use tcpspec_reports::Format;

use super::CasesArgs;
use crate::commands::Part;
use crate::select::SelectArgs;
use crate::stacks::StackName;

#[derive(Debug, ClapArgs)]
pub(crate) struct RunArgs {
    #[command(flatten)]
    pub(crate) select: SelectArgs,

    /// Only what has not passed in the last run, by the log in the output directory
    #[arg(long)]
    pub(crate) last_failed: bool,

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

//! Arguments of `run` and `rerun`.

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::{Args as ClapArgs, ValueEnum};
use tcpspec_record::{IpVersion, Isn};
use tcpspec_reports::Format;

use super::{BaselineFileArgs, CasesArgs};
use crate::commands::Part;
use crate::select::SelectArgs;
use crate::stacks::StackName;

#[derive(Clone, Debug, ClapArgs)]
pub(crate) struct RunArgs {
    #[command(flatten)]
    pub(crate) select: SelectArgs,

    /// Only what has not passed in the last run, by the log in the output directory
    #[arg(long)]
    pub(crate) last_failed: bool,

    /// Stack to test; may stand more than once: smoltcp, bundled (with extensions switched,
    /// as in bundled:ecn,no-sack), linux, lwip (once `make lwip` has built it), or one of the
    /// control stacks that are wrong on purpose (control:silent, control:resets,
    /// control:dies, control:hangs, control:floods), or one in another process that speaks
    /// the line protocol: exec:CMD (its words split as a shell would), unix:PATH,
    /// tcp:HOST:PORT, or one of which nothing but packets is at hand: tun:NAME, tap:NAME,
    /// udp:HOST:PORT, with what is declared of it behind, as in
    /// tap:tap0?addr=192.0.2.1&peer=192.0.2.2&service=echo:7 (stacks/packets/README.md)
    #[arg(long, value_name = "NAME", default_value = "bundled")]
    pub(crate) stack: Vec<StackName>,

    /// Version of IP
    #[arg(long, value_enum, default_value_t = Ip::Both)]
    pub(crate) ip: Ip,

    /// Where initial sequence numbers lie: anywhere, or so near 2^32 that the first
    /// octets wrap (the peer's; the stack's too where it can be set)
    #[arg(long, value_enum, default_value_t = IsnArg::Random)]
    pub(crate) isn: IsnArg,

    /// Seed of everything drawn at random; under faults the first one
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,

    /// Fault profiles of cases/faults to lay over every case that tolerates them,
    /// separated by commas, or `all`; `none` is the case as it stands
    #[arg(
        long,
        value_name = "LIST",
        value_delimiter = ',',
        default_value = "none"
    )]
    pub(crate) faults: Vec<String>,

    /// Seeds to play under each fault profile, one after the other
    #[arg(long, value_name = "N", default_value = "1")]
    pub(crate) seeds: std::num::NonZeroU32,

    /// Reduce the faults of the first trial that they made fail to the few that
    /// matter, and write them as a case into the output directory
    #[arg(long)]
    pub(crate) shrink: bool,

    /// Play one part of the variants only: 2/5 for the second of five; `merge` puts
    /// the parts together
    #[arg(long, value_name = "N/OF")]
    pub(crate) shard: Option<Part>,

    /// Count deviations as failures
    #[arg(long)]
    pub(crate) strict: bool,

    /// Play everything so many times, each time into a directory of its own
    /// (DIR/1, DIR/2 ...), and list the verdicts that changed
    #[arg(long, value_name = "N", default_value = "1")]
    pub(crate) runs: std::num::NonZeroUsize,

    /// Play the runs of --runs side by side, not one after the other
    #[arg(long, requires = "runs")]
    pub(crate) at_once: bool,

    /// Play again whenever a case or the program, and with it a stack that is built
    /// in, or a file that the command of a stack names has changed, and say what ends otherwise than before; Ctrl-C ends
    #[arg(long, conflicts_with_all = ["runs", "last_failed"])]
    pub(crate) watch: bool,

    #[command(flatten)]
    pub(crate) play: PlayArgs,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct RerunArgs {
    /// The run: its log or directory [default: the last one, in the output directory]
    #[arg(value_name = "RUN")]
    pub(crate) run: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) play: PlayArgs,
}

/// How trials are played, and what is left of them.
#[derive(Clone, Debug, ClapArgs)]
pub(crate) struct PlayArgs {
    /// Trials at once on virtual clocks and in other processes [default: the number of cores]
    #[arg(short, long, value_name = "N")]
    pub(crate) jobs: Option<std::num::NonZeroUsize>,

    /// Trials at once on the kernel, each in a namespace of its own; fewer if the machine
    /// has no room for so many
    #[arg(long, value_name = "N", default_value = "4096")]
    pub(crate) lanes: std::num::NonZeroU16,

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

    /// An earlier run, a log or its directory: the page says what has changed
    #[arg(long, value_name = "RUN")]
    pub(crate) against: Option<PathBuf>,

    /// Seconds of real time after which a stack on a virtual clock, or in another
    /// process, that does not answer is stuck
    #[arg(long, value_name = "SECONDS", default_value_t = 10)]
    pub(crate) wall_limit: u64,

    #[command(flatten)]
    pub(crate) cases: CasesArgs,

    #[command(flatten)]
    pub(crate) baselines: BaselineFileArgs,
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
    /// What covers these.
    pub(crate) fn of(isns: impl IntoIterator<Item = Isn>) -> Self {
        let isns: BTreeSet<Isn> = isns.into_iter().collect();
        let both = isns.len() > 1;
        match isns.first() {
            _ if both => Self::Both,
            Some(Isn::Wrap) => Self::Wrap,
            Some(Isn::Random) | None => Self::Random,
        }
    }

    pub(crate) const fn values(self) -> &'static [Isn] {
        match self {
            Self::Random => &[Isn::Random],
            Self::Wrap => &[Isn::Wrap],
            Self::Both => &[Isn::Random, Isn::Wrap],
        }
    }
}

impl Ip {
    /// What covers these.
    pub(crate) fn of(ips: impl IntoIterator<Item = IpVersion>) -> Self {
        let ips: BTreeSet<IpVersion> = ips.into_iter().collect();
        let both = ips.len() > 1;
        match ips.first() {
            _ if both => Self::Both,
            Some(IpVersion::V6) => Self::V6,
            Some(IpVersion::V4) | None => Self::V4,
        }
    }

    pub(crate) const fn versions(self) -> &'static [IpVersion] {
        match self {
            Self::V4 => &[IpVersion::V4],
            Self::V6 => &[IpVersion::V6],
            Self::Both => &[IpVersion::V4, IpVersion::V6],
        }
    }
}

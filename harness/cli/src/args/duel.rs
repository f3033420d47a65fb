//! `tcpspec duel`.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::Args as ClapArgs;

use super::CasesArgs;
use super::run::Ip;
use crate::stacks::StackName;

#[derive(Debug, ClapArgs)]
pub(crate) struct DuelArgs {
    /// Stack that opens actively; may stand more than once, then each meets each
    #[arg(long, value_name = "NAME", default_value = "bundled")]
    pub(crate) left: Vec<StackName>,

    /// Stack that opens passively; may stand more than once
    #[arg(long, value_name = "NAME", default_value = "bundled")]
    pub(crate) right: Vec<StackName>,

    /// Fault profiles of cases/faults, separated by commas, or `all`
    #[arg(
        long,
        value_name = "LIST",
        value_delimiter = ',',
        default_value = "all"
    )]
    pub(crate) faults: Vec<String>,

    /// What the left end sends: 1MB, 64kB, 1000
    #[arg(long, value_name = "SIZE", default_value = "100kB", value_parser = size)]
    pub(crate) transfer: u64,

    /// What the right end sends
    #[arg(long, value_name = "SIZE", default_value = "0", value_parser = size)]
    pub(crate) back: u64,

    /// Version of IP; one that not both ends declare is left out
    #[arg(long, value_enum, default_value_t = Ip::Both)]
    pub(crate) ip: Ip,

    /// The first seed
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,

    /// Seeds to play, one after the other
    #[arg(long, value_name = "N", default_value = "1")]
    pub(crate) runs: NonZeroUsize,

    /// Reduce the faults of the first duel that goes wrong to the few that matter
    #[arg(long)]
    pub(crate) shrink: bool,

    /// Duels at once [default: the number of cores]
    #[arg(short, long, value_name = "N")]
    pub(crate) jobs: Option<NonZeroUsize>,

    /// Directory for duels.jsonl and duels.html
    #[arg(long, value_name = "DIR", default_value = "target/tcpspec/duels")]
    pub(crate) out: PathBuf,

    #[command(flatten)]
    pub(crate) cases: CasesArgs,
}

/// Octets, by the thousand.
fn size(text: &str) -> Result<u64, String> {
    let units = [
        ("GB", 1_000_000_000),
        ("MB", 1_000_000),
        ("kB", 1000),
        ("B", 1),
    ];
    let with_unit = units
        .into_iter()
        .find_map(|(unit, octets)| Some((text.strip_suffix(unit)?, octets)));
    let (number, unit) = with_unit.unwrap_or((text, 1));
    let number: Option<u64> = number.trim_end().parse().ok();
    let octets = number.and_then(|number| number.checked_mul(unit));
    octets.ok_or_else(|| "write a number of octets: 1000, 64kB, 1MB, 2GB".to_owned())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("0", Some(0))]
    #[case("1500", Some(1500))]
    #[case("64kB", Some(64_000))]
    #[case("1 MB", Some(1_000_000))]
    #[case("2GB", Some(2_000_000_000))]
    #[case("1M", None)]
    #[case("-1", None)]
    #[case("99999999999GB", None)]
    fn sizes(#[case] text: &str, #[case] octets: Option<u64>) {
        assert_eq!(size(text).ok(), octets);
    }
}

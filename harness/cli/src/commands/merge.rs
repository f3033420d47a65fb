//! `tcpspec merge`: the shards of a run put together again.

use std::fs::File;
use std::path::Path;

use tcpspec_record::{Exit, ShardLog, TraceRoom, merge};
use tcpspec_reports::Report;
use tcpspec_reports::terminal::{self, Style};

use super::explain::open;
use crate::args::MergeArgs;
use crate::failure::Failure;
use crate::output;

pub(crate) fn run(args: &MergeArgs, style: Style) -> Result<Exit, Failure> {
    let shards: Result<Vec<_>, Failure> = args.runs.iter().map(|run| shard(run)).collect();
    let merged = merge(shards?).map_err(|error| Failure::error(&error))?;
    let log = output::write_log(&args.out, |mut out| {
        let log = merged.write(&mut out, TraceRoom::default());
        log.map_err(|error| Failure::error(&error))
    })?;
    let report = Report::from_log(&log);
    output::write_reports(&report, &args.format, &args.out)?;
    anstream::print!("{}", terminal::summary(&report, style));
    output::print_files(&args.format, &args.out);
    let footer = log.footer.as_ref();
    Ok(footer.map_or(Exit::Inconclusive, |footer| footer.exit()))
}

fn shard(path: &Path) -> Result<ShardLog<File>, Failure> {
    let (path, file) = open(path)?;
    ShardLog::read(file).map_err(|error| Failure::file("read", &path, error))
}

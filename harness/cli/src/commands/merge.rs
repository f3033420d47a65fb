//! `tcpspec merge`: the shards of a run put together again.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;

use tcpspec_record::log::write;
use tcpspec_record::{Exit, Line, Log, merge};
use tcpspec_reports::Report;
use tcpspec_reports::terminal::{self, Style};

use super::explain::read;
use crate::args::MergeArgs;
use crate::failure::Failure;
use crate::output;

pub(crate) fn run(args: &MergeArgs, style: Style) -> Result<Exit, Failure> {
    let logs: Result<Vec<Log>, Failure> = args.runs.iter().map(|run| read(run)).collect();
    let log = merge(logs?).map_err(|error| Failure::error(&error))?;
    fs::create_dir_all(&args.out).map_err(|error| Failure::file("create", &args.out, error))?;
    let path = args.out.join("log.jsonl");
    write_log(&log, &path).map_err(|error| Failure::file("write", &path, error))?;
    let report = Report::from_log(&log);
    output::write_reports(&report, &args.format, &args.out)?;
    anstream::print!("{}", terminal::summary(&report, style));
    output::print_files(&args.format, &args.out);
    let footer = log.footer.as_ref();
    Ok(footer.map_or(Exit::Inconclusive, |footer| footer.exit()))
}

fn write_log(log: &Log, path: &Path) -> io::Result<()> {
    let mut out = BufWriter::new(File::create(path)?);
    write(&mut out, &Line::Header(log.header.clone()))?;
    for case in &log.cases {
        write(&mut out, &Line::Case(case.clone()))?;
    }
    for trial in &log.trials {
        write(&mut out, &Line::Trial(Box::new(trial.clone())))?;
    }
    if let Some(footer) = &log.footer {
        write(&mut out, &Line::Footer(footer.clone()))?;
    }
    out.flush()
}

//! `tcpspec report`: reports and captures made again from a log.

use std::fs;

use tcpspec_record::{Exit, TraceRoom};
use tcpspec_reports::Report;
use tcpspec_reports::terminal::{self, Style};

use crate::args::ReportArgs;
use crate::failure::Failure;
use crate::output;

pub(crate) fn run(args: &ReportArgs, style: Style) -> Result<Exit, Failure> {
    let log = super::explain::read_within(&args.log, TraceRoom::default())?;
    fs::create_dir_all(&args.out).map_err(|error| Failure::file("create", &args.out, error))?;
    let before = args.against.as_deref().map(super::explain::read_verdicts);
    let before = before.transpose()?;
    let report = Report::from_log(&log);
    let report = match &before {
        Some(before) => report.against(before, &log),
        None => report,
    };
    output::write_reports(&report, &args.format, &args.out)?;
    anstream::print!("{}", terminal::summary(&report, style));
    output::print_files(&args.format, &args.out);
    Ok(Exit::Success)
}

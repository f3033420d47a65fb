//! `tcpspec report`: reports and captures made again from a log.

use std::fs::{self, File};
use std::io::BufReader;

use tcpspec_record::{Exit, Log};
use tcpspec_reports::Report;
use tcpspec_reports::terminal::{self, Style};

use crate::args::ReportArgs;
use crate::failure::Failure;
use crate::output;

pub(crate) fn run(args: &ReportArgs, style: Style) -> Result<Exit, Failure> {
    let file = File::open(&args.log).map_err(|error| Failure::file("open", &args.log, error))?;
    let log = Log::read(&mut BufReader::new(file))
        .map_err(|error| Failure::file("read", &args.log, error))?;
    fs::create_dir_all(&args.out).map_err(|error| Failure::file("create", &args.out, error))?;
    let report = Report::from_log(&log);
    output::write_reports(&report, &args.format, &args.out)?;
    anstream::print!("{}", terminal::summary(&report, style));
    output::print_files(&args.format, &args.out);
    Ok(Exit::Success)
}

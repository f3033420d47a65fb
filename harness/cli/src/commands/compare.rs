//! `tcpspec compare`: stacks side by side, of one run or of several.

use tcpspec_record::{Exit, Log};
use tcpspec_reports::compare;
use tcpspec_reports::model::Comparison;
use tcpspec_reports::terminal::Style;

use super::explain::read_verdicts;
use crate::args::{CompareArgs, CompareFormat};
use crate::failure::Failure;

pub(crate) fn run(args: &CompareArgs, style: Style) -> Result<Exit, Failure> {
    let logs: Result<Vec<Log>, Failure> = args.runs.iter().map(|run| read_verdicts(run)).collect();
    let logs = logs?;
    let names: Vec<String> = args
        .runs
        .iter()
        .map(|run| run.display().to_string())
        .collect();
    let comparison = match logs.as_slice() {
        [one] => Comparison::of(one),
        several => {
            let names = names.iter().map(String::as_str);
            let runs: Vec<(&str, &Log)> = names.zip(several).collect();
            Comparison::of_runs(&runs)
        }
    };
    anstream::print!(
        "{}",
        match args.format {
            CompareFormat::Text => compare::text(&comparison, style),
            CompareFormat::Md => compare::markdown(&comparison),
            CompareFormat::Json => compare::json(&comparison),
        }
    );
    Ok(Exit::Success)
}

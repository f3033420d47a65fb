//! One module for each verb.

mod baseline;
mod case;
mod compare;
mod connect;
mod coverage;
mod diff;
mod doctor;
mod duel;
mod explain;
mod faults;
mod last;
mod list;
mod manual;
mod merge;
mod replay;
mod report;
mod rerun;
mod run;
mod schema;
mod serve;
mod show;

use std::path::{Path, PathBuf};

pub(crate) use run::Part;
use tcpspec_casefile::{BaselineError, Suite};
use tcpspec_record::Exit;

use crate::args::{Args, CasesArgs, Command};
use crate::bug;
use crate::failure::Failure;
use crate::output;

/// Does what the command line says.
pub(crate) fn run(args: Args) -> Result<Exit, Failure> {
    match args.command {
        Command::Run(run) => run::run(&run, output::style(args.color)),
        Command::Rerun(rerun) => rerun::run(&rerun, output::style(args.color)),
        Command::List(list) => list::run(&list, output::style(args.color)),
        Command::Show(show) => show::run(&show, output::style(args.color)),
        Command::Coverage(coverage) => coverage::run(&coverage, output::style(args.color)),
        Command::Case(case) => case::run(&case, output::style(args.color)),
        Command::Doctor(cases) => {
            let config = args.config.as_deref();
            Ok(doctor::run(&cases, config, output::style(args.color)))
        }
        Command::Diff(diff) => diff::run(&diff),
        Command::Compare(compare) => compare::run(&compare, output::style(args.color)),
        Command::Replay(replay) => replay::run(&replay, output::style(args.color)),
        Command::Merge(merge) => merge::run(&merge, output::style(args.color)),
        Command::Duel(duel) => duel::run(&duel, output::style(args.color)),
        Command::Connect(connect) => connect::run(&connect),
        Command::Serve(serve) => serve::run(&serve),
        Command::Explain(explain) => explain::run(&explain, output::style(args.color)),
        Command::Report(report) => report::run(&report, output::style(args.color)),
        Command::Baseline(baseline) => baseline::run(&baseline, output::style(args.color)),
        Command::Schema(schema) => schema::run(&schema),
        Command::Completions(completions) => Ok(manual::completions(&completions)),
        Command::Man(man) => manual::pages(&man),
        Command::Bug => bug::on_purpose(),
    }
}

/// Loads the cases and prints all that is wrong with them.
fn load(args: &CasesArgs, style: tcpspec_reports::terminal::Style) -> Result<Suite, Failure> {
    let dir = cases_dir(args)?;
    let suite = tcpspec_casefile::load(&dir).map_err(|error| Failure::error(&error))?;
    output::print_diagnostics(&suite.diagnostics, style);
    if !suite.diagnostics.is_empty() {
        anstream::eprintln!(
            "{} in the case files; the other cases are used",
            count(suite.diagnostics.len(), "mistake")
        );
    }
    Ok(suite)
}

/// `1 case`, `2 cases`.
fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

/// Why a baseline cannot be used. What is wrong in it is printed.
fn unusable(error: &BaselineError, style: tcpspec_reports::terminal::Style) -> Failure {
    match error {
        BaselineError::Load(error) => Failure::error(error),
        BaselineError::Invalid(diagnostics) => {
            output::print_diagnostics(diagnostics, style);
            Failure::invalid(error)
        }
    }
}

/// 3 where a case file is invalid.
fn exit_of(suite: &Suite) -> Exit {
    if suite.diagnostics.is_empty() {
        Exit::Success
    } else {
        Exit::InvalidCase
    }
}

/// The directory of the cases: as told, or `cases` here or further up.
fn cases_dir(args: &CasesArgs) -> Result<PathBuf, Failure> {
    if let Some(dir) = &args.cases {
        return Ok(dir.clone());
    }
    let here =
        std::env::current_dir().map_err(|error| Failure::file("read", Path::new("."), error))?;
    here.ancestors()
        .map(|dir| dir.join("cases"))
        .find(|dir| dir.join("requirements").is_dir())
        .ok_or_else(|| {
            Failure::usage("there is no directory `cases` with `requirements` here or above; name one by --cases DIR")
        })
}

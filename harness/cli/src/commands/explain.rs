//! `tcpspec explain`: the failure screens of a run again, from its log.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use tcpspec_record::{CaseId, Exit, Log, TraceRoom, Trial, Verdict};
use tcpspec_reports::terminal::{self, Context, Style};
use tcpspec_reports::{Report, html};

use crate::args::{ExplainArgs, ExplainFormat};
use crate::failure::Failure;
use crate::output;

pub(crate) fn run(args: &ExplainArgs, style: Style) -> Result<Exit, Failure> {
    let (path, case) = wanted(args);
    let log = read_with(&path, |_, trial| match case {
        Some(case) => is_of(case, &trial.id.case, &trial.id.variant_id()),
        None => !matches!(trial.verdict, Verdict::Pass | Verdict::Skip),
    })?;
    let report = Report::from_log(&log);
    let trials = chosen(&report, case);
    if trials.is_empty() {
        let what = case.map_or_else(
            || "a trial that needs an explanation".to_owned(),
            |case| format!("a trial of `{case}`"),
        );
        return Err(Failure::none(format!("{} has not {what}", path.display())));
    }
    match args.format {
        ExplainFormat::Html => anstream::print!("{}", page(&log, &trials)),
        ExplainFormat::Text | ExplainFormat::Md => {
            for trial in trials {
                let context = Context {
                    full: true,
                    ..output::context(&report, trial, &path)
                };
                anstream::println!("{}", text(&report, trial, &context, args.format, style));
            }
        }
    }
    Ok(Exit::Success)
}

/// The log, and what of it. What names a file is a log.
fn wanted(args: &ExplainArgs) -> (PathBuf, Option<&str>) {
    let named = args.what.as_deref();
    match named.map(Path::new).filter(|path| path.is_file()) {
        Some(log) => (log.to_owned(), None),
        None => (args.log.clone(), named),
    }
}

/// Reads a log, a file or that of the run in a directory, without any traces: all
/// that verdicts are looked at for.
pub(super) fn read_verdicts(path: &Path) -> Result<Log, Failure> {
    read_within(path, TraceRoom::new(0))
}

/// The same, with as many traces as there is room for.
pub(super) fn read_within(path: &Path, room: TraceRoom) -> Result<Log, Failure> {
    let (path, file) = open(path)?;
    let mut file = BufReader::new(file);
    Log::read_within(&mut file, room).map_err(|error| Failure::file("read", &path, error))
}

/// The same, with what is wanted of its trials.
pub(super) fn read_with(
    path: &Path,
    keep: impl FnMut(&Log, &mut Trial) -> bool,
) -> Result<Log, Failure> {
    let (path, file) = open(path)?;
    let mut file = BufReader::new(file);
    Log::read_with(&mut file, keep).map_err(|error| Failure::file("read", &path, error))
}

/// The file of a log, and where it is.
pub(super) fn open(path: &Path) -> Result<(PathBuf, File), Failure> {
    let inside = path.join("log.jsonl");
    let path = if path.is_dir() { &inside } else { path };
    let file = File::open(path).map_err(|error| Failure::file("open", path, error))?;
    Ok((path.to_owned(), file))
}

/// One trial of each course of events: of a case whatever became of it, else of
/// what needs an explanation.
fn chosen<'a>(report: &Report<'a>, case: Option<&str>) -> Vec<&'a Trial> {
    let Some(case) = case else {
        let attention = report.attention().into_iter();
        return attention.map(|(_, play)| play.trial()).collect();
    };
    let variants = report.variants();
    let named = variants.filter(|variant| is_of(case, &variant.info.id, &variant.id()));
    let plays = named.flat_map(|variant| &variant.plays);
    plays.map(|play| play.trial()).collect()
}

/// Whether what is named is this case, this variant of it, or their group.
fn is_of(named: &str, case: &CaseId, variant: &str) -> bool {
    case.0 == named || variant == named || (named.ends_with('/') && case.0.starts_with(named))
}

fn text(
    report: &Report<'_>,
    trial: &Trial,
    context: &Context,
    format: ExplainFormat,
    style: Style,
) -> String {
    match format {
        ExplainFormat::Md => {
            let screen = terminal::failure(report, trial, context, Style::Plain);
            // No line of the screen begins with the fence's three characters
            // but with a blank or the verdict, so nothing in it can end it.
            format!("```text\n{screen}```\n")
        }
        ExplainFormat::Text | ExplainFormat::Html => {
            terminal::failure(report, trial, context, style)
        }
    }
}

/// The page of these trials alone.
fn page(log: &Log, trials: &[&Trial]) -> String {
    let is_of_case = |trial: &Trial| {
        let mut chosen = trials.iter();
        chosen.any(|one| one.id.case == trial.id.case && one.id.variant == trial.id.variant)
    };
    let mut part = log.clone();
    part.trials.retain(is_of_case);
    part.cases.retain(|case| {
        let mut chosen = trials.iter();
        chosen.any(|one| one.id.case == case.id && one.id.variant == case.variant)
    });
    part.header.planned = part.trials.len();
    part.header.selection = trials.iter().map(|trial| trial.id.variant_id()).collect();
    html::render(&Report::from_log(&part))
}

//! Files and terminal.

use std::fs::{self, File};
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};

use indicatif::{ProgressBar, ProgressStyle};
use tcpspec_casefile::Diagnostic;
use tcpspec_record::{Log, Trial, Verdict};
use tcpspec_reports::terminal::{self, Context, Style};
use tcpspec_reports::{Format, Report, github, markdown, model, pcapng};

use crate::args::Colour;
use crate::failure::Failure;

/// Failure screens printed in full; of further failures one line each.
const SCREENS: usize = 3;

/// Whether standard output is to be coloured.
pub(crate) fn style(colour: Colour) -> Style {
    let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let wanted = match colour {
        Colour::Auto => io::stdout().is_terminal() && !no_color,
        Colour::Always => true,
        Colour::Never => false,
    };
    if wanted { Style::Colour } else { Style::Plain }
}

/// How far a run has come: a bar on a terminal, elsewhere a line now and then.
pub(crate) struct Progress {
    bar: Option<ProgressBar>,
    ended: usize,
    of: usize,
}

impl Progress {
    pub(crate) fn of(trials: usize) -> Self {
        let bar = io::stderr().is_terminal().then(|| {
            let template = "{bar:30} {pos} of {len} trials, {elapsed}";
            let style = ProgressStyle::with_template(template);
            let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
            ProgressBar::new(trials as u64).with_style(style)
        });
        Self {
            bar,
            ended: 0,
            of: trials,
        }
    }

    /// One more trial has ended.
    pub(crate) fn ended(&mut self) {
        self.ended += 1;
        if let Some(bar) = &self.bar {
            bar.inc(1);
        }
    }

    /// Some time has passed.
    pub(crate) fn still_waiting(&self) {
        match &self.bar {
            Some(bar) => bar.tick(),
            None => {
                anstream::eprintln!("tcpspec: {} of {} trials ended", self.ended, self.of);
            }
        }
    }

    /// Says something that is not about a trial.
    pub(crate) fn say(&self, what: &str) {
        let say = || anstream::eprintln!("tcpspec: {what}");
        match &self.bar {
            Some(bar) => bar.suspend(say),
            None => say(),
        }
    }

    pub(crate) fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// Prints what is wrong with files, to standard error.
pub(crate) fn print_diagnostics(diagnostics: &[Diagnostic], style: Style) {
    for diagnostic in diagnostics {
        anstream::eprintln!("{}\n", diagnostic.render(style == Style::Colour).trim_end());
    }
}

/// Writes the log of a directory: beside the one that is there, which may be
/// read meanwhile, and in its place once it is whole.
pub(crate) fn write_log<T>(
    dir: &Path,
    write: impl FnOnce(BufWriter<File>) -> Result<T, Failure>,
) -> Result<T, Failure> {
    fs::create_dir_all(dir).map_err(|error| Failure::file("create", dir, error))?;
    let (path, part) = (dir.join("log.jsonl"), dir.join("log.jsonl.part"));
    let failed = |error| Failure::file("write", &path, error);
    let file = File::create(&part).map_err(failed)?;
    let written = write(BufWriter::new(file)).inspect_err(|_| {
        // What went wrong first is to be told.
        let _ = fs::remove_file(&part);
    })?;
    fs::rename(&part, &path).map_err(failed)?;
    Ok(written)
}

/// Writes reports and captures into a directory.
pub(crate) fn write_reports(
    report: &Report<'_>,
    formats: &[Format],
    dir: &Path,
) -> Result<(), Failure> {
    for format in formats {
        let path = dir.join(format.file_name());
        let text = format
            .render(report)
            .map_err(|error| Failure::error(&error))?;
        fs::write(&path, text).map_err(|error| Failure::file("write", &path, error))?;
    }
    write_captures(report, dir)
}

/// Names the reports that were written.
pub(crate) fn print_files(formats: &[Format], dir: &Path) {
    for format in formats {
        // What only programs read needs no line; the page is to be opened.
        if matches!(format, Format::Html | Format::Markdown) || formats.len() == 1 {
            anstream::println!("{}", dir.join(format.file_name()).display());
        }
    }
}

/// On GitHub: annotates the run, and appends to the step's summary.
pub(crate) fn tell_github(report: &Report<'_>) -> Result<(), Failure> {
    if std::env::var_os("GITHUB_ACTIONS").is_none_or(|value| value != "true") {
        return Ok(());
    }
    for line in github::annotations(report) {
        anstream::println!("{line}");
    }
    let Some(path) = std::env::var_os("GITHUB_STEP_SUMMARY").map(PathBuf::from) else {
        return Ok(());
    };
    let failed = |error| Failure::file("write", &path, error);
    let mut options = File::options();
    let mut file = options
        .create(true)
        .append(true)
        .open(&path)
        .map_err(failed)?;
    file.write_all(markdown::render(report).as_bytes())
        .map_err(failed)
}

/// Writes a capture for each variant that has something to explain, in place
/// of those of an earlier run.
fn write_captures(report: &Report<'_>, dir: &Path) -> Result<(), Failure> {
    let all = dir.join(pcapng::DIR);
    clear(&all).map_err(|error| Failure::file("clear", &all, error))?;
    for capture in pcapng::captures(report) {
        let path = dir.join(capture.path());
        let parent = path.parent().unwrap_or(dir);
        fs::create_dir_all(parent).map_err(|error| Failure::file("create", parent, error))?;
        fs::write(&path, capture.render(&report.header.tool))
            .map_err(|error| Failure::file("write", &path, error))?;
    }
    Ok(())
}

/// Removes captures below a directory, and the directories that are empty then.
/// Whatever else lies there is left alone.
fn clear(dir: &Path) -> io::Result<()> {
    if !dir.is_dir() {
        return Ok(());
    }
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let path = entry.path();
        if entry.file_type()?.is_dir() {
            clear(&path)?;
        } else if path
            .extension()
            .is_some_and(|extension| extension == "pcapng")
        {
            fs::remove_file(&path)?;
        }
    }
    match fs::remove_dir(dir) {
        Err(error) if error.kind() != io::ErrorKind::DirectoryNotEmpty => Err(error),
        _ => Ok(()),
    }
}

/// Prints what needs attention, then the summary.
pub(crate) fn print_run(log: &Log, report: &Report<'_>, dir: &Path, style: Style) {
    let attention = report.attention().into_iter().map(|(_, play)| play.trial());
    let attention: Vec<&Trial> = attention
        .filter(|trial| needs_screen(trial, log.header.strict))
        .collect();
    for trial in attention.iter().take(SCREENS) {
        let context = context(report, trial, &dir.join("log.jsonl"));
        anstream::println!("{}", terminal::failure(report, trial, &context, style));
    }
    for trial in attention.iter().skip(SCREENS) {
        let (stack, dimensions) = (&trial.id.stack, trial.id.dimensions());
        let (verdict, variant) = (trial.verdict, trial.id.variant_id());
        anstream::println!(
            "{verdict}  {variant}  {stack} {dimensions}  {}",
            trial.reason
        );
    }
    if attention.len() > SCREENS {
        anstream::println!();
    }
    anstream::print!("{}", terminal::summary(report, style));
}

/// How to repeat a trial, and where its evidence lies: the log, and beside it
/// the capture.
pub(crate) fn context(report: &Report<'_>, trial: &Trial, log: &Path) -> Context {
    let dir = log.parent().unwrap_or_else(|| Path::new(""));
    let capture = pcapng::path_of(report, trial);
    Context {
        repro: model::repro(trial),
        full: false,
        capture: capture.map_or_else(String::new, |path| dir.join(path).display().to_string()),
        log: log.display().to_string(),
    }
}

/// Whether a trial is to be explained at the terminal.
fn needs_screen(trial: &Trial, strict: bool) -> bool {
    match trial.verdict {
        Verdict::Crash | Verdict::Stuck | Verdict::Fail => trial.known.is_none(),
        Verdict::Deviates => strict && trial.known.is_none(),
        Verdict::Inconclusive => true,
        // Blocked trials are told by their cause, in the summary.
        Verdict::Blocked | Verdict::Skip | Verdict::Pass => false,
    }
}

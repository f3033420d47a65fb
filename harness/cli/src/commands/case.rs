//! `tcpspec case`: a new case, remarks on cases, their canonical form.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use tcpspec_casefile::format::canonical;
use tcpspec_casefile::lint::lint;
use tcpspec_casefile::{Case, Suite};
use tcpspec_record::Exit;
use tcpspec_reports::terminal::Style;

use super::{cases_dir, count, load};
use crate::args::{CaseArgs, CaseCommand, FmtArgs, LintArgs, NewArgs};
use crate::failure::Failure;
use crate::output;

/// A case that is valid and plays, for its author to change.
const TEMPLATE: &str = include_str!("case/template.yaml");

pub(crate) fn run(args: &CaseArgs, style: Style) -> Result<Exit, Failure> {
    match &args.command {
        CaseCommand::New(new) => write_new(new),
        CaseCommand::Lint(args) => lint_all(args, style),
        CaseCommand::Fmt(args) => format_all(args),
    }
}

fn write_new(args: &NewArgs) -> Result<Exit, Failure> {
    let parts: Vec<&str> = args.id.split('/').collect();
    let is_name = |part: &&str| {
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        !part.is_empty() && part.chars().all(fits)
    };
    if parts.len() < 2 || !parts.iter().all(is_name) {
        let id = &args.id;
        return Err(Failure::usage(format!(
            "`{id}` is not a case's id: write GROUP/NAME in small letters, digits and `-`"
        )));
    }
    let path = cases_dir(&args.cases)?.join(format!("{}.yaml", args.id));
    if let Some(dir) = path.parent() {
        fs::create_dir_all(dir).map_err(|error| Failure::file("make", dir, error))?;
    }
    let text = TEMPLATE.replacen("../../", &"../".repeat(parts.len()), 1);
    let mut file =
        fs::File::create_new(&path).map_err(|error| Failure::file("make", &path, error))?;
    file.write_all(text.as_bytes())
        .map_err(|error| Failure::file("write", &path, error))?;
    anstream::println!("{}", path.display());
    Ok(Exit::Success)
}

/// Diagnostics and remarks. Remarks alone are no failure.
fn lint_all(args: &LintArgs, style: Style) -> Result<Exit, Failure> {
    let dir = cases_dir(&args.cases)?;
    let Some(path) = &args.path else {
        let suite = load(&args.cases, style)?;
        return Ok(remark(&suite, &dir, |_| true));
    };
    let files = files(path)?;
    let suite = tcpspec_casefile::load(&dir).map_err(|error| Failure::error(&error))?;
    let is_meant = |file: &Path| files.iter().any(|meant| is_same_file(meant, file));
    let mut suite = suite;
    suite
        .diagnostics
        .retain(|found| is_meant(Path::new(&*found.file)));
    output::print_diagnostics(&suite.diagnostics, style);
    Ok(remark(&suite, &dir, is_meant))
}

fn remark(suite: &Suite, dir: &Path, is_meant: impl Fn(&Path) -> bool) -> Exit {
    let file = |case: &Case| dir.join(format!("{}.yaml", case.id));
    let mut remarks = 0;
    let mut cases = 0;
    for case in &suite.cases {
        let path = file(case);
        let Some(text) = fs::read_to_string(&path).ok().filter(|_| is_meant(&path)) else {
            continue;
        };
        cases += 1;
        for remark in lint(case, &text) {
            remarks += 1;
            let shown = near(&path);
            anstream::println!("{}:{}: {}", shown.display(), remark.line, remark.message);
        }
    }
    let mistakes = suite.diagnostics.len();
    anstream::println!(
        "{}, {}, {}",
        count(cases, "valid case"),
        count(mistakes, "mistake"),
        count(remarks, "remark")
    );
    if mistakes > 0 {
        Exit::InvalidCase
    } else {
        Exit::Success
    }
}

/// Writes files in their canonical form, or says which are not.
fn format_all(args: &FmtArgs) -> Result<Exit, Failure> {
    let files = match &args.path {
        Some(path) => files(path)?,
        None => own_files(&cases_dir(&args.cases)?)?,
    };
    let mut exit = Exit::Success;
    for path in files {
        let text =
            fs::read_to_string(&path).map_err(|error| Failure::file("read", &path, error))?;
        match canonical(&text) {
            Some(formatted) if formatted == text => {}
            Some(_) if args.check => {
                anstream::println!("{}", near(&path).display());
                exit = Exit::Unexpected;
            }
            Some(formatted) => {
                fs::write(&path, formatted)
                    .map_err(|error| Failure::file("write", &path, error))?;
                anstream::println!("{}", near(&path).display());
            }
            None => {
                anstream::eprintln!(
                    "{}: left as it is: no YAML, or its blank lines mean something",
                    path.display()
                );
                exit = Exit::InvalidCase;
            }
        }
    }
    Ok(exit)
}

/// The cases, and what they share.
fn own_files(dir: &Path) -> Result<Vec<PathBuf>, Failure> {
    let others = ["invalid", "requirements", "baselines"].map(|name| dir.join(name));
    let mut all = files(dir)?;
    // Besides cases and fragments only these directories hold YAML, and it is
    // laid out otherwise.
    all.retain(|path| {
        path.parent() != Some(dir) && !others.iter().any(|other| path.starts_with(other))
    });
    Ok(all)
}

/// A file, or all YAML files below a directory, in order.
fn files(path: &Path) -> Result<Vec<PathBuf>, Failure> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let failed = |error| Failure::file("read", path, error);
    let mut all = Vec::new();
    let mut entries = Vec::new();
    for entry in fs::read_dir(path).map_err(failed)? {
        entries.push(entry.map_err(failed)?.path());
    }
    entries.sort();
    for entry in entries {
        if entry.is_dir() {
            all.extend(files(&entry)?);
        } else if entry
            .extension()
            .is_some_and(|extension| extension == "yaml")
        {
            all.push(entry);
        }
    }
    Ok(all)
}

/// A path as it is seen from here.
fn near(path: &Path) -> &Path {
    let here = std::env::current_dir().ok();
    here.and_then(|here| path.strip_prefix(here).ok())
        .unwrap_or(path)
}

fn is_same_file(a: &Path, b: &Path) -> bool {
    matches!((a.canonicalize(), b.canonicalize()), (Ok(a), Ok(b)) if a == b)
}

//! `tcpspec baseline`: the files that say what is known of a stack, kept by
//! what a run shows. What people wrote in them stays as it is.

mod gather;
mod observed;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use tcpspec_casefile::{BaselineFile, Edits, new_baseline};
use tcpspec_record::{BaselineEntry, Exit, Log, StackInfo, Standing};
use tcpspec_reports::Report;
use tcpspec_reports::terminal::Style;

use super::{cases_dir, count, unusable};
use crate::args::{BaselineArgs, BaselineCommand, BaselineOfArgs};
use crate::baselines;
use crate::failure::Failure;
use crate::stacks::family;
use gather::{Gathered, gather};
use observed::Observed;

pub(crate) fn run(args: &BaselineArgs, style: Style) -> Result<Exit, Failure> {
    match &args.command {
        BaselineCommand::Init(args) => init(args),
        BaselineCommand::Update(args) => over_files(args, style, update),
        BaselineCommand::Check(args) => over_files(args, style, check),
        BaselineCommand::Prune(args) => over_files(args, style, prune),
    }
}

/// What a verb goes by: a run, one file, and the stacks of the run that the
/// file speaks of.
struct Subject<'a> {
    log: &'a Log,
    observed: &'a Observed,
    report: &'a Report<'a>,
    /// The stacks that the file speaks of; of several with other options the
    /// one without them first.
    stacks: Vec<&'a StackInfo>,
    path: PathBuf,
}

impl Subject<'_> {
    /// An entry names one option at most.
    fn check_options(&self) -> Result<(), Failure> {
        let mut names = self.stacks.iter().map(|stack| &stack.name);
        names
            .find(|name| name.contains(','))
            .map_or(Ok(()), |name| {
                Err(Failure::usage(format!(
                    "an entry can name one option of a stack, and {name} has several: \
                 run it with each of them alone"
                )))
            })
    }
}

fn init(args: &BaselineOfArgs) -> Result<Exit, Failure> {
    let (log, observed) = observed::read(&args.run)?;
    let report = Report::from_log(&log);
    let stacks = stacks(args, &log)?;
    let [stack] = stacks.as_slice() else {
        let names: Vec<&str> = stacks.iter().map(|stack| stack.name.as_str()).collect();
        let names = names.join(", ");
        return Err(Failure::usage(format!(
            "the run has several stacks: name one by --stack ({names})"
        )));
    };
    let family = family(stack);
    let path = match &args.file {
        Some(path) => path.clone(),
        None => baselines::new_file_of(&cases_dir(&args.cases)?, &family, &stack.version),
    };
    let subject = Subject {
        log: &log,
        observed: &observed,
        report: &report,
        stacks: vec![stack],
        path,
    };
    subject.check_options()?;
    let new = gather(&subject, &[]);
    let text = new_baseline(&family, &new.add);
    let path = &subject.path;
    if let Some(dir) = path.parent() {
        fs::create_dir_all(dir).map_err(|error| Failure::file("create", dir, error))?;
    }
    let mut file =
        fs::File::create_new(path).map_err(|error| Failure::file("create", path, error))?;
    std::io::Write::write_all(&mut file, text.as_bytes())
        .map_err(|error| Failure::file("write", path, error))?;
    let entries = match new.add.len() {
        1 => "1 entry, whose reason is to be written".to_owned(),
        number => format!("{number} entries, whose reasons are to be written"),
    };
    anstream::println!("{}: {entries}", path.display());
    Ok(Exit::Success)
}

/// Does something for every file that speaks of a stack of the run.
fn over_files(
    args: &BaselineOfArgs,
    style: Style,
    verb: fn(&Subject<'_>, &BaselineFile) -> Result<Exit, Failure>,
) -> Result<Exit, Failure> {
    let (log, observed) = observed::read(&args.run)?;
    let report = Report::from_log(&log);
    let mut files: BTreeMap<PathBuf, Vec<&StackInfo>> = BTreeMap::new();
    for stack in stacks(args, &log)? {
        let path = match &args.file {
            Some(path) => path.clone(),
            None => {
                let dir = cases_dir(&args.cases)?;
                let named = &args.baselines.baseline;
                let file = baselines::file_of(&dir, stack, named);
                file.ok_or_else(|| Failure::usage(without(&stack.name)))?
            }
        };
        files.entry(path).or_default().push(stack);
    }
    let mut exits = Vec::new();
    for (path, mut stacks) in files {
        let file = BaselineFile::read(&path).map_err(|error| unusable(&error, style))?;
        stacks.retain(|stack| family(stack) == file.baseline.stack);
        stacks.sort_by_key(|stack| stack.name.len());
        if stacks.is_empty() {
            let (path, stack) = (path.display(), &file.baseline.stack);
            return Err(Failure::usage(format!(
                "{path} is about {stack}, which the run has not"
            )));
        }
        let subject = Subject {
            log: &log,
            observed: &observed,
            report: &report,
            stacks,
            path,
        };
        exits.push(verb(&subject, &file)?);
    }
    Ok(Exit::of_several(exits))
}

fn without(stack: &str) -> String {
    format!("there is no baseline of {stack}; `tcpspec baseline init` writes one")
}

/// The stacks that are meant.
fn stacks<'a>(args: &BaselineOfArgs, log: &'a Log) -> Result<Vec<&'a StackInfo>, Failure> {
    let all = log.header.stacks.iter();
    let is_meant = |stack: &&StackInfo| args.stack.as_ref().is_none_or(|it| *it == stack.name);
    let meant: Vec<&StackInfo> = all.filter(is_meant).collect();
    match (meant.is_empty(), &args.stack) {
        (true, Some(name)) => Err(Failure::usage(format!("the run has no stack `{name}`"))),
        (true, None) => Err(Failure::usage("the run has no stack")),
        (false, _) => Ok(meant),
    }
}

fn update(subject: &Subject<'_>, file: &BaselineFile) -> Result<Exit, Failure> {
    subject.check_options()?;
    let Gathered { add, judge, told } = gather(subject, &file.baseline.known);
    told.iter().for_each(|line| anstream::println!("{line}"));
    let edits = Edits {
        add,
        judge,
        ..Edits::default()
    };
    let (edits, changed) = without_shared(edits, file);
    let added = edits.add.len() - (changed - edits.judge.len());
    write(subject, file, &edits)?;
    let path = subject.path.display();
    anstream::println!("{path}: {added} added, {changed} changed");
    Ok(Exit::Success)
}

/// An entry of an item with several variants cannot be changed where it
/// stands: it is taken out and put at the end. Also says how many change.
fn without_shared(mut edits: Edits, file: &BaselineFile) -> (Edits, usize) {
    let changed = edits.judge.len();
    let judge = std::mem::take(&mut edits.judge);
    for (number, (verdict, observed)) in judge {
        if file.is_alone(number) {
            edits.judge.insert(number, (verdict, observed));
        } else {
            edits.remove.insert(number);
            edits.add.push(BaselineEntry {
                verdict,
                observed,
                ..file.baseline.known[number].clone()
            });
        }
    }
    (edits, changed)
}

fn check(subject: &Subject<'_>, file: &BaselineFile) -> Result<Exit, Failure> {
    let known = &file.baseline.known;
    let mut exits = Vec::new();
    let gathered = gather(subject, known);
    for line in &gathered.told {
        anstream::println!("{line}");
        exits.push(Exit::Unexpected);
    }
    let mut not_so = 0;
    for (number, entry) in known.iter().enumerate() {
        let place = format!("{}:{}", subject.path.display(), file.line(number));
        match standing(subject, &file.baseline.stack, entry) {
            Standing::Holds | Standing::Unplayed => {}
            standing => {
                anstream::println!("stale    {}  {}  {place}", entry.variant, words(standing));
                exits.push(Exit::Stale);
                not_so += 1;
            }
        }
        if !entry.has_reason() {
            anstream::println!(
                "unwritten  {}  its reason is still to be written  {place}",
                entry.variant
            );
            exits.push(Exit::InvalidCase);
        }
    }
    let unwritten = known.iter().filter(|entry| !entry.has_reason()).count();
    let entries = match known.len() {
        1 => "1 entry".to_owned(),
        number => format!("{number} entries"),
    };
    anstream::println!(
        "{}: {entries}, {} missing, {not_so} stale, {unwritten} unwritten",
        subject.path.display(),
        gathered.told.len()
    );
    Ok(Exit::of_several(exits))
}

fn prune(subject: &Subject<'_>, file: &BaselineFile) -> Result<Exit, Failure> {
    let mut edits = Edits::default();
    for (number, entry) in file.baseline.known.iter().enumerate() {
        match standing(subject, &file.baseline.stack, entry) {
            Standing::Holds | Standing::Unplayed => {}
            Standing::Partly => anstream::println!(
                "left     {}  some of its trials still fail: narrow it by ip or isn  {}:{}",
                entry.variant,
                subject.path.display(),
                file.line(number)
            ),
            standing @ (Standing::Gone | Standing::Unmatched) => {
                anstream::println!("removed  {}  {}", entry.variant, words(standing));
                edits.remove.insert(number);
            }
        }
    }
    write(subject, file, &edits)?;
    let removed = count(edits.remove.len(), "variant");
    anstream::println!("{}: {removed} removed", subject.path.display());
    Ok(Exit::Success)
}

/// What the run says of an entry, held to the stack that it names.
fn standing(subject: &Subject<'_>, family: &str, entry: &BaselineEntry) -> Standing {
    let named = entry.stack(family);
    let log = subject.log;
    let has_stack = log.header.stacks.iter().any(|stack| stack.name == named);
    if !has_stack || log.footer.is_none() {
        return Standing::Unplayed;
    }
    entry.standing(&named, &log.header, &log.trials)
}

const fn words(standing: Standing) -> &'static str {
    match standing {
        Standing::Holds => "still fails",
        Standing::Partly => "some of its trials pass now",
        Standing::Gone => "passes now",
        Standing::Unmatched => "there is no such trial",
        Standing::Unplayed => "was not played",
    }
}

fn write(subject: &Subject<'_>, file: &BaselineFile, edits: &Edits) -> Result<(), Failure> {
    if *edits == Edits::default() {
        return Ok(());
    }
    let path: &Path = &subject.path;
    let text = file
        .edited(edits)
        .map_err(|error| Failure::usage(format!("{}: {error}", path.display())))?;
    fs::write(path, text).map_err(|error| Failure::file("write", path, error))
}

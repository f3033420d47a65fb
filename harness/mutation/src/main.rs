//! `make mutants`: breaks the bundled stack in every listed way, runs the suite
//! on each, and writes what was noticed.
//!
//! Exit codes: 0 all done, 1 the manifest or the tree is at fault, 3 mutants
//! survived that should not have.

use std::collections::BTreeSet;
use std::error::Error;
use std::fs;
use std::io::{self, Write};
use std::iter;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Mutex, mpsc};
use std::thread;

use clap::Parser;
use tcpspec_mutation::manifest::{Manifest, Mutant};
use tcpspec_mutation::page::{self, Score};
use tcpspec_mutation::results::{self, Entry, Outcome, Results};
use tcpspec_mutation::workshop::{self, Workshop, WorkshopError};

/// The stack that is broken: as it is, and with the extension that is not on by
/// default.
const STACKS: [&str; 2] = ["bundled", "bundled:ecn"];
/// Stacks that are wrong altogether.
const CONTROLS: [&str; 2] = ["control:silent", "control:resets"];

/// Break the bundled stack on purpose and count what the suite notices.
#[derive(Debug, Parser)]
struct Args {
    /// Mutants by name, class, or beginning of a name; all if left out
    selection: Vec<String>,

    /// Only those that nothing has noticed so far
    #[arg(long)]
    survivors: bool,

    /// Only so many, spread evenly over all that are chosen: an estimate
    #[arg(long, value_name = "N")]
    sample: Option<NonZeroUsize>,

    /// Mutants to build and run at once; each has a copy of the tree
    #[arg(long, value_name = "N", default_value_t = 2)]
    jobs: usize,

    /// Where copies of the tree and results are kept
    #[arg(long, value_name = "DIR", default_value = "target/mutants")]
    dir: PathBuf,
}

fn main() -> ExitCode {
    work(&Args::parse()).unwrap_or_else(|fault| {
        let causes = iter::successors(Some(&*fault as &dyn Error), |&fault| fault.source());
        let words: Vec<String> = causes.map(ToString::to_string).collect();
        // If even this cannot be said, the exit code still says it.
        let _ = writeln!(io::stderr(), "{}", words.join(": "));
        ExitCode::FAILURE
    })
}

fn work(args: &Args) -> Result<ExitCode, Box<dyn Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()?;
    let dir = root.join(&args.dir);
    fs::create_dir_all(&dir)?;
    let manifest = Manifest::read(&root)?;
    let tree = workshop::fingerprint(&root)?;
    let mut results = Results::open(&dir.join("results.jsonl"))?;

    let chosen = args.choose(&manifest);
    let todo: Vec<&Mutant> = chosen
        .iter()
        .copied()
        .filter(|mutant| {
            results
                .get(&mutant.id, &results::key(tree, mutant))
                .is_none()
        })
        .filter(|mutant| !args.survivors || results.last(&mutant.id) == Some(&Outcome::Survived))
        .collect();
    say(&format!(
        "{} mutants chosen, {} to build",
        chosen.len(),
        todo.len()
    ))?;

    let first = Workshop::set_up(&root, &dir.join("0"))?;
    let (played, controls) = whole(&first)?;
    let others = (1..args.jobs.max(1)).map(|n| Workshop::set_up(&root, &dir.join(n.to_string())));
    let workshops: Vec<Workshop> = others.chain([Ok(first)]).collect::<Result<_, _>>()?;
    attempt_all(&workshops, &todo, tree, &mut results)?;

    let judged: Vec<(&Mutant, &Outcome)> = chosen
        .iter()
        .filter_map(|mutant| {
            Some((
                *mutant,
                results.get(&mutant.id, &results::key(tree, mutant))?,
            ))
        })
        .collect();
    let summary = page::summary(&judged, manifest.mutants.len());
    say(&summary)?;
    if args.selection.is_empty() && !args.survivors {
        let text = page::markdown(&manifest, &judged, &controls, &played);
        fs::write(root.join("stacks/bundled/MUTANTS.md"), text)?;
        page::into_readme(&root.join("README.md"), &summary)?;
    }
    let score = Score::of(judged);
    if args.selection.is_empty() && !args.survivors {
        let score = serde_json::to_string_pretty(&score.of_all(manifest.mutants.len()))?;
        fs::write(root.join("cases/mutants.json"), score + "\n")?;
    }
    Ok(ExitCode::from(if score.survived == 0 { 0 } else { 3 }))
}

impl Args {
    fn choose<'a>(&self, manifest: &'a Manifest) -> Vec<&'a Mutant> {
        let chosen: Vec<&Mutant> = manifest
            .mutants
            .iter()
            .filter(|mutant| self.chooses(mutant))
            .collect();
        let count = self.sample.map_or(chosen.len(), NonZeroUsize::get);
        let sampled = |n: usize| n * count / chosen.len() != (n + 1) * count / chosen.len();
        let numbered = chosen.iter().enumerate();
        numbered
            .filter(|(n, _)| count >= chosen.len() || sampled(*n))
            .map(|(_, mutant)| *mutant)
            .collect()
    }

    fn chooses(&self, mutant: &Mutant) -> bool {
        let named = |name: &String| mutant.id.starts_with(name) || mutant.class == *name;
        self.selection.is_empty() || self.selection.iter().any(named)
    }
}

/// What is played on the stack as it is, where everything must pass, and what
/// fails on the controls.
fn whole(workshop: &Workshop) -> Result<(BTreeSet<String>, BTreeSet<String>), Box<dyn Error>> {
    let tcpspec = workshop.build("the tree as it is")?;
    let whole = workshop.run(&tcpspec, &STACKS)?;
    if let Some(failing) = whole.failing.first() {
        return Err(
            format!("{failing} fails on the stack as it is: mutants would show nothing").into(),
        );
    }
    Ok((whole.played, workshop.run(&tcpspec, &CONTROLS)?.failing))
}

/// Each workshop takes the next mutant as soon as it is through with one.
fn attempt_all(
    workshops: &[Workshop],
    todo: &[&Mutant],
    tree: u64,
    results: &mut Results,
) -> Result<(), Box<dyn Error>> {
    type Attempt<'a> = (&'a Mutant, Result<Outcome, WorkshopError>);
    let queue = Mutex::new(todo.iter());
    let (done, outcomes) = mpsc::channel::<Attempt<'_>>();
    thread::scope(|scope| {
        for workshop in workshops {
            let (queue, done) = (&queue, done.clone());
            scope.spawn(move || {
                let next = || {
                    queue
                        .lock()
                        .ok()
                        .and_then(|mut queue| queue.next().copied())
                };
                while let Some(mutant) = next() {
                    if done
                        .send((mutant, workshop.attempt(mutant, &STACKS)))
                        .is_err()
                    {
                        return;
                    }
                }
            });
        }
        drop(done);
        let mut faults = Vec::new();
        for (count, (mutant, outcome)) in outcomes.iter().enumerate() {
            let at = format!("{:>4}/{}", count + 1, todo.len());
            match outcome {
                Ok(outcome) => {
                    say(&format!(
                        "{at}  {:<9} {}: {}",
                        verdict(mutant, &outcome),
                        mutant.id,
                        page::noticed(&outcome)
                    ))?;
                    let key = results::key(tree, mutant);
                    results.keep(Entry {
                        id: mutant.id.clone(),
                        key,
                        outcome,
                    })?;
                }
                Err(fault) => {
                    say(&format!("{at}  {:<9} {}: {fault}", "AMISS", mutant.id))?;
                    faults.push(mutant.id.as_str());
                }
            }
        }
        if faults.is_empty() {
            Ok(())
        } else {
            Err(format!("not to be used as they stand: {}", faults.join(", ")).into())
        }
    })
}

fn verdict(mutant: &Mutant, outcome: &Outcome) -> &'static str {
    match (outcome, &mutant.equivalent) {
        (Outcome::Killed(_) | Outcome::Endless, None) => "killed",
        (Outcome::Killed(_) | Outcome::Endless, Some(_)) => "KILLED, though said to be equivalent",
        (Outcome::Survived, Some(_)) => "equivalent",
        (Outcome::Survived, None) => "SURVIVED",
    }
}

fn say(text: &str) -> io::Result<()> {
    writeln!(io::stdout(), "{text}")
}

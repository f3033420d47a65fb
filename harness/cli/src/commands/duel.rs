//! `tcpspec duel`: two live stacks on a faulty link.

mod arena;
mod shrink;

use std::fs;
use std::path::Path;
use std::time::Duration;

use tcpspec_record::{Duel, DuelResult, Exit};
use tcpspec_reports::duels;
use tcpspec_reports::terminal::Style;
use tcpspec_wire::Capability;

use super::{cases_dir, count, faults};
use crate::args::DuelArgs;
use crate::failure::Failure;
use crate::stacks::{Participant, StackName, Terms};
use arena::Bout;

/// How long a stack in another process may take for any answer, in real time.
const PATIENCE: Duration = Duration::from_secs(10);

/// Exit code 1 if any duel went badly, 6 if the machine kept one from being driven, 4 if
/// one could not be run at all.
pub(crate) fn run(args: &DuelArgs, style: Style) -> Result<Exit, Failure> {
    let dir = cases_dir(&args.cases)?;
    let profiles = faults::profiles(&dir, &args.faults, style)?;
    let mut missing = Vec::new();
    let terms = Terms {
        patience: PATIENCE,
        seed: args.seed,
    };
    let mut able = |names: &[StackName], opens: Capability| -> Vec<Participant> {
        let names = names.iter().cloned();
        let enlisted = names.map(|name| fit(Participant::enlist(name, terms), opens));
        let (able, unable): (Vec<_>, Vec<_>) =
            enlisted.partition(|stack| stack.unavailable.is_empty());
        missing.extend(unable);
        able
    };
    let left = able(&args.left, Capability::ActiveOpen);
    let right = able(&args.right, Capability::PassiveOpen);
    for stack in &missing {
        anstream::eprintln!("tcpspec: {}: {}", stack.name, stack.unavailable);
    }
    let bouts = Bout::all(args, &left, &right, &profiles);
    let duels = arena::fight_all(&bouts, args.jobs)?;
    write(&duels, &args.out)?;
    tell(args, &bouts, &duels, style)?;
    Ok(exit(&duels, !missing.is_empty()))
}

/// A stack that does not declare what its end does has no part in it.
fn fit(mut stack: Participant, opens: Capability) -> Participant {
    use Capability::{AppClose, Data, Shutdown};
    let needed = [opens, Data, Shutdown, AppClose].into_iter();
    let missing: Vec<&str> = needed
        .filter(|needed| !stack.hello.capabilities.contains(needed))
        .map(Capability::name)
        .collect();
    if stack.unavailable.is_empty() && !missing.is_empty() {
        let missing = missing.join(", ");
        stack.unavailable = format!("it does not declare {missing}, which its end of a duel does");
    }
    stack
}

fn write(duels: &[Duel], dir: &Path) -> Result<(), Failure> {
    fs::create_dir_all(dir).map_err(|error| Failure::file("create", dir, error))?;
    let mut lines = String::new();
    for duel in duels {
        lines += &serde_json::to_string(duel).map_err(|error| Failure::error(&error))?;
        lines.push('\n');
    }
    for (name, text) in [("duels.jsonl", lines), ("duels.html", duels::render(duels))] {
        let path = dir.join(name);
        fs::write(&path, text).map_err(|error| Failure::file("write", &path, error))?;
    }
    Ok(())
}

/// What went wrong in full, then the table.
fn tell(args: &DuelArgs, bouts: &[Bout], duels: &[Duel], style: Style) -> Result<(), Failure> {
    let bad = |duel: &&Duel| matches!(duel.result, DuelResult::Badly | DuelResult::Broken);
    for duel in duels.iter().filter(bad).take(SCREENS) {
        anstream::println!("{}", duels::failure(duel, style));
    }
    if args.shrink
        && let Some(index) = duels.iter().position(|duel| bad(&duel))
    {
        anstream::println!("{}", shrink::told(&bouts[index])?);
    }
    anstream::print!("{}", duels::table(duels));
    let wrong = duels.iter().filter(bad).count();
    anstream::println!("{} of {} went wrong", wrong, count(duels.len(), "duel"));
    anstream::println!("{}", args.out.join("duels.html").display());
    Ok(())
}

/// Duels told in full.
const SCREENS: usize = 3;

fn exit(duels: &[Duel], missing: bool) -> Exit {
    let of = |duel: &Duel| match duel.result {
        DuelResult::Well | DuelResult::GaveUp => Exit::Success,
        DuelResult::Badly => Exit::Unexpected,
        DuelResult::Broken => Exit::Inconclusive,
    };
    let none = missing || duels.is_empty();
    let none = none.then_some(Exit::NothingRun);
    Exit::of_several(duels.iter().map(of).chain(none))
}

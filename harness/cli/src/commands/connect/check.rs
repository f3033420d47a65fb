//! `tcpspec connect check`: the ladder.

use std::time::Duration;

use tcpspec_connect::ladder::Break;
use tcpspec_connect::{Outcome, Rung, Terms, climb};
use tcpspec_record::Exit;

use super::address;
use crate::args::CheckArgs;
use crate::failure::Failure;

/// Columns of a sentence.
const WIDTH: usize = 78;
/// Characters of a line that are shown: one of 8 MB explains no more than its
/// beginning.
const SHOWN: usize = 300;

pub(crate) fn run(args: &CheckArgs) -> Result<Exit, Failure> {
    let terms = Terms {
        patience: Duration::from_secs(args.wall_limit),
        seed: args.seed,
    };
    let mut number = 0;
    let broken = climb(&address(&args.stack)?, terms, &mut |rung, outcome| {
        number += 1;
        print(number, rung, outcome);
    });
    Ok(match broken {
        None => {
            let stack = &args.stack;
            anstream::println!("\nIt is ready for cases: tcpspec run --stack '{stack}'");
            Exit::Success
        }
        // As a run of cases says it of a stack that cannot be run at all.
        Some(Rung::Starts) => Exit::NothingRun,
        Some(_) => Exit::Unexpected,
    })
}

fn print(number: usize, rung: Rung, outcome: &Outcome) {
    let name = rung.name();
    let (word, seen) = match outcome {
        Outcome::Holds(seen) => ("ok", seen.as_str()),
        Outcome::Skipped(why) => ("skipped", why.as_str()),
        Outcome::Breaks(_) => ("BREAKS", ""),
    };
    let line = format!("{number:>2}  {name:<24} {word:<8} {seen}");
    anstream::println!("{}", line.trim_end());
    if let Outcome::Breaks(found) = outcome {
        explain(found);
    }
}

fn explain(found: &Break) {
    anstream::println!();
    paragraph("What  ", &found.what);
    for line in &found.lines {
        let shown: String = line.chars().take(SHOWN).collect();
        let cut = if shown.len() < line.len() { "..." } else { "" };
        anstream::println!("      {shown}{cut}");
    }
    paragraph("Next  ", &found.next);
}

/// Words in lines, behind a head.
fn paragraph(head: &str, text: &str) {
    let mut line = head.to_owned();
    let mut is_empty = true;
    for word in text.split_whitespace() {
        if !is_empty && line.chars().count() + 1 + word.chars().count() > WIDTH {
            anstream::println!("{line}");
            line = " ".repeat(head.len());
            is_empty = true;
        }
        if !is_empty {
            line.push(' ');
        }
        line += word;
        is_empty = false;
    }
    anstream::println!("{line}");
}

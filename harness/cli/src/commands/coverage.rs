//! `tcpspec coverage`: which requirements the cases decide, and which not.

mod grid;
mod table;

use std::fmt::Write;

use serde_json::json;
use tcpspec_casefile::{Coverage, Covered, Standing, Suite};
use tcpspec_record::Exit;
use tcpspec_reports::terminal::Style;

use super::{count, exit_of, load};
use crate::args::{CoverageArgs, CoverageFormat};
use crate::failure::Failure;

/// What still has to be done.
const OPEN: [Standing; 2] = [Standing::Nothing, Standing::Cited];

pub(crate) fn run(args: &CoverageArgs, style: Style) -> Result<Exit, Failure> {
    let suite = load(&args.cases, style)?;
    if args.grid {
        anstream::print!("{}", grid(&suite, args.format));
        return Ok(exit_of(&suite));
    }
    let mut coverage = Coverage::of(&suite);
    let wanted = |covered: &Covered<'_>| {
        let rfc = covered.requirement.id.rfc();
        args.rfc.is_empty() || args.rfc.iter().any(|wanted| wanted == rfc)
    };
    coverage.requirements.retain(wanted);
    if coverage.requirements.is_empty() {
        return Err(Failure::usage("the catalogue holds nothing of that RFC"));
    }
    if args.missing {
        coverage
            .requirements
            .retain(|covered| OPEN.contains(&covered.standing));
    }
    let text = match (args.format, args.missing) {
        (CoverageFormat::Json, _) => json(&coverage),
        (CoverageFormat::Text, true) => missing(&coverage),
        (CoverageFormat::Text, false) => table::text(&coverage),
        (CoverageFormat::Md, _) if args.rfc.is_empty() && !args.missing => {
            table::markdown(&coverage) + &grid::markdown(&suite.sweeps)
        }
        (CoverageFormat::Md, _) => table::markdown(&coverage),
    };
    anstream::print!("{text}");
    Ok(exit_of(&suite))
}

fn grid(suite: &Suite, format: CoverageFormat) -> String {
    match format {
        CoverageFormat::Text => grid::text(&suite.sweeps),
        CoverageFormat::Json => grid::json(&suite.sweeps),
        CoverageFormat::Md => grid::markdown(&suite.sweeps),
    }
}

/// What there is to be written, one line each.
fn missing(coverage: &Coverage<'_>) -> String {
    let all = &coverage.requirements;
    let width = all
        .iter()
        .map(|covered| covered.requirement.id.0.len())
        .max();
    let width = width.unwrap_or(0);
    let mut text = String::new();
    for Covered {
        requirement,
        standing,
        ..
    } in all
    {
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "{:width$}  {:10}  {:11}  {}",
            requirement.id,
            standing.words(),
            requirement.level,
            requirement.summary
        );
    }
    let _ = writeln!(text, "{} not decided", count(all.len(), "requirement"));
    text
}

/// Every requirement by itself, for other programs.
fn json(coverage: &Coverage<'_>) -> String {
    let all = coverage.requirements.iter().map(|covered| {
        let mut entry = json!({
            "id": covered.requirement.id,
            "level": covered.requirement.level,
            "section": covered.requirement.section,
            "summary": covered.requirement.summary,
            "standing": covered.standing.words(),
            "cases": covered.cases,
        });
        if !covered.restated_by.is_empty() {
            entry["restated_by"] = json!(covered.restated_by);
        }
        if let Some(reason) = covered.reason {
            entry["reason"] = reason.into();
        }
        entry
    });
    format!("{:#}\n", serde_json::Value::Array(all.collect()))
}

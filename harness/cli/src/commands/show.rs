//! `tcpspec show`: a case as a reader wants it.

use tcpspec_casefile::{Suite, Variant};
use tcpspec_record::Exit;
use tcpspec_record::id::variant_id;
use tcpspec_reports::terminal::Style;

use super::{count, exit_of, load};
use crate::args::ShowArgs;
use crate::failure::Failure;

pub(crate) fn run(args: &ShowArgs, style: Style) -> Result<Exit, Failure> {
    let suite = load(&args.cases, style)?;
    let variants = suite
        .select(std::slice::from_ref(&args.case))
        .map_err(|error| Failure::nothing(&error))?;
    let Some(first) = variants.first() else {
        return Ok(Exit::NothingRun);
    };
    print_case(&suite, first);
    if variants.len() > 1 {
        anstream::println!(
            "\nIts {}, of which the first is shown:",
            count(variants.len(), "variant")
        );
        for variant in &variants {
            anstream::println!(
                "  {}  {}",
                variant_id(&variant.case, &variant.name),
                variant.title
            );
        }
    }
    Ok(exit_of(&suite))
}

fn print_case(suite: &Suite, variant: &Variant) {
    anstream::println!(
        "{}\n{}\n\n{}\n",
        variant_id(&variant.case, &variant.name),
        variant.title,
        variant.purpose.trim()
    );
    for claim in &variant.claims {
        if let Some(requirement) = suite.catalogue.get(claim) {
            anstream::println!("{claim} ({}): {}", requirement.level, requirement.summary);
        }
    }
    if !variant.needs.is_empty() {
        let needs: Vec<String> = variant.needs.iter().map(ToString::to_string).collect();
        anstream::println!("needs {}", needs.join(", "));
    }
    anstream::println!("depth {}", variant.depth());
    anstream::println!();
    for (index, step) in variant.steps.iter().enumerate() {
        let from = step
            .from
            .as_ref()
            .map_or_else(String::new, |from| format!("   [{from}]"));
        anstream::println!("{:>3}  {}{from}", index + 1, step.text);
        if let Some(why) = &step.why {
            anstream::println!("       {why}");
        }
    }
}

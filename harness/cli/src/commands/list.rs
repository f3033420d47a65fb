//! `tcpspec list`: the variants of the cases.

mod depth;

use tcpspec_casefile::Variant;
use tcpspec_record::Exit;
use tcpspec_record::id::variant_id;
use tcpspec_reports::terminal::Style;

use super::{count, exit_of, load};
use crate::args::{ListArgs, ListBy};
use crate::failure::Failure;

pub(crate) fn run(args: &ListArgs, style: Style) -> Result<Exit, Failure> {
    let suite = load(&args.cases, style)?;
    let variants = args.select.select(&suite)?;
    match args.by {
        Some(ListBy::Depth) => anstream::print!("{}", depth::table(&variants)),
        None => print_each(&variants),
    }
    anstream::println!("{}", count(variants.len(), "variant"));
    Ok(if variants.is_empty() {
        Exit::NothingRun
    } else {
        exit_of(&suite)
    })
}

fn print_each(variants: &[&Variant]) {
    let ids: Vec<String> = variants
        .iter()
        .map(|variant| variant_id(&variant.case, &variant.name))
        .collect();
    let width = ids.iter().map(String::len).max().unwrap_or(0);
    for (id, variant) in ids.iter().zip(variants) {
        anstream::println!("{id:width$}  {:11}  {}", variant.level, variant.title);
    }
}

//! `tcpspec list`: the variants of the cases.

use tcpspec_record::Exit;
use tcpspec_record::id::variant_id;
use tcpspec_reports::terminal::Style;

use super::{count, exit_of, load};
use crate::args::ListArgs;
use crate::failure::Failure;

pub(crate) fn run(args: &ListArgs, style: Style) -> Result<Exit, Failure> {
    let suite = load(&args.cases, style)?;
    let variants = args.select.select(&suite)?;
    let ids: Vec<String> = variants
        .iter()
        .map(|variant| variant_id(&variant.case, &variant.name))
        .collect();
    let width = ids.iter().map(String::len).max().unwrap_or(0);
    for (id, variant) in ids.iter().zip(&variants) {
        anstream::println!("{id:width$}  {:11}  {}", variant.level, variant.title);
    }
    anstream::println!("{}", count(variants.len(), "variant"));
    Ok(if variants.is_empty() {
        Exit::NothingRun
    } else {
        exit_of(&suite)
    })
}

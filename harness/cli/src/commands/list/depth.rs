//! `tcpspec list --by depth`: how many variants each depth unlocks, and what a
//! stack declares to play them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use tcpspec_casefile::{Depth, Variant};
use tcpspec_wire::Need;

/// The variants of one depth.
#[derive(Default)]
struct Group {
    variants: usize,
    /// How many of them need what.
    needs: BTreeMap<Need, usize>,
}

/// A line for each depth that has any, and below it what its variants need
/// beyond what all depths before it have asked for.
pub(super) fn table(variants: &[&Variant]) -> String {
    let mut groups: BTreeMap<Depth, Group> = BTreeMap::new();
    for variant in variants {
        let group = groups.entry(variant.depth()).or_default();
        group.variants += 1;
        for need in &variant.needs {
            *group.needs.entry(*need).or_default() += 1;
        }
    }
    let mut text = format!(
        "{:8} {:>8} {:>8}  the application\n",
        "depth", "variants", "so far"
    );
    let (mut so_far, mut known) = (0, BTreeSet::new());
    for (depth, name, does) in Depth::ALL {
        let Some(group) = groups.get(&depth) else {
            continue;
        };
        so_far += group.variants;
        let _ = writeln!(text, "{name:8} {:>8} {so_far:>8}  {does}", group.variants);
        let new = unlocks(group, &known);
        if !new.is_empty() {
            let _ = writeln!(text, "{:28}declare {new}", "");
        }
        known.extend(group.needs.keys().copied());
    }
    text
}

/// What unlocks variants of the group, with how many it takes part in, the most
/// useful first.
fn unlocks(group: &Group, known: &BTreeSet<Need>) -> String {
    let needs = group.needs.iter();
    let new = needs.filter(|(need, _)| need.declared && !known.contains(need));
    let mut new: Vec<(&Need, &usize)> = new.collect();
    new.sort_by_key(|(_, variants)| std::cmp::Reverse(**variants));
    let words: Vec<String> = new
        .iter()
        .map(|(need, variants)| format!("{need} ({variants})"))
        .collect();
    words.join(", ")
}

//! Which baseline speaks of which stack: `linux-6.18.yaml` of every Linux from
//! 6.18 on, up to the next file; `bundled.yaml` of a stack without versions.
//!
//! One file for each version that was looked at, whole: what a version does is
//! read in one place, and a file is made again from a run of that version
//! alone. A kernel older than all files goes by the oldest.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use tcpspec_casefile::BaselineError;
use tcpspec_record::{Baseline, StackInfo};

use crate::args::StackFile;
use crate::stacks::{Participant, family};

/// The baselines of the stacks that have one, by the stacks' names. Options of
/// a stack do not change whose baseline it has.
pub(crate) fn of_stacks(
    cases: &Path,
    participants: &[Participant],
    named: &[StackFile],
) -> Result<BTreeMap<String, Baseline>, BaselineError> {
    let mut baselines = BTreeMap::new();
    for stack in participants {
        let path = file_of(cases, &stack.info(), named);
        if let Some(path) = path {
            let baseline = tcpspec_casefile::load_baseline(&path)?;
            baselines.insert(stack.name.to_string(), baseline);
        }
    }
    Ok(baselines)
}

/// The file that speaks of this version of a stack, if there is one; the one
/// that is named for it before all others.
pub(crate) fn file_of(cases: &Path, stack: &StackInfo, named: &[StackFile]) -> Option<PathBuf> {
    let family = &family(stack);
    let is_named = |name: &str| named.iter().find(|named| named.stack == name);
    if let Some(named) = is_named(&stack.name).or_else(|| is_named(family)) {
        return Some(named.file.clone());
    }
    let mut files = files(&cases.join("baselines"));
    let names = files.keys().map(String::as_str);
    let name = chosen(names, family, &stack.version)?.to_owned();
    files.remove(&name)
}

/// Where the file of a version belongs: a stack that changes while the cases
/// stay has one for each version.
pub(crate) fn new_file_of(cases: &Path, family: &str, version: &str) -> PathBuf {
    let name = match numbers(version).as_slice() {
        [major, minor, ..] => format!("{family}-{major}.{minor}.yaml"),
        _ => format!("{family}.yaml"),
    };
    cases.join("baselines").join(name)
}

/// The files by their names without `.yaml`. Without the directory there are
/// none.
fn files(dir: &Path) -> BTreeMap<String, PathBuf> {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    let paths = entries.map(|entry| entry.path());
    let baselines = paths.filter(|path| path.extension().is_some_and(|kind| kind == "yaml"));
    baselines
        .filter_map(|path| Some((path.file_stem()?.to_str()?.to_owned(), path)))
        .collect()
}

/// The file for this version of a stack: that of the nearest version not above
/// it; the oldest if all are above.
fn chosen<'a>(
    names: impl Iterator<Item = &'a str>,
    family: &str,
    version: &str,
) -> Option<&'a str> {
    let of_family = names.filter_map(|name| {
        let rest = name.strip_prefix(family)?;
        let since = if rest.is_empty() {
            Vec::new()
        } else {
            numbers(rest.strip_prefix('-')?)
        };
        Some((since, name))
    });
    let all: BTreeMap<Vec<u32>, &str> = of_family.collect();
    let nearest = all.range(..=numbers(version)).next_back();
    let (_, name) = nearest.or_else(|| all.first_key_value())?;
    Some(name)
}

/// The numbers that a version begins with: 6, 18 and 44 of `6.18.44-generic`.
fn numbers(version: &str) -> Vec<u32> {
    let end = version.find(|c: char| !c.is_ascii_digit() && c != '.');
    let digits = &version[..end.unwrap_or(version.len())];
    let parts = digits.split('.');
    parts.filter_map(|part| part.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::the_same("linux", "6.18.44-generic", Some("linux-6.18"))]
    #[case::between("linux", "6.17.3", Some("linux-6.8"))]
    #[case::above_all("linux", "7.2", Some("linux-6.18"))]
    #[case::below_all("linux", "5.10.0", Some("linux-6.8"))]
    #[case::without_versions("bundled", "0.1.0", Some("bundled"))]
    #[case::none("control:silent", "1", None)]
    fn the_nearest_lower_version_is_chosen(
        #[case] family: &str,
        #[case] version: &str,
        #[case] expected: Option<&str>,
    ) {
        let names = ["bundled", "linux-6.18", "linux-6.8", "linuxlike-1"];
        assert_eq!(chosen(names.into_iter(), family, version), expected);
    }
}

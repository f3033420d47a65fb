//! What was found on each stack: its page tells of everything that its baselines
//! know, and those of a stack that can be played anywhere are true.

use std::collections::BTreeSet;
use std::fs;

use rstest::rstest;

use crate::common::{printed, root, tcpspec};

/// What the page says, without line breaks.
fn said(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn findings_are_complete_with_regard_to_the_baselines() {
    let files = fs::read_dir(root().join("cases/baselines")).unwrap();
    let mut stacks = BTreeSet::new();
    for path in files.map(|file| file.unwrap().path()) {
        let file = path.file_name().unwrap().to_string_lossy().into_owned();
        let baseline = tcpspec_casefile::load_baseline(&path).unwrap();
        let page = root().join(format!("stacks/{}/FINDINGS.md", baseline.stack));
        let page = said(&fs::read_to_string(page).unwrap());
        assert!(page.contains(&file), "{file} is not named on the page");
        for entry in baseline.known {
            let told = |what: &str| {
                let there = page.contains(&said(what));
                assert!(there, "{}: the page lacks `{what}`", entry.variant);
            };
            told(&entry.variant);
            told(entry.clause.as_deref().expect("a clause"));
            assert!(!entry.observed.is_empty(), "{}", entry.variant);
            entry.observed.iter().for_each(|line| told(line));
            entry.deliberate.iter().for_each(|where_| told(where_));
        }
        stacks.insert(baseline.stack);
    }
    assert!(stacks.contains("linux"), "there is nothing to look for");
}

/// Every case, over both versions of IP, from anywhere and from numbers near
/// 2^32: nothing unexpected, and nothing expected that does not come.
#[rstest]
#[case::smoltcp("smoltcp")]
fn suite_ends_as_the_baseline_says(#[case] stack: &str) {
    let out = tempfile::tempdir().unwrap();
    let mut command = tcpspec(&["run", "--stack", stack, "--isn", "both", "--strict"]);
    let output = command.arg("--out").arg(out.path()).output().unwrap();
    assert!(output.status.success(), "{}", printed(&output));
}

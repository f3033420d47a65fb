//! `tcpspec duel` by real command lines.

use std::fs;

use rstest::rstest;
use tempfile::TempDir;

use crate::common::{printed, tcpspec};

/// What is printed, with this exit code; into a directory of its own.
#[track_caller]
fn check(args: &[&str], exit: i32) -> (String, TempDir) {
    let out = tempfile::tempdir().unwrap();
    let mut command = tcpspec(&["duel", "--ip", "4", "--out"]);
    let output = command.arg(out.path()).args(args).output().unwrap();
    let text = printed(&output);
    assert_eq!(output.status.code(), Some(exit), "{text}");
    (text, out)
}

#[test]
fn bundled_stack_gets_on_with_itself() {
    let args = [
        "--faults",
        "lossy-10,bursts",
        "--runs",
        "3",
        "--back",
        "1kB",
    ];
    let (text, out) = check(&args, 0);
    let rows: Vec<&str> = text
        .lines()
        .filter(|line| line.starts_with("bundled > bundled"))
        .collect();
    assert_eq!(rows.len(), 2, "{text}");
    assert!(text.contains("0 of 8 duels went wrong"), "{text}");
    let lines = fs::read_to_string(out.path().join("duels.jsonl")).unwrap();
    assert_eq!(lines.lines().count(), 8);
    let page = fs::read_to_string(out.path().join("duels.html")).unwrap();
    assert!(page.contains("All of 6 duels went well"));
    assert!(
        !page.contains("http:") && !page.contains("https:"),
        "the page asks for nothing"
    );
}

#[test]
fn same_seed_leaves_the_same_lines() {
    let lines = |jobs: &str, seed: &str| {
        let args = [
            "--faults",
            "everything",
            "--jobs",
            jobs,
            "--seed",
            seed,
            "--runs",
            "4",
        ];
        let (_, out) = check(&args, 0);
        fs::read_to_string(out.path().join("duels.jsonl")).unwrap()
    };
    assert_eq!(lines("1", "7"), lines("4", "7"));
    assert_ne!(lines("1", "7"), lines("1", "8"));
}

#[rstest]
#[case::refused(&["--right", "control:resets"], 1, "`send` at the left end: refused")]
#[case::nobody_there(&["--right", "control:silent"], 0, "")]
#[case::dead(&["--right", "control:dies"], 1, "the right end: the stack died")]
#[case::no_such_profile(&["--faults", "lossy-11"], 2, "there is no fault profile `lossy-11`; there are")]
#[case::no_such_stack(&["--left", "lunix"], 2, "no such stack")]
#[case::no_size(&["--transfer", "much"], 2, "write a number of octets")]
fn end_is_told(#[case] args: &[&str], #[case] exit: i32, #[case] says: &str) {
    let faults = if args.contains(&"--faults") {
        &[][..]
    } else {
        &["--faults", "perfect"][..]
    };
    let (text, _) = check(&[faults, args].concat(), exit);
    assert!(text.contains(says), "{text}");
}

#[test]
fn duel_that_went_wrong_can_be_repeated_and_reduced() {
    let args = [
        "--right",
        "control:resets",
        "--faults",
        "lossy-10",
        "--shrink",
    ];
    let (text, _) = check(&args, 1);
    let repro = "tcpspec duel --left bundled --right control:resets --faults lossy-10 \
        --transfer 100000 --ip 4 --seed 1";
    assert!(text.contains(repro), "{text}");
    assert!(
        text.contains("0 faults of"),
        "no fault is needed for that: {text}"
    );
}

/// In another process it is started once to say hello and once to fight, unless each
/// time that it is opened takes a process of its own.
#[rstest]
#[case::opened_again("cat", 2)]
#[case::once("sed -u s/,.reopen.:true//", 7)]
fn process_fights_more_than_one_bout(#[case] through: &str, #[case] starts: usize) {
    let program = tcpspec(&[]).get_program().to_string_lossy().into_owned();
    let dir = tempfile::tempdir().unwrap();
    let started = dir.path().join("started");
    let script = format!(
        "echo started >> {}; {program} serve bundled | {through}",
        started.display()
    );
    let stack = format!("exec:sh -c {}", shlex::try_quote(&script).unwrap());
    let args = ["--right", &stack, "--faults", "lossy-10", "--jobs", "1"];
    let (text, _) = check(&[&args[..], &["--runs", "5"]].concat(), 0);
    assert!(text.contains("0 of 6 duels went wrong"), "{text}");
    let lines = fs::read_to_string(started).unwrap();
    assert_eq!(lines.lines().count(), starts);
}

/// What an end does not declare it is not asked for.
#[rstest]
#[case::version("s/,.ipv6.//", 0, "0 of 1 duel went wrong")]
#[case::call(
    "s/,.shutdown.//",
    4,
    "it does not declare shutdown, which its end of a duel does"
)]
fn only_what_is_declared(#[case] edit: &str, #[case] exit: i32, #[case] says: &str) {
    let program = tcpspec(&[]).get_program().to_string_lossy().into_owned();
    let out = tempfile::tempdir().unwrap();
    let stack = format!("exec:sh -c '{program} serve bundled | sed -u {edit}'");
    let args = ["duel", "--faults", "perfect", "--right", &stack, "--out"];
    let output = tcpspec(&args).arg(out.path()).output().unwrap();
    let text = printed(&output);
    assert_eq!(output.status.code(), Some(exit), "{text}");
    assert!(text.contains(says), "{text}");
}

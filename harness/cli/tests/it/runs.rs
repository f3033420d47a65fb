//! Verbs over the logs of runs: `merge` and `diff`.

use std::fs;
use std::path::{Path, PathBuf};

use rstest::rstest;

use crate::common::{Scratch, printed, tcpspec};

/// Runs into a directory of its own.
fn run(scratch: &Scratch, name: &str, args: &[&str]) -> PathBuf {
    let dir = scratch.path().join(name);
    let mut command = tcpspec(&["run", "--cases"]);
    let command = command.arg(scratch.cases()).arg("--out").arg(&dir);
    printed(&command.args(args).output().unwrap());
    dir
}

#[track_caller]
fn check(verb: &str, runs: &[&Path], out: &[&str], exit: i32) -> String {
    let output = tcpspec(&[verb]).args(runs).args(out).output().unwrap();
    let text = printed(&output);
    assert_eq!(output.status.code(), Some(exit), "{text}");
    text
}

const STACKS: [&str; 5] = [
    "handshake/",
    "--stack",
    "bundled",
    "--stack",
    "control:resets",
];

#[test]
fn merged_shards_are_the_unsharded_run() {
    let scratch = Scratch::with_groups(&["handshake"]);
    let whole = run(&scratch, "whole", &STACKS);
    let shard = |part: &str| {
        let args = [&STACKS[..], &["--shard", part]].concat();
        run(&scratch, &part.replace('/', "-of-"), &args)
    };
    let (one, two, three) = (shard("1/3"), shard("2/3"), shard("3/3"));
    let merged = scratch.path().join("merged");
    let out = ["--out", merged.to_str().unwrap()];
    check("merge", &[&two, &three, &one], &out, 1);
    let files = [
        "log.jsonl",
        "report.html",
        "junit.xml",
        "captures/handshake/three-way.pcapng",
    ];
    for name in files {
        let (a, b) = (fs::read(whole.join(name)), fs::read(merged.join(name)));
        assert!(a.unwrap() == b.unwrap(), "{name} differs");
    }
    let text = check("merge", &[&one, &two], &out, 2);
    assert!(text.contains("shard 3 of 3 has to be there once"), "{text}");
    let text = check("merge", &[&one, &two, &two], &out, 2);
    assert!(text.contains("shard 3 of 3 has to be there once"), "{text}");
    let text = check("merge", &[&whole], &out, 2);
    assert!(text.contains("log 1 is not of a shard"), "{text}");
}

#[rstest]
#[case::seed(&["handshake/", "--seed", "2"], "its seeds differ")]
#[case::worlds(&["handshake/", "--ip", "4"], "its values of --ip or --isn differ")]
#[case::strict(&["handshake/", "--strict"], "its strictnesses differ")]
#[case::selection(&["handshake/l*"], "its suites differ")]
#[case::stack(&["handshake/", "--stack", "control:silent"], "its stacks differ")]
fn shards_of_another_run_are_refused(#[case] other: &[&str], #[case] says: &str) {
    let scratch = Scratch::with_groups(&["handshake"]);
    let one = run(&scratch, "one", &["handshake/", "--shard", "1/2"]);
    let two = run(&scratch, "two", &[other, &["--shard", "2/2"]].concat());
    let text = check("merge", &[&one, &two], &[], 2);
    assert!(text.contains(says), "{text}");
}

#[test]
fn shards_of_another_suite_are_refused() {
    let scratch = Scratch::with_groups(&["handshake"]);
    let one = run(&scratch, "one", &["handshake/", "--shard", "1/2"]);
    let path = scratch.cases().join("handshake/three-way.yaml");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("title: ", "title: Another ")).unwrap();
    let two = run(&scratch, "two", &["handshake/", "--shard", "2/2"]);
    let text = check("merge", &[&one, &two], &[], 2);
    assert!(text.contains("its suites differ"), "{text}");
}

#[test]
fn diff_tells_what_got_worse_and_its_exit_code_says_so() {
    let scratch = Scratch::with_groups(&["handshake"]);
    let args = ["handshake/three-way", "--ip", "4"];
    let good = run(
        &scratch,
        "good",
        &[&args[..], &["--stack", "control:resets"]].concat(),
    );
    let log = good.join("log.jsonl");
    let text = fs::read_to_string(&log).unwrap();
    let bad = scratch.path().join("bad.jsonl");
    fs::rename(&log, &bad).unwrap();
    fs::write(
        &log,
        text.replace(r#""verdict":"fail""#, r#""verdict":"pass""#),
    )
    .unwrap();
    let text = check("diff", &[&good, &bad], &[], 1);
    let line = "worse      pass -> fail  handshake/three-way  control:resets ip=4  The stack";
    assert!(text.contains(line), "{text}");
    assert!(
        text.contains("1 worse, 0 otherwise, 0 better, 0 new, 0 gone"),
        "{text}"
    );
    let text = check("diff", &[&bad, &good], &[], 0);
    assert!(
        text.contains("0 worse, 0 otherwise, 1 better, 0 new, 0 gone"),
        "{text}"
    );
    let text = check("diff", &[&bad, &bad], &[], 0);
    assert!(text.starts_with("0 worse"), "{text}");
    let other = run(&scratch, "other", &args);
    let text = check("diff", &[&bad, &other], &[], 0);
    assert!(text.contains("1 new, 1 gone"), "{text}");
    let text = check("diff", &[&other, &bad], &[], 1);
    assert!(text.contains("new        - -> fail"), "{text}");
}

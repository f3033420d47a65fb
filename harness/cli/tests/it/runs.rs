//! Verbs over the logs of runs: `merge`, `diff`, `compare` and `rerun`.

use std::fs;
use std::path::{Path, PathBuf};

use rstest::rstest;

use crate::common::{IMPOSSIBLE, Scratch, printed, tcpspec};

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
#[case::profile(&["--faults", "lossy-10"])]
#[case::seeds(&["--faults", "lossy-1", "--seeds", "2"])]
fn shards_with_other_faults_are_of_another_run(#[case] others: &[&str]) {
    let scratch = Scratch::with_groups(&["handshake", "faults"]);
    let first = ["handshake/", "--shard", "1/2", "--faults", "lossy-1"];
    let one = run(&scratch, "one", &first);
    let second = [&["handshake/", "--shard", "2/2"], others].concat();
    let two = run(&scratch, "two", &second);
    let out = scratch.path().join("merged");
    let text = check("merge", &[&one, &two], &["--out", out.to_str().unwrap()], 2);
    assert!(text.contains("its selections differ"), "{text}");
}

#[test]
fn shards_are_merged_wherever_their_trials_lie() {
    let scratch = Scratch::with_groups(&["handshake"]);
    let whole = run(&scratch, "whole", &["handshake/"]);
    let one = run(&scratch, "one", &["handshake/", "--shard", "1/2"]);
    let two = run(&scratch, "two", &["handshake/", "--shard", "2/2"]);
    // On the real clock trials are written as they end.
    let log = one.join("log.jsonl");
    let text = fs::read_to_string(&log).unwrap();
    let (trials, others): (Vec<&str>, Vec<&str>) = text
        .lines()
        .partition(|line| line.starts_with(r#"{"trial":"#));
    let (footer, begin) = others.split_last().unwrap();
    let backwards = trials.into_iter().rev();
    let lines = begin.iter().copied().chain(backwards).chain([*footer]);
    fs::write(
        &log,
        lines.map(|line| format!("{line}\n")).collect::<String>(),
    )
    .unwrap();
    // The log that is written may take the place of one that is read.
    check("merge", &[&one, &two], &["--out", one.to_str().unwrap()], 0);
    let (a, b) = (fs::read(whole.join("log.jsonl")), fs::read(&log));
    assert!(a.unwrap() == b.unwrap(), "the merged log differs");
}

#[rstest]
#[case::of_a_trial(
    r#""verdict":"pass""#,
    r#""verdict":"perhaps""#,
    "cannot read shard 1 again: line"
)]
#[case::of_an_id(r#"{"trial":{"id":"#, r#"{"trial":{"it":"#, "cannot read")]
fn broken_line_leaves_no_log(#[case] from: &str, #[case] to: &str, #[case] says: &str) {
    let scratch = Scratch::with_groups(&["handshake"]);
    let one = run(&scratch, "one", &["handshake/", "--shard", "1/1"]);
    let log = one.join("log.jsonl");
    let text = fs::read_to_string(&log).unwrap();
    fs::write(&log, text.replacen(from, to, 1)).unwrap();
    let merged = scratch.path().join("merged");
    let text = check("merge", &[&one], &["--out", merged.to_str().unwrap()], 2);
    assert!(text.contains(says), "{text}");
    let files = fs::read_dir(&merged).into_iter().flatten();
    assert_eq!(files.count(), 0);
}

/// In virtual time what is played side by side is what is played alone.
#[test]
fn runs_at_once_are_the_run_alone() {
    let scratch = Scratch::with_groups(&["handshake"]);
    let alone = run(&scratch, "alone", &STACKS);
    let args = [&STACKS[..], &["--runs", "2", "--at-once"]].concat();
    let both = run(&scratch, "both", &args);
    for (a, b) in [(&alone, both.join("1")), (&alone, both.join("2"))] {
        for name in ["log.jsonl", "report.html"] {
            let (a, b) = (fs::read(a.join(name)), fs::read(b.join(name)));
            assert!(a.unwrap() == b.unwrap(), "{name} differs");
        }
    }
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

#[test]
fn rerun_plays_what_has_not_passed_as_it_was_played() {
    let scratch = Scratch::with_groups(&["handshake"]);
    scratch.write("wrong/impossible.yaml", IMPOSSIBLE);
    let args = [
        "handshake/three-way",
        "wrong/",
        "--stack",
        "bundled:no-sack",
        "--stack",
        "control:resets",
        "--ip",
        "6",
        "--isn",
        "both",
        "--seed",
        "7",
        "--strict",
    ];
    let dir = run(&scratch, "one", &args);
    let rerun = |exit: i32| {
        let cases = scratch.cases();
        let args = ["--cases", cases.to_str().unwrap(), "--out"];
        check(
            "rerun",
            &[],
            &[&args[..], &[dir.to_str().unwrap()]].concat(),
            exit,
        )
    };
    let text = rerun(1);
    // The impossible on both stacks, the handshake on the one that resets, each
    // from two places of numbers.
    assert!(text.contains("6 of 6 trials executed"), "{text}");
    assert!(text.contains("--seed 7"), "{text}");
    let log = fs::read_to_string(dir.join("log.jsonl")).unwrap();
    assert!(
        log.contains(r#""strict":true"#) && !log.contains(r#""ip":"4""#),
        "{log}"
    );
    assert!(log.contains(r#""stack":"bundled:no-sack""#), "{log}");
    scratch.write(
        "wrong/impossible.yaml",
        &IMPOSSIBLE.replace("SYN+ACK", "RST+ACK"),
    );
    let text = rerun(1);
    assert!(text.contains("6 of 6 trials executed"), "{text}");
    let text = rerun(1);
    assert!(text.contains("2 of 2 trials executed"), "{text}");
    let good = run(&scratch, "good", &["handshake/three-way"]);
    let text = check("rerun", &[&good], &[], 4);
    assert!(text.contains("nothing is left to pass"), "{text}");
}

#[test]
fn rerun_of_a_run_cut_short_plays_what_it_did_not_come_to() {
    let scratch = Scratch::with_groups(&["handshake"]);
    let dir = run(&scratch, "one", &["handshake/three-way"]);
    let log = dir.join("log.jsonl");
    let text = fs::read_to_string(&log).unwrap();
    let kept = text
        .lines()
        .filter(|line| !line.starts_with("{\"footer\"") && !line.contains(r#""ip":"6","seed""#));
    fs::write(&log, kept.collect::<Vec<_>>().join("\n") + "\n").unwrap();
    let cases = scratch.cases();
    let out = [
        "--cases",
        cases.to_str().unwrap(),
        "--out",
        dir.to_str().unwrap(),
    ];
    let text = check("rerun", &[], &out, 0);
    assert!(text.contains("1 of 1 trials executed"), "{text}");
}

#[test]
fn compare_sets_stacks_and_runs_side_by_side() {
    let scratch = Scratch::with_groups(&["handshake"]);
    let three = [
        "--stack",
        "bundled",
        "--stack",
        "control:resets",
        "--stack",
        "bundled:ecn",
    ];
    let one = run(
        &scratch,
        "one",
        &[&["handshake/three-way"][..], &three].concat(),
    );
    let text = check("compare", &[&one], &[], 0);
    for part in [
        "A  bundled\nB  control:resets\nC  bundled:ecn\n",
        "They differ in 1 variant and agree in 0; * stands alone\n",
        "A     B      C\npass  fail*  pass  handshake/three-way\n",
    ] {
        assert!(text.contains(part), "`{part}` is not in\n{text}");
    }
    let two = run(&scratch, "two", &["handshake/three-way"]);
    let text = check("compare", &[&one, &two], &["--format", "md"], 0);
    assert!(text.contains("| variant | A | B | C | D |"), "{text}");
    assert!(text.contains("- D: `"), "{text}");
    let text = check("compare", &[&one, &two], &["--format", "json"], 0);
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(json["columns"].as_array().unwrap().len(), 4);
    assert_eq!(json["differences"][0]["cells"][1]["verdict"], "fail");
    assert_eq!(json["differences"][0]["odd"], 1);
    check("compare", &[Path::new("no/such/run")], &[], 2);
}

#[test]
fn what_stacks_chose_is_their_fingerprint() {
    let scratch = Scratch::with_groups(&["handshake"]);
    let both = ["--stack", "bundled", "--stack", "bundled:no-sack"];
    let dir = run(
        &scratch,
        "one",
        &[&["handshake/syn-with-text"][..], &both].concat(),
    );
    let text = check("compare", &[&dir], &[], 0);
    assert!(
        text.contains("They differ in 0 variants and agree in 1\n"),
        "{text}"
    );
    assert!(
        text.contains("A and B chose alike in 1 of 1 variants"),
        "{text}"
    );
    let log = dir.join("log.jsonl");
    let text = fs::read_to_string(&log).unwrap();
    let lines = text.lines().map(
        |line| match line.contains("\"stack\":\"bundled:no-sack\"") {
            true => line.replace("\"tags\":[\"", "\"tags\":[\"never-"),
            false => line.to_owned(),
        },
    );
    fs::write(&log, lines.collect::<Vec<_>>().join("\n") + "\n").unwrap();
    let text = check("compare", &[&dir], &[], 0);
    assert!(text.contains("where they chose differently"), "{text}");
    assert!(
        text.contains("A and B chose alike in 0 of 1 variants"),
        "{text}"
    );
}

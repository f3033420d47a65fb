//! `baseline`: files kept by what runs show.

use std::fs;
use std::path::PathBuf;

use rstest::rstest;

use crate::common::{Scratch, printed, tcpspec};

/// Plays two cases that answer a SYN, on one that resets.
fn run(scratch: &Scratch, args: &[&str], exit: i32) -> String {
    let all = ["handshake/three-way", "handshake/syn-with-text"];
    let mut command = scratch.run(&all);
    let output = command.args(args).output().unwrap();
    let text = printed(&output);
    assert_eq!(output.status.code(), Some(exit), "{text}");
    text
}

const RESETS: [&str; 2] = ["--stack", "control:resets"];

#[track_caller]
fn baseline(scratch: &Scratch, args: &[&str], exit: i32) -> String {
    let mut command = tcpspec(&["baseline"]);
    command.args(args).arg("--cases").arg(scratch.cases());
    let output = command.arg("--run").arg(scratch.out()).output().unwrap();
    let text = printed(&output);
    assert_eq!(output.status.code(), Some(exit), "{text}");
    text
}

fn file(scratch: &Scratch) -> PathBuf {
    scratch.cases().join("baselines/control:resets.yaml")
}

/// Changes a text file.
fn change(path: PathBuf, from: &str, to: &str) {
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "`{from}` is not in\n{text}");
    fs::write(path, text.replace(from, to)).unwrap();
}

/// A baseline that has been begun, and its reasons written.
fn with_baseline() -> Scratch {
    let scratch = Scratch::with_groups(&["handshake"]);
    run(&scratch, &RESETS, 1);
    baseline(&scratch, &["init"], 0);
    change(
        file(&scratch),
        "\"TODO: say why the stack does this, and who says so\"",
        "It resets.",
    );
    scratch
}

#[test]
fn new_baseline_excuses_nothing_until_its_reasons_are_written() {
    let scratch = Scratch::with_groups(&["handshake"]);
    run(&scratch, &RESETS, 1);
    baseline(&scratch, &["init"], 0);
    let text = fs::read_to_string(file(&scratch)).unwrap();
    for part in [
        "stack: control:resets\nknown:\n  - variant: handshake/",
        "    clause: RFC 9293 3.10.7.2\n",
        "      > SYN seq=0\n      < RST+ACK seq=abs:0 ack=1       where SYN+ACK seq=0 ack=1 is due\n",
    ] {
        assert!(text.contains(part), "`{part}` is not in\n{text}");
    }
    run(&scratch, &RESETS, 1);
    let told = baseline(&scratch, &["check"], 3);
    assert!(
        told.contains("2 entries, 0 missing, 0 stale, 2 unwritten"),
        "{told}"
    );
    let again = baseline(&scratch, &["init"], 2);
    assert!(again.contains("cannot create"), "{again}");
}

#[test]
fn baseline_with_reasons_makes_failures_known() {
    let scratch = with_baseline();
    let told = run(&scratch, &RESETS, 0);
    assert!(told.contains("known 4: expected by the baseline"), "{told}");
    baseline(&scratch, &["check"], 0);
    let before = fs::read_to_string(file(&scratch)).unwrap();
    baseline(&scratch, &["update"], 0);
    baseline(&scratch, &["prune"], 0);
    assert_eq!(fs::read_to_string(file(&scratch)).unwrap(), before);
}

#[test]
fn what_is_missing_is_told_and_added_behind_what_people_wrote() {
    let scratch = with_baseline();
    let path = file(&scratch);
    let text = fs::read_to_string(&path).unwrap();
    let second = text.find("  - variant: handshake/syn-with-text").unwrap();
    let third = text[second + 1..]
        .find("  - variant")
        .map_or(text.len(), |at| second + 1 + at);
    let kept = format!("{}  # mine\n{}", &text[..second], &text[third..]);
    fs::write(&path, &kept).unwrap();
    run(&scratch, &RESETS, 1);
    let told = baseline(&scratch, &["check"], 1);
    assert!(
        told.contains("missing  handshake/syn-with-text  control:resets ip=4, ip=6  fail: The"),
        "{told}"
    );
    let told = baseline(&scratch, &["update"], 0);
    assert!(told.contains("1 added, 0 changed"), "{told}");
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.starts_with(&kept), "{text}");
    assert!(
        text[kept.len()..].contains("variant: handshake/syn-with-text"),
        "{text}"
    );
}

#[test]
fn other_verdict_is_changed_and_the_reason_stays() {
    let scratch = with_baseline();
    change(file(&scratch), "verdict: fail", "verdict: crash # as ever");
    run(&scratch, &RESETS, 1);
    baseline(&scratch, &["check"], 1);
    let told = baseline(&scratch, &["update"], 0);
    assert!(told.contains("0 added, 2 changed"), "{told}");
    let text = fs::read_to_string(file(&scratch)).unwrap();
    assert_eq!(text.matches("verdict: fail\n").count(), 2, "{text}");
    assert_eq!(text.matches("reason: It resets.\n").count(), 2, "{text}");
    run(&scratch, &RESETS, 0);
}

#[test]
fn what_passes_is_stale_and_pruned() {
    let scratch = with_baseline();
    run(&scratch, &RESETS, 0);
    let log = scratch.out().join("log.jsonl");
    let passes = |from: &str| {
        let text = fs::read_to_string(&log).unwrap();
        let lines = text.lines().map(|line| {
            let is_meant = line.contains("three-way") && line.contains(from);
            let verdict = if is_meant {
                r#""verdict":"pass""#
            } else {
                r#""verdict":"fail""#
            };
            line.replace(r#""verdict":"fail""#, verdict) + "\n"
        });
        fs::write(&log, lines.collect::<String>()).unwrap();
    };
    passes(r#""ip":"4""#);
    let told = baseline(&scratch, &["check"], 5);
    assert!(
        told.contains("stale    handshake/three-way  some of its trials pass now"),
        "{told}"
    );
    let told = baseline(&scratch, &["prune"], 0);
    assert!(
        told.contains("left     handshake/three-way  some of its trials still fail"),
        "{told}"
    );
    passes(r#""ip":""#);
    let told = baseline(&scratch, &["check"], 5);
    assert!(
        told.contains("stale    handshake/three-way  passes now"),
        "{told}"
    );
    let told = baseline(&scratch, &["prune"], 0);
    assert!(told.contains("1 variant removed"), "{told}");
    let text = fs::read_to_string(file(&scratch)).unwrap();
    assert!(
        !text.contains("three-way") && text.contains("syn-with-text"),
        "{text}"
    );
    baseline(&scratch, &["check"], 0);
}

#[rstest]
#[case::no_baseline(&["--stack", "bundled"], &["check"], "there is no baseline of bundled")]
#[case::several_stacks(&["--stack", "bundled", "--stack", "control:resets"], &["init"], "name one by --stack (bundled, control:resets)")]
#[case::unknown_stack(&RESETS, &["check", "--stack", "linux"], "the run has no stack `linux`")]
#[case::other_file(&["--stack", "bundled"], &["check", "FILE"], "is about control:resets, which the run has not")]
#[case::several_options(&["--stack", "bundled:no-sack,ecn"], &["init"], "an entry can name one option")]
fn what_cannot_be_done_is_said(#[case] stacks: &[&str], #[case] args: &[&str], #[case] says: &str) {
    let scratch = with_baseline();
    let args: Vec<String> = args
        .iter()
        .map(|arg| arg.replace("FILE", file(&scratch).to_str().unwrap()))
        .collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let mut command = scratch.run(&["handshake/three-way"]);
    command.args(stacks).output().unwrap();
    let told = baseline(&scratch, &args, 2);
    assert!(told.contains(says), "{told}");
}

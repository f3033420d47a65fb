//! `replay`: a run judged again, without its stacks.

use std::fs;
use std::path::PathBuf;

use rstest::rstest;

use crate::common::{Scratch, printed, tcpspec};

#[track_caller]
fn replay(scratch: &Scratch, args: &[&str], exit: i32) -> String {
    let mut command = tcpspec(&["replay"]);
    command
        .arg(scratch.out())
        .args(args)
        .arg("--cases")
        .arg(scratch.cases());
    let output = command.output().unwrap();
    let text = printed(&output);
    assert_eq!(output.status.code(), Some(exit), "{text}");
    text
}

fn again(scratch: &Scratch) -> PathBuf {
    scratch.path().join("again")
}

#[test]
fn what_is_judged_by_the_same_cases_leaves_the_same_log() {
    let groups = [
        "handshake",
        "close",
        "reset",
        "retransmission",
        "segments",
        "data",
    ];
    let groups = groups.map(|group| (group, crate::common::root().join("cases").join(group)));
    let groups = groups.iter().filter(|(_, dir)| dir.is_dir());
    let groups: Vec<&str> = groups.map(|(group, _)| *group).collect();
    let scratch = Scratch::with_groups(&groups);
    let args = [
        "--stack",
        "bundled",
        "--stack",
        "control:resets",
        "--isn",
        "both",
    ];
    // Cases with several connections leave no trace of whose state changed.
    let args = [&args[..], &["--skip", "handshake/second-caller"]].concat();
    let exit = scratch.run(&args).output().unwrap().status.code();
    let out = again(&scratch);
    let text = replay(&scratch, &["--out", out.to_str().unwrap()], exit.unwrap());
    assert!(
        text.contains("0 worse, 0 otherwise, 0 better, 0 new, 0 gone"),
        "{text}"
    );
    for reason in text
        .lines()
        .filter(|line| line.starts_with("left as they are"))
    {
        let known = ["its verdict is skip", "several connections"];
        assert!(known.iter().any(|known| reason.contains(known)), "{reason}");
    }
    let read = |dir: PathBuf| fs::read_to_string(dir.join("log.jsonl")).unwrap();
    let (old, new) = (read(scratch.out()), read(out));
    for (old, new) in old.lines().zip(new.lines()) {
        // Not assert_eq: nobody reads a trace in one line.
        assert!(old == new, "{old}\nis not\n{new}");
    }
    assert_eq!(old.lines().count(), new.lines().count());
}

const CASE: &str = r#"
title: A closed port refuses
purpose: Shows what is judged again.
level: must
claims: ["9293:MUST-13"]
steps:
  - peer: SYN
  - sut: RST+ACK
  - quiet: 1s
"#;

fn with_case() -> Scratch {
    let scratch = Scratch::with_groups(&["handshake"]);
    scratch.write("closed/port.yaml", CASE);
    let output = scratch.run(&["closed/"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", printed(&output));
    scratch
}

#[rstest]
#[case::expects_otherwise(
    "sut: RST+ACK",
    "sut: SYN+ACK",
    1,
    "worse      pass -> fail  closed/port  bundled ip=4"
)]
#[case::waits_shorter("quiet: 1s", "quiet: 500ms", 0, "2 of 2 trials judged again")]
#[case::waits_longer(
    "quiet: 1s",
    "quiet: 2s",
    0,
    "2 trials: the log has no answer: the case waits longer than it did"
)]
#[case::sends_otherwise(
    "peer: SYN",
    "peer: SYN win=5",
    0,
    "2 trials: the log has no answer: the case sends another packet"
)]
#[case::sends_more(
    "quiet: 1s",
    "peer: SYN",
    0,
    "2 trials: the log has no answer: it has ended"
)]
#[case::calls(
    "  - peer: SYN",
    "  - app: listen\n  - peer: SYN",
    0,
    "the case makes a call where it made none"
)]
#[case::needs_more("steps:", "needs: [ecn]\nsteps:", 4, "worse      pass -> skip")]
fn cases_of_today_judge_segments_of_then(
    #[case] from: &str,
    #[case] to: &str,
    #[case] exit: i32,
    #[case] says: &str,
) {
    let scratch = with_case();
    scratch.write("closed/port.yaml", &CASE.replace(from, to));
    let text = replay(&scratch, &[], exit);
    assert!(text.contains(says), "{text}");
    assert!(!again(&scratch).exists(), "nothing is written unasked");
}

#[test]
fn case_that_is_gone_and_stack_that_is_unknown_leave_the_verdict() {
    let scratch = with_case();
    fs::remove_file(scratch.cases().join("closed/port.yaml")).unwrap();
    let text = replay(&scratch, &[], 0);
    assert!(
        text.contains("2 trials: the case is there no more"),
        "{text}"
    );
    scratch.write("closed/port.yaml", CASE);
    let log = scratch.out().join("log.jsonl");
    let text = fs::read_to_string(&log).unwrap();
    fs::write(
        &log,
        text.replace("\"declared\":{", "\"declared\":{\"unknown\":1,"),
    )
    .unwrap();
    let text = replay(&scratch, &[], 0);
    assert!(
        text.contains("the log does not hold what its stack declared"),
        "{text}"
    );
}

#[test]
fn run_judged_again_takes_the_place_of_the_run() {
    let scratch = with_case();
    let log = scratch.out().join("log.jsonl");
    let before = fs::read_to_string(&log).unwrap();
    replay(&scratch, &["--out", scratch.out().to_str().unwrap()], 0);
    let after = fs::read_to_string(&log).unwrap();
    assert!(before == after, "{before}\nis not\n{after}");
    fs::write(&log, after.replace("\"footer\"", "\"fooder\"")).unwrap();
    let out = again(&scratch);
    let text = replay(&scratch, &["--out", out.to_str().unwrap()], 2);
    assert!(text.contains("is not one of format 1"), "{text}");
    assert!(
        !out.join("log.jsonl").exists(),
        "of half a log nothing stays"
    );
}

#[test]
fn text_that_was_read_is_judged_again() {
    let scratch = Scratch::with_groups(&["handshake"]);
    let run = scratch.run(&["handshake/syn-with-text"]).output().unwrap();
    assert!(run.status.success());
    let log = scratch.out().join("log.jsonl");
    let text = fs::read_to_string(&log).unwrap();
    let at = text.find("\"octets\":\"").unwrap();
    assert!(text[at..].contains("10 octets"), "{text}");
    let read = text.find("\"result\":\"10 octets\",\"octets\":\"").unwrap() + 33;
    let mut broken = text;
    broken.replace_range(read..read + 2, "ee");
    fs::write(&log, broken).unwrap();
    let text = replay(&scratch, &[], 1);
    assert!(
        text.contains("was given octets that the peer never sent"),
        "{text}"
    );
}

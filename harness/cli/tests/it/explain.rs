//! `explain`: from the log alone, whole.

use std::fs;

use rstest::rstest;

use crate::common::{Scratch, printed, tcpspec};

/// A case with several alternatives, none of which is what RST stacks send.
const SEVERAL: &str = r#"
title: Several answers
purpose: Shows why none of them was seen.
level: must
claims: ["9293:MUST-13"]
steps:
  - app: listen
  - peer: SYN
  - sut: { one_of: ["SYN+ACK seq=0 ack=1", "ACK ack=1", "FIN+ACK ack=1", "URG", "none"] }
    hint: the stack may not listen at all
"#;

fn failed() -> Scratch {
    let scratch = Scratch::with_groups(&["handshake"]);
    scratch.write("several/answers.yaml", SEVERAL);
    let args = [
        "several/",
        "handshake/three-way",
        "--stack",
        "control:resets",
    ];
    assert_eq!(scratch.run(&args).output().unwrap().status.code(), Some(1));
    scratch
}

#[track_caller]
fn explain(scratch: &Scratch, args: &[&str], exit: i32) -> String {
    let log = scratch.out().join("log.jsonl");
    let mut command = tcpspec(&["explain"]);
    let output = command.args(args).arg("--log").arg(log).output().unwrap();
    let text = printed(&output);
    assert_eq!(output.status.code(), Some(exit), "{text}");
    text
}

#[test]
fn every_alternative_is_told_with_what_differs_from_it() {
    let text = explain(&failed(), &["several/answers"], 0);
    for part in [
        "not SYN+ACK seq=0 ack=1: flags SYN+ACK got RST+ACK",
        "not FIN+ACK ack=1: flags FIN+ACK got RST+ACK",
        "not URG: flags URG got RST+ACK",
        "not none: flags none got RST+ACK",
        "Hint: the stack may not listen at all",
        "captures/several/answers.pcapng",
    ] {
        assert!(text.contains(part), "`{part}` is not said in:\n{text}");
    }
    assert!(!text.contains("more (tcpspec explain)"), "{text}");
}

#[test]
fn screen_of_a_run_tells_the_first_and_names_the_verb_for_the_rest() {
    let scratch = failed();
    let text = printed(
        &scratch
            .run(&["several/", "--stack", "control:resets"])
            .output()
            .unwrap(),
    );
    assert!(text.contains("and 2 more (tcpspec explain)"), "{text}");
}

#[rstest]
#[case::all(&[], "FAIL  handshake/three-way")]
#[case::group(&["several/"], "FAIL  several/answers")]
#[case::markdown(&["several/answers", "--format", "md"], "```text\nFAIL  several/answers")]
#[case::page(&["several/answers", "--format", "html"], "<!DOCTYPE html>")]
fn explanation_is_of_what_was_asked(#[case] args: &[&str], #[case] says: &str) {
    let text = explain(&failed(), args, 0);
    assert!(text.contains(says), "`{says}` is not said in:\n{text}");
    let narrowed = args.first().is_some_and(|what| what.starts_with("several"));
    assert!(!narrowed || !text.contains("handshake/three-way"), "{text}");
}

#[test]
fn case_that_passed_is_shown_when_asked_for_and_not_else() {
    let scratch = Scratch::with_groups(&["handshake"]);
    let run = scratch.run(&["handshake/three-way"]).output().unwrap();
    assert!(run.status.success());
    let text = explain(&scratch, &["handshake/three-way"], 0);
    assert!(text.contains("PASS  handshake/three-way"), "{text}");
    explain(&scratch, &[], 4);
    explain(&scratch, &["handshake/three-wai"], 4);
}

#[test]
fn log_is_named_in_place_of_a_case() {
    let scratch = failed();
    let log = scratch.path().join("moved.jsonl");
    fs::rename(scratch.out().join("log.jsonl"), &log).unwrap();
    let output = tcpspec(&["explain"]).arg(&log).output().unwrap();
    assert!(printed(&output).contains("FAIL  several/answers"));
}

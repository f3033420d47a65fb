//! `run --watch`: plays again when a case changes, and ends when it is told to.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use crate::common::Scratch;

const CASE: &str = r#"
title: A closed port refuses
purpose: Shows what is played again.
level: must
claims: ["9293:MUST-13"]
steps:
  - peer: SYN
  - sut: RST+ACK
"#;

#[test]
fn changed_case_is_played_again_and_what_differs_is_said() {
    let scratch = Scratch::with_groups(&[]);
    scratch.write("closed/port.yaml", CASE);
    let mut watch = scratch.run(&["closed/", "--ip", "4", "--watch"]);
    let mut child = watch.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut until = |part: &str| {
        let mut seen = Vec::new();
        for line in lines.by_ref() {
            seen.push(line.unwrap());
            if seen[seen.len() - 1].contains(part) {
                return;
            }
        }
        panic!("`{part}` never came:\n{}", seen.join("\n"));
    };
    until("1 of 1 trials executed");
    until("Waiting for a change; Ctrl-C ends.");
    scratch.write("closed/port.yaml", &CASE.replace("RST+ACK", "SYN+ACK"));
    until("closed/port.yaml");
    until("Since the last round:");
    until("worse      pass -> fail  closed/port  bundled ip=4");
    until("Waiting for a change");
    fs::remove_file(scratch.cases().join("closed/port.yaml")).unwrap();
    // A round in which nothing can be played does not end the watch.
    until("Waiting for a change");
    scratch.write("closed/port.yaml", CASE);
    until("better     fail -> pass  closed/port  bundled ip=4");
    until("Waiting for a change");
    let id = child.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-INT", &id])
            .status()
            .unwrap()
            .success()
    );
    assert_eq!(child.wait().unwrap().code(), Some(130));
}

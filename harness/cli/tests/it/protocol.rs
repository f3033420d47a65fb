//! Stacks behind the line protocol: what is served and driven by lines gets the
//! verdicts of what is driven in process.

use std::fs;

use rstest::rstest;

use crate::common::{Scratch, printed, tcpspec};

/// A stack that this very program serves, as `--stack` names it.
fn served(stack: &str) -> String {
    format!("exec:{} serve {stack}", env!("CARGO_BIN_EXE_tcpspec"))
}

/// The log of these cases on a stack, which is called `bundled` in it.
fn log(scratch: &Scratch, stack: &str, selection: &[&str]) -> String {
    let mut run = scratch.run(&["--stack", stack, "--report", "json", "--jobs", "2"]);
    let ended = run.args(selection).output().unwrap();
    let told = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.status.code(), Some(0), "{told}");
    let log = fs::read_to_string(scratch.out().join("log.jsonl")).unwrap();
    log.replace(stack, "STACK")
}

/// A handful of groups that use every kind of request; the whole suite is
/// `make conformance-protocol`.
#[test]
fn lines_give_the_same_log_as_calls() {
    let groups = ["handshake", "urgent", "retransmission", "time-wait"];
    let scratch = Scratch::with_groups(&groups);
    let by_calls = log(&scratch, "bundled", &[]);
    let by_lines = log(&scratch, &served("bundled"), &[]);
    let named = |log: &str| log.replace(r#""name":"bundled""#, r#""name":"STACK""#);
    assert!(by_calls.lines().count() > 100);
    for (calls, lines) in by_calls.lines().zip(by_lines.lines()) {
        assert_eq!(named(calls), named(lines));
    }
    assert_eq!(by_calls.lines().count(), by_lines.lines().count());
}

#[rstest]
#[case::dies(
    "dies",
    "CRASH",
    "the stack died: its process ended, exit status: 2, when it was given SYN"
)]
#[case::floods(
    "floods",
    "STUCK",
    "the stack emitted more than 1000 packets in one instant"
)]
#[case::hangs(
    "hangs",
    "STUCK",
    "the stack did not answer within 1s of real time when it was given SYN"
)]
fn death_in_another_process_is_a_verdict(
    #[case] control: &str,
    #[case] verdict: &str,
    #[case] reason: &str,
) {
    let scratch = Scratch::with_groups(&["handshake"]);
    let stack = served(&format!("control:{control}"));
    let run = [
        "handshake/three-way",
        "--stack",
        &stack,
        "--wall-limit",
        "1",
    ];
    let ended = scratch.run(&run).output().unwrap();
    assert_eq!(ended.status.code(), Some(1));
    let told = String::from_utf8_lossy(&ended.stdout);
    let told = told.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(told.contains(verdict) && told.contains(reason), "{told}");
}

#[test]
fn stack_that_cannot_be_started_is_skipped() {
    let scratch = Scratch::with_groups(&["handshake"]);
    let run = ["handshake/three-way", "--stack", "exec:/nowhere/stack"];
    let ended = scratch.run(&run).output().unwrap();
    assert_eq!(ended.status.code(), Some(4));
    let told = String::from_utf8_lossy(&ended.stderr);
    let why = "tcpspec: exec:/nowhere/stack is skipped: exec:/nowhere/stack: No such file";
    assert!(told.contains(why), "{told}");
}

#[rstest]
#[case::left(&served("bundled"), "bundled")]
#[case::right("smoltcp", &served("smoltcp"))]
fn stacks_behind_lines_duel(#[case] left: &str, #[case] right: &str) {
    let out = tempfile::tempdir().unwrap();
    let mut duel = tcpspec(&["duel", "--left", left, "--right", right]);
    duel.args(["--faults", "lossy-10", "--transfer", "3000", "--out"]);
    let ended = duel.arg(out.path()).output().unwrap();
    let told = printed(&ended);
    assert_eq!(ended.status.code(), Some(0), "{told}");
}

#[test]
fn line_protocol_is_not_served_twice() {
    let ended = tcpspec(&["serve", "exec:cat"]).output().unwrap();
    assert_eq!(ended.status.code(), Some(2));
    let told = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(
        told,
        "tcpspec: exec:cat is behind the line protocol already\n"
    );
}

/// A connector of a few lines of shell, to which every call is well and time
/// stands still.
fn toy() -> String {
    let hello = r#"{"hello":1,"name":"toy","clock":"virtual","reopen":true,"caps":["ipv4","passive-open","data"]}"#;
    let called = r#"{"now":0,"ret":{"ok":true}}"#;
    let other = r#"{"now":0}"#;
    format!(
        r#"exec:sh -c 'echo {hello:?}; while read line; do case "$line" in
            *call*) echo {called:?};; *) echo {other:?};; esac; echo said >&2; done'"#
    )
}

#[test]
fn transcript_is_in_log_screen_and_page() {
    let scratch = Scratch::with_groups(&["handshake"]);
    let run = ["handshake/three-way", "--stack", &toy(), "--ip", "4"];
    let ended = scratch.run(&run).output().unwrap();
    let told = printed(&ended);
    assert_eq!(ended.status.code(), Some(6), "{told}");
    for part in [r#"< {"now":0}"#, "It wrote to stderr:", "time stopped at"] {
        assert!(told.contains(part), "{part} is not in\n{told}");
    }
    let file = |name: &str| fs::read_to_string(scratch.out().join(name)).unwrap();
    let said = r#""transcript":{"left_out":0,"lines":["< {\"hello\":1"#;
    assert!(file("log.jsonl").contains(said));
    assert!(file("report.html").contains("Connector transcript: "));
}

#[test]
fn dishonest_connector_is_named_once() {
    let scratch = Scratch::with_groups(&["handshake"]);
    let run = ["handshake/three-way", "--stack", &toy()];
    let ended = scratch.run(&run).output().unwrap();
    let told = String::from_utf8_lossy(&ended.stderr);
    let verb = "it does not answer `unsupported` to the verb";
    assert_eq!(told.matches(verb).count(), 1, "{told}");
    let log = fs::read_to_string(scratch.out().join("log.jsonl")).unwrap();
    let footer = log.lines().last().unwrap();
    let option = "it does not answer `unsupported` to the option";
    assert!(footer.contains(option), "{footer}");
}

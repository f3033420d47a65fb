//! Stacks behind the line protocol: what is served and driven by lines gets the
//! verdicts of what is driven in process.

use std::fs;

use rstest::rstest;
use serde_json::Value;

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

/// A connector that answers everything with nothing, as it should, but for what
/// `lie` does to it.
fn liar(lie: &str) -> String {
    let hello = r#"{"hello":1,"name":"liar","clock":"virtual","reopen":true,"caps":["ipv4","passive-open","data"]}"#;
    let script = format!(
        r#"echo '{hello}'; now=0; while read -r line; do ret=; case "$line" in
            *open*) now=0;; *run*) now="${{line#*:}}"; now="${{now%%,*}}";;
            *x0*|*x1*|*x2*|*x3*|*x4*|*x5*|*x6*|*x7*|*x8*|*x9*|*xa*|*xb*|*xc*|*xd*|*xe*|*xf*)
                ret=',"ret":{{"err":"unsupported"}}';;
            *call*) ret=',"ret":{{"ok":true}}';;
            esac; case "$line" in {lie} esac; echo "{{\"now\":$now$ret}}"; done"#
    );
    format!("exec:sh -c '{}'", script.replace('\'', r"'\''"))
}

/// One of two stacks lies: it is blamed, and the other is judged.
#[rstest]
#[case::dies(
    "*packet*) kill -KILL $$;;",
    1,
    "crash",
    "signal: 9 (SIGKILL), when it was given SYN",
    0
)]
#[case::refuses(
    r#"*listen*) ret=',"ret":{"err":"unsupported"}';;"#,
    6,
    "inconclusive",
    "the connector is at fault: it refused `listen expect ok`, which the stack declares",
    0
)]
#[case::drifts(
    "*packet*) now=99999999999;;",
    6,
    "inconclusive",
    "when it was given a packet: time went on to +99.999999999, and was let pass until +0.010",
    0
)]
#[case::cuts(
    r#"*packet*) ret=",\"tx\":[[$now,\"4500\"]]";;"#,
    1,
    "fail",
    "The stack sent a packet that no peer can take: not an IP packet: IP packet cut short",
    0
)]
#[case::says_ok_to_nonsense(
    r#"*call*) ret=',"ret":{"ok":true}';;"#,
    1,
    "fail",
    "the stack sent nothing; SYN+ACK seq=0 ack=1 is required",
    2
)]
fn liar_is_blamed_and_the_other_stack_judged(
    #[case] lie: &str,
    #[case] code: i32,
    #[case] verdict: &str,
    #[case] reason: &str,
    #[case] remarks: usize,
) {
    let scratch = Scratch::with_groups(&["handshake"]);
    let stack = liar(lie);
    let stacks = ["--stack", &stack, "--stack", "bundled"];
    let mut run = scratch.run(&["handshake/three-way", "--ip", "4", "--report", "json"]);
    let ended = run.args(stacks).output().unwrap();
    assert_eq!(ended.status.code(), Some(code), "{}", printed(&ended));
    let log = fs::read_to_string(scratch.out().join("log.jsonl")).unwrap();
    let lines: Vec<Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let trials: Vec<&Value> = lines.iter().filter_map(|line| line.get("trial")).collect();
    let of = |stack: &str| {
        trials
            .iter()
            .find(|trial| trial["id"]["stack"] == stack)
            .unwrap()
    };
    assert_eq!(of("bundled")["verdict"], "pass");
    assert_eq!(of(&stack)["verdict"], verdict);
    let told = of(&stack)["reason"].as_str().unwrap();
    assert!(told.contains(reason), "{told}");
    let health = &lines.last().unwrap()["footer"]["health"]["connectors"];
    assert_eq!(health.as_array().map_or(0, Vec::len), remarks, "{health}");
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

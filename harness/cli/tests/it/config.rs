//! `tcpspec.toml`: found, read, overridden, complained of.

use std::fs;
use std::process::Command;

use rstest::rstest;

use crate::common::{Scratch, printed, tcpspec};

const CONFIG: &str = r#"
cases = "cases"
out = "out"

[stacks.plain]
stack = "bundled:no-sack,no-ts"

[stacks.deaf]
stack = "control:resets"
baseline = "deaf.yaml"

[profiles.default]
stacks = ["plain"]
select = ["handshake/three-way"]
ip = "4"
report = ["tap"]

[profiles.both]
stacks = ["plain", "deaf"]
seed = 9
strict = true
"#;

const BASELINE: &str = "stack: control:resets\nknown:\n  - {variant: handshake/three-way, \
    verdict: fail, reason: It resets.}\n";

fn scratch() -> Scratch {
    let scratch = Scratch::with_groups(&["handshake", "faults"]);
    fs::write(scratch.path().join("tcpspec.toml"), CONFIG).unwrap();
    fs::write(scratch.path().join("deaf.yaml"), BASELINE).unwrap();
    fs::create_dir_all(scratch.path().join("deep/down")).unwrap();
    scratch
}

/// The program in a directory below the file.
fn below(scratch: &Scratch, args: &[&str]) -> Command {
    let mut command = tcpspec(args);
    command.current_dir(scratch.path().join("deep/down"));
    command
}

#[track_caller]
fn check(mut command: Command, exit: i32, says: &[&str]) {
    let output = command.output().unwrap();
    let text = printed(&output);
    assert_eq!(output.status.code(), Some(exit), "{text}");
    for part in says {
        assert!(text.contains(part), "`{part}` is not said in:\n{text}");
    }
}

#[test]
fn file_above_stands_in_for_what_is_left_out() {
    let scratch = scratch();
    check(
        below(&scratch, &["run"]),
        0,
        &["bundled:no-ts,no-sack", "1 of 1 trials executed"],
    );
    let log = fs::read_to_string(scratch.out().join("log.jsonl")).unwrap();
    assert!(log.contains(r#""stack":"bundled:no-ts,no-sack""#), "{log}");
    assert!(scratch.out().join("report.tap").is_file());
    assert!(!scratch.out().join("report.html").exists());
    // Verbs over logs look where runs leave them.
    check(
        below(&scratch, &["explain", "handshake/three-way"]),
        0,
        &["PASS"],
    );
    check(
        below(&scratch, &["replay"]),
        0,
        &["1 of 1 trial judged again"],
    );
}

#[test]
fn flags_override_the_file() {
    let scratch = scratch();
    let args = [
        "run",
        "handshake/syn-lost",
        "--stack",
        "bundled",
        "--ip",
        "both",
    ];
    check(below(&scratch, &args), 0, &["2 of 2 trials executed"]);
    let log = fs::read_to_string(scratch.out().join("log.jsonl")).unwrap();
    assert!(
        !log.contains("no-sack") && !log.contains("three-way"),
        "{log}"
    );
}

#[test]
fn profile_adds_to_the_default_one() {
    let scratch = scratch();
    check(
        below(&scratch, &["run", "--profile", "both"]),
        0,
        &[
            "control:resets",
            "2 of 2 trials executed",
            "known 1: expected by the baseline",
        ],
    );
    let log = fs::read_to_string(scratch.out().join("log.jsonl")).unwrap();
    assert!(
        log.contains(r#""seed":9"#) && log.contains(r#""strict":true"#),
        "{log}"
    );
}

#[test]
fn help_shows_what_the_file_says() {
    let scratch = scratch();
    check(
        below(&scratch, &["run", "--help"]),
        0,
        &["[default: plain]", "[default: 4]"],
    );
}

#[test]
fn file_is_named() {
    let scratch = scratch();
    let file = scratch.path().join("tcpspec.toml");
    let file = file.to_str().unwrap();
    let elsewhere = |args: &[&str]| {
        let mut command = tcpspec(args);
        command.current_dir(std::env::temp_dir());
        command
    };
    check(
        elsewhere(&["--config", file, "run"]),
        0,
        &["1 of 1 trials executed"],
    );
    let mut doctor = elsewhere(&["doctor", &format!("--config={file}")]);
    let text = printed(&doctor.output().unwrap());
    assert!(text.contains("profiles both, default"), "{text}");
    let says = ["no such file", "cannot read no/such.toml"];
    let mut command = elsewhere(&["run", "--config", "no/such.toml"]);
    let text = printed(&command.output().unwrap()).to_lowercase();
    assert!(says.iter().all(|part| text.contains(part)), "{text}");
}

#[rstest]
#[case::check(&["connect", "check", "plain"], 0, "ready for cases: tcpspec run --stack 'bundled:no-ts,no-sack'")]
#[case::shell(&["connect", "shell", "plain"], 0, "")]
#[case::serve(&["serve", "plain"], 0, r#""hello":1,"name":"bundled""#)]
#[case::duel(&["duel", "--left", "plain", "--right", "deaf", "--faults", "perfect"], 1, "bundled:no-ts,no-sack > control:resets")]
#[case::unknown(&["connect", "check", "plainer"], 2, "no such stack")]
fn stacks_have_their_names_everywhere(
    #[case] args: &[&str],
    #[case] exit: i32,
    #[case] says: &str,
) {
    check(below(&scratch(), args), exit, &[says]);
}

#[test]
fn stack_of_a_run_has_its_name() {
    let scratch = scratch();
    check(below(&scratch, &["run", "--profile", "both"]), 0, &[]);
    let baseline = |name| below(&scratch, &["baseline", "check", "--stack", name]);
    check(baseline("deaf"), 0, &["deaf.yaml"]);
    check(baseline("deafer"), 2, &["deafer"]);
}

#[test]
fn doctor_shows_the_file() {
    let scratch = scratch();
    let text = printed(&below(&scratch, &["doctor"]).output().unwrap());
    assert!(
        text.contains("profiles both, default; stacks deaf, plain"),
        "{text}"
    );
    fs::write(scratch.path().join("tcpspec.toml"), "case = 1").unwrap();
    let text = printed(&below(&scratch, &["doctor"]).output().unwrap());
    assert!(text.contains("BAD  configuration: "), "{text}");
}

#[rstest]
#[case::key("[profiles.default]\nstack = []", &["2", "unknown field `stack`"])]
#[case::kind("out = 5", &["1", "invalid type: integer"])]
#[case::syntax("out =", &["tcpspec.toml", "1"])]
#[case::stack("[stacks.a]\nstack = \"windows\"", &["tcpspec.toml:2:9: `windows`: no such stack"])]
#[case::name("[profiles.x]\nstacks = [\"bundled\", \"b\"]", &["tcpspec.toml:2:22: `b`: no such stack"])]
fn mistakes_are_told_with_their_place(#[case] text: &str, #[case] says: &[&str]) {
    let scratch = scratch();
    fs::write(scratch.path().join("tcpspec.toml"), text).unwrap();
    check(below(&scratch, &["list"]), 2, says);
}

#[test]
fn unknown_profile_is_refused() {
    let scratch = scratch();
    let says = ["there is no profile `ci`; there are both, default"];
    check(below(&scratch, &["run", "--profile", "ci"]), 2, &says);
}

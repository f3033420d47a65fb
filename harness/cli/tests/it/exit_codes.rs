//! Every exit code, reached by a real command line; and what a run leaves
//! behind when something goes wrong.

use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Output, Stdio};

use crate::common::{IMPOSSIBLE, Scratch, printed, tcpspec};
use rstest::rstest;

/// The last line of a run's log says what the program ended with.
#[track_caller]
fn log_ends_with(scratch: &Scratch, exit: i32) {
    let log = fs::read_to_string(scratch.out().join("log.jsonl")).unwrap();
    let last = log.lines().last().unwrap();
    assert!(last.contains(&format!("\"exit\":{exit}}}")), "{last}");
}

#[track_caller]
fn check(mut command: Command, exit: i32, says: &[&str]) -> Output {
    let output = command.output().unwrap();
    let text = printed(&output);
    for part in says {
        assert!(text.contains(part), "`{part}` is not said in:\n{text}");
    }
    assert_eq!(output.status.code(), Some(exit), "{text}");
    output
}

#[test]
fn exit_0_all_as_it_should_be() {
    let scratch = Scratch::with_groups(&["handshake"]);
    check(
        scratch.run(&["handshake/three-way"]),
        0,
        &["2 of 2 trials executed"],
    );
    log_ends_with(&scratch, 0);
}

#[test]
fn exit_1_unexpected_failure() {
    let scratch = Scratch::with_groups(&[]);
    scratch.write("wrong/impossible.yaml", IMPOSSIBLE);
    let says = ["FAIL  wrong/impossible", "only SYN+ACK", "Repro:"];
    check(scratch.run(&["wrong/", "--ip", "4"]), 1, &says);
}

#[rstest]
#[case::dies("control:dies", "CRASH", "the control stack `dies` was given a packet")]
#[case::hangs("control:hangs", "STUCK", "did not answer within 1s")]
#[case::floods("control:floods", "STUCK", "packets in one instant")]
fn exit_1_stack_that_misbehaves(#[case] stack: &str, #[case] verdict: &str, #[case] reason: &str) {
    let scratch = Scratch::with_groups(&["handshake"]);
    let args = [
        "handshake/three-way",
        "--stack",
        stack,
        "--stack",
        "bundled",
        "--ip",
        "4",
        "--wall-limit",
        "1",
    ];
    // The other stack's trials are run and reported all the same.
    check(
        scratch.run(&args),
        1,
        &[verdict, reason, "2 of 2 trials executed"],
    );
    let page = fs::read_to_string(scratch.out().join("report.html")).unwrap();
    assert!(page.contains("handshake/three-way") && page.contains(&verdict.to_lowercase()));
    let log = fs::read_to_string(scratch.out().join("log.jsonl")).unwrap();
    assert!(log.contains(r#""verdict":"pass""#) && log.ends_with("}}\n") && log.contains("footer"));
}

#[rstest]
#[case::unknown_option(&["run", "--nonsense"], "--nonsense")]
#[case::unknown_stack(&["run", "--stack", "windows"], "there are bundled, smoltcp, lwip, linux")]
#[case::unknown_ip(&["run", "--ip", "5"], "possible values: 4, 6, both")]
#[case::missing_cases(&["run", "--cases", "no/such/dir"], "cannot read no/such/dir")]
#[case::cases_is_a_file(&["list", "--cases", "Cargo.toml"], "cannot read Cargo.toml")]
#[case::out_is_a_file(&["run", "textbook/", "--out", "Cargo.toml"], "cannot create Cargo.toml")]
#[case::unknown_format(&["report", "log", "--format", "html,pdf"], "there is no format `pdf`")]
#[case::missing_log(&["report", "no-such-log"], "cannot open no-such-log")]
#[case::log_is_no_log(&["report", "Cargo.toml"], "cannot read Cargo.toml")]
fn exit_2_usage(#[case] args: &[&str], #[case] says: &str) {
    check(tcpspec(args), 2, &[says]);
}

#[test]
fn exit_3_unreadable_directory_and_the_others_are_run() {
    let scratch = Scratch::with_groups(&["handshake"]);
    scratch.write("secret/impossible.yaml", IMPOSSIBLE);
    let secret = scratch.cases().join("secret");
    fs::set_permissions(&secret, Permissions::from_mode(0o000)).unwrap();
    let mut command = scratch.run(&["handshake/three-way", "--ip", "4"]);
    if fs::read_dir(&secret).is_ok() {
        // Root reads everything: give up its rights, as `nobody`.
        let copy = scratch.path().join("tcpspec");
        fs::copy(env!("CARGO_BIN_EXE_tcpspec"), &copy).unwrap();
        fs::set_permissions(scratch.path(), Permissions::from_mode(0o777)).unwrap();
        let args: Vec<_> = command.get_args().map(ToOwned::to_owned).collect();
        command = Command::new(copy);
        command.args(args).uid(65534).gid(65534).current_dir("/");
    }
    let says = ["secret", "ermission denied", "1 of 1 trials executed"];
    check(command, 3, &says);
    assert!(scratch.out().join("report.html").is_file());
    fs::set_permissions(&secret, Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn exit_3_invalid_case_and_the_others_are_run() {
    let scratch = Scratch::with_groups(&["handshake"]);
    scratch.write("wrong/key.yaml", &IMPOSSIBLE.replace("title:", "titel:"));
    let says = [
        "wrong/key.yaml:2:1",
        "titel",
        "did you mean",
        "1 of 1 trials executed",
    ];
    check(scratch.run(&["handshake/three-way", "--ip", "4"]), 3, &says);
    assert!(scratch.out().join("report.html").is_file());
}

#[test]
fn exit_3_comes_before_1() {
    let scratch = Scratch::with_groups(&[]);
    scratch.write("wrong/key.yaml", &IMPOSSIBLE.replace("title:", "titel:"));
    scratch.write("wrong/impossible.yaml", IMPOSSIBLE);
    check(scratch.run(&["wrong/"]), 3, &["FAIL"]);
    log_ends_with(&scratch, 3);
}

#[test]
fn exit_4_nothing_selected() {
    let scratch = Scratch::with_groups(&["handshake"]);
    let says = [
        "`handshake/tree-way` selects no case",
        "the nearest are `handshake/three-way`, `",
    ];
    check(scratch.run(&["handshake/tree-way"]), 4, &says);
}

#[test]
fn exit_4_everything_skipped() {
    let scratch = Scratch::with_groups(&[]);
    scratch.write(
        "wrong/needs.yaml",
        &IMPOSSIBLE.replace("steps:", "needs: [ecn]\nsteps:"),
    );
    check(
        scratch.run(&["wrong/"]),
        4,
        &["the stack does not declare ecn", "0 of 2 trials executed"],
    );
    log_ends_with(&scratch, 4);
}

#[test]
fn exit_4_a_stack_that_cannot_run_here_is_never_green() {
    let scratch = Scratch::with_groups(&["handshake"]);
    let mut command = scratch.run(&[
        "handshake/three-way",
        "--stack",
        "bundled",
        "--stack",
        "linux",
        "--ip",
        "4",
    ]);
    command.env("TCPSPEC_TUN", "/no/such/device");
    command.env("TCPSPEC_ATTACH", "tun");
    check(
        command,
        4,
        &[
            "linux is skipped",
            "/no/such/device",
            "1 of 2 trials executed",
        ],
    );
    log_ends_with(&scratch, 4);
}

#[test]
fn exit_5_stale_baseline() {
    let scratch = Scratch::with_groups(&["handshake"]);
    let entry = "stack: bundled\nknown:\n  - {variant: handshake/three-way, verdict: fail, reason: it was so once}\n";
    scratch.write("baselines/bundled.yaml", entry);
    check(
        scratch.run(&["handshake/three-way"]),
        5,
        &["stale", "handshake/three-way"],
    );
    log_ends_with(&scratch, 5);
}

#[test]
fn exit_0_known_failure() {
    let scratch = Scratch::with_groups(&[]);
    scratch.write("wrong/impossible.yaml", IMPOSSIBLE);
    let entry = "stack: bundled\nknown:\n  - {variant: wrong/impossible, verdict: fail, reason: nobody can do it}\n";
    scratch.write("baselines/bundled.yaml", entry);
    check(scratch.run(&["wrong/"]), 0, &["known"]);
}

#[test]
fn exit_6_blocked_by_its_prelude() {
    let scratch = Scratch::with_groups(&["closing"]);
    let args = ["closing/", "--stack", "control:silent", "--ip", "4"];
    check(scratch.run(&args), 6, &["blocked", "Prelude", "failed"]);
}

#[test]
fn exit_70_bug_in_tcpspec() {
    check(
        tcpspec(&["bug"]),
        70,
        &["tcpspec: bug: asked for on the command line", "report it"],
    );
}

#[test]
fn exit_130_interrupted_and_nothing_lost() {
    let scratch = Scratch::with_groups(&["handshake"]);
    let args = [
        "handshake/three-way",
        "--stack",
        "bundled",
        "--stack",
        "control:hangs",
        "-j",
        "1",
        "--wall-limit",
        "600",
    ];
    let mut child = begin(scratch.run(&args));
    // The header and the trials of the first stack are in the log before the
    // second one hangs; the interrupt must not come before it is listened for.
    wait_for_log(&scratch, "trial", 2);
    interrupt(&child);
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let log = fs::read_to_string(scratch.out().join("log.jsonl")).unwrap();
    assert_eq!(log.matches(r#""verdict":"pass""#).count(), 2);
    assert!(!log.contains("footer"));
    let page = fs::read_to_string(scratch.out().join("report.html")).unwrap();
    assert!(
        page.contains("incomplete") || page.contains("did not come to its end"),
        "the page must say so"
    );
}

#[test]
fn exit_130_does_not_wait_for_the_kernel() {
    let scratch = Scratch::with_groups(&["handshake", "time-wait"]);
    let args = [
        "handshake/three-way",
        "time-wait/expires",
        "--stack",
        "linux",
    ];
    let mut child = begin(scratch.run(&args));
    // Two trials are over at once, played or skipped; the others take a minute
    // where namespaces are allowed.
    wait_for_log(&scratch, "trial", 2);
    interrupt(&child);
    let code = child.wait().unwrap().code();
    let log = fs::read_to_string(scratch.out().join("log.jsonl")).unwrap();
    let skipped = log.contains("\"unavailable\"");
    assert_eq!(code, Some(if skipped { 4 } else { 130 }), "{log}");
}

/// Starts a program whose words nobody reads.
fn begin(mut command: Command) -> Child {
    let silent = command.stdout(Stdio::null()).stderr(Stdio::null());
    silent.spawn().unwrap()
}

/// Ctrl-C. A program that has ended in the meantime does not mind.
fn interrupt(child: &Child) {
    let id = child.id().to_string();
    let mut kill = Command::new("kill");
    kill.args(["-INT", &id]).stderr(Stdio::null());
    kill.status().unwrap();
}

/// Waits until so many lines of a kind are in the log of a running program.
fn wait_for_log(scratch: &Scratch, kind: &str, lines: usize) {
    let path = scratch.out().join("log.jsonl");
    let begins = format!("{{\"{kind}\"");
    for _ in 0..10_000_000 {
        let Ok(file) = fs::File::open(&path) else {
            std::thread::yield_now();
            continue;
        };
        let found = BufReader::new(file)
            .lines()
            .map_while(Result::ok)
            .filter(|line| line.starts_with(&begins));
        if found.count() >= lines {
            return;
        }
        std::thread::yield_now();
    }
    panic!("the log never held {lines} lines of {kind}");
}

#[test]
fn the_same_seed_gives_the_same_log() {
    let run = |args: &[&str]| {
        let scratch = Scratch::with_groups(&[
            "handshake",
            "close",
            "closing",
            "reset",
            "time-wait",
            "textbook",
        ]);
        let output = scratch.run(args).output().unwrap();
        assert!(output.status.success(), "{}", printed(&output));
        fs::read(scratch.out().join("log.jsonl")).unwrap()
    };
    let once = run(&["--seed", "7", "-j", "1"]);
    // Not assert_eq: nobody reads half a megabyte of numbers.
    let again = run(&["--seed", "7", "-j", "4"]);
    assert!(once == again, "the order of work shows");
    assert!(once != run(&["--seed", "8"]), "the seed does nothing");
}

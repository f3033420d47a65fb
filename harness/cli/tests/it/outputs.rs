//! What a run leaves behind besides its log.

use std::fs;
use std::process::Command;

use rstest::rstest;

use crate::common::{Scratch, printed, tcpspec};

#[test]
fn capture_of_a_failure_is_named_and_goes_once_all_is_well() {
    let scratch = Scratch::with_groups(&["handshake"]);
    let run = |stack: &str| {
        let case = ["handshake/three-way", "--ip", "4", "--stack", stack];
        scratch.run(&case).output().unwrap()
    };
    let capture = scratch.out().join("captures/handshake/three-way.pcapng");
    let failed = printed(&run("control:resets"));
    let line = format!("Capture:  {}\n", capture.display());
    assert!(failed.contains(&line), "{failed}");
    assert!(fs::metadata(&capture).unwrap().len() > 0);
    let other = scratch.out().join("captures/mine.txt");
    fs::write(&other, "mine").unwrap();
    assert!(!printed(&run("bundled")).contains("Capture:"));
    assert!(!capture.exists());
    assert!(other.exists(), "what is not a capture is left alone");
}

/// Wireshark's own reader, where it is installed: it finds the packets of the
/// trial, dissects them as TCP, and shows what we remark on them.
#[test]
fn wireshark_reads_the_capture_of_a_failure() {
    let scratch = Scratch::with_groups(&["handshake"]);
    let case = [
        "handshake/three-way",
        "--ip",
        "4",
        "--stack",
        "control:resets",
    ];
    printed(&scratch.run(&case).output().unwrap());
    let capture = scratch.out().join("captures/handshake/three-way.pcapng");
    let mut tshark = Command::new("tshark");
    let fields = ["tcp.flags.str", "tcp.checksum.status", "frame.comment"];
    let fields = fields.iter().flat_map(|field| ["-e", field]);
    tshark.args(["-o", "tcp.check_checksum:TRUE", "-T", "fields", "-r"]);
    let Ok(output) = tshark.arg(&capture).args(fields).output() else {
        eprintln!("skipped: tshark is not installed");
        return;
    };
    let packets = String::from_utf8(output.stdout).unwrap();
    let packets: Vec<Vec<&str>> = packets
        .lines()
        .map(|line| line.split('\t').collect())
        .collect();
    let [syn, reset] = packets.as_slice() else {
        panic!("a SYN and the RST that it drew, not {packets:?}");
    };
    let is = |packet: &[&str], flag: char| packet[0].contains(flag) && packet[1] == "1";
    assert!(
        is(syn, 'S') && is(reset, 'R'),
        "right checksums, too: {packets:?}"
    );
    assert!(
        reset[2].contains("SYN+ACK"),
        "what was expected: {packets:?}"
    );
}

/// At most 2 MB for 1,000 cases, a case being a file, and all of it told: the
/// suite on two stacks, both versions of IP, random numbers and such that wrap.
#[test]
fn page_of_the_whole_suite_has_room_for_all_of_it() {
    let out = tempfile::tempdir().unwrap();
    let stacks = ["--stack", "bundled", "--stack", "bundled:no-sack"];
    let mut run = tcpspec(&["run", "--isn", "both", "--out"]);
    run.arg(out.path()).args(stacks).output().unwrap();
    let page = fs::read_to_string(out.path().join("report.html")).unwrap();
    let files = page.matches("<details class=\"case\"").count();
    assert!(files > 500, "only {files} cases");
    assert!(page.len() <= 2_000 * files, "{} octets", page.len());
    assert!(!page.contains("Not all is told here"));
}

/// The earlier run may lie where the new one goes.
#[test]
fn page_says_what_changed_since_an_earlier_run() {
    let scratch = Scratch::with_groups(&["handshake"]);
    let out = scratch.out().display().to_string();
    let case = ["handshake/three-way", "--ip", "4", "--stack", "bundled"];
    let page = |args: &[&str]| {
        let args = [&case[..], args].concat();
        printed(&scratch.run(&args).output().unwrap());
        fs::read_to_string(scratch.out().join("report.html")).unwrap()
    };
    assert!(!page(&[]).contains("Since the earlier run"));
    assert!(page(&["--against", &out]).contains("every trial ended as before."));
    let log = scratch.out().join("log.jsonl");
    let mended = fs::read_to_string(&log).unwrap();
    let broken = mended.replacen(r#""verdict":"pass""#, r#""verdict":"fail""#, 1);
    let before = scratch.path().join("before.jsonl");
    fs::write(&before, broken).unwrap();
    let mut report = tcpspec(&["report", "--against"]);
    let report = report.arg(&before).arg(&log).arg("--out").arg(&out);
    printed(&report.output().unwrap());
    let page = fs::read_to_string(scratch.out().join("report.html")).unwrap();
    assert!(page.contains("<b>1</b> better"), "one trial was mended");
}

const EVERY_FORMAT: &str = "html,junit,tap,md,sarif,json,badge";

#[test]
fn report_from_a_log_is_what_the_run_wrote() {
    let scratch = Scratch::with_groups(&["handshake"]);
    let args = [
        "handshake/three-way",
        "--stack",
        "control:resets",
        "--report",
        EVERY_FORMAT,
    ];
    printed(&scratch.run(&args).output().unwrap());
    let again = scratch.path().join("again");
    let log = scratch.out().join("log.jsonl");
    let mut report = tcpspec(&["report", "--format", EVERY_FORMAT]);
    let output = report.arg(&log).arg("--out").arg(&again).output().unwrap();
    assert!(output.status.success(), "{}", printed(&output));
    for name in [
        "report.html",
        "junit.xml",
        "report.tap",
        "report.md",
        "report.sarif",
        "report.json",
        "badge.svg",
        "captures/handshake/three-way.pcapng",
    ] {
        let (first, second) = (scratch.out().join(name), again.join(name));
        assert!(
            fs::read(first).unwrap() == fs::read(second).unwrap(),
            "{name}"
        );
    }
}

#[rstest]
#[case::on_github("true", 1)]
#[case::elsewhere("", 0)]
fn github_gets_annotations_and_a_summary(#[case] actions: &str, #[case] times: usize) {
    let scratch = Scratch::with_groups(&["handshake"]);
    let summary = scratch.path().join("summary.md");
    fs::write(&summary, "# Before\n").unwrap();
    let mut run = scratch.run(&["handshake/three-way", "--stack", "control:resets"]);
    run.env("GITHUB_ACTIONS", actions)
        .env("GITHUB_STEP_SUMMARY", &summary);
    let text = printed(&run.output().unwrap());
    assert_eq!(
        text.matches("::error title=fail handshake/three-way")
            .count(),
        times,
        "{text}"
    );
    let summary = fs::read_to_string(summary).unwrap();
    assert!(summary.starts_with("# Before\n"));
    assert_eq!(
        summary.matches("# TCP conformance").count(),
        times,
        "{summary}"
    );
}

//! `run --faults`: profiles laid over cases, by the command line.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use rstest::rstest;
use tcpspec_record::Log;

use crate::common::{Scratch, printed, root, tcpspec};

/// Runs the project's own cases, and gives what was printed, the exit code and
/// the log.
fn run(scratch: &Scratch, args: &[&str]) -> (String, Option<i32>, String) {
    let mut command = tcpspec(&["run", "--ip", "4", "--out"]);
    let output = command.arg(scratch.out()).args(args).output().unwrap();
    let log = fs::read_to_string(scratch.out().join("log.jsonl"));
    (
        printed(&output),
        output.status.code(),
        log.unwrap_or_default(),
    )
}

/// The lines of a log behind its header, without the profile's name and the counts
/// of its link.
fn plain(log: &str) -> Vec<String> {
    let without = |line: &str| {
        let line = line.replace(r#""faults":"perfect","#, "");
        match line.split_once(r#""link":{"#) {
            Some((before, rest)) => {
                let (_, after) = rest.split_once("},").unwrap();
                format!("{before}{after}")
            }
            None => line,
        }
    };
    log.lines().skip(1).map(without).collect()
}

#[test]
fn perfect_profile_gives_the_same_log() {
    let scratch = Scratch::with_groups(&[]);
    let (_, _, without) = run(&scratch, &["close/active", "closing/simultaneous"]);
    let args = [
        "close/active",
        "closing/simultaneous",
        "--faults",
        "perfect",
    ];
    let (text, exit, log) = run(&scratch, &args);
    assert_eq!(exit, Some(0), "{text}");
    assert_ne!(log, without);
    assert_eq!(plain(&log), plain(&without));
}

#[test]
fn seed_decides_what_happens() {
    let scratch = Scratch::with_groups(&[]);
    let all = |seed: &str| {
        let args = ["close/", "--faults", "everything", "--seed", seed];
        let (text, exit, log) = run(&scratch, &args);
        assert_eq!(exit, Some(0), "{text}");
        assert!(text.contains("faults everything in"), "{text}");
        assert!(text.contains("drop "), "{text}");
        log
    };
    let first = all("1");
    assert_eq!(first, all("1"));
    let rest = |log: &str| plain(log).join("\n").replace(r#""seed":2"#, r#""seed":1"#);
    assert_ne!(rest(&first), rest(&all("2")));
}

#[test]
fn failure_names_profile_and_seed_and_is_reduced_to_a_case() {
    let scratch = Scratch::with_groups(&[]);
    let args = ["handshake/three-way", "--stack", "control:resets"];
    let more = ["--faults", "lossy-10", "--seeds", "3", "--shrink"];
    let (text, exit, _) = run(&scratch, &[&args[..], &more].concat());
    assert_eq!(exit, Some(1), "{text}");
    assert!(text.contains("--faults lossy-10 --seed 1"), "{text}");
    assert!(text.contains("0 faults of"), "{text}");
    let path = scratch.out().join("shrunk/handshake-three-way.yaml");
    let case = fs::read_to_string(path).unwrap();
    assert!(case.contains("lenient: true"), "{case}");
    assert!(text.contains("as a case: "), "{text}");
}

#[rstest]
#[case::unknown(&["--faults", "lossy"], 2, "there is no fault profile `lossy`")]
#[case::not_tolerated(&["header/checksum-sent", "--faults", "lossy-1"], 4, "the case says of no faults that it tolerates them")]
#[case::of_another_kind(&["data/fin-hands-over", "--faults", "mtu-576"], 4, "the case does not tolerate mtu")]
fn what_cannot_be_laid_over_is_told(#[case] args: &[&str], #[case] code: i32, #[case] says: &str) {
    let scratch = Scratch::with_groups(&[]);
    let (text, exit, _) = run(&scratch, args);
    assert_eq!(exit, Some(code), "{text}");
    assert!(text.contains(says), "{text}");
}

/// Courses of events in which a stack that did well was once blamed: a bare ACK
/// that came before any SYN, a peer that only refuses, an old SYN behind the end.
#[rstest]
#[case::ack_before_the_syn("textbook/ten-segments-client", "lossy-50", "760")]
#[case::rst_that_is_lost("handshake/three-calls", "lossy-50", "814")]
#[case::old_syn_behind_the_end("close/passive", "everything", "7567")]
fn link_is_not_blamed_on_the_stack(#[case] case: &str, #[case] profile: &str, #[case] seed: &str) {
    let scratch = Scratch::with_groups(&[]);
    let (text, exit, log) = run(&scratch, &[case, "--faults", profile, "--seed", seed]);
    assert_eq!(exit, Some(0), "{text}");
    assert!(log.contains(r#""verdict":"pass""#), "{text}");
}

/// What each profile does to the packets of some cases that send much.
const BITES: [(&str, &[&str]); 17] = [
    ("asymmetric", &["drop", "queue-full", "waited"]),
    ("bursts", &["drop"]),
    ("corrupted", &["corrupt", "truncate"]),
    ("duplicated", &["dup"]),
    (
        "everything",
        &["corrupt", "drop", "dup", "jitter", "reorder", "truncate"],
    ),
    ("jittery", &["jitter"]),
    ("long-fat", &["waited"]),
    ("lossy-1", &["drop"]),
    ("lossy-10", &["drop"]),
    ("lossy-50", &["drop"]),
    ("mtu-1280", &["too-large"]),
    ("mtu-576", &["too-large"]),
    ("narrow", &["queue-full", "waited"]),
    ("outage", &["outage"]),
    ("perfect", &[]),
    ("reordered", &["reorder"]),
    ("satellite", &["drop", "jitter", "waited"]),
];

#[test]
fn every_profile_bites() {
    let scratch = Scratch::with_groups(&[]);
    let cases = ["data/flights", "data/both-ways", "window-scale/wide-flight"];
    let args = [&cases[..], &["--faults", "all", "--seeds", "3"]].concat();
    let (text, exit, log) = run(&scratch, &args);
    assert_eq!(exit, Some(0), "{text}");
    let mut happened: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for trial in Log::read(&mut log.as_bytes()).unwrap().trials {
        let words = trial.link.into_keys();
        let words = words.filter(|word| !matches!(word.as_str(), "sent" | "arrived"));
        happened.entry(trial.id.faults).or_default().extend(words);
    }
    let bites = BITES.map(|(name, words)| {
        let words = words.iter().map(|word| (*word).to_owned());
        (name.to_owned(), words.collect())
    });
    assert_eq!(happened, BTreeMap::from(bites));
    let profiles = fs::read_dir(root().join("cases/faults")).unwrap().count();
    assert_eq!(profiles, BITES.len(), "a profile of which nothing is held");
}

//! Which variants a command line is about.

use std::fs;

use rstest::rstest;

use crate::common::{IMPOSSIBLE, Scratch, printed, tcpspec};

/// Ids and levels of what `list` prints for a selection of the project's cases.
fn listed(args: &[&str]) -> Vec<(String, String)> {
    let output = tcpspec(&["list"]).args(args).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", printed(&output));
    let text = String::from_utf8(output.stdout).unwrap();
    let lines = text.lines().filter(|line| line.contains('/'));
    let cells = lines.map(|line| line.splitn(3, "  ").map(str::trim).collect::<Vec<_>>());
    cells
        .map(|cells| {
            let rest = cells[1..].join("  ");
            let level = rest.split("  ").find(|cell| !cell.is_empty());
            (cells[0].to_owned(), level.unwrap().trim().to_owned())
        })
        .collect()
}

#[rstest]
#[case::group(&["closing/"], |id: &str, _: &str| id.starts_with("closing/"))]
#[case::beginning(&["closing/fin"], |id: &str, _: &str| id.starts_with("closing/fin"))]
#[case::whole_before_beginning(&["handshake/three-way"], |id: &str, _: &str| id == "handshake/three-way")]
#[case::level(&["--level", "MUST", "reset/"], |id: &str, level: &str| id.starts_with("reset/") && level == "MUST")]
#[case::levels(&["--level", "should-not,must_not"], |_: &str, level: &str| level.ends_with("NOT"))]
#[case::skip(&["closing/", "--skip", "closing/fin"], |id: &str, _: &str| {
    id.starts_with("closing/") && !id.starts_with("closing/fin")
})]
#[case::all_but(&["--skip", "*-*"], |id: &str, _: &str| !id.contains('-'))]
fn selection_is_what_fits(#[case] args: &[&str], #[case] fits: fn(&str, &str) -> bool) {
    let mut expected = listed(&[]);
    expected.retain(|(id, level)| fits(id, level));
    assert!(!expected.is_empty());
    assert_eq!(listed(args), expected);
}

#[rstest]
#[case::id(&["closing/simultanous"], "the nearest are `closing/simultaneous`, `")]
#[case::state(&["state:CLOSSING"], "the nearest are `state:CLOSING`, `state:CLOSED` and `")]
#[case::claim(&["9293:MUST-133"], "the nearest are `9293:MUST-13`, `")]
#[case::skipped(&["--skip", "closing/simultanous"], "the nearest are `closing/simultaneous`, `")]
fn what_fits_nothing_names_the_three_nearest(#[case] args: &[&str], #[case] says: &str) {
    for verb in ["list", "run"] {
        let output = tcpspec(&[verb]).args(args).output().unwrap();
        let text = printed(&output);
        assert_eq!(output.status.code(), Some(4), "{text}");
        assert!(text.contains(says), "{text}");
        assert_eq!(text.matches('`').count(), 8, "{text}");
    }
}

#[test]
fn what_there_is_nothing_like_says_so() {
    let output = tcpspec(&["list", "rfc4711/1"]).output().unwrap();
    let text = printed(&output);
    assert_eq!(output.status.code(), Some(4), "{text}");
    let scratch = Scratch::with_groups(&["handshake"]);
    let mut list = tcpspec(&["list", "tag:none", "--cases"]);
    let text = printed(&list.arg(scratch.cases()).output().unwrap());
    assert!(
        text.contains("selects no case; there is nothing of its kind"),
        "{text}"
    );
}

#[test]
fn level_that_there_is_not_is_refused() {
    let output = tcpspec(&["list", "--level", "ought"]).output().unwrap();
    let text = printed(&output);
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(text.contains("there are MUST, MUST-NOT, STEP"), "{text}");
}

#[test]
fn last_failed_plays_what_has_not_passed_until_all_has() {
    let scratch = Scratch::with_groups(&["handshake"]);
    scratch.write("wrong/impossible.yaml", IMPOSSIBLE);
    let run = |args: &[&str], exit: i32| {
        let output = scratch.run(args).output().unwrap();
        let text = printed(&output);
        assert_eq!(output.status.code(), Some(exit), "{text}");
        text
    };
    let text = run(&["--last-failed"], 2);
    assert!(text.contains("cannot open"), "{text}");
    run(&["handshake/three-way", "wrong/"], 1);
    let text = run(&["--last-failed"], 1);
    assert!(text.contains("2 of 2 trials executed"), "{text}");
    let header = fs::read_to_string(scratch.out().join("log.jsonl")).unwrap();
    assert!(header.contains(r#""selection":["--last-failed"]"#));
    run(&["handshake/", "--last-failed"], 4);
    let path = scratch.cases().join("wrong/impossible.yaml");
    fs::write(path, IMPOSSIBLE.replace("SYN+ACK", "RST+ACK")).unwrap();
    run(&["--last-failed"], 0);
    let text = run(&["--last-failed"], 4);
    assert!(
        text.contains("nothing is left to pass in the last run"),
        "{text}"
    );
}

#[test]
fn list_by_depth_counts_every_variant_once() {
    let output = tcpspec(&["list", "--by", "depth"]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let rows: Vec<Vec<&str>> = text
        .lines()
        .skip(1)
        .filter(|line| !line.starts_with(' ') && !line.ends_with(" variants"))
        .map(|line| line.split_whitespace().collect())
        .collect();
    assert_eq!(rows[0][0], "packets", "{text}");
    let mut so_far = 0;
    for row in &rows {
        let count: usize = row[1].parse().unwrap();
        assert!(count > 0);
        so_far += count;
        assert_eq!(row[2], so_far.to_string(), "{text}");
    }
    assert_eq!(so_far, listed(&[]).len());
    assert!(text.contains("declare passive-open ("), "{text}");
}

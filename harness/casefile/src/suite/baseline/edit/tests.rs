use tcpspec_record::{IpVersion, Isn};

use super::*;

const FILE: &str = "\
# About the stack.
stack: linux
known:
  # The first is old.
  - variant: a/one
    verdict: fail
    clause: RFC 9293 3.4
    reason: >
      Somebody wrote this,

      in two paragraphs.   # not a comment
    observed: |
      > SYN
      < RST
  - variant:
      - b/two@at=left
      - b/three   # which is like it
    verdict: deviates # tolerated
    reason: As before.

  # The last.
  - variant: c/four
    ip: \"6\"
    reason: Why not.
    verdict: fail
";

fn file(text: &str) -> BaselineFile {
    BaselineFile::from_text("stack.yaml", text).expect("it is valid")
}

#[track_caller]
fn check(edits: &Edits, gone: &[&str], come: &[&str]) {
    let edited = file(FILE).edited(edits).expect("it can be edited");
    let kept = |line: &&str| !gone.contains(&line.trim());
    let expected: Vec<&str> = FILE.lines().filter(kept).collect();
    let not_new = |line: &&str| !come.contains(&line.trim());
    let rest: Vec<&str> = edited.lines().filter(not_new).collect();
    assert_eq!(rest, expected, "{edited}");
    for line in come {
        assert!(edited.contains(line), "`{line}` is not in\n{edited}");
    }
    file(&edited);
}

fn remove(entries: &[usize]) -> Edits {
    Edits {
        remove: entries.iter().copied().collect(),
        ..Edits::default()
    }
}

#[test]
fn nothing_to_do_changes_nothing() {
    assert_eq!(file(FILE).edited(&Edits::default()).as_deref(), Ok(FILE));
    let lines: Vec<usize> = (0..4).map(|entry| file(FILE).line(entry)).collect();
    assert_eq!(lines, [5, 16, 17, 22]);
}

#[test]
fn entry_goes_with_its_comments() {
    let edited = file(FILE).edited(&remove(&[0])).expect("it can be");
    assert!(
        edited.starts_with("# About the stack.\nstack: linux\nknown:\n  - variant:\n      - b")
    );
    let edited = file(FILE).edited(&remove(&[3])).expect("it can be");
    assert!(edited.ends_with("reason: As before.\n\n"), "{edited}");
}

#[test]
fn one_of_several_variants_goes_alone() {
    check(&remove(&[1]), &["- b/two@at=left"], &[]);
    check(&remove(&[2]), &["- b/three   # which is like it"], &[]);
    let edited = file(FILE).edited(&remove(&[1, 2])).expect("it can be");
    assert!(!edited.contains("As before"), "{edited}");
}

#[test]
fn all_gone_leaves_an_empty_list() {
    let edited = file(FILE)
        .edited(&remove(&[0, 1, 2, 3]))
        .expect("it can be");
    assert_eq!(
        edited.trim_end(),
        "# About the stack.\nstack: linux\nknown: []"
    );
    let new = Edits {
        add: vec![entry()],
        ..Edits::default()
    };
    let again = file(&edited).edited(&new).expect("it can be");
    assert_eq!(file(&again).baseline.known, [entry()]);
}

#[test]
fn verdict_and_what_shows_it_change_and_the_reason_stays() {
    let judge = |entry, observed: &[&str]| {
        let observed = observed.iter().map(|&line| line.to_owned()).collect();
        Edits {
            judge: BTreeMap::from([(entry, (Verdict::Crash, observed))]),
            ..Edits::default()
        }
    };
    let old = ["verdict: fail", "> SYN", "< RST"];
    let edited = file(FILE).edited(&judge(0, &["> FIN"])).expect("it can be");
    let first = &file(&edited).baseline.known[0];
    assert_eq!(
        (first.verdict, &*first.observed),
        (Verdict::Crash, &["> FIN".to_owned()][..])
    );
    assert!(
        edited.contains("in two paragraphs.   # not a comment"),
        "{edited}"
    );
    assert!(!edited.contains(old[1]), "{edited}");
    // Where nothing showed it so far.
    let edited = file(FILE).edited(&judge(3, &["> FIN"])).expect("it can be");
    assert!(
        edited.ends_with("    verdict: crash\n    observed: |\n      > FIN\n"),
        "{edited}"
    );
    // One of several variants has to be taken out for it.
    assert_eq!(
        file(FILE).edited(&judge(1, &[])),
        Err(EditError::Inline(18))
    );
}

#[test]
fn what_stands_in_one_line_is_left_alone() {
    for text in [
        "stack: linux\nknown:\n  - {variant: a/b, verdict: fail, reason: r}\n",
        "stack: linux\nknown: [{variant: a/b, verdict: fail, reason: r}]\n",
        "stack: l\nknown:\n  - variant: [a/b, c/d]\n    verdict: fail\n    reason: r\n",
    ] {
        assert!(file(text).edited(&remove(&[0])).is_err(), "{text}");
    }
}

fn entry() -> BaselineEntry {
    BaselineEntry {
        variant: "d/five@in=fin-wait-1,at=2^31".to_owned(),
        ip: Some(IpVersion::V4),
        isn: Some(Isn::Wrap),
        faults: None,
        with: Some("dual".to_owned()),
        verdict: Verdict::Stuck,
        reason: "TODO: \"say\" so # \u{1b}[31m".to_owned(),
        clause: Some("RFC 9293 3.10.7.4".to_owned()),
        deliberate: Some("no: yes".to_owned()),
        observed: vec!["> SYN seq=0".to_owned(), "< nothing".to_owned()],
    }
}

#[test]
fn added_entries_are_read_back() {
    let edits = Edits {
        add: vec![entry(), entry()],
        ..Edits::default()
    };
    for text in [FILE, FILE.trim_end()] {
        let edited = file(text).edited(&edits).expect("it can be edited");
        assert!(edited.starts_with(text), "{edited}");
        assert_eq!(file(&edited).baseline.known[4..], [entry(), entry()]);
    }
    let new = new_baseline("linux", &[entry()]);
    assert_eq!(file(&new).baseline.known, [entry()], "{new}");
    assert_eq!(file(&new_baseline("linux", &[])).baseline.known, []);
}

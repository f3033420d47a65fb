//! `tcpspec case`: what it writes is valid, what it says has a place.

use std::fs;

use crate::common::{Scratch, printed, tcpspec};

#[test]
fn new_case_is_valid_canonical_and_passes() {
    let scratch = Scratch::with_groups(&[]);
    let cases = scratch.cases();
    let on_cases = |args: &[&str]| {
        let output = tcpspec(&["case"])
            .args(args)
            .arg("--cases")
            .arg(&cases)
            .output();
        let output = output.unwrap();
        (output.status.code(), printed(&output))
    };
    let (code, text) = on_cases(&["new", "mine/first"]);
    assert_eq!(code, Some(0), "{text}");
    let path = cases.join("mine/first.yaml");
    let path = path.to_str().unwrap();
    let (code, text) = on_cases(&["lint", path]);
    assert_eq!(code, Some(0), "{text}");
    assert!(
        text.contains("1 valid case, 0 mistakes, 0 remarks"),
        "{text}"
    );
    assert_eq!(
        on_cases(&["fmt", "--check", path]),
        (Some(0), String::new())
    );
    let played = scratch.run(&["mine/first"]).output().unwrap();
    assert_eq!(played.status.code(), Some(0), "{}", printed(&played));
    let (code, text) = on_cases(&["new", "mine/first"]);
    assert_eq!(code, Some(2), "{text}");
    for id in ["first", "mine/", "../mine/first", "Mine/first"] {
        let (code, text) = on_cases(&["new", id]);
        assert_eq!(code, Some(2), "{text}");
        assert!(text.contains("is not a case's id"), "{text}");
    }
}

#[test]
fn lint_names_mistakes_and_remarks_of_the_path_alone() {
    let scratch = Scratch::with_groups(&[]);
    let cases = scratch.cases();
    let case = |step: &str| {
        format!(
            "title: T\npurpose: P\nlevel: must\nclaims: ['9293:MUST-13']\nfrom: established\nsteps:\n  - {step}\n"
        )
    };
    scratch.write("mine/wrong.yaml", &case("peer: SIN"));
    scratch.write("mine/plain.yaml", &case("quiet: 1s"));
    let lint = |path: &str| {
        let path = cases.join(path);
        let output = tcpspec(&["case", "lint"])
            .arg(path)
            .arg("--cases")
            .arg(&cases)
            .output();
        let output = output.unwrap();
        (output.status.code(), printed(&output))
    };
    let (code, text) = lint("mine/plain.yaml");
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("plain.yaml:6: no step says why"), "{text}");
    assert!(
        text.contains("1 valid case, 0 mistakes, 1 remark"),
        "{text}"
    );
    let (code, text) = lint("mine");
    assert_eq!(code, Some(3), "{text}");
    assert!(text.contains("error[E040]"), "{text}");
    assert!(text.contains("1 valid case, 1 mistake, 1 remark"), "{text}");
}

#[test]
fn fmt_writes_what_check_finds() {
    let scratch = Scratch::with_groups(&[]);
    scratch.write(
        "mine/one.yaml",
        "purpose: P\nsteps:\n- quiet: 1s\ntitle: T\n",
    );
    let path = scratch.cases().join("mine/one.yaml");
    let fmt = |args: &[&str]| {
        let output = tcpspec(&["case", "fmt"])
            .args(args)
            .arg(&path)
            .output()
            .unwrap();
        (output.status.code(), printed(&output).contains("one.yaml"))
    };
    assert_eq!(fmt(&["--check"]), (Some(1), true));
    assert_eq!(fmt(&[]), (Some(0), true));
    let text = fs::read_to_string(&path).unwrap();
    assert_eq!(text, "title: T\npurpose: P\n\nsteps:\n  - quiet: 1s\n");
    assert_eq!(fmt(&["--check"]), (Some(0), false));
}

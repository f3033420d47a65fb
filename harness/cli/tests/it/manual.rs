//! What the program tells of itself to shells, manuals and editors.

use std::fs;

use rstest::rstest;
use serde_json::Value;

use crate::common::{Scratch, printed, root, tcpspec};

/// The verbs that the help text lists.
fn verbs() -> Vec<String> {
    let help = printed(&tcpspec(&["--help"]).output().unwrap());
    let after = help.split("Commands:\n").nth(1).unwrap();
    let lines = after.lines().take_while(|line| !line.is_empty());
    let words = lines.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    words
        .filter_map(|line| line.split_whitespace().next())
        .filter(|verb| *verb != "help")
        .map(str::to_owned)
        .collect()
}

#[rstest]
fn completions_know_every_verb(
    #[values("bash", "zsh", "fish", "elvish", "powershell")] shell: &str,
) {
    let output = tcpspec(&["completions", shell]).output().unwrap();
    let script = printed(&output);
    assert!(output.status.success(), "{script}");
    for verb in verbs() {
        assert!(script.contains(&verb), "{shell} does not know {verb}");
    }
    assert!(script.contains("last-failed"), "{shell} knows no options");
}

#[test]
fn unknown_shell_is_refused() {
    let output = tcpspec(&["completions", "cmd"]).output().unwrap();
    let text = printed(&output);
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(text.contains("bash, elvish, fish"), "{text}");
}

#[test]
fn manual_has_a_page_for_every_verb_and_the_exit_codes() {
    let page = printed(&tcpspec(&["man"]).output().unwrap());
    assert!(page.contains(".TH tcpspec 1"), "{page}");
    assert!(page.contains("bug in tcpspec"), "{page}");
    let scratch = Scratch::with_groups(&[]);
    let output = tcpspec(&["man", "--out"]).arg(scratch.out()).output();
    assert!(output.unwrap().status.success());
    for verb in verbs() {
        let page = scratch.out().join(format!("tcpspec-{verb}.1"));
        assert!(fs::read_to_string(page).unwrap().contains(&verb), "{verb}");
    }
    let hidden = scratch.out().join("tcpspec-bug.1");
    assert!(!hidden.exists(), "what is hidden has no page");
}

#[test]
fn schemas_are_those_of_the_repository() {
    let list = printed(&tcpspec(&["schema"]).output().unwrap());
    let mut names = Vec::new();
    for line in list.lines() {
        let name = line.split_whitespace().next().unwrap();
        let printed: Value =
            serde_json::from_slice(&tcpspec(&["schema", name]).output().unwrap().stdout).unwrap();
        let file = root().join(format!("schema/{name}-v1.json"));
        if ["config", "connector"].contains(&name) && std::env::var_os("TCPSPEC_BLESS").is_some() {
            fs::write(&file, format!("{printed:#}\n")).unwrap();
        }
        let stored: Value = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
        assert!(printed == stored, "{name}");
        names.push(format!("{name}-v1.json"));
    }
    let stored = fs::read_dir(root().join("schema")).unwrap();
    let stored = stored.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.sort();
    let mut stored: Vec<String> = stored.collect();
    stored.sort();
    assert_eq!(names, stored);
}

#[test]
fn unknown_schema_is_refused() {
    let output = tcpspec(&["schema", "pcap"]).output().unwrap();
    let text = printed(&output);
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(
        text.contains("there are case, sweep, baseline, faults, config, log, report, connector"),
        "{text}"
    );
}

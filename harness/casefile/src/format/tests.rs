use std::fs;
use std::path::Path;

use proptest::prelude::*;

use super::*;

#[track_caller]
fn check(text: &str, expected: &str) {
    assert_eq!(canonical(text).as_deref(), Some(expected), "{text}");
    assert_eq!(canonical(expected).as_deref(), Some(expected), "{text}");
}

#[test]
fn keys_come_in_order_and_steps_last() {
    check(
        "# schema\nlevel: must\nsteps:\n- peer: ACK   \n\n\n\n- wait: 1s\n# about the title\ntitle: T\n\n",
        "# schema\n# about the title\ntitle: T\nlevel: must\n\nsteps:\n  - peer: ACK\n\n  - wait: 1s\n",
    );
}

#[test]
fn steps_move_as_one() {
    check(
        "title: T\nsteps:\n      - sut:\n          one_of:\n            - ACK\n        # why not\n        as: x\n",
        "title: T\n\nsteps:\n  - sut:\n      one_of:\n        - ACK\n    # why not\n    as: x\n",
    );
}

#[test]
fn what_would_come_to_mean_something_else_is_left_alone() {
    assert_eq!(canonical("purpose: |\n  a\n\n\n  b\nsteps: []\n"), None);
    assert_eq!(canonical("title: [\n"), None);
    assert_eq!(canonical(""), None);
}

/// Every case and fragment.
fn files() -> Vec<String> {
    let mut dirs = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("../../cases")];
    let mut files = Vec::new();
    while let Some(dir) = dirs.pop() {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            let others = ["invalid", "requirements", "baselines"];
            if path.is_dir() && !others.iter().any(|name| path.ends_with(name)) {
                dirs.push(path);
            } else if path
                .extension()
                .is_some_and(|extension| extension == "yaml")
            {
                files.push(fs::read_to_string(path).unwrap());
            }
        }
    }
    assert!(
        files.len() > 100,
        "the cases are not where they are looked for"
    );
    files
}

/// A file as a careless author leaves it: blanks at the ends of lines, blank
/// lines between steps, steps further in.
fn mess(text: &str, blanks: usize, indent: usize) -> String {
    let mut in_steps = false;
    let mut lines = Vec::new();
    for line in text.lines() {
        in_steps |= line.starts_with("steps:");
        let inside = in_steps && line.starts_with(' ');
        lines.push(format!("{:1$}{line}", "", if inside { indent } else { 0 }));
        if inside && line.len() % 3 == 0 {
            lines.extend(vec![String::new(); blanks]);
        }
    }
    lines.join("\r\n")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3))]

    /// Canonical form means the same and is its own canonical form.
    #[test]
    fn formatting_twice_is_formatting_once(blanks in 0_usize..3, indent in 0_usize..5) {
        for text in files() {
            let text = mess(&text, blanks, indent);
            if let Some(once) = canonical(&text) {
                prop_assert!(is_same(&text, &once));
                prop_assert_eq!(canonical(&once), Some(once));
            }
        }
    }
}

#[test]
fn every_file_of_the_project_has_a_canonical_form() {
    for text in files() {
        assert!(canonical(&text).is_some(), "{text}");
    }
}

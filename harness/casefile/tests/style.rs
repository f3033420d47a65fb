//! The cases of the repository are written as `tcpspec case fmt` would write
//! them, and draw no remark of `tcpspec case lint`. `make lint` runs this.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot read its own files has failed"
)]

use std::fs;
use std::path::{Path, PathBuf};

use tcpspec_casefile::format::canonical;
use tcpspec_casefile::lint::lint;
use tcpspec_casefile::load;

/// Directories that hold no cases, but YAML of another layout.
const OTHERS: [&str; 3] = ["invalid", "requirements", "baselines"];

fn cases() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../cases")
}

#[test]
fn cases_draw_no_remark() {
    let suite = load(&cases()).unwrap();
    let mut remarks = Vec::new();
    for case in &suite.cases {
        let text = fs::read_to_string(cases().join(format!("{}.yaml", case.id))).unwrap();
        for remark in lint(case, &text) {
            remarks.push(format!("{}:{}: {}", case.id, remark.line, remark.message));
        }
    }
    assert!(remarks.is_empty(), "{}", remarks.join("\n"));
}

#[test]
fn cases_and_fragments_are_in_their_canonical_form() {
    let mut files = Vec::new();
    for entry in fs::read_dir(cases()).unwrap() {
        let path = entry.unwrap().path();
        let is_other = OTHERS.iter().any(|other| path.ends_with(other));
        if path.is_dir() && !is_other {
            yaml_below(&path, &mut files);
        }
    }
    assert!(!files.is_empty());
    let differs = |path: &PathBuf| {
        let text = fs::read_to_string(path).unwrap();
        canonical(&text).as_ref() != Some(&text)
    };
    files.retain(differs);
    assert!(
        files.is_empty(),
        "`tcpspec case fmt` would change {files:#?}"
    );
}

fn yaml_below(dir: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            yaml_below(&path, files);
        } else if path
            .extension()
            .is_some_and(|extension| extension == "yaml")
        {
            files.push(path);
        }
    }
}

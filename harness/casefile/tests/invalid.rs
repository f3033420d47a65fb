//! Every file under `cases/invalid/` is refused in the words that stand beside
//! it, and there is one for every code.
//!
//! `NAME.yaml` is one case; a directory `NAME/` is laid out as `cases/` is.
//! Both see what lies under `with/`: some requirements, a prelude, a fragment.
//! `NAME.txt` holds the complaints.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot read its own files has failed"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use tcpspec_casefile::{Code, Diagnostic, SourceFile, load_files};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../cases/invalid")
}

/// The files under a directory, called by their paths under `cases/`.
fn files(dir: &Path, prefix: &str) -> Vec<SourceFile> {
    let mut all = Vec::new();
    let mut entries: Vec<_> = fs::read_dir(dir).unwrap().map(Result::unwrap).collect();
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if path.is_dir() {
            all.extend(files(&path, &format!("{name}/")));
        } else {
            all.push(file(&path, &name));
        }
    }
    all
}

fn file(path: &Path, name: &str) -> SourceFile {
    let under = path.strip_prefix(root()).unwrap().display().to_string();
    SourceFile {
        path: name.to_owned(),
        shown_as: format!("cases/invalid/{under}"),
        text: fs::read_to_string(path).unwrap(),
    }
}

/// Every name with its own files.
fn subjects() -> Vec<(String, Vec<SourceFile>)> {
    let mut subjects = Vec::new();
    for entry in fs::read_dir(root()).unwrap().map(Result::unwrap) {
        let path = entry.path();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        if path.is_dir() && name != "with" {
            subjects.push((name, files(&path, "")));
        } else if path
            .extension()
            .is_some_and(|extension| extension == "yaml")
        {
            let case = file(&path, &format!("invalid/{name}.yaml"));
            subjects.push((name, vec![case]));
        }
    }
    subjects.sort_by(|a, b| a.0.cmp(&b.0));
    subjects
}

fn complaints(own: Vec<SourceFile>) -> Vec<Diagnostic> {
    let mut all = files(&root().join("with"), "");
    all.extend(own);
    load_files(&all).diagnostics
}

fn rendered(diagnostics: &[Diagnostic]) -> String {
    let all: Vec<String> = diagnostics.iter().map(|d| d.render(false)).collect();
    all.join("\n\n") + "\n"
}

#[test]
fn what_invalid_cases_refer_to_is_valid() {
    assert_eq!(rendered(&complaints(Vec::new())), "\n");
}

#[test]
fn invalid_case_is_refused_in_the_words_beside_it() {
    let bless = std::env::var_os("TCPSPEC_BLESS").is_some();
    let mut wrong = Vec::new();
    for (name, own) in subjects() {
        let found = rendered(&complaints(own));
        let path = root().join(format!("{name}.txt"));
        if bless {
            fs::write(&path, &found).unwrap();
        }
        let expected = fs::read_to_string(&path).unwrap_or_default();
        if found != expected || found.trim().is_empty() {
            wrong.push(format!(
                "=== {name}, expected:\n{expected}\n=== found:\n{found}"
            ));
        }
    }
    assert!(
        wrong.is_empty(),
        "{}\nif the words found are the better ones:\n    \
         TCPSPEC_BLESS=1 cargo test -p tcpspec-casefile --test invalid",
        wrong.join("\n")
    );
}

#[test]
fn every_code_has_an_invalid_case() {
    // What cannot be read cannot lie there: see the tests of loading.
    let mut shown = BTreeSet::from([Code::Unreadable]);
    let all = subjects().into_iter().flat_map(|(_, own)| complaints(own));
    shown.extend(all.map(|diagnostic| diagnostic.code));
    let missing: Vec<&Code> = Code::ALL
        .iter()
        .filter(|code| !shown.contains(code))
        .collect();
    assert!(
        missing.is_empty(),
        "no file in cases/invalid for {missing:?}"
    );
}

//! Rules of shape that no lint knows: how long functions and files may be,
//! that each file says what it is for, that lint tables agree.

use std::fs;
use std::path::{Path, PathBuf};

/// Lines of a function, signature and closing brace included.
const FUNCTION: usize = 70;
/// Lines of a file without its tests.
const FILE: usize = 400;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Every Rust file of the project, with its text.
fn sources() -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut dirs: Vec<PathBuf> = ["harness", "stacks", "reports"]
        .map(|dir| root().join(dir))
        .to_vec();
    while let Some(dir) = dirs.pop() {
        for entry in fs::read_dir(&dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                dirs.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                found.push((path, text));
            }
        }
    }
    assert!(
        found.len() > 50,
        "the sources are not where they are looked for"
    );
    found
}

fn is_test(path: &Path) -> bool {
    path.components().any(|part| part.as_os_str() == "tests") || path.ends_with("tests.rs")
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// Whether a line begins a function.
fn is_function(line: &str) -> bool {
    let Some((before, _)) = line.split_once("fn ") else {
        return false;
    };
    let known = [
        "pub",
        "pub(crate)",
        "pub(super)",
        "const",
        "async",
        "unsafe",
    ];
    before.split_whitespace().all(|word| known.contains(&word))
}

/// First line and length of each function that is longer than it may be.
fn long_functions(text: &str) -> Vec<(usize, usize)> {
    let lines: Vec<&str> = text.lines().collect();
    let mut long = Vec::new();
    for (start, line) in lines.iter().enumerate() {
        if !is_function(line) {
            continue;
        }
        let close = format!("{}}}", " ".repeat(indent(line)));
        let end = lines[start..].iter().position(|line| *line == close);
        if let Some(len) = end.map(|end| end + 1).filter(|len| *len > FUNCTION) {
            long.push((start + 1, len));
        }
    }
    long
}

#[test]
fn functions_can_be_held_in_the_head() {
    let mut found = Vec::new();
    for (path, text) in sources() {
        for (line, len) in long_functions(&text) {
            found.push(format!("{}:{line} has {len} lines", path.display()));
        }
    }
    assert!(
        found.is_empty(),
        "functions over {FUNCTION} lines:\n{}",
        found.join("\n")
    );
}

#[test]
fn long_functions_are_found() {
    let body = "    let x = 1;\n".repeat(FUNCTION);
    assert_eq!(
        long_functions(&format!("pub(crate) fn long() {{\n{body}}}\n")),
        [(1, FUNCTION + 2)]
    );
    assert_eq!(long_functions("fn short() {\n}\n"), []);
}

#[test]
fn files_can_be_read_in_one_sitting() {
    let mut found = Vec::new();
    for (path, text) in sources().into_iter().filter(|(path, _)| !is_test(path)) {
        let production = text
            .lines()
            .take_while(|line| line.trim() != "#[cfg(test)]")
            .count();
        if production > FILE {
            found.push(format!("{} has {production} lines", path.display()));
        }
    }
    assert!(
        found.is_empty(),
        "files over {FILE} lines:\n{}",
        found.join("\n")
    );
}

#[test]
fn every_file_says_what_it_is_for() {
    let silent: Vec<String> = sources()
        .into_iter()
        .filter(|(path, text)| !path.ends_with("tests.rs") && !text.starts_with("//!"))
        .map(|(path, _)| path.display().to_string())
        .collect();
    assert!(
        silent.is_empty(),
        "files without `//!`:\n{}",
        silent.join("\n")
    );
}

/// Cargo lets no member override one entry of the workspace's lints, so
/// `stacks/linux`, which needs `unsafe` in one module, repeats the table.
#[test]
fn the_linux_crate_keeps_the_workspace_lints() {
    let table = |file: &str, head: &str| -> Vec<String> {
        let text = fs::read_to_string(root().join(file)).unwrap();
        let lines = text.lines().skip_while(|line| *line != head).skip(1);
        let entries = lines.take_while(|line| !line.starts_with('['));
        let bare = entries.map(|line| line.split('#').next().unwrap_or_default().trim().to_owned());
        bare.filter(|line| !line.is_empty() && !line.starts_with("unsafe_code"))
            .collect()
    };
    for kind in ["rust", "clippy"] {
        let ours = table("stacks/linux/Cargo.toml", &format!("[lints.{kind}]"));
        let all = table("Cargo.toml", &format!("[workspace.lints.{kind}]"));
        assert!(!all.is_empty());
        assert_eq!(
            ours, all,
            "lints.{kind} of stacks/linux differ from the workspace's"
        );
    }
}

//! Rules of shape that no lint knows: how long functions and files may be,
//! that each file says what it is for, where `unsafe` may stand.

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

/// `unsafe` stands where there is no safe way to make a system call.
#[test]
fn unsafe_code_is_where_one_looks_for_it() {
    let allowed = [
        "stacks/linux/src/sys.rs",
        "stacks/linux/src/sys/",
        "stacks/starter/src/table.rs",
    ];
    let lifts = |text: &str| text.contains("unsafe {") || text.contains("unsafe_code");
    let elsewhere: Vec<String> = sources()
        .into_iter()
        .filter(|(path, text)| lifts(text) && !path.ends_with("tidy.rs"))
        .map(|(path, _)| path.strip_prefix(root()).unwrap().display().to_string())
        .filter(|path| !allowed.iter().any(|allowed| path.starts_with(allowed)))
        .collect();
    assert!(
        elsewhere.is_empty(),
        "unsafe code in {}",
        elsewhere.join(", ")
    );
}

//! serde_yaml as the independent second reader: whatever the project writes in
//! YAML means the same to both, so editors and other tools see what we see.

use std::path::{Path, PathBuf};
use std::{fs, sync::Arc};

use serde_yaml::Value;

use super::{Document, Kind, NodeId};
use crate::diagnostic::Sink;

/// Every YAML file of the project's cases, those that must be refused left
/// out.
fn files() -> Vec<PathBuf> {
    let mut dirs = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("../../cases")];
    let mut files = Vec::new();
    while let Some(dir) = dirs.pop() {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && !path.ends_with("invalid") {
                dirs.push(path);
            } else if path
                .extension()
                .is_some_and(|extension| extension == "yaml")
            {
                files.push(path);
            }
        }
    }
    assert!(
        files.len() > 100,
        "the cases are not where they are looked for"
    );
    files
}

/// Whether both readers saw the same. To serde_yaml a plain `1` is a number
/// and `true` a truth value; to us every scalar is text, which the grammars
/// read.
fn is_same(document: &Document, node: NodeId, value: &Value) -> bool {
    match (document.kind(node), value) {
        (Kind::Text(text), Value::String(string)) => text == string,
        (Kind::Text(text), Value::Number(_) | Value::Bool(_)) => {
            serde_yaml::from_str::<Value>(text).is_ok_and(|read| read == *value)
        }
        (Kind::Empty, Value::Null) => true,
        (Kind::List(items), Value::Sequence(values)) => {
            items.len() == values.len()
                && items
                    .iter()
                    .zip(values)
                    .all(|(item, value)| is_same(document, *item, value))
        }
        (Kind::Map(entries), Value::Mapping(mapping)) => {
            entries.len() == mapping.len()
                && entries
                    .iter()
                    .zip(mapping)
                    .all(|((key, item), (name, value))| {
                        is_same(document, *key, name) && is_same(document, *item, value)
                    })
        }
        _ => false,
    }
}

#[test]
fn serde_yaml_reads_every_file_as_we_do() {
    for path in files() {
        let text = fs::read_to_string(&path).unwrap();
        let sink = Sink::default();
        let document = Document::read(Arc::from("test"), &text, &sink);
        let value: Value = serde_yaml::from_str(&text).unwrap();
        let root = document.root().unwrap();
        assert!(is_same(&document, root, &value), "{}", path.display());
    }
}

#[test]
fn a_difference_is_noticed() {
    let sink = Sink::default();
    let document = Document::read(Arc::from("test"), "a: [1, {b: c}]", &sink);
    let check = |text: &str| {
        let value: Value = serde_yaml::from_str(text).unwrap();
        is_same(&document, document.root().unwrap(), &value)
    };
    assert!(check("a: [1, {b: c}]"));
    for other in [
        "a: [2, {b: c}]",
        "a: [1, {b: d}]",
        "a: [1]",
        "b: [1, {b: c}]",
        "a: [1, {d: c}]",
    ] {
        assert!(!check(other), "{other}");
    }
}

//! The manifest is held to the sources, and the workshop to its word.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use rstest::rstest;
use tcpspec_mutation::manifest::{Manifest, ManifestError, Mutant, PATH};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

#[test]
fn every_edit_fits_exactly_once() {
    let manifest = Manifest::read(&root()).unwrap();
    let misfits: Vec<String> = manifest
        .mutants
        .iter()
        .filter_map(|mutant| mutant.apply(&root()).err())
        .map(|error| error.to_string())
        .collect();
    assert!(misfits.is_empty(), "{}", misfits.join("\n"));
}

#[test]
fn every_clause_is_one_of_the_catalogue() {
    let manifest = Manifest::read(&root()).unwrap();
    let catalogue = tcpspec_casefile::load(&root().join("cases"))
        .unwrap()
        .catalogue;
    let unknown: BTreeSet<String> = manifest
        .mutants
        .iter()
        .filter(|mutant| catalogue.get(&mutant.clause).is_none())
        .map(|mutant| format!("{}: {}", mutant.id, mutant.clause))
        .collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}

const SOURCE: &str = "let a = 1;\nlet b = 1;\n";

/// A project of one source file and one mutant.
fn project(
    file: &str,
    find: &str,
    replace: &str,
) -> (tempfile::TempDir, Result<Mutant, ManifestError>) {
    let dir = tempfile::tempdir().expect("a directory");
    let stack = dir.path().join("stacks/bundled");
    fs::create_dir_all(dir.path().join(PATH)).expect("a directory");
    fs::write(stack.join("lib.rs"), SOURCE).expect("a file");
    let entry = format!(
        "{{id: A-1, class: a, level: MUST, clause: '9293:MUST-1', what: w, file: lib.rs, find: '{find}', replace: '{replace}'}}"
    );
    fs::write(
        dir.path().join(PATH).join(file),
        format!("mutants: [{entry}]\n"),
    )
    .expect("a file");
    let mutant = Manifest::read(dir.path()).map(|mut manifest| manifest.mutants.remove(0));
    (dir, mutant)
}

#[rstest]
#[case::once("let a = 1", "let a = 2", Ok("let a = 2;\nlet b = 1;\n"))]
#[case::twice("= 1", "= 2", Err("stands 2 times"))]
#[case::never("let c", "let d", Err("stands 0 times"))]
#[case::itself("let a", "let a", Err("by itself"))]
fn an_edit_fits_once_or_not_at_all(
    #[case] find: &str,
    #[case] replace: &str,
    #[case] expected: Result<&str, &str>,
) {
    let (dir, mutant) = project("a.yaml", find, replace);
    match (mutant.unwrap().apply(dir.path()), expected) {
        (Ok(files), Ok(text)) => assert_eq!(files[0].1, text),
        (Err(error), Err(part)) => assert!(error.to_string().contains(part), "{error}"),
        (got, _) => panic!("{got:?}"),
    }
}

#[test]
fn a_mutant_stands_in_the_file_of_its_class() {
    let (_dir, mutant) = project("b.yaml", "= 1", "= 2");
    let error = mutant.unwrap_err().to_string();
    assert!(
        error.starts_with("A-1 stands in") && error.contains("b.yaml"),
        "{error}"
    );
}

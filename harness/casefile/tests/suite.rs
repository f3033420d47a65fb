//! The cases of the repository, and loading as such.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot read its own files has failed"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use tcpspec_casefile::{Code, Coverage, SourceFile, Standing, Suite, Variant, load, load_files};
use tcpspec_record::log::CatalogueCount;

fn cases() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../cases")
}

#[test]
fn cases_of_the_repository_are_valid() {
    let suite = load(&cases()).unwrap();
    let complaints: Vec<String> = suite.diagnostics.iter().map(|d| d.render(false)).collect();
    assert!(complaints.is_empty(), "{}", complaints.join("\n\n"));
    assert!(!suite.cases.is_empty());
}

#[test]
fn catalogue_holds_every_entry_of_its_files_once() {
    let suite = load(&cases()).unwrap();
    let mut written = 0;
    for entry in fs::read_dir(cases().join("requirements")).unwrap() {
        let text = fs::read_to_string(entry.unwrap().path()).unwrap();
        written += text
            .lines()
            .filter(|line| line.starts_with("- id:"))
            .count();
    }
    assert_eq!(suite.catalogue.len(), written);
    let coverage = Coverage::of(&suite);
    let counts = coverage.counts();
    let standing = |standing| {
        let all = coverage.requirements.iter();
        all.filter(|covered| covered.standing == standing).count()
    };
    let sum = |part: fn(&CatalogueCount) -> usize| counts.iter().map(part).sum::<usize>();
    assert_eq!(sum(|count| count.count), written);
    assert_eq!(sum(|count| count.restated), standing(Standing::Restated));
    assert_eq!(sum(|count| count.unjudged), standing(Standing::NotJudged));
    for requirement in suite.catalogue.iter() {
        let id = &requirement.id;
        assert!(!requirement.summary.is_empty(), "{id} has no summary");
        assert!(!requirement.topic.is_empty(), "{id} has no topic");
        assert!(id.0.contains(':'), "{id} names no RFC");
        assert_eq!(suite.catalogue.get(id), Some(requirement));
    }
}

#[test]
fn loading_twice_gives_the_same_suite() {
    assert_eq!(load(&cases()).unwrap(), load(&cases()).unwrap());
}

#[test]
fn every_variant_has_an_id_of_its_own() {
    let suite = load(&cases()).unwrap();
    let ids: BTreeSet<String> = suite.variants().map(Variant::id).collect();
    assert_eq!(ids.len(), suite.variants().count());
}

#[test]
fn unreadable_place_is_an_error_that_names_it() {
    let missing = cases().join("no-such-directory");
    let error = load(&missing).unwrap_err();
    assert_eq!(error.path, missing);
    let file = cases().join("README.md");
    assert_eq!(load(&file).unwrap_err().path, file);
}

#[test]
#[cfg(unix)]
fn unreadable_file_is_a_complaint_and_the_rest_comes_out() {
    let dir = tempfile::tempdir().unwrap();
    let files = small_files();
    for file in files.iter().filter(|file| !file.path.contains("broken")) {
        let path = dir.path().join(&file.path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, &file.text).unwrap();
    }
    let lost = dir.path().join("reset/lost.yaml");
    std::os::unix::fs::symlink("nowhere", &lost).unwrap();
    let suite = load(dir.path()).unwrap();
    assert_eq!(suite.cases.len(), small().cases.len());
    let [complaint] = suite.diagnostics.as_slice() else {
        panic!("one complaint, not {:?}", suite.diagnostics);
    };
    assert_eq!(complaint.code, Code::Unreadable);
    let shown = complaint.render(false);
    assert!(shown.contains(&lost.display().to_string()), "{shown}");
    assert!(shown.contains("cannot be read"), "{shown}");
}

/// Three cases with what a selector may go by, and one that is refused.
fn small_files() -> Vec<SourceFile> {
    let case = |title: &str, more: &str| {
        format!(
            "title: {title}\npurpose: p\nlevel: must\nclaims: ['9293:MUST-13']\n{more}\
             steps:\n  - app: listen\n  - quiet: 1s\n"
        )
    };
    let matrix = "matrix: {at: {left: 1, right: 2}}\nparams: {iss: $at}\n";
    vec![
        SourceFile::new(
            "requirements/rfc9293.yaml",
            "- {id: '9293:MUST-13', level: MUST, section: '3', topic: t, summary: s}\n\
             - {id: '9293:MUST-14', level: MUST, section: '3', topic: t, summary: s}",
        ),
        SourceFile::new("reset/border.yaml", &case("border", matrix)),
        SourceFile::new("reset/exact.yaml", &case("exact", "tags: [quick]\n")),
        SourceFile::new("resets.yaml", &case("other", "").replace("T-13", "T-14")),
        SourceFile::new("reset/broken.yaml", "title: [x]"),
    ]
}

fn small() -> Suite {
    let suite = load_files(&small_files());
    assert_eq!(suite.cases.len(), 3, "the valid ones come out nevertheless");
    assert!(
        suite
            .diagnostics
            .iter()
            .all(|d| &*d.file == "reset/broken.yaml")
    );
    suite
}

#[track_caller]
fn check_selection(selectors: &[&str], expected: &[&str]) {
    let selectors: Vec<String> = selectors.iter().map(|&s| s.to_owned()).collect();
    let suite = small();
    let selected = suite.select(&selectors).unwrap();
    let ids: Vec<String> = selected.into_iter().map(Variant::id).collect();
    assert_eq!(ids, expected, "{selectors:?}");
}

#[test]
fn selectors_fit_ids_groups_globs_tags_and_claims() {
    let border = ["reset/border@at=left", "reset/border@at=right"];
    let reset = [border[0], border[1], "reset/exact"];
    check_selection(&[], &[border[0], border[1], "reset/exact", "resets"]);
    check_selection(&["reset/exact"], &["reset/exact"]);
    check_selection(&["reset/border"], &border);
    check_selection(&["reset/border@at=right"], &[border[1]]);
    check_selection(&["reset/"], &reset);
    check_selection(&["reset/*"], &reset);
    check_selection(&["*@at=left"], &[border[0]]);
    check_selection(&["re*e?act"], &["reset/exact"]);
    check_selection(&["tag:quick", "resets"], &["reset/exact", "resets"]);
    check_selection(&["reset/ex"], &["reset/exact"]);
    check_selection(&["reset/border@at=l"], &border[..1]);
    check_selection(&["re"], &[border[0], border[1], "reset/exact", "resets"]);
    check_selection(&["claim:9293:MUST-14"], &["resets"]);
    check_selection(&["9293:MUST-14"], &["resets"]);
    check_selection(
        &["claim:9293:*", "reset/exact"],
        &[border[0], border[1], "reset/exact", "resets"],
    );
}

/// Selections of the project's own cases: some, each of which fits the word.
#[track_caller]
fn check_real(selector: &str, fits: impl Fn(&Suite, &Variant) -> bool) {
    let suite = load(&cases()).unwrap();
    let selected = suite.select(&[selector.to_owned()]).unwrap();
    assert!(
        selected.iter().all(|variant| fits(&suite, variant)),
        "{selector}"
    );
    let all = suite.variants().filter(|variant| fits(&suite, variant));
    assert_eq!(all.count(), selected.len(), "{selector}");
}

#[test]
fn section_and_state_select_what_cites_and_names_them() {
    check_real("rfc9293/3.10.7.4", |suite, variant| {
        let cited = variant.cites().into_iter();
        let rules = cited.filter_map(|id| suite.catalogue.get(id));
        let mut of_rfc = rules.filter(|rule| rule.id.rfc() == "9293");
        of_rfc.any(|rule| rule.section == "3.10.7.4" || rule.section.starts_with("3.10.7.4."))
    });
    for selector in ["state:CLOSING", "state:closing"] {
        check_real(selector, |_, variant| {
            let states = variant.steps.iter().filter_map(|step| step.state.as_ref());
            states.flatten().any(|state| state.to_string() == "CLOSING")
        });
    }
    // Cited by a step alone.
    check_real("9293:3.10.7.2-3-synack/LISTEN", |_, variant| {
        let mut cited = variant.cites().into_iter();
        cited.any(|id| id.0 == "9293:3.10.7.2-3-synack/LISTEN")
    });
}

#[track_caller]
fn check_nothing(selector: &str, near: &[&str]) {
    let error = small().select(&[selector.to_owned()]).unwrap_err();
    assert_eq!(error.selector, selector);
    assert_eq!(error.near, near, "{selector}");
}

#[test]
fn selector_that_fits_nothing_is_an_error_with_the_nearest_of_its_kind() {
    check_nothing("reset/exakt", &["reset/exact", "reset/", "reset/border"]);
    check_nothing(
        "reset/border@at=lift",
        &[
            "reset/border@at=left",
            "reset/border@at=right",
            "reset/border",
        ],
    );
    check_nothing("tag:quik", &["tag:quick"]);
    check_nothing("claim:9293:MUST-15", &["9293:MUST-13", "9293:MUST-14"]);
    check_nothing("rfc9293/4", &["rfc9293/3"]);
    check_nothing("", &["reset/", "resets", "resets/"]);
    let error = Suite::default().select(&["a/b".to_owned()]).unwrap_err();
    assert!(error.near.is_empty(), "{error}");
}

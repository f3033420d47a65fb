//! The page on what was found tells of everything that the baseline knows.

use std::path::Path;

use rstest::rstest;

/// What the page says, without line breaks.
fn said(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[rstest]
#[case::linux("linux", include_str!("../../../../stacks/linux/FINDINGS.md"))]
#[case::lwip("lwip", include_str!("../../../../stacks/lwip/FINDINGS.md"))]
fn findings_are_complete_with_regard_to_the_baselines(#[case] stack: &str, #[case] page: &str) {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../cases/baselines");
    let files = std::fs::read_dir(dir).unwrap();
    let paths = files.map(|file| file.unwrap().path());
    let of_stack = paths.filter(|path| {
        let name = path.file_name().unwrap().to_string_lossy();
        name.starts_with(stack)
    });
    let page = said(page);
    let mut entries = 0;
    for path in of_stack {
        let file = path.file_name().unwrap().to_string_lossy().into_owned();
        assert!(page.contains(&file), "{file} is not named on the page");
        for entry in tcpspec_casefile::load_baseline(&path).unwrap().known {
            let told = |what: &str| {
                let there = page.contains(&said(what));
                assert!(there, "{}: the page lacks `{what}`", entry.variant);
            };
            told(&entry.variant);
            told(entry.clause.as_deref().expect("a clause"));
            assert!(!entry.observed.is_empty(), "{}", entry.variant);
            entry.observed.iter().for_each(|line| told(line));
            entry.deliberate.iter().for_each(|where_| told(where_));
            entries += 1;
        }
    }
    assert!(entries > 0, "there is nothing to look for");
}

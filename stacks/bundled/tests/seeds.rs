//! Replays the seeds of the fuzz targets, without a fuzzer: what they once
//! found stays found.

use std::fs;
use std::path::Path;

#[path = "../fuzz/scenarios/one_stack.rs"]
mod one_stack;
#[path = "../fuzz/scenarios/two_stacks.rs"]
mod two_stacks;

#[rstest::rstest]
#[case::one_stack("one_stack", one_stack::run)]
#[case::two_stacks("two_stacks", two_stacks::run)]
fn seeds_do_no_harm(#[case] target: &str, #[case] run: fn(&[u8])) {
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds");
    let mut count = 0;
    for entry in fs::read_dir(seeds.join(target)).expect("seeds") {
        let path = entry.expect("an entry").path();
        run(&fs::read(&path).expect("a seed"));
        count += 1;
    }
    assert!(count >= 8, "{count} seeds of {target}");
}

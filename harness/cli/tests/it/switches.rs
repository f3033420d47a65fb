//! Every case on the bundled stack without each of its extensions in turn, and
//! with each that is off by default: what a case needs it says, so that none
//! fails for want of an extension.

use tcpspec_bundled_adapter::switches;

use crate::common::{printed, tcpspec};

#[test]
fn suite_passes_whatever_extension_is_switched() {
    let out = tempfile::tempdir().unwrap();
    // IP makes no difference to an extension.
    let mut run = tcpspec(&["run", "--strict", "--ip", "4", "--out"]);
    run.arg(out.path());
    let stacks: Vec<String> = switches::each()
        .map(|switches| format!("bundled:{switches}"))
        .collect();
    for stack in &stacks {
        run.args(["--stack", stack]);
    }
    let output = run.output().unwrap();
    let text = printed(&output);
    assert_eq!(output.status.code(), Some(0), "{text}");
    for stack in &stacks {
        let is_row = |line: &str| line.starts_with(&format!("{stack} "));
        assert!(text.lines().any(is_row), "{stack} is missing in:\n{text}");
    }
}

//! The README's picture is what the command prints.

use std::fs;

use crate::common::{root, tcpspec};

#[test]
fn the_picture_of_a_failure_is_what_the_command_prints() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let picture = readme
        .split("```text\n")
        .nth(1)
        .unwrap()
        .split("```")
        .next()
        .unwrap();
    // Into a directory of its own: the README's command writes where a run of
    // the user may lie.
    let out = tempfile::tempdir().unwrap();
    let dir = out.path().to_str().unwrap();
    let args = [
        "run",
        "handshake/three-way",
        "--stack",
        "control:resets",
        "--ip",
        "4",
        "--out",
        dir,
    ];
    let output = tcpspec(&args).output().unwrap();
    let printed = String::from_utf8(output.stdout)
        .unwrap()
        .replace(dir, "target/tcpspec/latest");
    assert!(
        picture == printed,
        "the README shows another picture than this:\n{printed}"
    );
}

//! What a run leaves behind besides its log.

use std::fs;

use crate::common::{Scratch, printed};

#[test]
fn capture_of_a_failure_is_named_and_goes_once_all_is_well() {
    let scratch = Scratch::with_groups(&["handshake"]);
    let run = |stack: &str| {
        let case = ["handshake/three-way", "--ip", "4", "--stack", stack];
        scratch.run(&case).output().unwrap()
    };
    let capture = scratch.out().join("captures/handshake/three-way.pcapng");
    let failed = printed(&run("control:resets"));
    let line = format!("Capture:  {}\n", capture.display());
    assert!(failed.contains(&line), "{failed}");
    assert!(fs::metadata(&capture).unwrap().len() > 0);
    let other = scratch.out().join("captures/mine.txt");
    fs::write(&other, "mine").unwrap();
    assert!(!printed(&run("bundled")).contains("Capture:"));
    assert!(!capture.exists());
    assert!(other.exists(), "what is not a capture is left alone");
}

//! The C stack that `make lwip` builds. Where it was not built there is nothing
//! to run, and that is said.

use std::path::PathBuf;

use rstest::rstest;

use crate::common::{Scratch, printed, tcpspec};

/// The adapter; `None`, and a line that says so, if it was not built.
#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
fn adapter() -> Option<PathBuf> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let built = root.join("target/lwip/tcpspec-lwip");
    if !built.is_file() {
        eprintln!("skipped: lwIP is not built; `make lwip` builds it");
        return None;
    }
    Some(built)
}

#[rstest]
#[case::opens_and_closes(&["textbook/ten-segments-server", "textbook/four-way-close-passive"])]
#[case::calls(&["handshake/three-way", "retransmission/text"])]
#[case::outlives_its_timers(&["time-wait/expires", "keep-alive/never-answered"])]
fn lwip_passes(#[case] cases: &[&str]) {
    let Some(adapter) = adapter() else { return };
    let groups = [
        "textbook",
        "handshake",
        "retransmission",
        "time-wait",
        "keep-alive",
    ];
    let scratch = Scratch::with_groups(&groups);
    let mut run = scratch.run(&["--stack", "lwip"]);
    let ended = run.args(cases).env("TCPSPEC_LWIP", adapter).output();
    let ended = ended.unwrap();
    assert_eq!(ended.status.code(), Some(0), "{}", printed(&ended));
}

#[test]
fn lwip_speaks_to_bundled_over_a_bad_link() {
    let Some(adapter) = adapter() else { return };
    let out = tempfile::tempdir().unwrap();
    let mut duel = tcpspec(&["duel", "--left", "bundled", "--right", "lwip"]);
    duel.args(["--faults", "lossy-10", "--transfer", "3000", "--out"]);
    let ended = duel.arg(out.path()).env("TCPSPEC_LWIP", adapter).output();
    let ended = ended.unwrap();
    assert_eq!(ended.status.code(), Some(0), "{}", printed(&ended));
}

#[test]
fn lwip_climbs_the_ladder() {
    let Some(adapter) = adapter() else { return };
    let mut check = tcpspec(&["connect", "check", "lwip"]);
    let ended = check.env("TCPSPEC_LWIP", adapter).output().unwrap();
    assert_eq!(ended.status.code(), Some(0), "{}", printed(&ended));
}

#[test]
fn missing_lwip_is_skipped_with_what_to_do() {
    let scratch = Scratch::with_groups(&["handshake"]);
    let mut run = scratch.run(&["handshake/three-way", "--stack", "lwip"]);
    let ended = run.env("TCPSPEC_LWIP", "/nowhere/lwip").output().unwrap();
    assert_eq!(ended.status.code(), Some(4));
    let told = String::from_utf8_lossy(&ended.stderr);
    let why = "tcpspec: lwip is skipped: exec:/nowhere/lwip: No such file";
    let fix = "`make lwip` builds it";
    assert!(told.contains(why) && told.contains(fix), "{told}");
}

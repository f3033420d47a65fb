//! An ordinary user gets the rights in a user namespace, and is told what is
//! missing where that does not do.

use std::process::Command;

use rstest::rstest;

use crate::host::{LANES_PROGRAM, Program};
use crate::trial::skip;

/// The device node, in a mount namespace of its own, is `mode`; the program
/// runs as user and group 65534 without any capability.
fn as_nobody(mode: &str, attach: &str) -> Program {
    let mut command = Command::new("unshare");
    command
        .args(["--mount", "sh", "-ec"])
        .arg(format!(
            "mount -t tmpfs -o mode=0755 tmpfs /dev/net
             mknod -m {mode} /dev/net/tun c 10 200
             install -m 0755 {LANES_PROGRAM} /dev/net/lanes
             exec setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all \
                  /dev/net/lanes 2"
        ))
        .env_remove("TCPSPEC_TUN")
        .env("TCPSPEC_ATTACH", attach);
    Program::start(command)
}

#[rstest]
#[case::node_for_everybody("0666", "", "ordinary user, in a user namespace\nready\n")]
#[case::node_for_root("0600", "", "ordinary user, in a user namespace\nready\n")]
#[case::node_insisted_on("0600", "tun", "opening /dev/net/tun: Permission denied")]
fn nobody_gets_lanes_with_or_without_the_node(
    #[case] mode: &str,
    #[case] attach: &str,
    #[case] expected: &str,
) {
    if skip().is_some() {
        return;
    }
    let said = &as_nobody(mode, attach).said;
    assert!(said.contains(expected), "{said}");
}

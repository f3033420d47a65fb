//! Faults of the machine: the run ends with the right exit code and says what
//! is wrong; nothing hangs.
//!
//! Where the kernel cannot be tested, or the fault cannot be made, the test
//! says `skipped` with the reason.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::{Child, Command, Stdio};

use rstest::rstest;

use crate::common::{Scratch, printed, tcpspec};

/// Why there is nothing to see here, said once for each test; `None` if there
/// is.
#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
fn skip(needs: &mut Command) -> Option<()> {
    let output = needs.output().unwrap();
    let why = printed(&output);
    (!output.status.success()).then(|| eprintln!("skipped: {needs:?}: {why}"))
}

/// Whether a trial on the kernel can be had.
fn no_kernel() -> Option<()> {
    let scratch = Scratch::with_groups(&["handshake"]);
    skip(&mut scratch.run(&["handshake/three-way", "--stack", "linux"]))
}

/// A shell that does this and then becomes `program`.
fn after(script: &str, program: &Command) -> Command {
    let mut command = Command::new("sh");
    command
        .arg("-ec")
        .arg(format!("{script}\nexec \"$@\""))
        .arg("sh");
    command.arg(program.get_program()).args(program.get_args());
    command
        .current_dir(crate::common::root())
        .env("NO_COLOR", "1");
    command
}

#[track_caller]
fn check(mut command: Command, exit: i32, says: &str) {
    let output = command.output().unwrap();
    let text = printed(&output);
    assert!(text.contains(says), "`{says}` is not said in:\n{text}");
    assert_eq!(output.status.code(), Some(exit), "{text}");
}

#[test]
fn a_log_that_cannot_be_begun() {
    let scratch = Scratch::with_groups(&["handshake"]);
    fs::create_dir(scratch.out()).unwrap();
    symlink("/dev/full", scratch.out().join("log.jsonl")).unwrap();
    check(scratch.run(&[]), 2, "No space left on device");
}

/// Part of the log fits. On the kernel the run would last a minute; a run that
/// has no log any more does not go on.
#[rstest]
#[case::bundled("bundled")]
#[case::kernel("linux")]
fn a_log_that_outgrows_the_disk(#[case] stack: &str) {
    let unshare = ["unshare", "--user", "--map-root-user", "--mount", "--"];
    let allowed = skip(Command::new(unshare[0]).args(&unshare[1..]).arg("true"));
    if allowed.is_some() || (stack == "linux" && no_kernel().is_some()) {
        return;
    }
    let scratch = Scratch::with_groups(&["handshake", "time-wait"]);
    fs::create_dir(scratch.out()).unwrap();
    let mount = format!(
        "mount -t tmpfs -o size=100k tmpfs {}",
        scratch.out().display()
    );
    let run = after(&mount, &scratch.run(&["--stack", stack]));
    let mut limited = Command::new("timeout");
    limited
        .arg("30")
        .args(unshare)
        .arg(run.get_program())
        .args(run.get_args());
    limited.current_dir(crate::common::root());
    check(limited, 2, "No space left on device");
}

#[rstest]
#[case::enough_for_some(
    "ulimit -n 300",
    0,
    "at most 19 trials at once on the kernel: 300 open files"
)]
#[case::too_few("ulimit -n 100", 4, "; ulimit -n ")]
fn few_descriptors(#[case] limit: &str, #[case] exit: i32, #[case] says: &str) {
    if no_kernel().is_none() {
        let scratch = Scratch::with_groups(&["closing"]);
        let run = scratch.run(&["--stack", "linux"]);
        // With this capability the limit could be raised again.
        let drop = "setpriv --bounding-set=-sys_resource --inh-caps=-sys_resource";
        check(
            after(&format!("{limit}; set -- {drop} \"$@\""), &run),
            exit,
            says,
        );
    }
}

/// With the rights of a user namespace, and as an ordinary user.
#[rstest]
#[case::no_network_namespace("max_net_namespaces", &[])]
#[case::no_user_namespace("max_user_namespaces", &["setpriv", "--bounding-set=-all", "--inh-caps=-all"])]
fn namespaces_are_refused(#[case] limit: &str, #[case] as_whom: &[&str]) {
    let unshare = ["unshare", "--user", "--map-root-user", "--"];
    if skip(Command::new(unshare[0]).args(&unshare[1..]).arg("true")).is_some() {
        return;
    }
    let scratch = Scratch::with_groups(&["handshake"]);
    let run = scratch.run(&["handshake/three-way", "--stack", "linux"]);
    let mut whole = Command::new("env");
    whole
        .args(as_whom)
        .arg(run.get_program())
        .args(run.get_args());
    let limited = after(&format!("echo 0 > /proc/sys/user/{limit}"), &whole);
    let mut command = Command::new(unshare[0]);
    command
        .args(&unshare[1..])
        .arg(limited.get_program())
        .args(limited.get_args());
    command.current_dir(crate::common::root());
    check(command, 4, "user.max_user_namespaces=10000");
}

/// In a user namespace that allows for fewer network namespaces than the two
/// runs have lanes, the second finds all that it needs.
#[test]
fn an_interrupted_run_leaves_no_namespace() {
    let unshare = ["--user", "--map-root-user", "--"];
    if no_kernel().is_some() || skip(Command::new("unshare").args(unshare).arg("true")).is_some() {
        return;
    }
    let scratch = Scratch::with_groups(&["closing"]);
    let script = "echo 60 > /proc/sys/user/max_net_namespaces
        log=$1/log.jsonl; shift
        \"$@\" > /dev/null & run=$!
        until grep -qs '^{.trial' $log; do :; done
        kill -TERM $run; wait $run && exit 99 || echo interrupted: $?
        for again in $(seq 50); do \"$@\" && exit 0; done";
    let run = scratch.run(&["--stack", "linux", "--ip", "4"]);
    let mut command = Command::new("unshare");
    command.args(unshare).args(["sh", "-c", script, "sh"]);
    command
        .arg(scratch.out())
        .arg(run.get_program())
        .args(run.get_args());
    command.current_dir(crate::common::root());
    check(command, 0, "interrupted: 130");
}

/// The process stands still for longer than the case waits.
#[test]
fn a_machine_that_stands_still() {
    if no_kernel().is_some() {
        return;
    }
    let scratch = Scratch::with_groups(&["handshake"]);
    let mut run = scratch.run(&["handshake/syn-ack-lost", "--stack", "linux"]);
    let mut run = run.stdout(Stdio::null()).spawn().unwrap();
    let log = scratch.out().join("log.jsonl");
    while !fs::read_to_string(&log).is_ok_and(|text| text.contains("\"case\"")) {
        std::thread::yield_now();
    }
    for command in ["kill -STOP $0; sleep 2", "kill -CONT $0"] {
        let mut shell = Command::new("sh");
        let done = shell.args(["-c", command, &run.id().to_string()]).status();
        assert!(done.unwrap().success());
    }
    assert_eq!(
        exit(&mut run),
        Some(0),
        "{}",
        fs::read_to_string(log).unwrap()
    );
}

fn exit(child: &mut Child) -> Option<i32> {
    child.wait().unwrap().code()
}

/// As user and group 65534 without any capability; the device node, in a mount
/// namespace of its own, is for everybody.
#[test]
fn an_ordinary_user() {
    let unshare = ["--mount", "--"];
    if no_kernel().is_some() || skip(Command::new("unshare").args(unshare).arg("true")).is_some() {
        return;
    }
    let scratch = Scratch::with_groups(&["handshake", "closing"]);
    let place = "mount -t tmpfs tmpfs /mnt; mknod -m 0666 /mnt/tun c 10 200
         install -m 0755 \"$1\" /mnt/tcpspec; cp -r \"$2\" /mnt/cases
         chmod -R a+rX /mnt; install -d -o 65534 /mnt/out; cd /mnt";
    let nobody = "setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all";
    let run = "./tcpspec run handshake/three-way closing/ --stack linux --out out";
    let script = format!("{place}\n{nobody} ./tcpspec doctor\n{nobody} {run}\ncat out/log.jsonl");
    let mut command = Command::new("unshare");
    command.args(unshare).args(["sh", "-ec", &script, "sh"]);
    command.arg(tcpspec(&[]).get_program()).arg(scratch.cases());
    command.env("TCPSPEC_TUN", "/mnt/tun");
    let output = command.output().unwrap();
    let text = printed(&output);
    assert_eq!(output.status.code(), Some(0), "{text}");
    for said in [
        "ordinary user, in a user namespace",
        "looked at after each step",
        "\"exit\":0}",
    ] {
        assert!(text.contains(said), "`{said}` is not said in:\n{text}");
    }
}

//! The host's own network is not touched, and nothing is left behind, however
//! the process ends.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::Duration;

use rstest::rstest;
use rustix::process::{Pid, Signal, kill_process};
use rustix::time::{ClockId, clock_gettime};

use crate::trial::{ACK, FIN, Trial, skip};

#[test]
fn trials_do_not_touch_the_host() {
    let before = host();
    for version in [4, 6] {
        let Some(mut trial) = Trial::open(version) else {
            return;
        };
        trial.play("establish data shutdown").inject(FIN | ACK);
        trial.play("foreign").reopen().play("connect");
    }
    assert!(before.len() > 100, "the snapshot is of something");
    assert_eq!(before, host());
}

/// Links, addresses, routes and settings of the network this thread is in.
fn host() -> BTreeMap<String, String> {
    let mut snapshot = BTreeMap::new();
    let namespace = fs::read_link("/proc/thread-self/ns/net").unwrap();
    snapshot.insert("namespace".to_owned(), namespace.display().to_string());
    for file in ["route", "ipv6_route", "if_inet6", "fib_trie", "dev_mcast"] {
        let text = fs::read_to_string(format!("/proc/thread-self/net/{file}")).unwrap();
        // Reference and use counts of the IPv6 routes change by themselves.
        let lines = text.lines().map(|line| line.get(..100).unwrap_or(line));
        snapshot.insert(file.to_owned(), lines.collect::<Vec<_>>().join("\n"));
    }
    for folder in ["ipv4", "ipv4/conf", "ipv6", "ipv6/conf"] {
        settings(
            Path::new("/proc/sys/net").join(folder).as_path(),
            &mut snapshot,
        );
    }
    snapshot
}

/// Every readable setting below the folder, with its value.
fn settings(folder: &Path, snapshot: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            settings(&path, snapshot);
        } else if let Ok(value) = fs::read_to_string(&path) {
            snapshot.insert(path.display().to_string(), value);
        }
    }
}

/// The kernel itself counts the namespaces: in a user namespace of its own it
/// allows for no more than those of one process: its lanes', its own, and that
/// of the far ends, where there are any.
#[rstest]
#[case::killed(|first: &mut Program| first.child.kill().unwrap())] // SIGKILL: nothing of it runs any more
#[case::interrupted(|first: &mut Program| kill(first, Signal::INT))] // Ctrl-C
#[case::ended(|first: &mut Program| drop(first.stdin.take()))]
fn a_process_leaves_no_namespace(
    #[case] end: fn(&mut Program),
    #[values(("tun", LANES + 1), ("veth", LANES + 2))] attached: (&str, usize),
) {
    if skip().is_some() {
        return;
    }
    let (attach, allowed) = attached;
    let user = UserNamespace::allowing(allowed);
    let attach = format!("TCPSPEC_ATTACH={attach}");
    let mut first = user.run(&["env", &attach, LANES_PROGRAM, &LANES.to_string()]);
    assert!(first.is_ready(), "{}", first.said);
    let refused = user.one_namespace().said.clone();
    assert!(refused.contains("No space left on device"), "{refused}");
    end(&mut first);
    first.child.wait().unwrap();
    let deadline = now() + PATIENCE;
    let mut held = Vec::new();
    while held.len() < allowed {
        assert!(now() < deadline, "{} of {allowed} are gone", held.len());
        held.extend(Some(user.one_namespace()).filter(Program::is_ready));
    }
}

fn kill(program: &Program, signal: Signal) {
    kill_process(Pid::from_child(&program.child), signal).unwrap();
}

/// A user namespace, kept alive by a process that does nothing.
struct UserNamespace(Child);

impl UserNamespace {
    /// One in which this many network namespaces can be made.
    fn allowing(namespaces: usize) -> Self {
        let mut holder = Command::new("unshare")
            .args(["--user", "--map-root-user", "sh", "-c"])
            .arg("read limit; echo $limit > /proc/sys/user/max_net_namespaces; echo set; read end")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        writeln!(holder.stdin.as_mut().unwrap(), "{namespaces}").unwrap();
        let mut line = String::new();
        let mut stdout = BufReader::new(holder.stdout.as_mut().unwrap());
        stdout.read_line(&mut line).unwrap();
        assert_eq!(line, "set\n");
        Self(holder)
    }

    /// A process in it that holds one network namespace, if it gets one.
    fn one_namespace(&self) -> Program {
        self.run(&["unshare", "--net", "sh", "-c", "echo ready; read end"])
    }

    fn run(&self, program: &[&str]) -> Program {
        let mut command = Command::new("nsenter");
        command
            .args(["--user", "--preserve-credentials", "--target"])
            .arg(self.0.id().to_string())
            .args(program);
        Program::start(command)
    }
}

impl Drop for UserNamespace {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A process that says `ready` and goes on until its standard input ends.
pub(crate) struct Program {
    child: Child,
    stdin: Option<ChildStdin>,
    /// What it has said until it was ready or gave up.
    pub(crate) said: String,
}

impl Program {
    pub(crate) fn start(mut command: Command) -> Self {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = String::new();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        while stdout.read_line(&mut said).unwrap() > 0 && !said.ends_with("ready\n") {}
        if !said.ends_with("ready\n") {
            let mut stderr = child.stderr.take().unwrap();
            stderr.read_to_string(&mut said).unwrap();
        }
        let stdin = child.stdin.take();
        Self { child, stdin, said }
    }

    pub(crate) fn is_ready(&self) -> bool {
        self.said.ends_with("ready\n")
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn now() -> Duration {
    let now = clock_gettime(ClockId::Monotonic);
    Duration::new(now.tv_sec as u64, now.tv_nsec as u32)
}

pub(crate) const LANES_PROGRAM: &str = env!("CARGO_BIN_EXE_tcpspec-lanes");
const LANES: usize = 3;
/// For the kernel to take namespaces down, which it does in the background.
const PATIENCE: Duration = Duration::from_secs(30);

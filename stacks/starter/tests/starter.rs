//! What a started process has of this one's descriptors: three.

use std::fs;
use std::io::{self, Read};
use std::os::fd::{AsRawFd, OwnedFd};
use std::process::{Child, Command};

use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};
use rustix::pipe::pipe;
use tcpspec_starter::start;

/// A process, and what it writes.
fn starts(program: &str, arguments: &[&str]) -> io::Result<(Child, fs::File)> {
    let mut command = Command::new(program);
    command.args(arguments);
    let (stdin, _) = pipe()?;
    let (output, stdout) = pipe()?;
    let stderr = stdout.try_clone()?;
    let child = start(command, [stdin, stdout, stderr])?;
    Ok((child, output.into()))
}

#[test]
fn a_process_gets_its_streams_and_nothing_else() {
    // Not closed on exec: any other way to start a process would hand it on.
    let (open, _other) = socketpair(
        AddressFamily::UNIX,
        SocketType::STREAM,
        SocketFlags::empty(),
        None,
    )
    .unwrap();
    assert!(open.as_raw_fd() > 2);
    for _ in 0..3 {
        let (mut child, mut output) = starts("ls", &["/proc/self/fd"]).unwrap();
        let mut text = String::new();
        output.read_to_string(&mut text).unwrap();
        assert!(child.wait().unwrap().success());
        // The last one is the directory that it lists.
        assert_eq!(text, "0\n1\n2\n3\n");
    }
}

#[test]
fn what_cannot_be_started_is_told() {
    let (one, two) = pipe().unwrap();
    let three: OwnedFd = two.try_clone().unwrap();
    let refused = start(Command::new("/nowhere/at/all"), [one, two, three]);
    assert_eq!(refused.unwrap_err().kind(), io::ErrorKind::NotFound);
    let (mut child, _output) = starts("true", &[]).unwrap();
    assert!(child.wait().unwrap().success(), "others can be");
}

/// Descriptors that a process has for a moment, between `fork` and `exec`, are
/// seen by what does not end: the other end of a socket that was closed.
#[test]
fn a_socket_that_is_closed_is_closed_at_once() {
    let (mut child, _output) = starts("true", &[]).unwrap();
    child.wait().unwrap();
    let starting = std::thread::spawn(|| {
        for _ in 0..200 {
            let (mut child, _output) = starts("true", &[]).unwrap();
            child.wait().unwrap();
        }
    });
    let mut closed = 0;
    while !starting.is_finished() {
        let pair = socketpair(
            AddressFamily::UNIX,
            SocketType::STREAM,
            SocketFlags::CLOEXEC | SocketFlags::NONBLOCK,
            None,
        );
        let (ours, theirs) = pair.unwrap();
        drop(ours);
        let read = rustix::net::recv(&theirs, &mut [0; 1], rustix::net::RecvFlags::empty());
        assert_eq!(read.map(|(_, len)| len), Ok(0), "after {closed}");
        closed += 1;
    }
    assert!(closed > 0);
    starting.join().unwrap();
}

//! The death of the process that owns sockets. It is a real one: a program of the
//! system is handed the sockets, so that nobody else has them, and is killed.
//!
//! Left out: a process that dies while it is inside a call on one of them.

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::process::{Child, Command};

/// Has a process own these sockets alone, or several if they are many, and kills it.
/// When this returns the kernel has closed them.
pub(super) fn of_the_owner(sockets: Vec<OwnedFd>) -> io::Result<()> {
    let mut sockets = sockets.into_iter().peekable();
    let mut owners = Vec::new();
    while sockets.peek().is_some() {
        let mut next = || sockets.next().map_or_else(nothing, Ok);
        owners.push(Owner::of([next()?, next()?, next()?])?);
    }
    drop(owners);
    Ok(())
}

fn nothing() -> io::Result<OwnedFd> {
    Ok(File::open("/dev/null")?.into())
}

/// A process whose standard streams are sockets; it does nothing with them, and
/// is killed once nobody holds it.
struct Owner(Child);

impl Owner {
    fn of(sockets: [OwnedFd; 3]) -> io::Result<Self> {
        let mut command = Command::new("sleep");
        command.arg(LIFE);
        tcpspec_starter::start(command, sockets).map(Self)
    }
}

/// The kernel closes what a process holds before it tells of the end.
impl Drop for Owner {
    fn drop(&mut self) {
        // A process of one's own can be killed and waited for.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Seconds after which it ends by itself, should nobody be left to kill it.
const LIFE: &str = "10";

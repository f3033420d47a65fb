//! SIGURG, by which the kernel tells of urgent text: asked for around the
//! delivery of one packet, in the thread that delivers it. No handler runs, and
//! the signal is left blocked for nobody else.

use std::io;
use std::mem::{MaybeUninit, zeroed};
use std::os::fd::{AsRawFd, BorrowedFd};
use std::ptr::null_mut;

use super::check;

/// Does `act`, and says whether the kernel signalled urgent text on `socket`
/// meanwhile.
pub(crate) fn urged<R>(socket: BorrowedFd<'_>, act: impl FnOnce() -> R) -> io::Result<(R, bool)> {
    let blocked = Blocked::new()?;
    // SAFETY: takes no pointer.
    own(socket, unsafe { libc::gettid() })?;
    let done = act();
    own(socket, 0)?;
    Ok((done, blocked.take()))
}

/// Has the signals of the socket sent to a thread; to none if it is 0.
fn own(socket: BorrowedFd<'_>, thread: libc::pid_t) -> io::Result<()> {
    let owner = Owner {
        kind: F_OWNER_TID,
        thread,
    };
    // SAFETY: F_SETOWN_EX reads one `f_owner_ex`, which `owner` is.
    check(unsafe { libc::fcntl(socket.as_raw_fd(), F_SETOWN_EX, &raw const owner) }).map(drop)
}

/// SIGURG, held back in this thread while this lives.
struct Blocked {
    urgent: libc::sigset_t,
    before: libc::sigset_t,
}

impl Blocked {
    fn new() -> io::Result<Self> {
        // SAFETY: all-zero octets are a valid `sigset_t`, and both sets are
        // live and writable.
        let (urgent, before, error) = unsafe {
            let (mut urgent, mut before) = (zeroed(), MaybeUninit::zeroed().assume_init());
            libc::sigemptyset(&raw mut urgent);
            libc::sigaddset(&raw mut urgent, libc::SIGURG);
            let error = libc::pthread_sigmask(libc::SIG_BLOCK, &raw const urgent, &raw mut before);
            (urgent, before, error)
        };
        match error {
            0 => Ok(Self { urgent, before }),
            error => Err(io::Error::from_raw_os_error(error)),
        }
    }

    /// Whether the signal has come; it is used up.
    fn take(&self) -> bool {
        let now = libc::timespec {
            tv_sec: 0,
            tv_nsec: 0,
        };
        // SAFETY: the set and the time are live; no information is asked for.
        let signal =
            unsafe { libc::sigtimedwait(&raw const self.urgent, null_mut(), &raw const now) };
        signal == libc::SIGURG
    }
}

impl Drop for Blocked {
    fn drop(&mut self) {
        // SAFETY: `before` is what the call gave that blocked the signal.
        unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &raw const self.before, null_mut()) };
    }
}

/// `struct f_owner_ex`.
#[repr(C)]
struct Owner {
    kind: libc::c_int,
    thread: libc::pid_t,
}

const F_SETOWN_EX: libc::c_int = 15;
const F_OWNER_TID: libc::c_int = 0;

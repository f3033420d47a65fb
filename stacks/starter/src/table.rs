//! A table of descriptors for one thread alone: the two system calls of it that
//! have no safe form. Everything offered is safe to call.

#![expect(
    unsafe_code,
    reason = "unsharing the table of descriptors has no safe wrapper"
)]

use std::io;
use std::os::fd::{FromRawFd, OwnedFd, RawFd};

/// Gives the calling thread a table of its own, with the standard streams and a
/// descriptor of its own for what `keep`, which must be open, stands for. Call it
/// first of all in a thread that was given no descriptor: none of the process's is
/// one in it any more.
pub(crate) fn of_this_thread_alone(keep: RawFd) -> io::Result<OwnedFd> {
    const FIRST: RawFd = 3;
    // Before the others, so that the copy made for them is not closed with them.
    if keep > FIRST {
        close(FIRST, keep - 1, libc::CLOSE_RANGE_UNSHARE)?;
    }
    close(FIRST.max(keep + 1), RawFd::MAX, libc::CLOSE_RANGE_UNSHARE)?;
    // SAFETY: the table is this thread's alone, and `keep` is open in it, and
    // nobody's: its owner has it in the table of the other threads.
    Ok(unsafe { OwnedFd::from_raw_fd(keep) })
}

/// Closes a range of descriptors, ends included, as `flags` say.
fn close(first: RawFd, last: RawFd, flags: libc::c_uint) -> io::Result<()> {
    // SAFETY: takes no pointer. With CLOSE_RANGE_UNSHARE the descriptors are
    // closed in a table of this thread alone; nothing in this thread owns one.
    let ret = unsafe {
        libc::close_range(
            first.cast_unsigned(),
            last.cast_unsigned(),
            flags.cast_signed(),
        )
    };
    if ret < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

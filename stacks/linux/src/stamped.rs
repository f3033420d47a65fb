//! Datagrams with the kernel's own time of their arrival, whoever reads them how late.

use std::io;
use std::os::fd::BorrowedFd;
use std::time::Duration;

use crate::sys;

/// Has the kernel stamp what the socket receives from now on.
///
/// # Errors
///
/// The kernel's answer.
pub fn begin(socket: BorrowedFd<'_>) -> io::Result<()> {
    sys::ask_for_stamps(socket)
}

/// Waits for a datagram: its length, and when it came, on the kernel's real-time
/// clock.
///
/// # Errors
///
/// The kernel's answer.
pub fn recv(socket: BorrowedFd<'_>, room: &mut [u8]) -> io::Result<(usize, Option<Duration>)> {
    sys::recv_stamped(socket, room, true)
}

//! The tap: the kernel's own time stamps of the packets it sends.
//!
//! The time at which a packet is read says when the harness came round to it,
//! which may be milliseconds later on a busy machine. A packet socket on the
//! same interface gets each packet with the time at which it was sent; the two
//! are matched by their beginnings. Where that fails (the tap's buffer was
//! full) the time of reading has to do.
//!
//! Where packets between the port and the lane go by a queue, the tap also tells
//! whether it is empty: what was written has arrived at the interface, and what
//! has left there was read.

use std::collections::VecDeque;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::thread::Builder;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::{AddressFamily, RecvFlags, SocketFlags, SocketType, recv, socket_with};

use crate::netns::Inside;
use crate::sys;

/// A packet socket that sees what leaves the interface.
#[derive(Debug)]
pub(crate) struct Tap {
    /// There until it is dropped.
    socket: Option<OwnedFd>,
    /// Seen by the tap and not matched yet.
    seen: VecDeque<Seen>,
    /// Sees what arrives at the interface, where there is a queue before it.
    arrivals: Option<OwnedFd>,
}

#[derive(Debug)]
struct Seen {
    head: [u8; HEAD],
    len: usize,
    stamp: Duration,
}

impl Tap {
    /// The interface must be up: the socket would report that it is not
    /// instead of the first packet. Headers of the link are left out.
    pub(crate) fn open(_: &Inside<'_>, interface: u32) -> io::Result<Self> {
        let socket = listen(interface, Way::Out)?;
        sys::ask_for_stamps(socket.as_fd())?;
        Ok(Self {
            socket: Some(socket),
            seen: VecDeque::new(),
            arrivals: None,
        })
    }

    /// Of an interface that a queue leads to and from.
    pub(crate) fn open_queued(inside: &Inside<'_>, interface: u32) -> io::Result<Self> {
        let mut tap = Self::open(inside, interface)?;
        tap.arrivals = Some(listen(interface, Way::In)?);
        Ok(tap)
    }

    /// The network namespace that it sees.
    pub(crate) fn namespace(&self) -> io::Result<OwnedFd> {
        let socket = self.socket.as_ref().ok_or(io::ErrorKind::NotConnected)?;
        sys::namespace_of(socket.as_fd())
    }

    /// Waits until the packet that was just written has gone through the queue.
    /// One that does not was dropped by the device.
    pub(crate) fn await_arrival(&self) -> io::Result<()> {
        let Some(arrivals) = &self.arrivals else {
            return Ok(());
        };
        if !takes_one(arrivals) && wait_for(arrivals.as_fd())? {
            takes_one(arrivals);
        }
        Ok(())
    }

    /// Whether a packet that was sent is still in the queue to the port.
    pub(crate) fn is_ahead(&mut self) -> bool {
        if self.arrivals.is_none() {
            return false;
        }
        let next = self.recv();
        self.seen.extend(next);
        !self.seen.is_empty()
    }

    /// When this packet, the next that was read, was sent: on the kernel's
    /// real-time clock.
    pub(crate) fn stamp(&mut self, packet: &[u8]) -> Option<Duration> {
        if let Some(at) = self.seen.iter().position(|seen| seen.is(packet)) {
            return self.seen.drain(..=at).next_back().map(|seen| seen.stamp);
        }
        while let Some(seen) = self.recv() {
            if seen.is(packet) {
                // Those in front belong to packets that are read no more.
                self.seen.clear();
                return Some(seen.stamp);
            }
            if self.seen.len() < KEPT {
                self.seen.push_back(seen);
            }
        }
        None
    }

    /// Forgets what no packet was read for: all that were sent have been read,
    /// and a later one that looks the same must not get an old stamp.
    pub(crate) fn all_read(&mut self) {
        self.seen.clear();
    }

    /// Forgets everything so far, seen or not.
    pub(crate) fn clear(&mut self) {
        while self.recv().is_some() {}
        self.seen.clear();
        while self.arrivals.as_ref().is_some_and(takes_one) {}
    }

    fn recv(&self) -> Option<Seen> {
        let mut head = [0; HEAD];
        let socket = self.socket.as_ref()?;
        let (len, stamp) = sys::recv_stamped(socket.as_fd(), &mut head, false).ok()?;
        let stamp = stamp.unwrap_or_default();
        Some(Seen { head, len, stamp })
    }
}

impl Drop for Tap {
    fn drop(&mut self) {
        // Closing a packet socket waits until no packet can be on its way to
        // it, some 20 ms. A thread waits for that so that no trial has to; if
        // none can be had, the wait is here.
        let sockets = (self.socket.take(), self.arrivals.take());
        let _ = Builder::new().spawn(move || drop(sockets));
    }
}

/// Which packets a socket is to see.
#[derive(Clone, Copy)]
enum Way {
    In,
    Out,
}

fn listen(interface: u32, way: Way) -> io::Result<OwnedFd> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = socket_with(AddressFamily::PACKET, SocketType::DGRAM, flags, None)?;
    match way {
        Way::In => sys::tap_only_incoming(socket.as_fd())?,
        Way::Out => sys::tap_only_outgoing(socket.as_fd())?,
    }
    sys::tap_bind(socket.as_fd(), interface)?;
    Ok(socket)
}

/// Whether a packet was there; it is taken.
fn takes_one(socket: &OwnedFd) -> bool {
    recv(socket, &mut [0; 1], RecvFlags::DONTWAIT).is_ok()
}

/// Whether something can be read before patience ends.
pub(crate) fn wait_for(socket: BorrowedFd<'_>) -> io::Result<bool> {
    let readable = PollFd::from_borrowed_fd(socket, PollFlags::IN);
    match poll(&mut [readable], Some(&PATIENCE)) {
        Ok(ready) => Ok(ready > 0),
        Err(Errno::INTR) => Ok(true), // as good as a look
        Err(errno) => Err(errno.into()),
    }
}

impl Seen {
    fn is(&self, packet: &[u8]) -> bool {
        self.len == packet.len().min(HEAD) && packet.starts_with(&self.head[..self.len])
    }
}

/// Octets that tell a packet from its neighbours: IP and TCP headers with the
/// timestamps among the options.
const HEAD: usize = 100;
/// How long a packet may be in a queue before it counts as lost; the trial is
/// late by then, and says so.
const PATIENCE: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 100_000_000,
};
/// Packets that may wait to be matched.
const KEPT: usize = 1024;

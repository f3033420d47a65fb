//! The tap: the kernel's own time stamps of the packets it sends.
//!
//! The time at which a packet is read says when the harness came round to it,
//! which may be milliseconds later on a busy machine. A packet socket on the
//! same interface gets each packet with the time at which it was sent; the two
//! are matched by their beginnings. Where that fails (the tap's buffer was
//! full) the time of reading has to do.

use std::collections::VecDeque;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::thread::Builder;
use std::time::Duration;

use rustix::net::{AddressFamily, SocketFlags, SocketType, socket_with};

use crate::netns::Inside;
use crate::sys;

/// A packet socket that sees what leaves the interface.
#[derive(Debug)]
pub(crate) struct Tap {
    /// There until it is dropped.
    socket: Option<OwnedFd>,
    /// Seen by the tap and not matched yet.
    seen: VecDeque<Seen>,
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
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let socket = socket_with(AddressFamily::PACKET, SocketType::DGRAM, flags, None)?;
        sys::tap_only_outgoing(socket.as_fd())?;
        sys::tap_stamps(socket.as_fd())?;
        sys::tap_bind(socket.as_fd(), interface)?;
        Ok(Self {
            socket: Some(socket),
            seen: VecDeque::new(),
        })
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
    }

    fn recv(&self) -> Option<Seen> {
        let mut head = [0; HEAD];
        let socket = self.socket.as_ref()?;
        let (len, stamp) = sys::tap_recv(socket.as_fd(), &mut head).ok()?;
        Some(Seen { head, len, stamp })
    }
}

impl Drop for Tap {
    fn drop(&mut self) {
        // Closing a packet socket waits until no packet can be on its way to
        // it, some 20 ms. A thread waits for that so that no trial has to; if
        // none can be had, the wait is here.
        let socket = self.socket.take();
        let _ = Builder::new().spawn(move || drop(socket));
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
/// Packets that may wait to be matched.
const KEPT: usize = 1024;

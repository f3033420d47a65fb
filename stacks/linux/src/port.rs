//! The port of a lane: packets written to it arrive at the kernel's IP, which
//! has answered them by the time the write returns; what the kernel sends is
//! read from it. It is a [TUN device](crate::tun) or the far end of a [pair of
//! Ethernet devices](crate::veth), which differ in what stands before a packet.

use std::fmt;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use rustix::fs::{Mode, OFlags, open};
use rustix::io::{Errno, read, writev};

/// How a lane is attached to the kernel's IP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attachment {
    /// A TUN device: the faster one. It needs its device node.
    Tun,
    /// A pair of Ethernet devices and a packet socket. It needs no node.
    Veth,
}

impl fmt::Display for Attachment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tun => "tun",
            Self::Veth => "veth",
        })
    }
}

impl Attachment {
    /// The one of this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        let all = [Self::Tun, Self::Veth];
        all.into_iter().find(|known| known.to_string() == name)
    }

    /// The best one that can be had, and, if that is not TUN, why.
    pub(crate) fn choose(node: &Path) -> (Self, Option<String>) {
        match open(node, OFlags::RDWR | OFlags::CLOEXEC, Mode::empty()) {
            Ok(_) => (Self::Tun, None),
            Err(error) => {
                let error = io::Error::from(error);
                let why = format!("opening {}: {error}", node.display());
                (Self::Veth, Some(why))
            }
        }
    }
}

/// The harness's end of a lane.
#[derive(Debug)]
pub(crate) struct Port {
    fd: OwnedFd,
    /// What stands before the two octets of the type of each packet.
    before: &'static [u8],
}

/// What the kernel takes a written packet for: the device does not look at
/// the packet itself, so that malformed ones get as far as IP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub(crate) enum EtherType {
    Ipv4 = 0x0800,
    Ipv6 = 0x86dd,
}

impl Port {
    /// The port behind a descriptor that does not block.
    pub(crate) const fn new(fd: OwnedFd, before: &'static [u8]) -> Self {
        Self { fd, before }
    }

    /// Hands the kernel a packet.
    pub(crate) fn write(&self, kind: EtherType, packet: &[u8]) -> io::Result<()> {
        let kind = (kind as u16).to_be_bytes();
        let parts = [self.before, &kind, packet].map(io::IoSlice::new);
        writev(&self.fd, &parts).map(drop).map_err(Into::into)
    }

    /// The next packet that the kernel has sent, if there is one. `room` must
    /// hold the largest packet and [`PREFIX`] octets more.
    pub(crate) fn read<'a>(&self, room: &'a mut [u8]) -> io::Result<Option<&'a [u8]>> {
        match read(&self.fd, &mut *room) {
            Ok(len) => Ok(room.get(self.before.len() + 2..len)),
            Err(Errno::AGAIN) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

impl AsFd for Port {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

/// Octets in front of each packet at most: an Ethernet header.
pub(crate) const PREFIX: usize = 14;

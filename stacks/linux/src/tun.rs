//! The TUN device: packets written to it arrive at the kernel's IP, which has
//! answered them by the time the write returns; what the kernel sends is read
//! from it.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use rustix::fs::{Mode, OFlags, open};
use rustix::io::{Errno, read, writev};

use crate::error::{Context, LaneError};
use crate::netns::Inside;
use crate::sys;

/// Name of the interface in the lane.
pub(crate) const NAME: &str = "tun0";

/// A TUN device in a namespace.
#[derive(Debug)]
pub(crate) struct Tun {
    fd: OwnedFd,
}

/// What the kernel takes a written packet for: the device does not look at
/// the packet itself, so that malformed ones get as far as IP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub(crate) enum EtherType {
    Ipv4 = 0x0800,
    Ipv6 = 0x86dd,
}

impl Tun {
    /// Makes the device.
    pub(crate) fn open(_: &Inside<'_>, node: &Path) -> Result<Self, LaneError> {
        let flags = OFlags::RDWR | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let name = node.display();
        let fd = open(node, flags, Mode::empty()).context(format!("opening {name}"))?;
        sys::tun_attach(fd.as_fd(), NAME).context(format!("making a TUN device of {name}"))?;
        sys::tun_persist(fd.as_fd()).context("detaching the TUN device from its descriptor")?;
        Ok(Self { fd })
    }

    /// Hands the kernel a packet.
    pub(crate) fn write(&self, kind: EtherType, packet: &[u8]) -> io::Result<()> {
        let [high, low] = (kind as u16).to_be_bytes();
        let prefix: [u8; PREFIX] = [0, 0, high, low];
        let parts = [io::IoSlice::new(&prefix), io::IoSlice::new(packet)];
        writev(&self.fd, &parts).map(drop).map_err(Into::into)
    }

    /// The next packet that the kernel has sent, if there is one. `room` must
    /// hold the largest packet and [`PREFIX`] octets more.
    pub(crate) fn read<'a>(&self, room: &'a mut [u8]) -> io::Result<Option<&'a [u8]>> {
        match read(&self.fd, &mut *room) {
            Ok(len) => Ok(room.get(PREFIX..len)),
            Err(Errno::AGAIN) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

impl AsFd for Tun {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

/// Octets in front of each packet.
pub(crate) const PREFIX: usize = 4;

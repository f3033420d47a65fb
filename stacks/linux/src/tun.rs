//! The TUN device: what is written to it has been processed when the write
//! returns. It hands over packets as they are, with correct checksums.

use std::os::fd::AsFd;
use std::path::Path;

use rustix::fs::{Mode, OFlags, open};

use crate::error::{Context, LaneError};
use crate::netns::Inside;
use crate::port::Port;
use crate::sys;

/// Name of the interface in the lane.
pub(crate) const NAME: &str = "tun0";

/// Makes the device.
pub(crate) fn attach(_: &Inside<'_>, node: &Path) -> Result<Port, LaneError> {
    let flags = OFlags::RDWR | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let name = node.display();
    let fd = open(node, flags, Mode::empty()).context(format!("opening {name}"))?;
    sys::tun_attach(fd.as_fd(), NAME).context(format!("making a TUN device of {name}"))?;
    sys::tun_persist(fd.as_fd()).context("detaching the TUN device from its descriptor")?;
    Ok(Port::new(fd, FLAGS))
}

/// Before the type of a packet stand two octets of flags, none of them set.
const FLAGS: &[u8] = &[0, 0];

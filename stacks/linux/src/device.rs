//! A TUN or TAP device that is there already, for whoever is at its other end: a
//! machine of its own, a container, the kernel of this host.

use std::io;
use std::os::fd::{AsFd, OwnedFd};

use rustix::fs::{Mode, OFlags, open};
use rustix::net::{AddressFamily, SocketType, netdevice, socket};

use crate::stack::Settings;
use crate::sys;

/// What a device carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// IP packets.
    Tun,
    /// Frames of Ethernet.
    Tap,
}

impl Kind {
    const fn name(self) -> &'static str {
        match self {
            Self::Tun => "tun",
            Self::Tap => "tap",
        }
    }
}

/// Why a device cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum DeviceError {
    /// No interface has this name. It is not made: nobody would be at its other end.
    #[error(
        "there is no interface `{name}`; `ip tuntap add dev {name} mode {kind} user USER` makes one"
    )]
    Missing {
        /// The name.
        name: String,
        /// `tun` or `tap`.
        kind: &'static str,
    },
    /// The device node cannot be opened.
    #[error("opening {node}: {source}")]
    Node {
        /// Its path.
        node: String,
        /// The kernel's answer.
        source: io::Error,
    },
    /// The interface cannot be attached to.
    #[error("attaching to `{name}` as a {kind} device: {source}{}", hint(source))]
    Attach {
        /// The name.
        name: String,
        /// `tun` or `tap`.
        kind: &'static str,
        /// The kernel's answer.
        source: io::Error,
    },
}

fn hint(error: &io::Error) -> &'static str {
    match error.raw_os_error() {
        Some(libc::EBUSY) => "; another program is attached to it",
        Some(libc::EPERM) => "; it belongs to another user",
        Some(libc::EINVAL) => "; it is a device of another kind",
        _ => "",
    }
}

/// Attaches to the device of this name in the process's network namespace. Each
/// read is a packet or a frame, and each write; reading blocks.
///
/// # Errors
///
/// [`DeviceError`].
pub fn attach(kind: Kind, name: &str) -> Result<OwnedFd, DeviceError> {
    let (of, word) = (name.to_owned(), kind.name());
    let asks = socket(AddressFamily::INET, SocketType::DGRAM, None);
    if asks.is_ok_and(|asks| netdevice::name_to_index(asks, name).is_err()) {
        return Err(DeviceError::Missing {
            name: of,
            kind: word,
        });
    }
    let node = Settings::from_env().tun;
    let opened = open(&node, OFlags::RDWR | OFlags::CLOEXEC, Mode::empty());
    let fd = opened.map_err(|errno| DeviceError::Node {
        node: node.display().to_string(),
        source: errno.into(),
    })?;
    match sys::device_attach(fd.as_fd(), name, kind == Kind::Tap) {
        Ok(()) => Ok(fd),
        Err(source) => Err(DeviceError::Attach {
            name: of,
            kind: word,
            source,
        }),
    }
}

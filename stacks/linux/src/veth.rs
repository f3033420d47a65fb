//! A pair of Ethernet devices where there is no node of a TUN device: one in
//! the lane, the other in a namespace of far ends, where a packet socket takes
//! the place of the wire. Nothing is asked of it but what a user namespace
//! grants.
//!
//! The devices know no neighbours (NOARP), so nobody asks for addresses. What
//! they would do to segments on the way, leave checksums to hardware and join
//! or cut segments, is switched off and read back. The near end goes with the
//! lane's namespace, and takes the far one with it.
//!
//! From one end to the other packets go by a queue of the processor's. As a rule
//! it is empty when the call returns that filled it; under load the kernel may
//! leave it to a thread of its own. So the [tap](crate::tap) looks what has come
//! through.

use std::os::fd::{AsFd, AsRawFd};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use rustix::net::{AddressFamily, SocketFlags, SocketType, socket_with, sockopt};

use crate::error::{Context, LaneError};
use crate::link::{Link, QUEUE};
use crate::netlink::{ACK, Netlink, Request};
use crate::netns::{Inside, Netns};
use crate::port::Port;
use crate::{sys, sysctl};

/// Name of the interface in the lane.
pub(crate) const NAME: &str = "veth0";

/// The far end of one lane's pair.
#[derive(Debug)]
pub(crate) struct Wire {
    wires: &'static Netns,
    name: String,
}

impl Wire {
    /// A place for the far end, of a name that no other has.
    pub(crate) fn new() -> Result<Self, LaneError> {
        static LAID: AtomicU32 = AtomicU32::new(0);
        let number = LAID.fetch_add(1, Ordering::Relaxed);
        let name = format!("wire{number}");
        Ok(Self {
            wires: wires()?,
            name,
        })
    }

    /// Makes the pair: the near end here, the far end on the wire.
    pub(crate) fn lay(&self, inside: &Inside<'_>) -> Result<(), LaneError> {
        let netlink = Netlink::open(inside, None).context("opening a netlink socket")?;
        let made = make_pair(&netlink, self);
        made.context("making a pair of Ethernet devices")?;
        switch_off(&netlink, NAME)
    }

    /// The port on the far end.
    pub(crate) fn port(&self) -> Result<Port, LaneError> {
        let far_end = |inside: &Inside<'_>| far_end(inside, &self.name);
        self.wires.within(far_end).flatten()
    }
}

/// The namespace of all far ends, which keeps silent.
fn wires() -> Result<&'static Netns, LaneError> {
    static WIRES: OnceLock<Netns> = OnceLock::new();
    if let Some(wires) = WIRES.get() {
        return Ok(wires);
    }
    let wires = Netns::create()?;
    wires.within(sysctl::silence).flatten()?;
    // Should another thread have been faster, its own is as good.
    Ok(WIRES.get_or_init(|| wires))
}

fn make_pair(netlink: &Netlink, wire: &Wire) -> std::io::Result<()> {
    let wires = wire.wires.as_fd().as_raw_fd();
    let far = Request::nested()
        .put(&interface(0))
        .attribute(libc::IFLA_IFNAME, wire.name.as_bytes())
        .attribute(libc::IFLA_ADDRESS, &FAR)
        .attribute(libc::IFLA_MTU, &MTU.to_ne_bytes())
        .attribute(libc::IFLA_NET_NS_FD, &wires.to_ne_bytes());
    let data = Request::nested().attribute(VETH_INFO_PEER, far.octets());
    let kind = Request::nested()
        .attribute(IFLA_INFO_KIND, b"veth")
        .attribute(IFLA_INFO_DATA, data.octets());
    let request = Request::new(libc::RTM_NEWLINK, ACK | CREATE)
        .put(&interface(libc::IFF_NOARP as u32))
        .attribute(libc::IFLA_IFNAME, NAME.as_bytes())
        .attribute(libc::IFLA_ADDRESS, &NEAR)
        .attribute(libc::IFLA_MTU, &MTU.to_ne_bytes())
        .attribute(libc::IFLA_LINKINFO, kind.octets());
    netlink.ask(&request.finish(), &mut [0; 1024]).map(drop)
}

/// `struct ifinfomsg` of a new interface with these flags.
fn interface(flags: u32) -> [u8; 16] {
    let mut octets = [0; 16];
    octets[8..12].copy_from_slice(&flags.to_ne_bytes());
    octets[12..].copy_from_slice(&flags.to_ne_bytes());
    octets
}

/// Switches off what would change segments on their way, and reads it back.
fn switch_off(socket: &impl AsFd, interface: &str) -> Result<(), LaneError> {
    for Offload { name, set, get } in OFFLOADS {
        let what = format!("switching off {name} of {interface}");
        sys::ethtool(socket.as_fd(), interface, *set, 0).context(&what)?;
        if sys::ethtool(socket.as_fd(), interface, *get, 1).context(&what)? != 0 {
            return Err(LaneError::Offload { name });
        }
    }
    Ok(())
}

/// The socket at the far end: up before the near one is, it does without the
/// queue, which the kernel makes ready in the background.
fn far_end(inside: &Inside<'_>, name: &str) -> Result<Port, LaneError> {
    let link = Link::open(inside, name).context("opening a netlink socket")?;
    switch_off(&link, name)?;
    link.up(QUEUE).context("bringing up the far end")?;
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = socket_with(AddressFamily::PACKET, SocketType::RAW, flags, None);
    let what = "opening a packet socket at the far end";
    let socket = socket.context(what)?;
    // As much as the system allows; a burst is read only when it is over.
    sockopt::set_socket_recv_buffer_size(&socket, ROOM).context(what)?;
    sys::packet_bypass_queue(socket.as_fd()).context(what)?;
    sys::tap_bind(socket.as_fd(), link.index()).context(what)?;
    Ok(Port::new(socket, HEADER))
}

/// Something that a device does to segments, and how `ethtool` calls it.
struct Offload {
    name: &'static str,
    set: u32,
    get: u32,
}

const OFFLOADS: &[Offload] = &[
    Offload {
        name: "checksums by hardware",
        set: 0x17,
        get: 0x16,
    },
    Offload {
        name: "scattered segments",
        set: 0x19,
        get: 0x18,
    },
    Offload {
        name: "segmentation by hardware",
        set: 0x1f,
        get: 0x1e,
    },
    Offload {
        name: "late segmentation",
        set: 0x24,
        get: 0x23,
    },
    Offload {
        name: "joining received segments",
        set: 0x2c,
        get: 0x2b,
    },
];

/// Addresses that nobody else gives out (locally administered).
const NEAR: [u8; 6] = [2, 0, 0, 0, 0, 1];
const FAR: [u8; 6] = [2, 0, 0, 0, 0, 2];
/// Before the type of a packet: the near end's address, the far end's.
const HEADER: &[u8] = &[2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2];
const CREATE: u16 = (libc::NLM_F_CREATE | libc::NLM_F_EXCL) as u16;
const IFLA_INFO_KIND: u16 = 1;
const IFLA_INFO_DATA: u16 = 2;
const VETH_INFO_PEER: u16 = 1;
/// Of both ends: an end drops what is larger, and a peer may send more than it
/// should. What the stack sends is held to the size that its routes have.
const MTU: u32 = 65_535;
/// Octets that may wait to be read.
const ROOM: usize = 8 << 20;

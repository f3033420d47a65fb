//! The lane's network interface: its size, its addresses, its default route.

use std::io;
use std::net::IpAddr;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use rustix::net::{AddressFamily, netdevice};
use tcpspec_connector::control::STORM;
use tcpspec_wire::Instant;

use crate::clock::Clock;
use crate::netlink::{ACK, Netlink, Request};
use crate::netns::Inside;

/// What the interface is set up by.
#[derive(Debug)]
pub(crate) struct Link {
    netlink: Netlink,
    index: u32,
    /// The size of packets that routes are to have, where the interface itself
    /// takes any: one that drops what is larger than it sends would not let a
    /// peer send more than it should.
    route_mtu: Option<u16>,
}

impl Link {
    /// The interface of this name in the thread's namespace.
    pub(crate) fn open(inside: &Inside<'_>, name: &str) -> io::Result<Self> {
        let netlink = Netlink::open(inside, None)?;
        let index = netdevice::name_to_index(&netlink, name)?;
        Ok(Self {
            netlink,
            index,
            route_mtu: None,
        })
    }

    /// Its number in the namespace.
    pub(crate) const fn index(&self) -> u32 {
        self.index
    }

    /// Brings the interface up with a queue of this many packets.
    pub(crate) fn up(&self, queue: u32) -> io::Result<()> {
        let up = libc::IFF_UP as u32;
        let request = self
            .link_request(up)
            .attribute(IFLA_TXQLEN, &queue.to_ne_bytes());
        self.tell(request)
    }

    /// Leaves the size of packets to the routes.
    pub(crate) fn with_route_mtu(self, mtu: u16) -> Self {
        let route_mtu = Some(mtu);
        Self { route_mtu, ..self }
    }

    /// Sets the largest packet, of addresses that are added later on.
    pub(crate) fn set_mtu(&mut self, mtu: u16) -> io::Result<()> {
        if self.route_mtu.is_some() {
            self.route_mtu = Some(mtu);
            return Ok(());
        }
        let mtu = u32::from(mtu).to_ne_bytes();
        self.tell(self.link_request(0).attribute(IFLA_MTU, &mtu))
    }

    /// Adds an address, usable at once, and a default route for its version:
    /// the peer may have any address.
    pub(crate) fn add_address(&self, address: IpAddr, prefix: u8) -> io::Result<()> {
        let family = family(address).as_raw() as u8;
        let index = self.index.to_ne_bytes();
        let request = Request::new(RTM_NEWADDR, ACK | CREATE | EXCLUSIVE)
            .put(&[family, prefix, IFA_F_NODAD, 0])
            .put(&index)
            .attribute(IFA_LOCAL, &octets(address))
            .attribute(IFA_ADDRESS, &octets(address));
        // No route of its own beside the one that has the size of packets.
        let request = match self.route_mtu {
            Some(_) => request.attribute(libc::IFA_FLAGS, &FLAGS.to_ne_bytes()),
            None => request,
        };
        self.tell(request)?;
        // Table main, protocol boot, scope universe, type unicast.
        let request = Request::new(RTM_NEWROUTE, ACK | CREATE)
            .put(&[family, 0, 0, 0, 254, 3, 0, 1, 0, 0, 0, 0])
            .attribute(RTA_OIF, &index);
        let request = match self.route_mtu.map(u32::from) {
            Some(mtu) => {
                let metrics = Request::nested().attribute(RTAX_MTU, &mtu.to_ne_bytes());
                request.attribute(libc::RTA_METRICS, metrics.octets())
            }
            None => request,
        };
        self.tell(request)?;
        self.wait_until_local(address)
    }

    /// Waits until the kernel takes packets for the address: it finishes an
    /// IPv6 address in the background, some 0.1 ms after it has accepted it.
    fn wait_until_local(&self, address: IpAddr) -> io::Result<()> {
        let clock = Clock::start();
        while !self.is_local(address)? {
            if clock.now() > Instant::ZERO + PATIENCE {
                return Err(io::ErrorKind::TimedOut.into());
            }
            std::thread::yield_now();
        }
        Ok(())
    }

    /// Whether packets to the address are taken for the machine itself.
    fn is_local(&self, address: IpAddr) -> io::Result<bool> {
        let octets = octets(address);
        let bits = (octets.len() * 8) as u8;
        let request = Request::new(RTM_GETROUTE, 0)
            .put(&[family(address).as_raw() as u8, bits, 0, 0, 0, 0, 0, 0])
            .put(&[0; 4])
            .attribute(RTA_DST, &octets);
        let mut answer = [0; 1024];
        let (_, route) = self.netlink.ask(&request.finish(), &mut answer)?;
        // The last octet of `struct rtmsg` before its flags.
        Ok(route.get(7) == Some(&RTN_LOCAL))
    }

    /// A request about the interface that sets these of its flags.
    fn link_request(&self, flags: u32) -> Request {
        Request::new(RTM_NEWLINK, ACK)
            .put(&[0; 4])
            .put(&self.index.to_ne_bytes())
            .put(&flags.to_ne_bytes())
            .put(&flags.to_ne_bytes())
    }

    /// Takes the interface away.
    #[cfg(test)]
    pub(crate) fn delete(&self) -> io::Result<()> {
        let request = Request::new(libc::RTM_DELLINK, ACK).put(&[0; 4]);
        let request = request.put(&self.index.to_ne_bytes()).put(&[0; 8]);
        self.tell(request)
    }

    fn tell(&self, request: Request) -> io::Result<()> {
        let mut answer = [0; 1024];
        self.netlink.ask(&request.finish(), &mut answer).map(drop)
    }
}

impl AsFd for Link {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.netlink.as_fd()
    }
}

/// The address family of an address.
pub(crate) const fn family(address: IpAddr) -> AddressFamily {
    match address {
        IpAddr::V4(_) => AddressFamily::INET,
        IpAddr::V6(_) => AddressFamily::INET6,
    }
}

/// The octets of an address.
pub(crate) fn octets(address: IpAddr) -> Vec<u8> {
    match address {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    }
}

const RTM_NEWLINK: u16 = libc::RTM_NEWLINK;
const RTM_NEWADDR: u16 = libc::RTM_NEWADDR;
const RTM_NEWROUTE: u16 = libc::RTM_NEWROUTE;
const RTM_GETROUTE: u16 = libc::RTM_GETROUTE;
const RTA_DST: u16 = libc::RTA_DST;
const RTN_LOCAL: u8 = libc::RTN_LOCAL;
const CREATE: u16 = libc::NLM_F_CREATE as u16;
const EXCLUSIVE: u16 = libc::NLM_F_EXCL as u16;
const IFLA_MTU: u16 = libc::IFLA_MTU;
const IFLA_TXQLEN: u16 = libc::IFLA_TXQLEN;
const IFA_ADDRESS: u16 = libc::IFA_ADDRESS;
const IFA_LOCAL: u16 = libc::IFA_LOCAL;
const RTA_OIF: u16 = libc::RTA_OIF;
const RTAX_MTU: u16 = 2;
const FLAGS: u32 = libc::IFA_F_NODAD | libc::IFA_F_NOPREFIXROUTE;
/// No duplicate address detection, which would take seconds.
const IFA_F_NODAD: u8 = libc::IFA_F_NODAD as u8;
/// Packets that the kernel may send before any is read; beyond it they are
/// lost without a trace, so it holds a [storm](STORM). The kernel takes 32
/// octets for each when the lane is made.
pub(crate) const QUEUE: u32 = 1024;
const _: () = assert!(QUEUE as usize > STORM);
/// How long an address may take to become usable, on a machine under load.
const PATIENCE: Duration = Duration::from_secs(5);

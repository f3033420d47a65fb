//! A lane: one network namespace with one port, and what it takes to
//! see into it. Lanes are made once and used for many trials.

use std::cell::{OnceCell, RefCell};
use std::fs::File;
use std::io;
use std::net::IpAddr;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::FileExt;
use std::time::Duration;

use tcpspec_connector::{Connection, Setup};

use crate::connections::Connections;
use crate::diag::{Addresses, Found, SockDiag};
use crate::error::{Context, LaneError};
use crate::link::{Link, QUEUE};
use crate::netns::{Inside, Netns};
use crate::port::{Attachment, EtherType, PREFIX, Port};
use crate::stack::Settings;
use crate::statelog::{self, LaneLog, StateLog, Told};
use crate::sysctl;
use crate::tap::{self, Tap};
use crate::tun;
use crate::veth::{self, Wire};

/// One network namespace with its port.
///
/// The fields are dropped in the order in which they are written; the
/// namespace goes when the last descriptor of it has gone.
#[derive(Debug)]
pub(crate) struct Lane {
    port: Port,
    tap: Tap,
    /// The kernel's log of state changes, if this process may read it.
    log: Option<LaneLog>,
    /// None while the lane [rests](Self::rest).
    tools: OnceCell<Tools>,
    interface: &'static str,
    addresses: Vec<(IpAddr, u8)>,
    mtu: u16,
}

thread_local! {
    /// Where packets are read to: one for all lanes, of which there are thousands.
    static ROOM: RefCell<Box<[u8]>> = RefCell::new(vec![0; LARGEST].into());
}

impl Lane {
    /// Makes a lane.
    pub(crate) fn create(settings: &Settings) -> Result<Self, LaneError> {
        // First, because it is tried out in a namespace of its own.
        let log = statelog::shared(settings).ok();
        let netns = Netns::create()?;
        let (port, interface) = attach(&netns, settings)?;
        let tools = Tools::open(netns, interface, USUAL_MTU)?;
        let furnish = |inside: &Inside<'_>| furnish(inside, interface, &tools.link, log);
        let (tap, log) = tools.netns.within(furnish).flatten()?;
        Ok(Self {
            port,
            tap,
            log,
            tools: tools.into(),
            interface,
            addresses: Vec::new(),
            mtu: USUAL_MTU,
        })
    }

    /// Whether the lane can take this trial. An address, once given, stays, and
    /// the size of packets too: the kernel drops all that is IPv6 from an
    /// interface that becomes too small for it.
    pub(crate) fn suits(&self, setup: &Setup) -> bool {
        let wanted = (setup.stack, setup.prefix);
        let mut others = self.addresses.iter().filter(|has| **has != wanted);
        self.mtu == setup.mtu && others.all(|has| has.0.is_ipv4() != wanted.0.is_ipv4())
    }

    /// Gives the lane the addresses and the size of packets of a trial.
    pub(crate) fn configure(&mut self, setup: &Setup) -> Result<(), LaneError> {
        let wanted = (setup.stack, setup.prefix);
        if self.mtu != setup.mtu {
            let what = format!("setting an MTU of {}", setup.mtu);
            self.tools()?;
            if let Some(tools) = self.tools.get_mut() {
                tools.link.set_mtu(setup.mtu).context(what)?;
            }
            self.mtu = setup.mtu;
        }
        if !self.addresses.contains(&wanted) {
            let what = format!("adding the address {}/{}", wanted.0, wanted.1);
            let link = &self.tools()?.link;
            link.add_address(wanted.0, wanted.1).context(what)?;
            self.addresses.push(wanted);
        }
        Ok(())
    }

    /// Removes what a trial, whose application has let go of its sockets, has
    /// left of its connections, forgets what the kernel sent, and makes sure
    /// that no socket is left.
    pub(crate) fn clean(
        &mut self,
        addresses: Addresses,
        connections: &Connections,
    ) -> Result<(), LaneError> {
        if self.sockets()? == 0 {
            self.remove(addresses, connections.embryos())?;
        } else {
            self.remove(addresses, connections.all())?;
            match self.sockets()? {
                0 => {}
                left => return Err(LaneError::NotClean(left)),
            }
        }
        while self.read_next()?.is_some() {}
        self.tap.clear();
        if let Some(log) = &mut self.log {
            log.forget();
        }
        Ok(())
    }

    fn remove(
        &self,
        addresses: Addresses,
        mut connections: impl Iterator<Item = Connection>,
    ) -> Result<(), LaneError> {
        let diag = &self.tools()?.diag;
        connections
            .try_for_each(|connection| diag.destroy(addresses, connection))
            .context("removing a connection of the last trial")
    }

    /// TCP sockets in the namespace, TIME-WAIT included; half-open connections
    /// of a listener are not among them.
    fn sockets(&self) -> Result<u32, LaneError> {
        let mut text = [0; 512];
        let mut sum = 0;
        for file in self.tools()?.counters.iter().flatten() {
            let len = file.read_at(&mut text, 0);
            let len = len.context("reading the namespace's socket counters")?;
            sum += tcp_sockets(&String::from_utf8_lossy(&text[..len]));
        }
        Ok(sum)
    }

    /// Does something inside the namespace, such as making a socket.
    pub(crate) fn within<T>(&self, act: impl FnOnce(&Inside<'_>) -> T) -> Result<T, LaneError> {
        self.tools()?.netns.within(act)
    }

    /// Closes what can be opened again when it is needed: of thousands of lanes
    /// whose trials wait, each holds few descriptors.
    pub(crate) fn rest(&mut self) {
        self.tools.take();
    }

    fn tools(&self) -> Result<&Tools, LaneError> {
        if let Some(tools) = self.tools.get() {
            return Ok(tools);
        }
        let netns = self.tap.namespace();
        let netns = netns.context("finding the lane's network namespace")?;
        let tools = Tools::open(Netns::of(netns), self.interface, self.mtu)?;
        Ok(self.tools.get_or_init(|| tools))
    }

    /// Hands the kernel a packet; it has been processed when this returns.
    pub(crate) fn write(&self, kind: EtherType, packet: &[u8]) -> Result<(), LaneError> {
        match self.port.write(kind, packet) {
            // The link does not carry it; nor would any other.
            Err(error)
                if error.raw_os_error() == Some(libc::ENOBUFS)
                    && packet.len() > usize::from(self.mtu) =>
            {
                Ok(())
            }
            written => written
                .and_then(|()| self.tap.await_arrival())
                .context("writing a packet to the device"),
        }
    }

    /// The next packet that the kernel sent.
    pub(crate) fn read(&mut self) -> Result<Option<Sent>, LaneError> {
        let mut sent = self.read_next()?;
        if sent.is_none() && self.tap.is_ahead() {
            tap::wait_for(self.port.as_fd()).context(READING)?;
            sent = self.read_next()?;
        }
        if sent.is_none() {
            self.tap.all_read();
        }
        Ok(sent)
    }

    /// The next packet that has come as far as the port.
    fn read_next(&mut self) -> Result<Option<Sent>, LaneError> {
        ROOM.with_borrow_mut(|room| {
            let packet = self.port.read(room).context(READING)?;
            Ok(packet.map(|packet| Sent {
                stamp: self.tap.stamp(packet),
                octets: packet.to_vec(),
            }))
        })
    }

    /// What the kernel knows of a connection.
    pub(crate) fn look_up(
        &self,
        addresses: Addresses,
        connection: Connection,
    ) -> Result<Option<Found>, LaneError> {
        let found = self.tools()?.diag.get(addresses, connection);
        found.context("asking the kernel for the state of a connection")
    }

    /// What the kernel has logged since the last call; `None` if it cannot be
    /// read.
    pub(crate) fn logged(&mut self, addresses: Addresses) -> Result<Option<Told>, LaneError> {
        let read = self.log.as_mut().map(|log| log.read(addresses));
        Ok(read.transpose()?)
    }

    /// Takes the TUN device away from under the lane.
    #[cfg(test)]
    pub(crate) fn lose_device(&self) -> io::Result<()> {
        self.tools().map_err(io::Error::other)?.link.delete()
    }

    /// Readable when the kernel has sent a packet.
    pub(crate) fn readable(&self) -> BorrowedFd<'_> {
        self.port.as_fd()
    }
}

/// A packet that the kernel sent.
#[derive(Debug)]
pub(crate) struct Sent {
    pub(crate) octets: Vec<u8>,
    /// When, on the real-time clock, if the tap saw it.
    pub(crate) stamp: Option<Duration>,
}

/// Makes the device in a new namespace: the port, and the interface's name. The
/// settings come first, because the device copies some of them when it is made.
fn attach(netns: &Netns, settings: &Settings) -> Result<(Port, &'static str), LaneError> {
    let pin = |inside: &Inside<'_>| sysctl::pin(inside, settings.options);
    netns.within(pin).flatten()?;
    match settings.attachment().0 {
        Attachment::Tun => {
            let port = netns.within(|inside| tun::attach(inside, &settings.tun));
            Ok((port.flatten()?, tun::NAME))
        }
        Attachment::Veth => {
            let wire = Wire::new()?;
            netns.within(|inside| wire.lay(inside)).flatten()?;
            Ok((wire.port()?, veth::NAME))
        }
    }
}

/// What a lane is seen into and set up with. It holds nothing of a trial.
#[derive(Debug)]
struct Tools {
    diag: SockDiag,
    link: Link,
    counters: [Option<File>; 2],
    netns: Netns,
}

impl Tools {
    fn open(netns: Netns, interface: &str, mtu: u16) -> Result<Self, LaneError> {
        let open = |inside: &Inside<'_>| -> Result<_, LaneError> {
            let link = Link::open(inside, interface).context("opening a netlink socket")?;
            let link = match interface {
                veth::NAME => link.with_route_mtu(mtu),
                _ => link,
            };
            let diag = SockDiag::open(inside).context("opening a sock_diag socket")?;
            let counters = [counter("sockstat")?, counter("sockstat6")?];
            Ok((diag, link, counters))
        };
        let (diag, link, counters) = netns.within(open).flatten()?;
        Ok(Self {
            diag,
            link,
            counters,
            netns,
        })
    }
}

/// Fills a new namespace with what else a lane needs.
fn furnish(
    inside: &Inside<'_>,
    interface: &str,
    link: &Link,
    log: Option<&'static StateLog>,
) -> Result<(Tap, Option<LaneLog>), LaneError> {
    link.up(QUEUE).context("bringing up the device")?;
    let tap = match interface {
        veth::NAME => Tap::open_queued(inside, link.index()),
        _ => Tap::open(inside, link.index()),
    };
    let tap = tap.context("opening a packet socket on the device")?;
    let log = log.map(|log| log.of_lane(inside));
    let log = log
        .transpose()
        .context("finding the lane in the log of state changes")?;
    Ok((tap, log))
}

/// A file of counters; a kernel without IPv6 lacks the second one. Any other
/// fault is one: a lane whose sockets are not counted would pass for clean.
fn counter(name: &str) -> Result<Option<File>, LaneError> {
    match File::open(format!("/proc/thread-self/net/{name}")) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        file => file
            .map(Some)
            .context("opening the namespace's socket counters"),
    }
}

/// Reads `TCP: inuse 1 orphan 0 tw 2 alloc ...` and `TCP6: inuse 1`. Orphans
/// are counted for the whole machine, so they are left out; those of the
/// namespace are in use as well.
fn tcp_sockets(text: &str) -> u32 {
    let line = text.lines().find(|line| line.starts_with("TCP"));
    let words: Vec<&str> = line.unwrap_or_default().split(' ').collect();
    let value = |name| {
        let pair = words.windows(2).find(|pair| pair[0] == name);
        pair.and_then(|pair| pair[1].parse::<u32>().ok())
    };
    ["inuse", "tw"].into_iter().filter_map(value).sum()
}

/// The size of packets that a new device has.
const USUAL_MTU: u16 = 1500;
const READING: &str = "reading from the device";
/// Octets of the largest packet and what the device puts in front of it.
const LARGEST: usize = 65_536 + PREFIX;

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::v4(
        "sockets: used 9\nTCP: inuse 2 orphan 7 tw 3 alloc 12 mem 1\nUDP: inuse 5\n",
        5
    )]
    #[case::v6("TCP6: inuse 4\nUDP6: inuse 1\n", 4)]
    #[case::nothing("", 0)]
    #[case::unreadable("TCP: inuse x tw", 0)]
    fn tcp_sockets_are_counted(#[case] text: &str, #[case] expected: u32) {
        assert_eq!(tcp_sockets(text), expected);
    }
}

//! What carries packets to the stack and from it, for all trials of a process: one
//! descriptor, written to by whoever has a packet, and read by one thread that
//! hands what comes to the trial whose port it is for, with the time at which it came.
//!
//! Of a datagram the kernel says that time. Of a packet from a TUN or TAP device it is
//! the time of reading: the kernel's own would take a packet socket beside the device,
//! which an ordinary user may not have. So the thread that reads has the best priority
//! that it may have, and the stack's `clock-error` has to cover what is left.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs, UdpSocket};
use std::os::fd::{AsFd, OwnedFd};
use std::sync::atomic::{AtomicBool, AtomicU16, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::Builder;
use std::time::Duration;

use rustix::io::{Errno, read, write};
use tcpspec_linux::device::{self, DeviceError, Kind};
use tcpspec_linux::{Priority, stamped};

use crate::clock;
use crate::ethernet::{Ethernet, Took};
use crate::target::{Place, Target};
use crate::terms::Carry;
use crate::translation::{PORTS, peer_port};

/// Why packets cannot be carried.
#[derive(Debug, thiserror::Error)]
pub enum CarrierError {
    /// The device cannot be had.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// The socket cannot be had.
    #[error("datagrams to {to}: {source}")]
    Socket {
        /// Where to.
        to: String,
        /// The kernel's answer.
        source: io::Error,
    },
    /// The thread that reads cannot be had.
    #[error("starting a thread: {0}")]
    Thread(io::Error),
}

/// A packet of the stack, and when it came.
#[derive(Debug)]
pub(crate) struct Heard {
    pub(crate) at: Duration,
    pub(crate) octets: Vec<u8>,
}

/// The descriptor and who listens to it.
#[derive(Debug)]
pub(crate) struct Carrier {
    fd: OwnedFd,
    /// The kernel says when something came.
    has_stamps: bool,
    ethernet: Option<Mutex<Ethernet>>,
    /// Somebody has told whose an address is.
    told: Condvar,
    /// Trials by the first of their ports.
    trials: Mutex<BTreeMap<u16, Sender<Heard>>>,
    next: AtomicU16,
    is_lost: AtomicBool,
}

/// Ports of a trial, and what comes to them.
#[derive(Debug)]
pub(crate) struct Slot {
    carrier: Arc<Carrier>,
    pub(crate) first_port: u16,
    pub(crate) heard: Receiver<Heard>,
}

/// A device can be attached to once in a process.
static OPEN: Mutex<BTreeMap<String, Arc<Carrier>>> = Mutex::new(BTreeMap::new());

impl Carrier {
    /// That of a target, begun if there is none yet.
    pub(crate) fn of(target: &Target) -> Result<Arc<Self>, CarrierError> {
        let mut open = lock(&OPEN);
        if let Some(carrier) = open.get(&target.to_string()) {
            return Ok(Arc::clone(carrier));
        }
        let carrier = Arc::new(Self::begin(target)?);
        let reader = Arc::clone(&carrier);
        let thread = Builder::new().name("packets".to_owned());
        let begun = thread.spawn(move || reader.read_on());
        begun.map_err(CarrierError::Thread)?;
        open.insert(target.to_string(), Arc::clone(&carrier));
        Ok(carrier)
    }

    fn begin(target: &Target) -> Result<Self, CarrierError> {
        let terms = &target.terms;
        let (fd, has_frames) = match &target.place {
            Place::Tun(name) => (device::attach(Kind::Tun, name)?, false),
            Place::Tap(name) => (device::attach(Kind::Tap, name)?, true),
            Place::Udp(to) => {
                let socket = socket(to, terms.local).map_err(|source| CarrierError::Socket {
                    to: to.clone(),
                    source,
                })?;
                (socket.into(), terms.carry == Some(Carry::Ethernet))
            }
        };
        let own = terms.peer.iter().chain(&terms.other).copied().collect();
        Ok(Self {
            fd,
            has_stamps: matches!(target.place, Place::Udp(_)),
            ethernet: has_frames.then(|| Mutex::new(Ethernet::new(own))),
            told: Condvar::new(),
            trials: Mutex::default(),
            // Where runs begin by chance: what one has left is in TIME-WAIT.
            next: AtomicU16::new(clock::now().as_micros() as u16),
            is_lost: AtomicBool::new(false),
        })
    }

    /// Ports that no trial has.
    pub(crate) fn slot(self: &Arc<Self>) -> Slot {
        let (sender, heard) = channel();
        let mut trials = lock(&self.trials);
        let first_port = loop {
            let port = self.next.fetch_add(PORTS, Ordering::Relaxed) & !(PORTS - 1);
            if port >= FIRST_PORT && !trials.contains_key(&port) {
                break port;
            }
        };
        trials.insert(first_port, sender);
        Slot {
            carrier: Arc::clone(self),
            first_port,
            heard,
        }
    }

    /// Sends a packet, in a frame if that is what is carried.
    pub(crate) fn send(&self, packet: &[u8]) -> io::Result<()> {
        if self.is_lost.load(Ordering::Relaxed) {
            return Err(io::ErrorKind::NotConnected.into());
        }
        let Some(ethernet) = &self.ethernet else {
            return self.write(packet);
        };
        let frame = lock(ethernet).wrap(packet);
        frame.map_or(Ok(()), |frame| self.write(&frame))
    }

    /// Asks whose an address of the stack is; whether it was told in time.
    pub(crate) fn resolve(&self, address: IpAddr) -> io::Result<bool> {
        let Some(ethernet) = &self.ethernet else {
            return Ok(true);
        };
        for _ in 0..QUESTIONS {
            let question = lock(ethernet).question(address);
            self.write(&question.unwrap_or_default())?;
            let links = lock(ethernet);
            let unknown = |links: &mut Ethernet| !links.knows(address);
            let (links, _) = self
                .told
                .wait_timeout_while(links, ANSWER, unknown)
                .unwrap_or_else(PoisonError::into_inner);
            if links.knows(address) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn write(&self, octets: &[u8]) -> io::Result<()> {
        match write(&self.fd, octets) {
            // The link does not carry it.
            Err(Errno::MSGSIZE) | Ok(_) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// The thread: until the device is gone.
    fn read_on(&self) {
        use io::ErrorKind::{ConnectionRefused, Interrupted};
        // Without any it is one among others.
        let _ = Priority::raise();
        let mut room = vec![0; ROOM];
        loop {
            match self.read(&mut room) {
                Ok((len, at)) => self.hear(at, room.get(..len).unwrap_or_default()),
                // Of a datagram that nobody took; who sends the next one is told.
                Err(error) if matches!(error.kind(), Interrupted | ConnectionRefused) => {}
                Err(_) => break,
            }
        }
        self.is_lost.store(true, Ordering::Relaxed);
    }

    /// What comes next, and when it came.
    fn read(&self, room: &mut [u8]) -> io::Result<(usize, Duration)> {
        if !self.has_stamps {
            return Ok((read(&self.fd, room)?, clock::now()));
        }
        let (len, stamp) = stamped::recv(self.fd.as_fd(), room)?;
        Ok((len, stamp.map_or_else(clock::now, clock::of_real_time)))
    }

    fn hear(&self, at: Duration, octets: &[u8]) {
        let took = match &self.ethernet {
            Some(ethernet) => lock(ethernet).take(octets),
            None => Took::Packet(0..octets.len()),
        };
        match took {
            Took::Packet(range) => self.hand_on(at, octets.get(range).unwrap_or_default()),
            Took::Answer(frame) => {
                self.told.notify_all();
                // Whoever asks in vain asks again.
                let _ = self.write(&frame);
            }
            Took::Learned => self.told.notify_all(),
            Took::Nothing => {}
        }
    }

    fn hand_on(&self, at: Duration, packet: &[u8]) {
        let trials = lock(&self.trials);
        let trial = peer_port(packet).and_then(|port| trials.get(&(port & !(PORTS - 1))));
        if let Some(trial) = trial {
            let octets = packet.to_vec();
            // A trial that has just ended hears no more.
            let _ = trial.send(Heard { at, octets });
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        lock(&self.carrier.trials).remove(&self.first_port);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A socket whose datagrams go to one place and come from there.
fn socket(to: &str, local: Option<SocketAddr>) -> io::Result<UdpSocket> {
    let to = to.to_socket_addrs()?.next();
    let to = to.ok_or(io::ErrorKind::AddrNotAvailable)?;
    let any: IpAddr = match to {
        SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let socket = UdpSocket::bind(local.unwrap_or_else(|| (any, 0).into()))?;
    socket.connect(to)?;
    stamped::begin(socket.as_fd())?;
    Ok(socket)
}

/// The peer has no well-known ports.
const FIRST_PORT: u16 = 1024;
/// How often the stack is asked whose an address is, and how long each time.
const QUESTIONS: usize = 3;
const ANSWER: Duration = Duration::from_secs(1);
/// Octets of the largest packet and a frame around it.
const ROOM: usize = 65_536 + 14;

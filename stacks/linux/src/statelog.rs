//! The kernel's own log of state changes: every one, in order, each with the
//! time at which it happened; and why it dropped packets and sent RSTs.
//!
//! A small program at the tracepoint `sock:inet_sock_set_state` writes each
//! change of the lanes' namespaces to a ring buffer, and so do those at
//! `skb:kfree_skb` and `tcp:tcp_send_reset`, where the kernel gives reasons.
//! There is one of each for the process, because an event costs every program
//! at the tracepoint some time; whoever reads the ring files what belongs to
//! other lanes for them. They are attached by descriptors and go with the
//! process.
//!
//! What the tracepoint does not show, half-open connections of a listener and
//! what is left of a connection in TIME-WAIT, is not known here.

mod program;
mod reasons;

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use rustix::net::{AddressFamily, SocketFlags, SocketType, bind, listen, socket_with, sockopt};
use tcpspec_connector::{Connection, Did};
use tcpspec_wire::State;

use crate::diag::{Addresses, state};
use crate::link::octets;
use crate::netns::{Inside, Netns};
use crate::room;
use crate::stack::Settings;
use crate::sys::bpf::{self, MapKind, Ring};
use program::{About, EVERYWHERE, RECORD, Record};
use reasons::Reasons;

/// The log, if it is wanted and this process may have it: that takes the
/// capabilities BPF and PERFMON, and a kernel whose sockets look as expected.
///
/// # Errors
///
/// Why there is none.
pub(crate) fn shared(settings: &Settings) -> Result<&'static StateLog, String> {
    static LOG: OnceLock<io::Result<StateLog>> = OnceLock::new();
    if !settings.state_log {
        return Err("it is switched off".to_owned());
    }
    let log = LOG.get_or_init(StateLog::start);
    log.as_ref().map_err(unreadable)
}

/// What the kernel's refusal means to whoever would like to have the log.
fn unreadable(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::PermissionDenied => {
            "that takes root, or the capabilities BPF and PERFMON outside any user namespace".into()
        }
        io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported => {
            "that takes a 64-bit little-endian kernel from 5.8 on, with BPF".into()
        }
        _ => error.to_string(),
    }
}

/// The log of all lanes of the process.
#[derive(Debug)]
pub(crate) struct StateLog {
    /// The namespaces, by their addresses in the kernel, that it tells of.
    told: OwnedFd,
    /// There for as long as the program is to run.
    _attached: OwnedFd,
    /// The programs for reasons, or why there are none.
    reasons: io::Result<Reasons>,
    shared: Mutex<Shared>,
}

#[derive(Debug)]
struct Shared {
    ring: Ring,
    /// What was read and not asked for yet, by namespace.
    filed: BTreeMap<u64, VecDeque<[u8; RECORD]>>,
    /// How often the ring was found full, so that changes may be missing.
    overruns: u64,
}

/// The part of the log that is about one lane.
#[derive(Debug)]
pub(crate) struct LaneLog {
    log: &'static StateLog,
    namespace: u64,
    overruns: u64,
    /// Which connection a socket is: one that ends has given back its port by
    /// the time that is logged.
    sockets: BTreeMap<u64, Connection>,
}

/// A change of state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Logged {
    pub(crate) connection: Connection,
    /// The state entered; CLOSED also where the connection lives on in what
    /// the kernel keeps of it in TIME-WAIT.
    pub(crate) state: State,
    /// When, on the monotonic clock.
    pub(crate) at: Duration,
}

/// What the kernel did for a reason that it gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LoggedReason {
    pub(crate) did: Did,
    pub(crate) why: String,
    /// When, on the monotonic clock.
    pub(crate) at: Duration,
}

/// What was logged since the last call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) changes: Vec<Logged>,
    pub(crate) reasons: Vec<LoggedReason>,
}

/// Changes may be missing: more came than the ring holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the kernel logged more state changes than there is room for")]
pub(crate) struct Overrun;

impl StateLog {
    fn start() -> io::Result<Self> {
        if cfg!(not(all(
            target_endian = "little",
            target_pointer_width = "64"
        ))) {
            return Err(io::ErrorKind::Unsupported.into());
        }
        let told = bpf::map(MapKind::Hash, NAMESPACES)?;
        let ring = bpf::map(MapKind::Ring, ROOM)?;
        let program = program::changes(told.as_fd(), ring.as_fd());
        let attached = bpf::attach(&program, c"inet_sock_set_state")?;
        let shared = Shared {
            ring: Ring::map(ring.as_fd(), ROOM)?,
            filed: BTreeMap::new(),
            overruns: 0,
        };
        let log = Self {
            reasons: Reasons::start(told.as_fd(), ring.as_fd()),
            told,
            _attached: attached,
            shared: Mutex::new(shared),
        };
        let netns = Netns::create().map_err(io::Error::other)?;
        let tried = netns.within(|inside| log.find(inside));
        tried.map_err(io::Error::other)??;
        Ok(log)
    }

    /// Why the kernel's reasons are not told, if they are not.
    pub(crate) fn without_reasons(&self) -> Option<String> {
        let error = self.reasons.as_ref().err();
        error.map(ToString::to_string)
    }

    /// The part of the log that is about this namespace.
    pub(crate) fn of_lane(&'static self, inside: &Inside<'_>) -> io::Result<LaneLog> {
        let namespace = self.find(inside)?;
        bpf::put(self.told.as_fd(), namespace, 0)?;
        self.lock().filed.insert(namespace, VecDeque::new());
        Ok(LaneLog {
            log: self,
            namespace,
            overruns: 0,
            sockets: BTreeMap::new(),
        })
    }

    /// The namespace's address in the kernel: a socket begins to listen in it,
    /// and what the program says of that socket, which is known by its cookie,
    /// holds the address. It shows as well that the program reads what it
    /// should.
    fn find(&self, _: &Inside<'_>) -> io::Result<u64> {
        let mut shared = self.lock();
        bpf::put(self.told.as_fd(), EVERYWHERE, 0)?;
        let listened = listen_once();
        bpf::remove(self.told.as_fd(), EVERYWHERE)?;
        let cookie = listened?;
        let mut found = None;
        shared.read(|record| {
            let listens = record.about() == Some(About::Change(LISTEN));
            let is_ours = record.cookie() == cookie && listens;
            if is_ours && record.local_port() == PORT {
                found = Some(record.namespace());
            }
        });
        found.ok_or_else(|| io::Error::other("this kernel's sockets look otherwise"))
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shared {
    /// Reads all that the kernel has written, files it, and shows it.
    fn read(&mut self, mut show: impl FnMut(Record<'_>)) {
        while let Some(bpf::Record { octets, full }) = self.ring.next() {
            self.overruns += u64::from(full);
            let record = Record(&octets);
            if let Some(filed) = self.filed.get_mut(&record.namespace()) {
                filed.push_back(octets);
            }
            show(record);
        }
    }
}

impl LaneLog {
    /// Forgets what was logged so far: a trial begins.
    pub(crate) fn forget(&mut self) {
        let mut shared = self.log.lock();
        shared.read(|_| {});
        self.overruns = shared.overruns;
        if let Some(filed) = shared.filed.get_mut(&self.namespace) {
            filed.clear();
        }
        self.sockets.clear();
    }

    /// What happened since the last call, in order: changes of connections
    /// between these addresses, and reasons.
    pub(crate) fn read(&mut self, addresses: Addresses) -> Result<Told, Overrun> {
        let mut shared = self.log.lock();
        shared.read(|_| {});
        if shared.overruns != self.overruns {
            return Err(Overrun);
        }
        let filed = shared.filed.get_mut(&self.namespace);
        let records = filed.map(std::mem::take).unwrap_or_default();
        drop(shared);
        let mut told = Told::default();
        for record in records.iter().map(Record) {
            match record.about() {
                Some(About::Change(entered)) => {
                    let change = self.change(&record, entered, addresses.peer);
                    told.changes.extend(change);
                }
                Some(about) => told.reasons.extend(self.reason(&record, about)),
                None => {}
            }
        }
        Ok(told)
    }

    fn reason(&self, record: &Record<'_>, about: About) -> Option<LoggedReason> {
        let names = self.log.reasons.as_ref().ok()?;
        let (did, why) = match about {
            About::Drop(number) => (Did::Dropped, names.of_drop(number)?),
            About::Reset(number) => (Did::Reset, names.of_reset(number)?),
            About::Change(_) => return None,
        };
        let at = record.at();
        Some(LoggedReason { did, why, at })
    }

    fn change(&mut self, record: &Record<'_>, entered: u8, peer: IpAddr) -> Option<Logged> {
        let named = Connection {
            local: record.local_port(),
            remote: record.remote_port(),
        };
        let is_whole = named.local != 0 && named.remote != 0 && record.is_to(&octets(peer));
        if is_whole {
            self.sockets.insert(record.socket(), named);
        }
        let connection = *self.sockets.get(&record.socket())?;
        if entered == CLOSE {
            self.sockets.remove(&record.socket());
        }
        Some(Logged {
            connection,
            state: state(entered).unwrap_or(State::Closed),
            at: record.at(),
        })
    }
}

impl Drop for LaneLog {
    fn drop(&mut self) {
        // Should the kernel refuse, it tells of a namespace that is no more.
        let _ = bpf::remove(self.log.told.as_fd(), self.namespace);
        self.log.lock().filed.remove(&self.namespace);
    }
}

/// Lets a socket listen and go; its cookie.
fn listen_once() -> io::Result<u64> {
    let flags = SocketFlags::CLOEXEC;
    let socket = socket_with(AddressFamily::INET, SocketType::STREAM, flags, None)?;
    let cookie = sockopt::socket_cookie(&socket)?;
    bind(&socket, &SocketAddr::from((Ipv4Addr::UNSPECIFIED, PORT)))?;
    listen(&socket, 1)?;
    Ok(cookie)
}

/// The kernel's numbers of these states.
const CLOSE: u8 = 7;
const LISTEN: u8 = 10;
/// Any port: nobody else is in the namespace.
const PORT: u16 = 80;
/// Lanes that there may be at once, in all.
const NAMESPACES: u32 = room::MOST as u32;
/// Octets of the ring. A trial's changes take a few kilobytes, and every look
/// of any lane empties the ring.
const ROOM: u32 = 1 << 20;

#[cfg(test)]
mod tests {
    use std::net::Ipv6Addr;

    use super::*;

    /// A log of its own: what it loses, no other test misses.
    #[test]
    fn more_changes_than_there_is_room_for_are_noticed() {
        let (Ok(log), Ok(netns)) = (StateLog::start(), Netns::create()) else {
            return; // no right to read it; the tests of the whole stack say so
        };
        let log = Box::leak(Box::new(log));
        let addresses = Addresses {
            stack: Ipv6Addr::LOCALHOST.into(),
            peer: Ipv6Addr::LOCALHOST.into(),
        };
        let mut lane = netns.within(|inside| log.of_lane(inside)).unwrap().unwrap();
        let changes = ROOM as usize / (RECORD + 8);
        for expected in [Ok(Told::default()), Err(Overrun)] {
            lane.forget();
            let count = changes / if expected.is_ok() { 4 } else { 1 };
            let listen = || (0..count).try_for_each(|_| listen_once().map(|_| ()));
            netns.within(|_| listen()).unwrap().unwrap();
            assert_eq!(lane.read(addresses), expected);
        }
        lane.forget();
        assert_eq!(lane.read(addresses), Ok(Told::default()));
    }
}

//! What the kernel shows of a connection and of a namespace: the fields of
//! `TCP_INFO` as `tcp.rto`, the counters of TCP as `snmp.InCsumErrors` and
//! `netstat.TCPChallengeACK`.
//!
//! Fields are of the ABI and stand in a table; counters go by the names that
//! the kernel has for them, so a new one needs nothing here. A counter is the
//! namespace's, in which there were other trials before: only how much it has
//! grown says anything.

use std::collections::{BTreeMap, BTreeSet};
use std::os::fd::BorrowedFd;
use std::sync::OnceLock;
use std::time::Duration;
use std::{fs, io};

use rustix::net::{AddressFamily, SocketFlags, SocketType, socket_with, sockopt};

use crate::error::{Context, LaneError};
use crate::lane::Lane;
use crate::sys;

/// The names of all that this kernel shows.
pub(crate) fn names() -> BTreeSet<String> {
    static NAMES: OnceLock<BTreeSet<String>> = OnceLock::new();
    NAMES.get_or_init(find_names).clone()
}

fn find_names() -> BTreeSet<String> {
    let flags = SocketFlags::CLOEXEC;
    let socket = socket_with(AddressFamily::INET, SocketType::STREAM, flags, None);
    let info = socket.ok().and_then(|socket| TcpInfo::of(&socket).ok());
    let shown = |field: &&Field| info.as_ref().is_some_and(|info| info.get(field).is_some());
    let fields = FIELDS.iter().filter(shown);
    let fields = fields.map(|Field { name, .. }| format!("{CONNECTION}{name}"));
    let idle = format!("{CONNECTION}{KEEP_IDLE}");
    let names = fields.chain(counters().into_keys());
    names.chain([idle]).collect()
}

/// What has these names now, of this socket and in the namespace of the lane.
/// There is nothing of a socket that does not exist.
pub(crate) fn read(
    lane: &Lane,
    socket: Option<BorrowedFd<'_>>,
    names: &[String],
) -> Result<Vec<Option<u64>>, LaneError> {
    let info = socket.map(TcpInfo::of).transpose();
    let info = info.context("reading what the kernel shows of a connection")?;
    let is_counter = |name: &String| !name.starts_with(CONNECTION);
    let counters = if names.iter().any(is_counter) {
        lane.within(|_| counters())?
    } else {
        BTreeMap::new()
    };
    let value = |name: &String| match name.strip_prefix(CONNECTION) {
        Some(KEEP_IDLE) => sockopt::tcp_keepidle(socket?)
            .ok()
            .map(|idle| idle.as_secs()),
        Some(name) => {
            let field = FIELDS.iter().find(|field| field.name == name)?;
            info.as_ref()?.get(field)
        }
        None => counters.get(name).copied(),
    };
    Ok(names.iter().map(value).collect())
}

/// What the kernel shows of a connection: the beginning of `struct tcp_info`,
/// as far as the kernel knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TcpInfo(Vec<u8>);

impl TcpInfo {
    pub(crate) fn of(socket: impl std::os::fd::AsFd) -> io::Result<Self> {
        sys::tcp_info(socket.as_fd()).map(Self)
    }

    /// The retransmission timeout.
    pub(crate) fn rto(&self) -> Duration {
        self.micros(8)
    }

    /// How long an ACK is held back.
    pub(crate) fn ato(&self) -> Duration {
        self.micros(12)
    }

    /// Whether there is no connection any more.
    pub(crate) fn is_closed(&self) -> bool {
        self.number(0, 1) == Some(u64::from(TCP_CLOSE))
    }

    fn micros(&self, at: usize) -> Duration {
        Duration::from_micros(self.number(at, 4).unwrap_or(0))
    }

    fn get(&self, field: &Field) -> Option<u64> {
        self.number(field.at, field.len)
    }

    fn number(&self, at: usize, len: usize) -> Option<u64> {
        let octets = self.0.get(at..at + len)?;
        let number = octets.iter().rev();
        Some(number.fold(0, |number, octet| number << 8 | u64::from(*octet)))
    }
}

/// The counters of the thread's namespace.
fn counters() -> BTreeMap<String, u64> {
    let read = |file| fs::read_to_string(format!("/proc/thread-self/net/{file}"));
    let of = |file, line, prefix| pairs(&read(file).unwrap_or_default(), line, prefix);
    let mut counters = of("snmp", "Tcp: ", "snmp.");
    counters.extend(of("netstat", "TcpExt: ", "netstat."));
    counters
}

/// Reads two lines that begin alike: names, and values in their order.
fn pairs(text: &str, line: &str, prefix: &str) -> BTreeMap<String, u64> {
    let mut lines = text.lines().filter_map(|found| found.strip_prefix(line));
    let (names, values) = (
        lines.next().unwrap_or_default(),
        lines.next().unwrap_or_default(),
    );
    let pairs = names.split(' ').zip(values.split(' '));
    pairs
        .filter_map(|(name, value)| Some((format!("{prefix}{name}"), value.parse().ok()?)))
        .collect()
}

/// `TCP_KEEPIDLE`, in seconds: an option, beside the fields of `TCP_INFO`.
const KEEP_IDLE: &str = "keepidle";

/// CLOSED, as the kernel numbers the states.
const TCP_CLOSE: u8 = 7;

/// A field of `struct tcp_info`: where it begins, and its length.
#[derive(Clone, Copy, Debug)]
struct Field {
    name: &'static str,
    at: usize,
    len: usize,
}

const fn field(name: &'static str, at: usize, len: usize) -> Field {
    Field { name, at, len }
}

const CONNECTION: &str = "tcp.";

/// The fields by their names without `tcpi_`. Times are in microseconds but
/// for the `last_` ones, which are in milliseconds. Left out are the state,
/// which steps name in words, rates, and bit fields.
const FIELDS: &[Field] = &[
    field("ca_state", 1, 1),
    field("retransmits", 2, 1),
    field("probes", 3, 1),
    field("backoff", 4, 1),
    field("options", 5, 1),
    field("rto", 8, 4),
    field("ato", 12, 4),
    field("snd_mss", 16, 4),
    field("rcv_mss", 20, 4),
    field("unacked", 24, 4),
    field("sacked", 28, 4),
    field("lost", 32, 4),
    field("retrans", 36, 4),
    field("last_data_sent", 44, 4),
    field("last_data_recv", 52, 4),
    field("last_ack_recv", 56, 4),
    field("pmtu", 60, 4),
    field("rcv_ssthresh", 64, 4),
    field("rtt", 68, 4),
    field("rttvar", 72, 4),
    field("snd_ssthresh", 76, 4),
    field("snd_cwnd", 80, 4),
    field("advmss", 84, 4),
    field("reordering", 88, 4),
    field("rcv_space", 96, 4),
    field("total_retrans", 100, 4),
    field("bytes_acked", 120, 8),
    field("bytes_received", 128, 8),
    field("segs_out", 136, 4),
    field("segs_in", 140, 4),
    field("notsent_bytes", 144, 4),
    field("min_rtt", 148, 4),
    field("data_segs_in", 152, 4),
    field("data_segs_out", 156, 4),
    field("delivered", 192, 4),
    field("delivered_ce", 196, 4),
    field("bytes_sent", 200, 8),
    field("bytes_retrans", 208, 8),
    field("dsack_dups", 216, 4),
    field("reord_seen", 220, 4),
    field("rcv_ooopack", 224, 4),
    field("snd_wnd", 228, 4),
    field("rcv_wnd", 232, 4),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_are_paired_by_their_order() {
        let text = "Ip: A\nIp: 7\nTcp: RtoMin MaxConn InErrs\nTcp: 200 -1 3\n";
        let expected = [
            ("snmp.RtoMin".to_owned(), 200),
            ("snmp.InErrs".to_owned(), 3),
        ];
        assert_eq!(pairs(text, "Tcp: ", "snmp."), BTreeMap::from(expected));
        assert_eq!(pairs("Tcp: A", "Tcp: ", "snmp."), BTreeMap::new());
    }

    #[test]
    fn a_field_that_the_kernel_does_not_know_has_no_value() {
        let info = TcpInfo((0..14).collect());
        let get = |name| info.get(FIELDS.iter().find(|field| field.name == name).unwrap());
        assert_eq!(get("retransmits"), Some(2));
        assert_eq!(get("rto"), Some(0x0b0a_0908));
        assert_eq!(get("ato"), None);
        assert_eq!(info.rto(), Duration::from_micros(0x0b0a_0908));
    }

    #[test]
    fn fields_do_not_overlap() {
        let places = FIELDS.windows(2);
        for pair in places {
            let [before, after] = pair else { continue };
            assert!(before.at + before.len <= after.at, "{pair:?}");
            assert_eq!(after.at % after.len, 0, "{pair:?}");
        }
    }
}

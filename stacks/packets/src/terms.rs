//! What is declared of a stack that nobody can ask: `key=value`, joined by `&`.
//! Nothing is inferred; what is left out is as the RFCs have it.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;
use std::time::Duration;

use tcpspec_connector::{Lateness, Profile, Service};
use tcpspec_wire::Capability;

/// All that is declared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Terms {
    /// Addresses of the stack, of the peer, and of another host of its network:
    /// one of each version of IP at most.
    pub(crate) addr: Vec<IpAddr>,
    pub(crate) peer: Vec<IpAddr>,
    pub(crate) other: Vec<IpAddr>,
    /// What stands in for the application, and where.
    pub(crate) service: Service,
    pub(crate) port: u16,
    /// A port where nobody listens.
    pub(crate) closed: u16,
    /// What the stack does by itself.
    pub(crate) caps: BTreeSet<Capability>,
    pub(crate) profile: Profile,
    pub(crate) mtu: u16,
    /// It is quiet when nothing has come for so long.
    pub(crate) settle: Duration,
    pub(crate) parallel: usize,
    /// Whether datagrams carry frames of Ethernet.
    pub(crate) carry: Option<Carry>,
    /// Where datagrams come from.
    pub(crate) local: Option<SocketAddr>,
}

/// What a datagram carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Carry {
    Ip,
    Ethernet,
}

/// What is declared cannot be understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadTerm {
    /// Not `key=value`.
    #[error("`{0}` is no `key=value`; several are joined by `&`")]
    NoPair(String),
    /// A key stands twice.
    #[error("`{0}` stands twice")]
    Twice(String),
    /// No such key.
    #[error("there is no `{0}` to declare; there are {KEYS}, and times: {times}", times = times())]
    Unknown(String),
    /// Its value is none.
    #[error("{key}={value}: {what}")]
    Value {
        /// The key.
        key: String,
        /// What was written.
        value: String,
        /// What to write.
        what: String,
    },
    /// No addresses.
    #[error(
        "say which addresses the stack and the peer have: `addr=192.0.2.1&peer=192.0.2.2`, with \
         `,` and an address of IPv6 behind each if there are"
    )]
    NoAddresses,
    /// What is only of datagrams.
    #[error("`carry` and `local` are for udp:")]
    OnlyUdp,
}

const KEYS: &str =
    "addr, peer, other, service, closed, caps, mtu, settle, parallel, late-percent, carry, local";

impl Terms {
    /// Reads the text behind `?`.
    pub(crate) fn read(text: &str) -> Result<Self, BadTerm> {
        let mut terms = Self::default();
        let mut seen = BTreeSet::new();
        for pair in text.split('&').filter(|pair| !pair.is_empty()) {
            let no_pair = || BadTerm::NoPair(pair.to_owned());
            let (key, value) = pair.split_once('=').ok_or_else(no_pair)?;
            if !seen.insert(key) {
                return Err(BadTerm::Twice(key.to_owned()));
            }
            let known = terms.take(key, value).map_err(|what| BadTerm::Value {
                key: key.to_owned(),
                value: value.to_owned(),
                what,
            })?;
            if !known {
                return Err(BadTerm::Unknown(key.to_owned()));
            }
        }
        let mut versions = [true, false].into_iter();
        match versions.any(|v4| terms.addresses(v4).is_some()) {
            true => Ok(terms),
            false => Err(BadTerm::NoAddresses),
        }
    }

    /// The addresses of stack and peer in a version of IP.
    pub(crate) fn addresses(&self, v4: bool) -> Option<(IpAddr, IpAddr)> {
        Some((of_version(&self.addr, v4)?, of_version(&self.peer, v4)?))
    }

    /// Takes a pair; whether there is such a key.
    fn take(&mut self, key: &str, value: &str) -> Result<bool, String> {
        match key {
            "addr" => self.addr = addresses(value)?,
            "peer" => self.peer = addresses(value)?,
            "other" => self.other = addresses(value)?,
            "service" => (self.service, self.port) = service(value)?,
            "closed" => self.closed = parse(value, "a port")?,
            "caps" => self.caps = value.split(',').map(capability).collect::<Result<_, _>>()?,
            "mtu" => self.mtu = parse(value, "a number of octets")?,
            "settle" => self.settle = duration(value)?,
            "parallel" => {
                let some = parse(value, "a number of trials")?;
                self.parallel = Some(some)
                    .filter(|some| (1..=PARALLEL).contains(some))
                    .ok_or_else(|| format!("write a number from 1 to {PARALLEL}"))?;
            }
            "late-percent" => {
                let percent: u16 = parse(value, "a number")?;
                self.profile.lateness.per_mille = u32::from(percent) * 10;
            }
            "r1" => self.profile.r1 = parse(value, "a number")?,
            "keepalive-probes" => self.profile.keepalive_probes = parse(value, "a number")?,
            "carry" => self.carry = Some(carry(value)?),
            "local" => self.local = Some(parse(value, "an ADDRESS:PORT")?),
            _ => match TIMES.iter().find(|(name, _)| *name == key) {
                Some((_, field)) => *field(&mut self.profile) = duration(value)?,
                None => return Ok(false),
            },
        }
        Ok(true)
    }

    pub(crate) const fn has_udp_terms(&self) -> bool {
        self.carry.is_some() || self.local.is_some()
    }
}

/// Trials at once at most.
const PARALLEL: usize = 64;

impl Default for Terms {
    fn default() -> Self {
        Self {
            addr: Vec::new(),
            peer: Vec::new(),
            other: Vec::new(),
            service: Service::Nothing,
            port: 0,
            closed: 1,
            caps: BTreeSet::new(),
            profile: Profile {
                // As coarse as timers of small stacks are; and packets are stamped
                // when they are read.
                lateness: Lateness {
                    per_mille: 150,
                    constant: Duration::from_millis(20),
                    tick: Duration::from_millis(10),
                },
                clock_error: Duration::from_millis(5),
                ..Profile::default()
            },
            mtu: 1500,
            settle: Duration::from_millis(5),
            parallel: 8,
            carry: None,
            local: None,
        }
    }
}

type Time = fn(&mut Profile) -> &mut Duration;

/// The times that a stack keeps, by their keys.
const TIMES: [(&str, Time); 16] = [
    ("msl", |profile| &mut profile.msl),
    ("rto-initial", |profile| &mut profile.rto_initial),
    ("rto-min", |profile| &mut profile.rto_min),
    ("rto-max", |profile| &mut profile.rto_max),
    ("ack-delay", |profile| &mut profile.ack_delay),
    ("r2-syn", |profile| &mut profile.r2_syn),
    ("r2-syn-ack", |profile| &mut profile.r2_syn_ack),
    ("r2-data", |profile| &mut profile.r2_data),
    ("persist-min", |profile| &mut profile.persist_min),
    ("persist-max", |profile| &mut profile.persist_max),
    ("keepalive-idle", |profile| &mut profile.keepalive_idle),
    ("keepalive-interval", |profile| {
        &mut profile.keepalive_interval
    }),
    ("fin-wait-2", |profile| &mut profile.fin_wait_2),
    ("late", |profile| &mut profile.lateness.constant),
    ("tick", |profile| &mut profile.lateness.tick),
    ("clock-error", |profile| &mut profile.clock_error),
];

fn times() -> String {
    let names = TIMES.map(|(name, _)| name);
    format!("{}, r1, keepalive-probes", names.join(", "))
}

fn parse<T: FromStr>(value: &str, what: &str) -> Result<T, String> {
    value.parse().map_err(|_| format!("write {what}"))
}

/// The address of a version of IP.
pub(crate) fn of_version(all: &[IpAddr], v4: bool) -> Option<IpAddr> {
    all.iter().copied().find(|one| one.is_ipv4() == v4)
}

fn addresses(value: &str) -> Result<Vec<IpAddr>, String> {
    let mut all = BTreeMap::new();
    for word in value.split(',') {
        let address: IpAddr = parse(word, "an address of IPv4, of IPv6, or one of each")?;
        if all.insert(address.is_ipv4(), address).is_some() {
            return Err("write one address of each version of IP at most".to_owned());
        }
    }
    Ok(all.into_values().collect())
}

fn service(value: &str) -> Result<(Service, u16), String> {
    let read = value.split_once(':').and_then(|(name, port)| {
        let port: u16 = port.parse().ok().filter(|port| *port > 0)?;
        Some((Service::named(name)?, port))
    });
    read.ok_or_else(|| "write echo:PORT, discard:PORT, close:PORT or shutdown:PORT".to_owned())
}

fn carry(value: &str) -> Result<Carry, String> {
    match value {
        "ip" => Ok(Carry::Ip),
        "ethernet" => Ok(Carry::Ethernet),
        _ => Err("write `ip` or `ethernet`".to_owned()),
    }
}

/// What a stack does on the wire by itself.
const DECLARABLE: [Capability; 25] = [
    Capability::Rfc5961Rst,
    Capability::Rfc5961Syn,
    Capability::Rfc5961Ack,
    Capability::ChallengeLimit,
    Capability::TimeWaitReuse,
    Capability::CloseUnreadResets,
    Capability::HalfDuplexClose,
    Capability::WindowScale,
    Capability::Timestamps,
    Capability::Sack,
    Capability::DuplicateSack,
    Capability::FastRetransmit,
    Capability::LimitedTransmit,
    Capability::InitialWindow10,
    Capability::Ecn,
    Capability::EcnOffer,
    Capability::DelayedAck,
    Capability::Nagle,
    Capability::PathMtu,
    Capability::UserTimeout,
    Capability::SynCookies,
    Capability::Rfc1337,
    Capability::Reassembly,
    Capability::SimultaneousOpen,
    Capability::SourceRoute,
];

fn capability(name: &str) -> Result<Capability, String> {
    let mut all = DECLARABLE.into_iter();
    let found = all.find(|capability| capability.name() == name);
    found.ok_or_else(|| {
        let known = DECLARABLE.map(Capability::name).join(", ");
        format!("`{name}` is nothing that a stack does on the wire by itself; there are {known}")
    })
}

fn duration(value: &str) -> Result<Duration, String> {
    let digits = value.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match &value[digits.len()..] {
        "us" => Duration::from_micros(1),
        "ms" => Duration::from_millis(1),
        "s" => Duration::from_secs(1),
        "min" => Duration::from_secs(60),
        "h" => Duration::from_secs(3600),
        _ => Duration::ZERO,
    };
    let number: Option<u32> = digits.parse().ok();
    let time = number
        .filter(|_| !unit.is_zero())
        .map(|number| unit * number);
    time.ok_or_else(|| "write a time such as 200ms, 30s or 2min".to_owned())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const PLACES: &str = "addr=192.0.2.1&peer=192.0.2.2";

    #[test]
    fn what_is_declared_is_taken() {
        let text = "service=discard:9&caps=rfc5961-rst,ts&msl=30s&rto-min=200ms&late-percent=20";
        let terms = Terms::read(&format!("{PLACES}&{text}&settle=2ms")).unwrap();
        assert_eq!((terms.service, terms.port), (Service::Discard, 9));
        let caps = [Capability::Rfc5961Rst, Capability::Timestamps];
        assert_eq!(terms.caps, BTreeSet::from(caps));
        assert_eq!(terms.profile.msl, Duration::from_secs(30));
        assert_eq!(terms.profile.rto_min, Duration::from_millis(200));
        assert_eq!(terms.profile.lateness.per_mille, 200);
        assert_eq!(terms.settle, Duration::from_millis(2));
    }

    #[rstest]
    #[case::pair("echo", "`echo` is no `key=value`")]
    #[case::twice("mtu=1&mtu=2", "`mtu` stands twice")]
    #[case::unknown("port=7", "there is no `port` to declare; there are addr")]
    #[case::service("service=http:80", "write echo:PORT")]
    #[case::port_0("service=echo:0", "write echo:PORT")]
    #[case::verb(
        "caps=data",
        "`data` is nothing that a stack does on the wire by itself"
    )]
    #[case::time("msl=30", "write a time such as")]
    #[case::two("other=192.0.2.7,192.0.2.8", "one address of each")]
    #[case::parallel("parallel=0", "from 1 to 64")]
    fn what_is_no_declaration_is_refused(#[case] term: &str, #[case] said: &str) {
        let error = Terms::read(&format!("{PLACES}&{term}")).unwrap_err();
        assert!(error.to_string().contains(said), "{error}");
    }

    #[rstest]
    #[case::nothing("")]
    #[case::no_peer("addr=192.0.2.1")]
    #[case::versions("addr=192.0.2.1&peer=2001:db8::2")]
    fn both_addresses_are_needed(#[case] text: &str) {
        assert_eq!(Terms::read(text), Err(BadTerm::NoAddresses));
    }
}

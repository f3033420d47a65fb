//! What a stack says of itself before the first trial.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tcpspec_wire::Capability;

/// A stack's declaration: who it is, what it can do, which times it keeps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hello {
    /// Name, as in `--stack`.
    pub name: String,
    /// Version of the stack.
    pub version: String,
    /// Which clock it runs on.
    pub clock: Clock,
    /// What it can do. A case that needs more is skipped.
    #[serde(with = "by_name")]
    pub capabilities: BTreeSet<Capability>,
    /// The times it keeps.
    pub profile: Profile,
    /// Counters and fields that [`Call::Info`](crate::Call::Info) can read, by
    /// names of the stack's own. A case that looks at others is skipped.
    pub info: BTreeSet<String>,
    /// The largest IP packet of the link that it is to be tried on, in octets:
    /// 1500 unless the run asks for another.
    pub mtu: u16,
    /// What else a reader of the report should know of it: name and value.
    pub details: Vec<(String, String)>,
    /// What stands in for an application whose calls nobody can make; `None` if
    /// the harness makes them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<Service>,
}

/// What an application does that nobody can tell what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Service {
    /// There is none: nobody listens.
    Nothing,
    /// It accepts, sends back what it receives, and closes when its peer does.
    Echo,
    /// It accepts, reads what comes, and closes when its peer does.
    Discard,
    /// It accepts, and lets go of the connection at once.
    Close,
    /// It accepts, closes its sending direction at once, reads what comes, and
    /// closes when its peer does.
    Shutdown,
}

impl Service {
    /// Those that can be declared, with their names.
    pub const NAMED: [(Self, &'static str); 4] = [
        (Self::Echo, "echo"),
        (Self::Discard, "discard"),
        (Self::Close, "close"),
        (Self::Shutdown, "shutdown"),
    ];

    /// The service of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let mut all = Self::NAMED.iter();
        all.find(|(_, known)| *known == name).map(|found| found.0)
    }

    /// Its name; none of none.
    #[must_use]
    pub fn name(self) -> &'static str {
        let mut all = Self::NAMED.iter();
        all.find(|(known, _)| *known == self)
            .map_or("", |found| found.1)
    }
}

/// The clock a stack runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Clock {
    /// Time is a number that the harness moves.
    Virtual,
    /// Time passes by itself.
    Real,
}

/// The times a stack declares to keep, where the RFCs leave them open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// Maximum Segment Lifetime: TIME-WAIT lasts twice as long.
    pub msl: Duration,
    /// Retransmission timeout before the first round-trip measurement.
    pub rto_initial: Duration,
    /// Least retransmission timeout.
    pub rto_min: Duration,
    /// Largest retransmission timeout.
    pub rto_max: Duration,
    /// Longest that the stack may hold back an ACK.
    pub ack_delay: Duration,
    /// R1: repeats of one segment after which the user is told of trouble.
    pub r1: u32,
    /// R2 of a SYN: the least time for which it is repeated.
    pub r2_syn: Duration,
    /// R2 of a SYN,ACK.
    pub r2_syn_ack: Duration,
    /// R2 of text and FIN, which is the user timeout unless the user sets one.
    pub r2_data: Duration,
    /// Least time to the first probe of a closed window.
    pub persist_min: Duration,
    /// Longest time between two probes of a closed window.
    pub persist_max: Duration,
    /// How long a peer must be silent before the first keep-alive, where the
    /// user names no time.
    pub keepalive_idle: Duration,
    /// Time between keep-alives that stay unanswered.
    pub keepalive_interval: Duration,
    /// Unanswered keep-alives after which the connection is given up.
    pub keepalive_probes: u32,
    /// How long a connection that its user has let go of stays in FIN-WAIT-2.
    pub fin_wait_2: Duration,
    /// How late its timers may be by construction.
    pub lateness: Lateness,
    /// How far a time in a reply may be from the truth, either way. Zero on a
    /// virtual clock, unless the stack's own timers count ticks of a clock that
    /// runs anyway: then it is a tick.
    pub clock_error: Duration,
}

/// What the RFCs name: RFC 9293, RFC 6298, and RFC 1122 for keep-alives.
impl Default for Profile {
    fn default() -> Self {
        Self {
            msl: Duration::from_secs(120),
            rto_initial: Duration::from_secs(1),
            rto_min: Duration::from_secs(1),
            rto_max: Duration::from_secs(60),
            ack_delay: Duration::from_millis(500),
            r1: 3,
            r2_syn: Duration::from_secs(180),
            r2_syn_ack: Duration::from_secs(180),
            r2_data: Duration::from_secs(100),
            persist_min: Duration::from_secs(1),
            persist_max: Duration::from_secs(60),
            keepalive_idle: Duration::from_secs(7_200),
            keepalive_interval: Duration::from_secs(75),
            keepalive_probes: 9,
            fin_wait_2: Duration::from_secs(60),
            lateness: Lateness::default(),
            clock_error: Duration::ZERO,
        }
    }
}

/// How late a timer may fire: a share of its length and a constant. A timer
/// is never early, and none is shorter than a tick.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lateness {
    /// Share of the timer's length, in thousandths.
    pub per_mille: u32,
    /// What is added to it.
    pub constant: Duration,
    /// Time between two looks of the stack at its timers; none on a virtual clock.
    pub tick: Duration,
}

impl Lateness {
    /// The most by which a timer of this length may be late.
    #[must_use]
    pub fn of(self, timer: Duration) -> Duration {
        timer.saturating_mul(self.per_mille) / 1000 + self.constant
    }
}

/// Capabilities as a log writes them: by their names.
mod by_name {
    use std::collections::BTreeSet;

    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};
    use tcpspec_wire::Capability;

    pub(super) fn serialize<S: Serializer>(
        all: &BTreeSet<Capability>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(all.iter().map(|capability| capability.name()))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<BTreeSet<Capability>, D::Error> {
        let names = Vec::<String>::deserialize(deserializer)?;
        let all = names
            .iter()
            .map(|name| name.parse().map_err(D::Error::custom));
        all.collect()
    }
}

//! What a stack says first, as a line: `{"hello":1,"name":"mystack",...}`.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tcpspec_connector::{Clock, Hello, Lateness, Profile};
use tcpspec_wire::Capability;

use crate::option::nanos;

/// The version of the protocol.
pub(crate) const VERSION: u32 = 1;

/// What is said of a stack that speaks another version.
pub const OTHER_VERSION: &str = "it speaks version";

/// Octets of a line, where a stack names no limit; no stack may name a higher one.
pub(crate) const LONGEST_LINE: usize = 8 << 20;

/// The first line from a stack. What it leaves out is as the RFCs have it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct HelloLine {
    hello: u32,
    name: String,
    #[serde(default)]
    version: String,
    clock: Clock,
    caps: Vec<String>,
    #[serde(default)]
    profile: ProfileLine,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    info: BTreeSet<String>,
    #[serde(default = "usual_mtu")]
    mtu: u16,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    details: Vec<(String, String)>,
    #[serde(default)]
    reopen: bool,
    #[serde(default)]
    ids: bool,
    #[serde(default)]
    limits: Limits,
}

const fn usual_mtu() -> u16 {
    1500
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct Limits {
    line: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { line: LONGEST_LINE }
    }
}

/// Times in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct ProfileLine {
    msl: u64,
    rto_initial: u64,
    rto_min: u64,
    rto_max: u64,
    ack_delay: u64,
    r1: u32,
    r2_syn: u64,
    r2_syn_ack: u64,
    r2_data: u64,
    persist_min: u64,
    persist_max: u64,
    keepalive_idle: u64,
    keepalive_interval: u64,
    keepalive_probes: u32,
    fin_wait_2: u64,
    late_per_mille: u32,
    late_constant: u64,
    tick: u64,
    clock_error: u64,
}

impl Default for ProfileLine {
    fn default() -> Self {
        Self::from(&Profile::default())
    }
}

impl From<&Profile> for ProfileLine {
    fn from(profile: &Profile) -> Self {
        Self {
            msl: nanos(profile.msl),
            rto_initial: nanos(profile.rto_initial),
            rto_min: nanos(profile.rto_min),
            rto_max: nanos(profile.rto_max),
            ack_delay: nanos(profile.ack_delay),
            r1: profile.r1,
            r2_syn: nanos(profile.r2_syn),
            r2_syn_ack: nanos(profile.r2_syn_ack),
            r2_data: nanos(profile.r2_data),
            persist_min: nanos(profile.persist_min),
            persist_max: nanos(profile.persist_max),
            keepalive_idle: nanos(profile.keepalive_idle),
            keepalive_interval: nanos(profile.keepalive_interval),
            keepalive_probes: profile.keepalive_probes,
            fin_wait_2: nanos(profile.fin_wait_2),
            late_per_mille: profile.lateness.per_mille,
            late_constant: nanos(profile.lateness.constant),
            tick: nanos(profile.lateness.tick),
            clock_error: nanos(profile.clock_error),
        }
    }
}

impl From<ProfileLine> for Profile {
    fn from(line: ProfileLine) -> Self {
        Self {
            msl: Duration::from_nanos(line.msl),
            rto_initial: Duration::from_nanos(line.rto_initial),
            rto_min: Duration::from_nanos(line.rto_min),
            rto_max: Duration::from_nanos(line.rto_max),
            ack_delay: Duration::from_nanos(line.ack_delay),
            r1: line.r1,
            r2_syn: Duration::from_nanos(line.r2_syn),
            r2_syn_ack: Duration::from_nanos(line.r2_syn_ack),
            r2_data: Duration::from_nanos(line.r2_data),
            persist_min: Duration::from_nanos(line.persist_min),
            persist_max: Duration::from_nanos(line.persist_max),
            keepalive_idle: Duration::from_nanos(line.keepalive_idle),
            keepalive_interval: Duration::from_nanos(line.keepalive_interval),
            keepalive_probes: line.keepalive_probes,
            fin_wait_2: Duration::from_nanos(line.fin_wait_2),
            lateness: Lateness {
                per_mille: line.late_per_mille,
                constant: Duration::from_nanos(line.late_constant),
                tick: Duration::from_nanos(line.tick),
            },
            clock_error: Duration::from_nanos(line.clock_error),
        }
    }
}

impl From<&Hello> for HelloLine {
    /// The line of a stack of this process, which can always be opened again.
    fn from(hello: &Hello) -> Self {
        let caps = hello.capabilities.iter();
        Self {
            hello: VERSION,
            name: hello.name.clone(),
            version: hello.version.clone(),
            clock: hello.clock,
            caps: caps.map(|cap| cap.name().to_owned()).collect(),
            profile: (&hello.profile).into(),
            info: hello.info.clone(),
            mtu: hello.mtu,
            details: hello.details.clone(),
            reopen: true,
            ids: true,
            limits: Limits::default(),
        }
    }
}

/// What a stack has declared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Declaration {
    pub(crate) hello: Hello,
    /// Whether it can be opened again.
    pub(crate) reopen: bool,
    /// Whether its answers carry the number of the request.
    pub(crate) ids: bool,
    /// Octets of the longest line, either way.
    pub(crate) longest_line: usize,
    /// What it says to no purpose, in words.
    pub(crate) remarks: Vec<String>,
}

impl HelloLine {
    /// # Errors
    ///
    /// In words, if the stack cannot be driven.
    pub(crate) fn meaning(self) -> Result<Declaration, String> {
        if self.hello != VERSION {
            let theirs = self.hello;
            return Err(format!(
                "{OTHER_VERSION} {theirs}; this is version {VERSION}"
            ));
        }
        if self.limits.line > LONGEST_LINE {
            return Err(format!("no line may be longer than {LONGEST_LINE} octets"));
        }
        let known = |name: &String| name.parse::<Capability>().ok();
        let unknown = self.caps.iter().filter(|name| known(name).is_none());
        let remarks = unknown.map(|name| format!("it declares `{name}`, which is no capability"));
        Ok(Declaration {
            remarks: remarks.collect(),
            hello: Hello {
                name: self.name,
                version: self.version,
                clock: self.clock,
                capabilities: self.caps.iter().filter_map(known).collect(),
                profile: self.profile.into(),
                info: self.info,
                mtu: self.mtu,
                details: self.details,
                service: None,
            },
            reopen: self.reopen,
            ids: self.ids,
            longest_line: self.limits.line,
        })
    }
}

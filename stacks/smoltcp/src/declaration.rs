//! What smoltcp says of itself in its documentation and by its constants.

use std::collections::BTreeSet;
use std::time::Duration;

use tcpspec_connector::{Clock, Hello, Lateness, Profile};
use tcpspec_wire::Capability;

use crate::VERSION;

const CAPABILITIES: [Capability; 24] = [
    Capability::Ipv4,
    Capability::Ipv6,
    Capability::PassiveOpen,
    Capability::ActiveOpen,
    Capability::Data,
    Capability::AppClose,
    Capability::Shutdown,
    Capability::Abort,
    Capability::State,
    Capability::SimultaneousOpen,
    Capability::Isn,
    Capability::ChallengeLimit,
    Capability::OptNagle,
    Capability::OptKeepalive,
    Capability::OptUserTimeout,
    Capability::OptTtl,
    Capability::WindowScale,
    Capability::Sack,
    Capability::FastRetransmit,
    Capability::DelayedAck,
    Capability::Nagle,
    Capability::Queue,
    Capability::VirtualTime,
    Capability::Leap,
];

pub(crate) fn hello() -> Hello {
    Hello {
        name: "smoltcp".to_owned(),
        version: VERSION.to_owned(),
        clock: Clock::Virtual,
        capabilities: BTreeSet::from(CAPABILITIES),
        profile: profile(),
        info: BTreeSet::new(),
        mtu: 1500,
        details: vec![("congestion control".to_owned(), "none".to_owned())],
        service: None,
    }
}

/// Times as its source has them. Of itself it gives nothing up, and probes an idle
/// peer in steps that the application names: R2, the number of keep-alives and
/// the time between them are what RFC 9293 wants, for cases that ask; the time
/// of an orphan, which never ends, is nobody's.
fn profile() -> Profile {
    let seconds = Duration::from_secs;
    Profile {
        msl: seconds(5),
        rto_initial: seconds(1),
        rto_min: seconds(1),
        rto_max: seconds(60),
        ack_delay: Duration::from_millis(10),
        r1: 3,
        r2_syn: seconds(180),
        r2_syn_ack: seconds(180),
        r2_data: seconds(100),
        persist_min: seconds(1),
        persist_max: seconds(60),
        keepalive_idle: seconds(7200),
        keepalive_interval: seconds(7200),
        keepalive_probes: 9,
        fin_wait_2: seconds(60),
        lateness: Lateness::default(),
        clock_error: Duration::ZERO,
    }
}

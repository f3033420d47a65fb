//! What the bundled stack says of itself.

use std::collections::BTreeSet;
use std::time::Duration;

use tcpspec_bundled::{CloseKind, Config};
use tcpspec_connector::{Clock, Hello, Lateness, Profile};
use tcpspec_wire::Capability;

/// What every configuration can do. Options beyond MSS and ECN are not declared:
/// they are not there.
const ALWAYS: [Capability; 16] = [
    Capability::PassiveOpen,
    Capability::ActiveOpen,
    Capability::Data,
    Capability::AppClose,
    Capability::Shutdown,
    Capability::Abort,
    Capability::State,
    Capability::StateLog,
    Capability::SimultaneousOpen,
    Capability::Rfc5961Rst,
    Capability::Rfc5961Syn,
    Capability::Rfc5961Ack,
    Capability::OptNagle,
    Capability::OptRcvbuf,
    Capability::OptKeepalive,
    Capability::Queue,
];

/// The declaration that belongs to a configuration.
pub(crate) fn hello(config: &Config) -> Hello {
    Hello {
        name: "bundled".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        clock: Clock::Virtual,
        capabilities: capabilities(config),
        profile: Profile {
            msl: config.msl,
            rto_initial: config.rto_initial(),
            rto_min: config.rto_min,
            rto_max: config.rto_max,
            ack_delay: config.ack_delay,
            lateness: Lateness::default(),
            clock_error: Duration::ZERO,
        },
    }
}

fn capabilities(config: &Config) -> BTreeSet<Capability> {
    let by_close: &[Capability] = match config.close {
        CloseKind::HalfDuplex => &[Capability::CloseUnreadResets, Capability::HalfDuplexClose],
        CloseKind::FullDuplex => &[],
    };
    ALWAYS.iter().chain(by_close).copied().collect()
}

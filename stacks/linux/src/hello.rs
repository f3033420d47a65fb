//! What the kernel is said to be and to do. The figures are those of the
//! lane's settings and of the kernel's constants.

use std::collections::BTreeSet;
use std::time::Duration;

use tcpspec_connector::{Clock, Hello, Lateness, Profile};
use tcpspec_wire::Capability;

use crate::stack::Settings;
use crate::statelog;

/// The declaration of the kernel that runs.
pub(crate) fn of_this_kernel(settings: &Settings) -> Hello {
    let name = rustix::system::uname();
    Hello {
        name: "linux".to_owned(),
        version: name.release().to_string_lossy().into_owned(),
        clock: Clock::Real,
        capabilities: capabilities(statelog::shared(settings).is_ok()),
        profile: PROFILE,
        details: Vec::new(),
    }
}

fn capabilities(state_log: bool) -> BTreeSet<Capability> {
    let log = state_log.then_some(Capability::StateLog);
    CAPABILITIES.iter().copied().chain(log).collect()
}

/// No `queue`: a packet is processed when it is written.
const CAPABILITIES: &[Capability] = &[
    Capability::PassiveOpen,
    Capability::ActiveOpen,
    Capability::Data,
    Capability::AppClose,
    Capability::Shutdown,
    Capability::Abort,
    Capability::State,
    Capability::SimultaneousOpen,
    Capability::Rfc5961Rst,
    Capability::Rfc5961Syn,
    Capability::Rfc5961Ack,
    Capability::CloseUnreadResets,
    Capability::HalfDuplexClose,
    Capability::OptNagle,
    Capability::OptRcvbuf,
    Capability::OptKeepalive,
    Capability::WindowScale,
    Capability::Timestamps,
    Capability::Sack,
    Capability::Ecn,
];

const PROFILE: Profile = Profile {
    // TIME-WAIT lasts 60 s, a constant of the kernel.
    msl: Duration::from_secs(30),
    rto_initial: Duration::from_secs(1),
    rto_min: Duration::from_millis(200),
    rto_max: Duration::from_secs(120),
    ack_delay: Duration::from_millis(200),
    // A timer fires at the end of a slot of the timer wheel: an eighth of its
    // length at most, and a tick or two. A silent end is seen a tick later.
    lateness: Lateness {
        per_mille: 150,
        constant: Duration::from_millis(12),
    },
    // Between the kernel's stamp of a packet and the conversion to the
    // monotonic clock.
    clock_error: Duration::from_millis(1),
};

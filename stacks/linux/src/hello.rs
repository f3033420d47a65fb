//! What the kernel is said to be and to do: what it tells of itself, or, where
//! it cannot be asked, what every kernel of the last years does.

use std::collections::BTreeSet;
use std::time::Duration;

use tcpspec_connector::{Clock, Hello, Lateness, Profile, StackError};
use tcpspec_wire::Capability;

use crate::info;
use crate::options::Options;
use crate::stack::Settings;
use crate::stack::probe::{Probed, RTO_MAX, RTO_MIN, Shown};
use crate::statelog;

/// The declaration of the kernel that runs.
pub(crate) fn of_this_kernel(settings: &Settings, probed: Result<&Probed, StackError>) -> Hello {
    let log = statelog::shared(settings);
    let mut hello = assumed(settings.options);
    if log.is_ok() {
        hello.capabilities.insert(Capability::StateLog);
    }
    let (states, reasons) = match log {
        Ok(log) => (
            "every change, from the kernel's own log".to_owned(),
            match log.without_reasons() {
                None => "of each drop and each RST, from the kernel's own log".to_owned(),
                Some(why) => format!("none: {why}"),
            },
        ),
        Err(why) => (
            format!("looked at after each step, without a log: {why}"),
            "none without a log".to_owned(),
        ),
    };
    hello.details.push(("states".to_owned(), states));
    hello.details.push(("reasons".to_owned(), reasons));
    match probed {
        Ok(probed) => {
            hello.profile = profile(probed);
            hello.details.extend(details(probed));
        }
        Err(error) => hello
            .details
            .push(("times".to_owned(), format!("assumed: {error}"))),
    }
    hello
}

/// The declaration of a kernel that was not asked yet.
pub(crate) fn assumed(options: Options) -> Hello {
    let name = rustix::system::uname();
    Hello {
        name: "linux".to_owned(),
        version: name.release().to_string_lossy().into_owned(),
        clock: Clock::Real,
        capabilities: capabilities(options),
        profile: ASSUMED,
        info: info::names(),
        mtu: options.mtu(),
        details: Vec::new(),
        service: None,
    }
}

fn capabilities(options: Options) -> BTreeSet<Capability> {
    let mut capabilities: BTreeSet<Capability> = CAPABILITIES.iter().copied().collect();
    for (capability, on) in options.switched() {
        if on {
            capabilities.insert(capability);
        } else {
            capabilities.remove(&capability);
        }
    }
    if options.dual() {
        // The application cannot give one to a socket of both versions.
        capabilities.remove(&Capability::SourceRoute);
    }
    // Duplicates are reported in SACK options.
    if !capabilities.contains(&Capability::Sack) {
        capabilities.remove(&Capability::DuplicateSack);
    }
    capabilities
}

fn profile(probed: &Probed) -> Profile {
    let rto_min = probed.number(RTO_MIN).map(Duration::from_micros);
    let rto_max = probed.number(RTO_MAX).map(Duration::from_millis);
    let rto_min = rto_min.unwrap_or(ASSUMED.rto_min);
    let rto_max = rto_max.unwrap_or(ASSUMED.rto_max);
    Profile {
        msl: probed.time_wait / 2,
        rto_initial: probed.rto_initial,
        rto_min,
        rto_max,
        r2_syn: backed_off(probed.rto_initial, rto_max, SYN_RETRIES),
        r2_syn_ack: backed_off(probed.rto_initial, rto_max, SYN_ACK_RETRIES),
        r2_data: backed_off(rto_min, rto_max, DATA_RETRIES),
        persist_min: rto_min,
        persist_max: rto_max,
        lateness: Lateness {
            constant: probed.tick * TICKS,
            tick: probed.tick,
            ..ASSUMED.lateness
        },
        ..ASSUMED
    }
}

/// How long so many repeats go on, the last wait included, where each timeout is
/// twice the one before. The kernel counts repeats; its R2 is what they come to.
const fn backed_off(first: Duration, max: Duration, repeats: u32) -> Duration {
    let (mut timeout, mut total, mut sent) = (first, first, 0);
    while sent < repeats {
        let doubled = timeout.saturating_mul(2);
        timeout = if doubled.as_nanos() < max.as_nanos() {
            doubled
        } else {
            max
        };
        total = total.saturating_add(timeout);
        sent += 1;
    }
    total
}

/// What the profile has no field for.
fn details(probed: &Probed) -> Vec<(String, String)> {
    let rate = 1.0 / probed.tick.as_secs_f64();
    let mut details = vec![
        (
            "tick".to_owned(),
            format!("{:?} (HZ {rate:.0})", probed.tick),
        ),
        (
            "RTO at no round trip".to_owned(),
            format!("{:?}", probed.rto),
        ),
        (
            "ACK delay, shortest".to_owned(),
            format!("{:?}", probed.ack_delay),
        ),
    ];
    details.extend(probed.settings.iter().map(|Shown { name, lane, host }| {
        let shown = match host {
            Some(other) if other != lane => format!("{lane} (the host: {other})"),
            _ => lane.clone(),
        };
        (name.replace('/', "."), shown)
    }));
    details
}

/// No `queue`: a packet is processed when it is written.
const CAPABILITIES: &[Capability] = &[
    Capability::Ipv4,
    Capability::Ipv6,
    Capability::PassiveOpen,
    Capability::ActiveOpen,
    Capability::Data,
    Capability::AppClose,
    Capability::Shutdown,
    Capability::Abort,
    Capability::Process,
    Capability::State,
    Capability::SimultaneousOpen,
    Capability::Rfc5961Rst,
    Capability::Rfc5961Syn,
    Capability::Rfc5961Ack,
    Capability::TimeWaitReuse,
    Capability::CloseUnreadResets,
    Capability::HalfDuplexClose,
    Capability::OrphanTimeout,
    Capability::OptNagle,
    Capability::OptRcvbuf,
    Capability::OptKeepalive,
    Capability::Urgent,
    Capability::Reports,
    Capability::OptUserTimeout,
    Capability::OptTtl,
    Capability::OptDs,
    Capability::WindowScale,
    Capability::Timestamps,
    Capability::Sack,
    Capability::DuplicateSack,
    Capability::FastRetransmit,
    Capability::LimitedTransmit,
    Capability::InitialWindow10,
    Capability::Ecn,
    Capability::DelayedAck,
    Capability::Nagle,
    Capability::PathMtu,
    Capability::SourceRoute,
    Capability::Reassembly,
];

// As the settings of a lane have them (`sysctl`).
const SYN_RETRIES: u32 = 6;
const SYN_ACK_RETRIES: u32 = 5;
const DATA_RETRIES: u32 = 15;

const RTO_INITIAL: Duration = Duration::from_secs(1);
const ASSUMED_RTO_MIN: Duration = Duration::from_millis(200);
const ASSUMED_RTO_MAX: Duration = Duration::from_secs(120);

const ASSUMED: Profile = Profile {
    // TIME-WAIT lasts 60 s, a constant of the kernel.
    msl: Duration::from_secs(30),
    rto_initial: RTO_INITIAL,
    rto_min: ASSUMED_RTO_MIN,
    rto_max: ASSUMED_RTO_MAX,
    ack_delay: Duration::from_millis(200),
    r1: 3,
    r2_syn: backed_off(RTO_INITIAL, ASSUMED_RTO_MAX, SYN_RETRIES),
    r2_syn_ack: backed_off(RTO_INITIAL, ASSUMED_RTO_MAX, SYN_ACK_RETRIES),
    r2_data: backed_off(ASSUMED_RTO_MIN, ASSUMED_RTO_MAX, DATA_RETRIES),
    persist_min: ASSUMED_RTO_MIN,
    persist_max: ASSUMED_RTO_MAX,
    // What a namespace begins with, whatever the host is set to.
    keepalive_idle: Duration::from_secs(7_200),
    keepalive_interval: Duration::from_secs(75),
    keepalive_probes: 9,
    // `tcp_fin_timeout`, as the lane sets it.
    fin_wait_2: Duration::from_secs(60),
    // A timer fires at the end of a slot of the timer wheel: an eighth of its
    // length at most, and a tick or two. A silent end is seen a tick later.
    lateness: Lateness {
        per_mille: 150,
        constant: Duration::from_millis(4 * TICKS as u64),
        tick: Duration::from_millis(4),
    },
    // Between the kernel's stamp of a packet and the conversion to the
    // monotonic clock.
    clock_error: Duration::from_millis(1),
};

/// Ticks by which a timer may be late beyond its share.
const TICKS: u32 = 3;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeats_come_to_the_times_of_the_kernels_documentation() {
        assert_eq!(ASSUMED.r2_syn.as_secs(), 127);
        assert_eq!(ASSUMED.r2_syn_ack.as_secs(), 63);
        assert_eq!(ASSUMED.r2_data.as_millis(), 924_600);
    }
}

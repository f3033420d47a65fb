//! The settings of a lane's namespace: written when it is made and read back,
//! so that a trial does not depend on how the host is set.
//!
//! What a case judges stays as the kernel ships it; the table writes such
//! values down because some are inherited from the host. What is changed is
//! what would make two runs differ or swallow an answer.

use std::fs;
use std::io::ErrorKind;

use crate::error::{Context, LaneError};
use crate::netns::Inside;
use crate::options::Options;

/// A setting: its path below `/proc/sys/net`, its value, and whether a kernel
/// that does not have it will do.
struct Setting(&'static str, &'static str, Missing);

/// What it means that a kernel does not know a setting.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Missing {
    /// The lane cannot be had.
    Fatal,
    /// The kernel is older than the setting and behaves so without it.
    Older,
}
use Missing::{Fatal, Older};

const IPV4: &[Setting] = &[
    // Departures from what the kernel ships, with their reasons:
    // A pacing congestion control sends later than the event that allowed it.
    Setting("ipv4/tcp_congestion_control", "reno", Fatal),
    // Otherwise equal answers (challenge ACKs) within 500 ms are swallowed.
    Setting("ipv4/tcp_invalid_ratelimit", "0", Fatal),
    // Nothing of one trial's round-trip times may reach the next.
    Setting("ipv4/tcp_no_metrics_save", "1", Fatal),
    // A cookie would answer where the backlog is meant to be full.
    Setting("ipv4/tcp_syncookies", "0", Fatal),
    // No data on SYN, whatever the host allows.
    Setting("ipv4/tcp_fastopen", "0", Fatal),
    // The peer's addresses are routed back by the default route alone.
    Setting("ipv4/conf/all/rp_filter", "0", Fatal),
    Setting("ipv4/conf/default/rp_filter", "0", Fatal),
    // Otherwise ICMP answers are rationed to one a second.
    Setting("ipv4/icmp_ratelimit", "0", Fatal),
    // As the kernel ships them:
    Setting("ipv4/tcp_timestamps", "1", Fatal),
    Setting("ipv4/tcp_sack", "1", Fatal),
    Setting("ipv4/tcp_dsack", "1", Fatal),
    Setting("ipv4/tcp_window_scaling", "1", Fatal),
    Setting("ipv4/tcp_ecn", "2", Fatal),
    Setting("ipv4/tcp_fin_timeout", "60", Fatal),
    Setting("ipv4/tcp_syn_retries", "6", Fatal),
    Setting("ipv4/tcp_synack_retries", "5", Fatal),
    Setting("ipv4/tcp_retries1", "3", Fatal),
    Setting("ipv4/tcp_retries2", "15", Fatal),
    Setting("ipv4/tcp_rfc1337", "0", Fatal),
    Setting("ipv4/tcp_abort_on_overflow", "0", Fatal),
    Setting("ipv4/tcp_mtu_probing", "0", Fatal),
    Setting("ipv4/tcp_challenge_ack_limit", "2147483647", Older),
    Setting("ipv4/tcp_rto_min_us", "200000", Older),
    Setting("ipv4/tcp_rto_max_ms", "120000", Older),
];

/// Nothing may leave the interface that no trial asked for: no link-local
/// address, no router solicitation, no duplicate address detection.
const IPV6: &[Setting] = &[
    Setting("ipv6/conf/default/addr_gen_mode", "1", Fatal),
    Setting("ipv6/conf/default/router_solicitations", "0", Fatal),
    Setting("ipv6/conf/default/accept_ra", "0", Fatal),
    Setting("ipv6/conf/default/autoconf", "0", Fatal),
    Setting("ipv6/conf/default/accept_dad", "0", Fatal),
    Setting("ipv6/conf/default/disable_ipv6", "0", Fatal),
    Setting("ipv6/icmp/ratelimit", "0", Fatal),
];

/// Writes and verifies all settings of the namespace, with the values that
/// options give some of them. They must be there before the interface is: it
/// copies what is under `default`.
pub(crate) fn pin(_: &Inside<'_>, options: Options) -> Result<(), LaneError> {
    let ipv6 = fs::exists("/proc/sys/net/ipv6").unwrap_or(false);
    let rest = if ipv6 { IPV6 } else { &[] };
    let mut all = IPV4.iter().chain(rest);
    all.try_for_each(|setting| setting.pin(options))
}

/// Keeps a namespace without addresses from saying anything of its own.
pub(crate) fn silence(_: &Inside<'_>) -> Result<(), LaneError> {
    let path = "/proc/sys/net/ipv6/conf/default/disable_ipv6";
    match fs::write(path, "1") {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        written => written.context(format!("writing {path}")),
    }
}

/// What a setting reads in the namespace; `None` if the kernel has none such.
pub(crate) fn read(_: &Inside<'_>, name: &str) -> Option<String> {
    let text = fs::read_to_string(format!("/proc/sys/net/{name}")).ok()?;
    Some(text.trim().to_owned())
}

impl Setting {
    fn pin(&self, options: Options) -> Result<(), LaneError> {
        let Self(name, usual, missing) = *self;
        let wanted = options.value(name).unwrap_or(usual);
        let path = format!("/proc/sys/net/{name}");
        match fs::write(&path, wanted) {
            Err(error) if error.kind() == ErrorKind::NotFound && missing == Older => return Ok(()),
            written => written.context(format!("writing {path}"))?,
        }
        let found = fs::read_to_string(&path).context(format!("reading {path}"))?;
        if found.trim() == wanted {
            return Ok(());
        }
        Err(LaneError::Sysctl {
            name,
            wanted,
            found: found.trim().to_owned(),
        })
    }
}

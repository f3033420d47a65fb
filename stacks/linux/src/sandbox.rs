//! The rights of the process: what it needs to make network namespaces, how
//! it gets them as an ordinary user, and what to do where it cannot.

use std::fmt;
use std::fs;
use std::io;
use std::path::Path;

use rustix::process::{getegid, geteuid};
use rustix::thread::{CapabilitySet, capabilities};
use tcpspec_connector::{Setup, StackUnderTest};

use crate::netns;
use crate::port::Attachment;
use crate::priority::Priority;
use crate::room::{self, Room};
use crate::stack::{ATTACH, LinuxStack, Settings};
use crate::{statelog, sys};

/// Where the process has its rights from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Privilege {
    /// It was started with them, as under `sudo`.
    Held,
    /// It gave them to itself, in a user namespace.
    UserNamespace,
}

impl Privilege {
    /// How else it could be had, and what for.
    #[must_use]
    pub const fn otherwise(self) -> &'static str {
        match self {
            Self::Held => "as an ordinary user, where user namespaces are allowed",
            Self::UserNamespace => "under sudo, where it reads the kernel's own log as well",
        }
    }
}

impl fmt::Display for Privilege {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Held => "root, or what comes to the same",
            Self::UserNamespace => "ordinary user, in a user namespace",
        })
    }
}

/// Why the rights cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// Threads run already; a process changes its user namespace alone.
    #[error("a user namespace can only be entered before any thread starts")]
    Threads,
    /// The kernel refuses.
    #[error("no user namespace can be had: {why}")]
    Refused {
        /// What the kernel's answer means.
        why: String,
        /// What to do.
        fix: String,
    },
    /// The user could not be mapped into the namespace.
    #[error("writing {file}: {source}")]
    Map {
        /// The file that could not be written.
        file: &'static str,
        /// The kernel's answer.
        source: io::Error,
    },
}

impl SandboxError {
    /// What to do about it.
    #[must_use]
    pub fn fix(&self) -> &str {
        match self {
            Self::Refused { fix, .. } => fix,
            Self::Threads | Self::Map { .. } => "run with sudo",
        }
    }
}

/// Gets the process the rights to make lanes, and as many descriptors as the
/// system allows it. Call it before any thread starts.
///
/// With the rights already, as under `sudo`, this does nothing. Without them
/// the process moves into a user namespace in which it has them; its network
/// from then on is an empty one.
///
/// # Errors
///
/// If there is no way: the error says what to change.
pub fn enter() -> Result<Privilege, SandboxError> {
    room::raise_descriptor_limit();
    if has_rights() {
        // Rights in a user namespace that has no network of its own.
        if !netns::may_come_back() {
            sys::unshare_net().map_err(refused)?;
        }
        return Ok(Privilege::Held);
    }
    let (user, group) = (geteuid().as_raw(), getegid().as_raw());
    sys::unshare_user_and_net().map_err(refused)?;
    write("/proc/self/setgroups", "deny")?;
    write("/proc/self/uid_map", &format!("{user} {user} 1"))?;
    write("/proc/self/gid_map", &format!("{group} {group} 1"))?;
    Ok(Privilege::UserNamespace)
}

fn refused(source: io::Error) -> SandboxError {
    match source.raw_os_error() {
        Some(libc::EINVAL) => SandboxError::Threads,
        // The kernel says "no space left on device" to a limit.
        Some(libc::ENOSPC) => SandboxError::Refused {
            why: "as many as are allowed are there already".to_owned(),
            fix: "run with sudo, or raise the limits: sudo sysctl -w \
                  user.max_user_namespaces=10000 user.max_net_namespaces=10000"
                .to_owned(),
        },
        _ => SandboxError::Refused {
            why: source.to_string(),
            fix: fix_for_user_namespaces(),
        },
    }
}

fn write(file: &'static str, text: &str) -> Result<(), SandboxError> {
    fs::write(file, text).map_err(|source| SandboxError::Map { file, source })
}

/// Whether the process may make network namespaces and devices in them.
fn has_rights() -> bool {
    let needed = CapabilitySet::SYS_ADMIN | CapabilitySet::NET_ADMIN | CapabilitySet::NET_RAW;
    capabilities(None).is_ok_and(|sets| sets.effective.contains(needed))
}

/// One thing that the kernel target needs, and whether it is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// What it is.
    pub name: &'static str,
    /// Whether it is there.
    pub ok: bool,
    /// What was found.
    pub detail: String,
    /// What to do if it is not there; where it is, how it could be better.
    pub fix: Option<String>,
}

/// Looks for everything that the kernel target needs, and changes nothing.
///
/// A lane is tried only where the process has the rights, so call it after
/// [`enter`]; without them the last check is missing from the list.
#[must_use]
pub fn probe(settings: &Settings) -> Vec<Check> {
    let mut checks = vec![
        check_rights(),
        check_attachment(settings),
        check_room(),
        check_priority(),
    ];
    if has_rights() && checks.iter().all(|check| check.ok) {
        checks.extend([check_lane(settings), check_states(settings)]);
    }
    checks
}

impl Check {
    const fn good(name: &'static str, detail: String) -> Self {
        Self {
            name,
            ok: true,
            detail,
            fix: None,
        }
    }

    fn bad(name: &'static str, detail: impl fmt::Display, fix: impl Into<String>) -> Self {
        Self {
            name,
            ok: false,
            detail: detail.to_string(),
            fix: Some(fix.into()),
        }
    }
}

fn check_rights() -> Check {
    let name = "rights";
    if has_rights() {
        let detail = "may make network namespaces".to_owned();
        return Check::good(name, detail);
    }
    match sys::try_unshare_in_child() {
        Ok(()) => Check::good(
            name,
            "ordinary user; user namespaces are allowed".to_owned(),
        ),
        Err(error) => Check::bad(
            name,
            format!("ordinary user, and user namespaces are not allowed: {error}"),
            fix_for_user_namespaces(),
        ),
    }
}

/// What to change so that an ordinary user gets a user namespace.
fn fix_for_user_namespaces() -> String {
    let switch = SWITCHES.iter().find(|switch| {
        let path = format!("/proc/sys/{}", switch.name.replace('.', "/"));
        fs::read_to_string(path).is_ok_and(|value| value.trim() == switch.off)
    });
    match switch {
        Some(Switch { name, on, .. }) => format!("run with sudo, or: sudo sysctl -w {name}={on}"),
        None => "run with sudo; in a container, start it with the capabilities SYS_ADMIN, \
                 NET_ADMIN and NET_RAW"
            .to_owned(),
    }
}

/// A setting of the system that forbids user namespaces.
struct Switch {
    name: &'static str,
    off: &'static str,
    on: &'static str,
}

const SWITCHES: &[Switch] = &[
    Switch {
        name: "user.max_user_namespaces",
        off: "0",
        on: "10000",
    },
    Switch {
        name: "user.max_net_namespaces",
        off: "0",
        on: "10000",
    },
    Switch {
        name: "kernel.unprivileged_userns_clone",
        off: "0",
        on: "1",
    },
    Switch {
        name: "kernel.apparmor_restrict_unprivileged_userns",
        off: "1",
        on: "0",
    },
];

/// What lanes are attached by. Where the node of TUN cannot be opened, that is
/// no loss but in speed, unless TUN is asked for.
fn check_attachment(settings: &Settings) -> Check {
    let name = "attachment";
    let asked = std::env::var(ATTACH).unwrap_or_default();
    if settings.attach.is_none() && !asked.is_empty() {
        let what = format!("{ATTACH} is `{asked}`");
        return Check::bad(name, what, "set it to tun or veth, or not at all");
    }
    match settings.attachment() {
        (Attachment::Tun, _) => check_tun(&settings.tun),
        (Attachment::Veth, None) => Check::good(name, "veth, as asked for".to_owned()),
        (Attachment::Veth, Some(why)) => Check {
            fix: check_tun(&settings.tun)
                .fix
                .map(|fix| format!("TUN, which is faster: {fix}")),
            ..Check::good(name, format!("veth, for want of TUN ({why})"))
        },
    }
}

fn check_tun(node: &Path) -> Check {
    let (name, shown) = ("attachment", node.display());
    match fs::OpenOptions::new().read(true).write(true).open(node) {
        Ok(_) => Check::good(name, format!("TUN, {shown} can be opened")),
        Err(error) => {
            let fix = match error.kind() {
                io::ErrorKind::PermissionDenied => {
                    format!("run with sudo, or: sudo chmod 0666 {shown}")
                }
                io::ErrorKind::NotFound => format!(
                    "sudo modprobe tun; if that does not make it: \
                     sudo mknod -m 0666 {shown} c 10 200"
                ),
                _ => "sudo modprobe tun".to_owned(),
            };
            Check::bad(name, format!("opening {shown}: {error}"), fix)
        }
    }
}

fn check_room() -> Check {
    let name = "room";
    let few = Room::now(FEWEST_LANES);
    let detail = format!("{}, enough for {} trials at once", few.why, few.lanes);
    if few.lanes >= FEWEST_LANES {
        return Check::good(name, detail);
    }
    Check::bad(name, detail, few.fix)
}

/// How well the harness can keep its times on a machine under load. Where it
/// cannot, a trial is inconclusive and no verdict is wrong.
fn check_priority() -> Check {
    let priority = Priority::to_be_had();
    let detail = format!("{priority}, for trials that are played again");
    let better = "real time, so that no load matters: run with sudo".to_owned();
    Check {
        fix: (priority != Priority::RealTime).then_some(better),
        ..Check::good("priority", detail)
    }
}

/// Makes a lane for each version of IP and lets it go again.
fn check_lane(settings: &Settings) -> Check {
    let name = "lane";
    let mut stack = LinuxStack::new(settings.clone());
    let opened = setups()
        .iter()
        .try_for_each(|setup| stack.open(setup).map(drop));
    match opened {
        Ok(()) => Check::good(
            name,
            "network namespace, device, packet tap and sock_diag work for IPv4 and IPv6".to_owned(),
        ),
        Err(error) => {
            let fix = "the kernel needs TUN, PACKET, INET_DIAG, INET_DIAG_DESTROY and IPV6: \
                       sudo modprobe -a tun af_packet inet_diag tcp_diag ipv6";
            Check::bad(name, error, fix)
        }
    }
}

/// How states are looked at. It can be done without the kernel's log, so that
/// the lack of it is no fault.
fn check_states(settings: &Settings) -> Check {
    let name = "states";
    match statelog::shared(settings) {
        Ok(_) => Check::good(name, "every change, from the kernel's own log".to_owned()),
        Err(why) => Check {
            fix: Some(format!("every change, from the kernel's own log: {why}")),
            ..Check::good(name, "looked at after each step".to_owned())
        },
    }
}

fn setups() -> [Setup; 2] {
    let setup = |stack, prefix, peer| Setup {
        stack,
        prefix,
        peer,
        mtu: 1500,
        iss: None,
        seed: 0,
    };
    let v6 = |last| [0x2001, 0xdb8, 0, 0, 0, 0, 0, last].into();
    [
        setup([192, 0, 2, 1].into(), 24, [192, 0, 2, 2].into()),
        setup(v6(1), 64, v6(2)),
    ]
}

/// With fewer lanes the trials that wait would wait one after the other.
const FEWEST_LANES: usize = 16;

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::missing("/dev/net/there-is-no-such-node", "mknod")]
    #[case::directory("/dev", "modprobe tun")]
    fn a_node_that_cannot_be_opened_has_a_fix(#[case] node: &str, #[case] fix: &str) {
        let check = check_tun(Path::new(node));
        assert!(!check.ok && check.detail.contains(node), "{check:?}");
        assert!(check.fix.is_some_and(|said| said.contains(fix)));
    }

    #[test]
    fn every_check_that_fails_has_a_fix() {
        let settings = Settings {
            tun: "/dev/null".into(),
            attach: Some(Attachment::Tun),
            state_log: true,
            options: crate::Options::default(),
        };
        for check in probe(&settings) {
            assert!(check.ok || check.fix.is_some(), "{check:?}");
            assert!(!check.detail.is_empty(), "{check:?}");
        }
    }

    #[rstest]
    #[case::with_threads(libc::EINVAL, "before any thread starts")]
    #[case::forbidden(libc::EPERM, "run with sudo")]
    #[case::too_many(libc::ENOSPC, "user.max_net_namespaces")]
    fn a_refusal_says_what_to_do(#[case] errno: i32, #[case] expected: &str) {
        let error = refused(io::Error::from_raw_os_error(errno));
        let said = format!("{error}; {}", error.fix());
        assert!(said.contains(expected), "{said}");
    }
}

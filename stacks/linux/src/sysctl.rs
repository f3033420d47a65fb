//! The settings of a lane's namespace: written when it is made and read back,
//! so that a trial does not depend on how the host is set.
//!
//! What a case judges stays as the kernel ships it; the table writes such
//! values down because some are inherited from the host. What is changed is
//! what would make two runs differ or swallow an answer.

use std::cell::RefCell;
use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::os::fd::OwnedFd;
use std::os::unix::fs::FileExt;

use rustix::fs::{Mode, OFlags, open, openat};
use rustix::mount::{FsMountFlags, FsOpenFlags, MountAttrFlags, fsconfig_create, fsmount, fsopen};

use crate::error::{Context, LaneError};
use crate::netns::Inside;
use crate::options::Options;

/// A setting: its path below the [`Directory`], its value, and whether a kernel
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
    Setting("tcp_congestion_control", "reno", Fatal),
    // Otherwise equal answers (challenge ACKs) within 500 ms are swallowed.
    Setting("tcp_invalid_ratelimit", "0", Fatal),
    // Nothing of one trial's round-trip times may reach the next.
    Setting("tcp_no_metrics_save", "1", Fatal),
    // A cookie would answer where the backlog is meant to be full.
    Setting("tcp_syncookies", "0", Fatal),
    // No data on SYN, whatever the host allows.
    Setting("tcp_fastopen", "0", Fatal),
    // The peer's addresses are routed back by the default route alone.
    Setting("conf/all/rp_filter", "0", Fatal),
    Setting("conf/default/rp_filter", "0", Fatal),
    // Otherwise packets that come by a source route are dropped.
    Setting("conf/all/accept_source_route", "1", Fatal),
    Setting("conf/default/accept_source_route", "1", Fatal),
    // Otherwise ICMP answers are rationed to one a second.
    Setting("icmp_ratelimit", "0", Fatal),
    // As the kernel ships them:
    Setting("tcp_timestamps", "1", Fatal),
    Setting("tcp_sack", "1", Fatal),
    Setting("tcp_dsack", "1", Fatal),
    Setting("tcp_window_scaling", "1", Fatal),
    Setting("tcp_ecn", "2", Fatal),
    Setting("tcp_fin_timeout", "60", Fatal),
    Setting("tcp_syn_retries", "6", Fatal),
    Setting("tcp_synack_retries", "5", Fatal),
    Setting("tcp_retries1", "3", Fatal),
    Setting("tcp_retries2", "15", Fatal),
    Setting("tcp_rfc1337", "0", Fatal),
    Setting("tcp_abort_on_overflow", "0", Fatal),
    Setting("tcp_mtu_probing", "0", Fatal),
    Setting("tcp_challenge_ack_limit", "2147483647", Older),
    Setting("tcp_rto_min_us", "200000", Older),
    Setting("tcp_rto_max_ms", "120000", Older),
];

/// Nothing may leave the interface that no trial asked for: no link-local
/// address, no router solicitation, no duplicate address detection.
const IPV6: &[Setting] = &[
    Setting("conf/default/addr_gen_mode", "1", Fatal),
    Setting("conf/default/router_solicitations", "0", Fatal),
    Setting("conf/default/accept_ra", "0", Fatal),
    Setting("conf/default/autoconf", "0", Fatal),
    Setting("conf/default/accept_dad", "0", Fatal),
    Setting("conf/default/disable_ipv6", "0", Fatal),
    Setting("icmp/ratelimit", "0", Fatal),
];

/// Writes and verifies all settings of the namespace, with the values that
/// options give some of them. They must be there before the interface is: it
/// copies what is under `default`.
pub(crate) fn pin(_: &Inside<'_>, options: Options) -> Result<(), LaneError> {
    let ipv4 = Directory::open("ipv4").context("opening the settings of IPv4")?;
    IPV4.iter()
        .try_for_each(|setting| setting.pin(&ipv4, options))?;
    match Directory::open("ipv6") {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        ipv6 => {
            let ipv6 = ipv6.context("opening the settings of IPv6")?;
            IPV6.iter()
                .try_for_each(|setting| setting.pin(&ipv6, options))
        }
    }
}

/// Keeps a namespace without addresses from saying anything of its own.
pub(crate) fn silence(_: &Inside<'_>) -> Result<(), LaneError> {
    let path = "/proc/sys/net/ipv6/conf/default/disable_ipv6";
    match fs::write(path, "1") {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        written => written.context(format!("writing {path}")),
    }
}

/// What a setting reads in the thread's namespace; `None` if there is none such
/// or it cannot be read.
pub(crate) fn read(name: &str) -> Option<String> {
    let text = fs::read_to_string(format!("/proc/sys/net/{name}")).ok()?;
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}

impl Setting {
    fn pin(&self, below: &Directory, options: Options) -> Result<(), LaneError> {
        let Self(name, usual, missing) = *self;
        let whole = format!("{}/{name}", below.name);
        let wanted = options.value(&whole).unwrap_or(usual);
        let found = match below.set(name, wanted) {
            Err(error) if error.kind() == ErrorKind::NotFound && missing == Older => return Ok(()),
            found => found.context(format!("setting {whole}"))?,
        };
        if found == wanted {
            return Ok(());
        }
        Err(LaneError::Sysctl {
            name: whole,
            wanted,
            found,
        })
    }
}

/// A directory of settings of the thread's namespace, held open: the kernel
/// finds it among those of the same name of all namespaces, one by one.
struct Directory {
    name: &'static str,
    fd: OwnedFd,
}

impl Directory {
    fn open(name: &'static str) -> io::Result<Self> {
        let flags = OFlags::DIRECTORY | OFlags::CLOEXEC;
        let open = |proc: &OwnedFd| openat(proc, format!("sys/net/{name}"), flags, Mode::empty());
        let fd = View::with(open)??;
        Ok(Self { name, fd })
    }

    /// Writes a setting; what it reads then.
    fn set(&self, name: &str, value: &str) -> io::Result<String> {
        let flags = OFlags::RDWR | OFlags::CLOEXEC;
        let file = File::from(openat(&self.fd, name, flags, Mode::empty())?);
        file.write_all_at(value.as_bytes(), 0)?;
        let mut text = [0; 256];
        let len = file.read_at(&mut text, 0)?;
        Ok(String::from_utf8_lossy(&text[..len]).trim().to_owned())
    }
}

/// The `/proc` to look into. An instance of its own knows the directories of few
/// namespaces, so that those of the next lane are found at once even if there
/// are thousands of lanes.
struct View {
    proc: OwnedFd,
    /// How often it was used.
    uses: usize,
}

impl View {
    fn with<T>(look: impl FnOnce(&OwnedFd) -> T) -> io::Result<T> {
        VIEW.with_borrow_mut(|view| {
            let used = view.take().filter(|view| view.uses < USES);
            let mut now = used.map_or_else(Self::new, Ok)?;
            now.uses += 1;
            Ok(look(&view.insert(now).proc))
        })
    }

    fn new() -> io::Result<Self> {
        // An ordinary user may not have one, and does with what there is.
        let proc = Self::mount().or_else(|_| {
            let flags = OFlags::DIRECTORY | OFlags::CLOEXEC;
            open("/proc", flags, Mode::empty())
        })?;
        Ok(Self { proc, uses: 0 })
    }

    /// An instance that is nowhere to be seen and goes with its descriptor.
    fn mount() -> rustix::io::Result<OwnedFd> {
        let context = fsopen("proc", FsOpenFlags::FSOPEN_CLOEXEC)?;
        fsconfig_create(&context)?;
        let (flags, attributes) = (FsMountFlags::FSMOUNT_CLOEXEC, MountAttrFlags::empty());
        fsmount(&context, flags, attributes)
    }
}

thread_local! {
    static VIEW: RefCell<Option<View>> = const { RefCell::new(None) };
}

/// Directories that are looked for in one view.
const USES: usize = 128;

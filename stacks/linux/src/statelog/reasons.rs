//! The kernel's reasons for dropping a packet and for sending a RST: what the
//! tracepoints that carry them need, and the reasons' names. All of it is read
//! from the kernel that runs.
//!
//! A kernel that does not tell the receiving socket with a drop (before 6.11),
//! or no reason with a RST (before 6.10), has no such program here; the log of
//! state changes works all the same.

use std::collections::BTreeMap;
use std::ffi::CStr;
use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};

use super::program::{self, DROPS, Offsets, RESETS};
use crate::btf::Btf;
use crate::sys::bpf;

/// The programs for reasons, there for as long as they are to run, and what
/// their numbers mean.
#[derive(Debug)]
pub(super) struct Reasons {
    _attached: [OwnedFd; 2],
    drops: BTreeMap<u32, String>,
    resets: BTreeMap<u32, String>,
}

impl Reasons {
    pub(super) fn start(told: BorrowedFd<'_>, ring: BorrowedFd<'_>) -> io::Result<Self> {
        let btf = Btf::of_kernel()?;
        let offset = |structure, member| {
            let offset = btf.offset(structure, member);
            let offset = offset.and_then(|offset| i16::try_from(offset).ok());
            offset.ok_or_else(|| io::Error::other(format!("no {member} in {structure}")))
        };
        let offsets = Offsets {
            device: offset("sk_buff", "dev")?,
            namespace: offset("net_device", "nd_net")?,
        };
        let attach = |at, name: &CStr| {
            let program = program::reasons(at, offsets, told, ring);
            let what = |error| io::Error::other(format!("{}: {error}", name.to_string_lossy()));
            bpf::attach(&program, name).map_err(what)
        };
        Ok(Self {
            _attached: [
                attach(DROPS, c"kfree_skb")?,
                attach(RESETS, c"tcp_send_reset")?,
            ],
            drops: names(&btf, "skb_drop_reason", "SKB_DROP_REASON_"),
            resets: names(&btf, "sk_rst_reason", "SK_RST_REASON_"),
        })
    }

    /// The name of a reason for a drop; `None` if that is that there is none.
    pub(super) fn of_drop(&self, number: u32) -> Option<String> {
        name(&self.drops, number)
    }

    /// The name of a reason for a RST; `None` if that is that there is none.
    pub(super) fn of_reset(&self, number: u32) -> Option<String> {
        name(&self.resets, number)
    }
}

fn names(btf: &Btf, enumeration: &str, prefix: &str) -> BTreeMap<u32, String> {
    let all = btf.enumerators(enumeration).into_iter();
    all.map(|(number, name)| (number, name.replacen(prefix, "", 1)))
        .collect()
}

/// Subsystems number theirs apart from the enumeration, so some have no name.
fn name(names: &BTreeMap<u32, String>, number: u32) -> Option<String> {
    let name = names.get(&number).cloned();
    let name = name.unwrap_or_else(|| number.to_string());
    (name != UNSPECIFIED).then_some(name)
}

/// What the kernel calls having no reason.
const UNSPECIFIED: &str = "NOT_SPECIFIED";

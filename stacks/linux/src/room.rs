//! How many lanes the machine has room for: descriptors, and memory.

use std::fs;

use crate::port::Attachment;
use crate::stack::Settings;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// How many lanes there can be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Room {
    /// So many.
    pub lanes: usize,
    /// Why not more.
    pub why: String,
    /// What would make room for as many as are asked for.
    pub fix: String,
}

impl Room {
    /// What there is room for, where so many lanes are asked for.
    #[must_use]
    pub fn now(wanted: usize) -> Self {
        let (files, memory) = (descriptors(), available_memory());
        let per_lane = match Settings::from_env().attachment().0 {
            Attachment::Tun => RESTING,
            Attachment::Veth => RESTING + 1,
        };
        let of_files = count(lanes_of(files, per_lane));
        let of_memory = memory.map_or(usize::MAX, |memory| count(memory / 2 / MEMORY));
        let wanted = wanted as u64;
        if of_files <= of_memory {
            Self {
                lanes: of_files,
                why: format!("{files} open files are allowed"),
                fix: format!("ulimit -n {}", files_of(wanted, per_lane)),
            }
        } else {
            Self {
                lanes: of_memory,
                why: format!("{} MiB of memory are free", memory.unwrap_or(0) >> 20),
                fix: format!("free {} MiB", (2 * MEMORY * wanted) >> 20),
            }
        }
    }
}

/// Raises the limit of open files to what the most lanes need, where the
/// process may, and to what it is allowed elsewhere. What is left of the limit
/// shows in [`Room::now`], so a refusal is no error.
pub(crate) fn raise_descriptor_limit() {
    let allowed = getrlimit(Resource::Nofile).maximum;
    let enough = files_of(MOST, RESTING + 1);
    let raised = allowed.map(|allowed| allowed.max(enough));
    for maximum in [raised, allowed] {
        let limit = Rlimit {
            current: maximum,
            maximum,
        };
        if setrlimit(Resource::Nofile, limit).is_ok() {
            return;
        }
    }
}

pub(crate) fn descriptors() -> u64 {
    getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX)
}

/// Octets that can be had without anything being taken from others; `None` if
/// the kernel does not say.
fn available_memory() -> Option<u64> {
    available(&fs::read_to_string("/proc/meminfo").ok()?)
}

fn available(meminfo: &str) -> Option<u64> {
    let mut lines = meminfo.lines();
    let line = lines.find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes << 10)
}

/// Lanes that so many descriptors are enough for: where there are few, none has
/// to rest.
fn lanes_of(files: u64, per_lane: u64) -> u64 {
    let all_awake = files.saturating_sub(RESERVED) / BUSY;
    let most_rest = files.saturating_sub(RESERVED + AWAKE * BUSY) / per_lane;
    all_awake.max(most_rest)
}

/// Descriptors that are enough for so many lanes.
fn files_of(lanes: u64, per_lane: u64) -> u64 {
    RESERVED + (lanes * BUSY).min(AWAKE * BUSY + lanes * per_lane)
}

fn count(lanes: u64) -> usize {
    usize::try_from(lanes.min(MOST)).unwrap_or(usize::MAX)
}

/// Lanes that the kernel's log can tell of, which is what there can be at most.
pub(crate) const MOST: u64 = 16_384;
/// Descriptors of a lane and of the sockets of a trial on it.
const BUSY: u64 = 12;
/// The same while the trial waits, attached by TUN.
const RESTING: u64 = 4;
/// Lanes that are busy at once, where there are many.
const AWAKE: u64 = 256;
/// Descriptors of everything else.
const RESERVED: u64 = 64;
/// Octets of memory that a lane takes, most of it the kernel's: 340 KiB were
/// measured, and what a trial brings comes to it.
const MEMORY: u64 = 512 << 10;

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::usual("MemTotal: 9 kB\nMemAvailable:   24604576 kB\nBuffers: 1 kB\n", Some(24_604_576 << 10))]
    #[case::other_unit("MemAvailable: 5 pages\n", None)]
    #[case::old_kernel("MemTotal: 9 kB\n", None)]
    fn memory_is_read(#[case] meminfo: &str, #[case] expected: Option<u64>) {
        assert_eq!(available(meminfo), expected);
    }

    /// More are never promised than there are descriptors for.
    #[test]
    fn room_is_bounded_by_descriptors() {
        let room = Room::now(4096);
        assert!(room.lanes as u64 * RESTING <= descriptors(), "{room:?}");
        assert!(!room.why.is_empty() && !room.fix.is_empty());
    }

    #[rstest]
    #[case::none(10, 0)]
    #[case::few(300, 19)]
    #[case::usual(1024, 80)]
    #[case::many(20_000, 4216)]
    fn lanes_rest_where_that_makes_room(#[case] files: u64, #[case] expected: u64) {
        let lanes = lanes_of(files, RESTING);
        assert_eq!(lanes, expected);
        assert!(files_of(lanes, RESTING) <= files.max(RESERVED));
        assert!(lanes_of(files_of(lanes, RESTING), RESTING) >= lanes);
    }
}

//! How the kernel's scheduler treats the calling thread.

use std::io;
use std::mem::size_of;

use super::check;

/// Has the thread scheduled as these attributes say; threads that it starts
/// are ordinary ones.
pub(crate) fn set(attributes: Attributes) -> io::Result<()> {
    let attributes = libc::sched_attr {
        size: size_of::<libc::sched_attr>() as u32,
        sched_policy: attributes.policy as u32,
        sched_flags: libc::SCHED_FLAG_RESET_ON_FORK as u64,
        sched_nice: attributes.nice,
        sched_priority: attributes.real_time,
        sched_runtime: attributes.slice_nanos,
        sched_deadline: 0,
        sched_period: 0,
    };
    // SAFETY: reads as many octets behind the pointer as its `size` says, which
    // are there; thread 0 is the calling one.
    let done = unsafe { libc::syscall(libc::SYS_sched_setattr, 0, &raw const attributes, 0) };
    check(done as libc::c_int).map(drop)
}

/// Whether the thread is a real-time one.
#[cfg(test)]
pub(crate) fn is_real_time() -> bool {
    // SAFETY: takes no pointer; thread 0 is the calling one.
    let policy = unsafe { libc::sched_getscheduler(0) };
    policy & !libc::SCHED_RESET_ON_FORK == libc::SCHED_RR
}

/// What to ask of the scheduler.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Attributes {
    policy: libc::c_int,
    /// From 1 on; 0 of a thread that is not a real-time one.
    real_time: u32,
    nice: i32,
    /// The thread's share at a time: the shorter, the sooner it gets one.
    /// Kernels before 6.12 do not look at it.
    slice_nanos: u64,
}

/// Before all that are not real-time threads.
pub(crate) const REAL_TIME: Attributes = Attributes {
    policy: libc::SCHED_RR,
    real_time: 1,
    nice: 0,
    slice_nanos: 0,
};

/// As much as there is for an ordinary thread.
pub(crate) const NICE: Attributes = Attributes {
    policy: libc::SCHED_OTHER,
    real_time: 0,
    nice: -20,
    // A third of what is usual, and longer than what most trials take in one go.
    slice_nanos: 1_000_000,
};

/// What an ordinary user may ask for.
pub(crate) const BRIEF: Attributes = Attributes { nice: 0, ..NICE };

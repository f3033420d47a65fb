//! How soon a thread gets a processor on a machine that has other things to do.

use std::fmt;
use std::thread;

use crate::sys::priority::{Attributes, BRIEF, NICE, REAL_TIME, set};

/// How the kernel treats a thread that asked to be scheduled soon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Priority {
    /// Before whatever else the machine does.
    RealTime,
    /// Among what else it does, but with the largest share.
    Nice,
    /// Among what else it does, soon and not for long.
    Brief,
    /// Like anything else.
    Ordinary,
}

impl Priority {
    /// Gives the calling thread the best one that it may have. Meant for
    /// threads that wait for most of the time; threads that they start have
    /// nothing of it.
    #[must_use = "what was to be had decides how well waits are kept"]
    pub fn raise() -> Self {
        let may_have = |(_, attributes): &&(Self, Attributes)| set(*attributes).is_ok();
        BEST_FIRST
            .iter()
            .find(may_have)
            .map_or(Self::Ordinary, |(priority, _)| *priority)
    }

    /// The one that [`Priority::raise`] would give.
    pub(crate) fn to_be_had() -> Self {
        thread::spawn(Self::raise).join().unwrap_or(Self::Ordinary)
    }
}

const BEST_FIRST: &[(Priority, Attributes)] = &[
    (Priority::RealTime, REAL_TIME),
    (Priority::Nice, NICE),
    (Priority::Brief, BRIEF),
];

impl fmt::Display for Priority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::RealTime => "real time, before whatever else the machine does",
            Self::Nice => "nice -20",
            Self::Brief => "ordinary, in small shares",
            Self::Ordinary => "ordinary",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::priority::is_real_time;

    #[test]
    fn a_priority_is_of_one_thread_alone() {
        let raised = thread::spawn(|| {
            let priority = Priority::raise();
            let child = thread::spawn(is_real_time).join();
            (priority == Priority::RealTime, is_real_time(), child)
        });
        let (said, own, child) = raised.join().unwrap();
        assert_eq!(own, said);
        assert!(!child.unwrap() && !is_real_time());
    }
}

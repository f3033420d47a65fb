//! What the machine can withhold from a lane.

use std::io;

use tcpspec_connector::StackError;

use crate::statelog::Overrun;

/// Why a lane could not be had, or stopped working. All of it is the
/// machine's doing, none of it the stack's.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LaneError {
    /// A system call was refused.
    #[error("{what}: {source}")]
    System {
        /// What was to be done.
        what: String,
        /// The kernel's answer.
        source: io::Error,
    },
    /// A setting of the namespace could not be had.
    #[error("sysctl {name} is `{found}` in the lane, and `{wanted}` is needed")]
    Sysctl {
        /// Path below `/proc/sys`.
        name: String,
        /// What was written.
        wanted: &'static str,
        /// What it reads.
        found: String,
    },
    /// A device does to segments what must be left to the kernel's TCP.
    #[error("{name} cannot be switched off")]
    Offload {
        /// What it does.
        name: &'static str,
    },
    /// The kernel gave the host's own network namespace for a new one.
    #[error("the new network namespace is the one of the host; nothing was done in it")]
    NotIsolated,
    /// A thread in a namespace was to enter another.
    #[error("a thread can be in one network namespace at a time")]
    Nested,
    /// The log of state changes has gaps.
    #[error(transparent)]
    Overrun(#[from] Overrun),
    /// Two accounts of the kernel do not fit together.
    #[error("the kernel's log of state changes does not lead to the states it shows")]
    Contradiction,
    /// Sockets of the last trial would not go.
    #[error("{0} sockets of the last trial are still there")]
    NotClean(u32),
}

impl From<LaneError> for StackError {
    fn from(error: LaneError) -> Self {
        Self::Environment(error.to_string())
    }
}

/// Names what was to be done when a system call is refused.
pub(crate) trait Context<T> {
    fn context(self, what: impl Into<String>) -> Result<T, LaneError>;
}

impl<T, E: Into<io::Error>> Context<T> for Result<T, E> {
    fn context(self, what: impl Into<String>) -> Result<T, LaneError> {
        self.map_err(|source| LaneError::System {
            what: what.into(),
            source: source.into(),
        })
    }
}

//! Why a command could not do its work, with the exit code for it.

use std::fmt::Display;

use tcpspec_record::Exit;

/// What went wrong, for the person at the terminal.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    message: String,
}

impl Failure {
    /// The command line or the configuration asks for what cannot be done.
    pub(crate) fn usage(message: impl Display) -> Self {
        Self {
            exit: Exit::Usage,
            message: message.to_string(),
        }
    }

    /// A file or directory could not be read or written.
    pub(crate) fn file(doing: &str, path: &std::path::Path, error: impl Display) -> Self {
        Self::usage(format!("cannot {doing} {}: {error}", path.display()))
    }
}

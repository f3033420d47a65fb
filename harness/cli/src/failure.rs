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

    /// An error with all its causes.
    pub(crate) fn error(error: &dyn std::error::Error) -> Self {
        let causes = std::iter::successors(Some(error), |error| error.source());
        Self::usage(
            causes
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join(": "),
        )
    }

    /// A selection that selects nothing.
    pub(crate) fn nothing(error: &dyn std::error::Error) -> Self {
        Self {
            exit: Exit::NothingRun,
            ..Self::error(error)
        }
    }

    /// There is nothing to do it with.
    pub(crate) fn none(message: impl Display) -> Self {
        Self {
            exit: Exit::NothingRun,
            ..Self::usage(message)
        }
    }

    /// A file of the cases is invalid.
    pub(crate) fn invalid(message: impl Display) -> Self {
        Self {
            exit: Exit::InvalidCase,
            ..Self::usage(message)
        }
    }

    /// A file or directory could not be read or written.
    pub(crate) fn file(doing: &str, path: &std::path::Path, error: impl Display) -> Self {
        Self::usage(format!("cannot {doing} {}: {error}", path.display()))
    }
}

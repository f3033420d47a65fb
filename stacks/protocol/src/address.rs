//! Where a stack behind the protocol is: `exec:CMD`, `unix:PATH`, `tcp:HOST:PORT`.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// Where a stack is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// A command to start, which speaks on its standard input and output. It is
    /// split into words as a shell would, and no shell runs it.
    Exec(String),
    /// A socket of this machine that somebody listens on.
    Unix(PathBuf),
    /// A port that somebody listens on: `HOST:PORT`.
    Tcp(String),
}

impl Address {
    /// What names of such stacks begin with.
    pub const KINDS: [&str; 3] = ["exec:", "unix:", "tcp:"];

    /// The words of the command, if it is one.
    #[must_use]
    pub fn command(&self) -> Option<Vec<String>> {
        match self {
            Self::Exec(command) => shlex::split(command),
            Self::Unix(_) | Self::Tcp(_) => None,
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exec(command) => write!(f, "exec:{command}"),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
            Self::Tcp(to) => write!(f, "tcp:{to}"),
        }
    }
}

/// The text says not where a stack is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadAddress {
    /// It begins with none of [`Address::KINDS`].
    #[error("write exec:CMD, unix:PATH or tcp:HOST:PORT")]
    Kind,
    /// The command has no words, or a quote without end.
    #[error("`{0}` is no command: it is empty, or a quote has no end")]
    Command(String),
    /// The path is empty.
    #[error("write the path of a socket after `unix:`")]
    Path,
    /// There is no port.
    #[error("`{0}` is no HOST:PORT")]
    Port(String),
}

impl FromStr for Address {
    type Err = BadAddress;

    fn from_str(text: &str) -> Result<Self, BadAddress> {
        match text.split_once(':') {
            Some(("exec", command)) => {
                let words = shlex::split(command);
                match words.is_some_and(|words| !words.is_empty()) {
                    true => Ok(Self::Exec(command.to_owned())),
                    false => Err(BadAddress::Command(command.to_owned())),
                }
            }
            Some(("unix", "")) => Err(BadAddress::Path),
            Some(("unix", path)) => Ok(Self::Unix(path.into())),
            Some(("tcp", to)) => match to.rsplit_once(':') {
                Some((host, port)) if !host.is_empty() && port.parse::<u16>().is_ok() => {
                    Ok(Self::Tcp(to.to_owned()))
                }
                _ => Err(BadAddress::Port(to.to_owned())),
            },
            _ => Err(BadAddress::Kind),
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::exec("exec:./my-stack --mtu '1 500'", Ok(Some(vec!["./my-stack", "--mtu", "1 500"])))]
    #[case::unix("unix:/tmp/stack", Ok(None))]
    #[case::tcp("tcp:[::1]:7000", Ok(None))]
    #[case::no_command("exec: ", Err(BadAddress::Command(" ".to_owned())))]
    #[case::quote("exec:a 'b", Err(BadAddress::Command("a 'b".to_owned())))]
    #[case::no_path("unix:", Err(BadAddress::Path))]
    #[case::no_port("tcp:localhost", Err(BadAddress::Port("localhost".to_owned())))]
    #[case::other("ssh:host", Err(BadAddress::Kind))]
    fn address_is_read(
        #[case] text: &str,
        #[case] expected: Result<Option<Vec<&str>>, BadAddress>,
    ) {
        let address: Result<Address, BadAddress> = text.parse();
        let command = address.as_ref().map(Address::command).map_err(Clone::clone);
        let expected =
            expected.map(|words| words.map(|words| words.into_iter().map(str::to_owned).collect()));
        assert_eq!(command, expected);
        if let Ok(address) = address {
            assert_eq!(address.to_string(), text);
        }
    }
}

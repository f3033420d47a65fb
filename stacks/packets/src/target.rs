//! The name of a stack that is reached by packets, with all that is declared of it:
//! `tap:tap0?addr=192.0.2.1&peer=192.0.2.2&service=echo:7`.

use std::fmt;
use std::str::FromStr;

use crate::terms::{BadTerm, Terms};

/// A stack of which nothing but packets is at hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    text: String,
    pub(crate) place: Place,
    pub(crate) terms: Terms,
}

/// Where its packets go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// To a TUN device of this name.
    Tun(String),
    /// To a TAP device of this name.
    Tap(String),
    /// In datagrams to a HOST:PORT.
    Udp(String),
}

impl Target {
    /// What names of such stacks begin with.
    pub const KINDS: [&str; 3] = ["tun:", "tap:", "udp:"];

    /// The name without what is declared: `tap:tap0`.
    #[must_use]
    pub fn place(&self) -> &str {
        self.text.split('?').next().unwrap_or_default()
    }

    /// How many trials may be under way at once.
    #[must_use]
    pub const fn parallel(&self) -> usize {
        self.terms.parallel
    }
}

/// The name says not what it should.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadTarget {
    /// It begins with none of [`Target::KINDS`].
    #[error("write tun:NAME, tap:NAME or udp:HOST:PORT")]
    Kind,
    /// No kernel has an interface of this name.
    #[error("`{0}` is no name of an interface")]
    Interface(String),
    /// There is no port.
    #[error("`{0}` is no HOST:PORT")]
    Port(String),
    /// What is declared behind it.
    #[error(transparent)]
    Term(#[from] BadTerm),
}

/// The text as it was written.
impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for Target {
    type Err = BadTarget;

    fn from_str(text: &str) -> Result<Self, BadTarget> {
        let (place, terms) = text.split_once('?').unwrap_or((text, ""));
        let place = match place.split_once(':') {
            Some(("tun", name)) => Place::Tun(interface(name)?),
            Some(("tap", name)) => Place::Tap(interface(name)?),
            Some(("udp", to)) => Place::Udp(host_and_port(to)?),
            _ => return Err(BadTarget::Kind),
        };
        let terms = Terms::read(terms)?;
        if terms.has_udp_terms() && !matches!(place, Place::Udp(_)) {
            return Err(BadTerm::OnlyUdp.into());
        }
        Ok(Self {
            text: text.to_owned(),
            place,
            terms,
        })
    }
}

/// Octets of the name of an interface at most.
const LONGEST_NAME: usize = 15;

fn interface(name: &str) -> Result<String, BadTarget> {
    let usual = |octet: u8| octet.is_ascii_graphic() && octet != b'/';
    match (1..=LONGEST_NAME).contains(&name.len()) && name.bytes().all(usual) {
        true => Ok(name.to_owned()),
        false => Err(BadTarget::Interface(name.to_owned())),
    }
}

fn host_and_port(to: &str) -> Result<String, BadTarget> {
    match to.rsplit_once(':') {
        Some((host, port)) if !host.is_empty() && port.parse::<u16>().is_ok() => Ok(to.to_owned()),
        _ => Err(BadTarget::Port(to.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::tun("tun:tun0?addr=192.0.2.1&peer=192.0.2.2", "tun:tun0")]
    #[case::tap(
        "tap:tap0?addr=192.0.2.1,2001:db8::1&peer=192.0.2.2,2001:db8::2&service=echo:7",
        "tap:tap0"
    )]
    #[case::udp(
        "udp:[::1]:7000?addr=192.0.2.1&peer=192.0.2.2&carry=ethernet&local=[::1]:7001",
        "udp:[::1]:7000"
    )]
    fn a_target_is_written_as_it_is_read(#[case] text: &str, #[case] place: &str) {
        let target: Target = text.parse().unwrap();
        assert_eq!(target.to_string(), text);
        assert_eq!(target.place(), place);
    }

    #[rstest]
    #[case::kind("veth:x", "write tun:NAME")]
    #[case::name("tap:a/b?addr=192.0.2.1&peer=192.0.2.2", "`a/b` is no name")]
    #[case::long("tun:abcdefghijklmnop", "`abcdefghijklmnop` is no name")]
    #[case::port("udp:host", "`host` is no HOST:PORT")]
    #[case::only_udp(
        "tun:tun0?addr=192.0.2.1&peer=192.0.2.2&carry=ip",
        "`carry` and `local` are for udp:"
    )]
    fn what_is_no_target_is_refused(#[case] text: &str, #[case] said: &str) {
        let error = text.parse::<Target>().unwrap_err().to_string();
        assert!(error.contains(said), "{error}");
    }
}

//! What a run may ask of the kernel beside its defaults, by the names of the
//! capabilities where there are any: `ecn,no-sack,mtu=1280`.
//!
//! An option is a setting of the lane's namespace, which is written and read
//! back like all others, or how the application makes its sockets, or the size
//! of the link's packets.

use std::fmt;
use std::num::NonZeroU16;
use std::str::FromStr;

use tcpspec_wire::Capability;

/// What can be switched: the capability that it makes, the setting below
/// `/proc/sys/net`, and its value when off and on.
const SWITCHES: [(Capability, &str, [&str; 2]); 8] = [
    (
        Capability::WindowScale,
        "ipv4/tcp_window_scaling",
        ["0", "1"],
    ),
    (Capability::Timestamps, "ipv4/tcp_timestamps", ["0", "1"]),
    (Capability::Sack, "ipv4/tcp_sack", ["0", "1"]),
    (Capability::DuplicateSack, "ipv4/tcp_dsack", ["0", "1"]),
    (Capability::Ecn, "ipv4/tcp_ecn", ["0", "1"]),
    (Capability::SynCookies, "ipv4/tcp_syncookies", ["0", "1"]),
    (Capability::Rfc1337, "ipv4/tcp_rfc1337", ["0", "1"]),
    // Of each interface, and here of all of them: both must allow it.
    (
        Capability::SourceRoute,
        "ipv4/conf/all/accept_source_route",
        ["0", "1"],
    ),
];

/// Options of the kernel target; what none of them names is as a lane has it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    switches: [Option<bool>; SWITCHES.len()],
    dual: bool,
    mtu: Option<NonZeroU16>,
}

impl Options {
    /// Whether the application uses sockets that serve both versions of IP.
    pub(crate) const fn dual(self) -> bool {
        self.dual
    }

    /// The size of the link's largest packets.
    pub(crate) fn mtu(self) -> u16 {
        self.mtu.map_or(ETHERNET, NonZeroU16::get)
    }

    /// What is switched, and whether it is on.
    pub(crate) fn switched(self) -> impl Iterator<Item = (Capability, bool)> {
        let all = SWITCHES.iter().zip(self.switches);
        all.filter_map(|((capability, ..), on)| Some((*capability, on?)))
    }

    /// The value that a setting is to have, if an option says so.
    pub(crate) fn value(self, setting: &str) -> Option<&'static str> {
        let mut all = SWITCHES.iter().zip(self.switches);
        let ((_, _, values), on) = all.find(|((_, name, _), _)| *name == setting)?;
        on.map(|on| values[usize::from(on)])
    }
}

/// `ecn,no-sack,dual,mtu=1280`; nothing where there is none.
impl fmt::Display for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let switched = self.switched().map(|(capability, on)| {
            let prefix = if on { "" } else { "no-" };
            format!("{prefix}{capability}")
        });
        let dual = self.dual.then(|| DUAL.to_owned());
        let mtu = self.mtu.map(|mtu| format!("{MTU}{mtu}"));
        let words: Vec<String> = switched.chain(dual).chain(mtu).collect();
        f.write_str(&words.join(","))
    }
}

/// The text names no option of the kernel target.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no option of the kernel; there are {names}, each with `no-` before it or not, \
     {DUAL}, and {MTU}N with N from {least} on",
    names = SWITCHES.map(|(capability, ..)| capability.name()).join(", "),
    least = LEAST_MTU
)]
pub struct UnknownOption(String);

/// The inverse of `Display`.
impl FromStr for Options {
    type Err = UnknownOption;

    fn from_str(text: &str) -> Result<Self, UnknownOption> {
        let mut options = Self::default();
        for word in text.split(',') {
            options
                .take(word)
                .ok_or_else(|| UnknownOption(word.to_owned()))?;
        }
        Ok(options)
    }
}

impl Options {
    fn take(&mut self, word: &str) -> Option<()> {
        if let Some(mtu) = word.strip_prefix(MTU) {
            let mtu: NonZeroU16 = mtu.parse().ok()?;
            self.mtu = Some(mtu).filter(|mtu| mtu.get() >= LEAST_MTU);
            return self.mtu.map(drop);
        }
        if word == DUAL {
            self.dual = true;
            return Some(());
        }
        let (on, name) = word
            .strip_prefix("no-")
            .map_or((true, word), |name| (false, name));
        let mut names = SWITCHES.iter().map(|(capability, ..)| capability.name());
        let at = names.position(|known| known == name)?;
        self.switches[at] = Some(on);
        Some(())
    }
}

const DUAL: &str = "dual";
const MTU: &str = "mtu=";
/// The size of packets where nothing is said.
const ETHERNET: u16 = 1500;
/// The smallest link that IPv4 allows (RFC 791 section 3.2).
const LEAST_MTU: u16 = 68;

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::one("no-sack")]
    #[case::several("no-ts,ecn,syn-cookies,rfc1337,dual,mtu=1280")]
    fn options_are_written_as_they_are_read(#[case] text: &str) {
        assert_eq!(text.parse::<Options>().unwrap().to_string(), text);
    }

    #[rstest]
    #[case::unknown("no-listen")]
    #[case::nothing("")]
    #[case::too_small("mtu=67")]
    #[case::too_large("mtu=65536")]
    #[case::no_number("mtu=big")]
    fn what_is_no_option_is_refused(#[case] text: &str) {
        let error = format!("ecn,{text}").parse::<Options>().unwrap_err();
        let said = error.to_string();
        assert!(
            said.starts_with(&format!("`{text}` is no option")),
            "{said}"
        );
    }

    #[test]
    fn a_switch_says_the_value_of_its_setting() {
        let options: Options = "no-sack,ecn".parse().unwrap();
        assert_eq!(options.value("ipv4/tcp_sack"), Some("0"));
        assert_eq!(options.value("ipv4/tcp_ecn"), Some("1"));
        assert_eq!(options.value("ipv4/tcp_timestamps"), None);
        assert_eq!(options.mtu(), 1500);
    }
}

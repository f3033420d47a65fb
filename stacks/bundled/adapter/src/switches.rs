//! The extensions of the bundled stack that can be switched, by the names of
//! their capabilities: `ecn,no-sack`.

use std::fmt;
use std::str::FromStr;

use tcpspec_bundled::{Config, InitialWindow};
use tcpspec_wire::Capability;

type Switch = fn(&mut Config, bool);

/// What can be switched, and how.
const ALL: [(Capability, Switch); 9] = [
    (Capability::WindowScale, |config, on| {
        config.window_scale = on
    }),
    (Capability::Timestamps, |config, on| config.timestamps = on),
    (Capability::Sack, |config, on| config.sack = on),
    (Capability::DuplicateSack, |config, on| {
        config.duplicate_sack = on
    }),
    (Capability::Ecn, |config, on| config.ecn = on),
    (Capability::UserTimeout, |config, on| {
        config.user_timeouts.enabled = on
    }),
    (Capability::FastRetransmit, |config, on| {
        config.fast_retransmit = on
    }),
    (Capability::LimitedTransmit, |config, on| {
        config.limited_transmit = on
    }),
    (Capability::InitialWindow10, |config, on| {
        config.initial_window = if on {
            InitialWindow::Rfc6928
        } else {
            InitialWindow::Rfc5681
        };
    }),
];

/// Extensions switched on or off; the others are as they are by default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Switches([Option<bool>; ALL.len()]);

impl Switches {
    /// The default settings with these switches set.
    #[must_use]
    pub fn config(self) -> Config {
        let mut config = Config::default();
        for ((_, switch), on) in ALL.iter().zip(self.0) {
            if let Some(on) = on {
                switch(&mut config, on);
            }
        }
        config
    }
}

/// `ecn,no-sack`; nothing where nothing is switched.
impl fmt::Display for Switches {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let switched = ALL.iter().zip(self.0).filter_map(|((capability, _), on)| {
            let prefix = if on? { "" } else { "no-" };
            Some(format!("{prefix}{capability}"))
        });
        f.write_str(&switched.collect::<Vec<_>>().join(","))
    }
}

/// The text names something that cannot be switched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownSwitch(String);

impl fmt::Display for UnknownSwitch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = ALL
            .iter()
            .map(|(capability, _)| capability.name())
            .collect();
        let names = names.join(", ");
        write!(
            f,
            "`{}` cannot be switched; there are {names}, each with `no-` before it or not",
            self.0
        )
    }
}

impl std::error::Error for UnknownSwitch {}

/// The inverse of `Display`.
impl FromStr for Switches {
    type Err = UnknownSwitch;

    fn from_str(text: &str) -> Result<Self, UnknownSwitch> {
        let mut switches = Self::default();
        for word in text.split(',') {
            let (on, name) = word
                .strip_prefix("no-")
                .map_or((true, word), |name| (false, name));
            let at = ALL
                .iter()
                .position(|(capability, _)| capability.name() == name);
            let at = at.ok_or_else(|| UnknownSwitch(word.to_owned()))?;
            switches.0[at] = Some(on);
        }
        Ok(switches)
    }
}

#[cfg(test)]
mod tests {
    use tcpspec_connector::StackUnderTest;

    use super::*;
    use crate::Bundled;

    #[test]
    fn every_switch_shows_in_the_declaration() {
        for (capability, _) in ALL {
            let declares = |text: String| {
                let switches: Switches = text.parse().unwrap();
                assert_eq!(switches.to_string(), text);
                Bundled::new(switches.config())
                    .hello()
                    .capabilities
                    .contains(&capability)
            };
            assert!(declares(capability.to_string()), "{capability}");
            assert!(!declares(format!("no-{capability}")), "{capability}");
        }
    }

    #[test]
    fn what_cannot_be_switched_is_refused() {
        let refused = "ecn,no-listen".parse::<Switches>().unwrap_err().to_string();
        assert!(
            refused.starts_with("`no-listen` cannot be switched; there are ws, ts,"),
            "{refused}"
        );
    }
}

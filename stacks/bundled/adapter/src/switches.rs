//! The extensions of the bundled stack that can be switched, by the names of
//! their capabilities: `ecn,no-sack`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use tcpspec_bundled::{ChallengeLimit, CloseKind, Config, InitialWindow};
use tcpspec_wire::Capability;

/// An extension that can be switched.
struct Switch {
    capability: Capability,
    is_on: fn(&Config) -> bool,
    set: fn(&mut Config, bool),
}

const ALL: [Switch; 20] = [
    Switch {
        capability: Capability::WindowScale,
        is_on: |config| config.window_scale,
        set: |config, on| config.window_scale = on,
    },
    Switch {
        capability: Capability::Timestamps,
        is_on: |config| config.timestamps,
        set: |config, on| config.timestamps = on,
    },
    Switch {
        capability: Capability::Sack,
        is_on: |config| config.sack,
        set: |config, on| config.sack = on,
    },
    Switch {
        capability: Capability::DuplicateSack,
        is_on: |config| config.sack && config.duplicate_sack,
        set: |config, on| config.duplicate_sack = on,
    },
    Switch {
        capability: Capability::Ecn,
        is_on: |config| config.ecn,
        set: |config, on| config.ecn = on,
    },
    Switch {
        capability: Capability::UserTimeout,
        is_on: |config| config.user_timeouts.enabled,
        set: |config, on| config.user_timeouts.enabled = on,
    },
    Switch {
        capability: Capability::FastRetransmit,
        is_on: |config| config.fast_retransmit,
        set: |config, on| config.fast_retransmit = on,
    },
    Switch {
        capability: Capability::LimitedTransmit,
        is_on: |config| config.limited_transmit,
        set: |config, on| config.limited_transmit = on,
    },
    Switch {
        capability: Capability::InitialWindow10,
        is_on: |config| config.initial_window == InitialWindow::Rfc6928,
        set: |config, on| {
            config.initial_window = if on {
                InitialWindow::Rfc6928
            } else {
                InitialWindow::Rfc5681
            };
        },
    },
    Switch {
        capability: Capability::Rfc5961Rst,
        is_on: |config| config.blind_attacks.rst,
        set: |config, on| config.blind_attacks.rst = on,
    },
    Switch {
        capability: Capability::Rfc5961Syn,
        is_on: |config| config.blind_attacks.syn,
        set: |config, on| config.blind_attacks.syn = on,
    },
    Switch {
        capability: Capability::Rfc5961Ack,
        is_on: |config| config.blind_attacks.ack,
        set: |config, on| config.blind_attacks.ack = on,
    },
    Switch {
        capability: Capability::ChallengeLimit,
        is_on: |config| config.challenge_limit.is_some(),
        set: |config, on| config.challenge_limit = on.then(ChallengeLimit::default),
    },
    Switch {
        capability: Capability::Rfc1337,
        is_on: |config| config.time_wait.ignore_rst,
        set: |config, on| config.time_wait.ignore_rst = on,
    },
    Switch {
        capability: Capability::TimeWaitReuse,
        is_on: |config| config.time_wait.reuse,
        set: |config, on| config.time_wait.reuse = on,
    },
    Switch {
        capability: Capability::DelayedAck,
        is_on: |config| config.ack_delay > Duration::ZERO,
        set: |config, on| {
            config.ack_delay = if on {
                Config::default().ack_delay
            } else {
                Duration::ZERO
            };
        },
    },
    Switch {
        capability: Capability::Nagle,
        is_on: |config| config.nagle,
        set: |config, on| config.nagle = on,
    },
    Switch {
        capability: Capability::SourceRoute,
        is_on: |config| config.source_routes,
        set: |config, on| config.source_routes = on,
    },
    Switch {
        capability: Capability::PathMtu,
        is_on: |config| config.icmp.path_mtu,
        set: |config, on| config.icmp.path_mtu = on,
    },
    Switch {
        capability: Capability::HalfDuplexClose,
        is_on: |config| config.close == CloseKind::HalfDuplex,
        set: |config, on| {
            config.close = if on {
                CloseKind::HalfDuplex
            } else {
                CloseKind::FullDuplex
            };
        },
    },
];

/// The default settings with one extension switched: each of them in turn.
pub fn each() -> impl Iterator<Item = Switches> {
    let config = Config::default();
    ALL.iter().enumerate().map(move |(at, switch)| {
        let mut switches = Switches::default();
        switches.0[at] = Some(!(switch.is_on)(&config));
        switches
    })
}

/// The names of everything that can be switched.
fn names() -> impl Iterator<Item = &'static str> {
    ALL.iter().map(|switch| switch.capability.name())
}

/// The extensions that a configuration has switched on.
pub(crate) fn switched_on(config: &Config) -> impl Iterator<Item = Capability> {
    let on = ALL.iter().filter(|switch| (switch.is_on)(config));
    on.map(|switch| switch.capability)
}

/// Extensions switched on or off; the others are as they are by default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Switches([Option<bool>; ALL.len()]);

impl Switches {
    /// The default settings with these switches set.
    #[must_use]
    pub fn config(self) -> Config {
        let mut config = Config::default();
        for (switch, on) in ALL.iter().zip(self.0) {
            if let Some(on) = on {
                (switch.set)(&mut config, on);
            }
        }
        config
    }
}

/// `ecn,no-sack`; nothing where nothing is switched.
impl fmt::Display for Switches {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let switched = names().zip(self.0).filter_map(|(name, on)| {
            let prefix = if on? { "" } else { "no-" };
            Some(format!("{prefix}{name}"))
        });
        f.write_str(&switched.collect::<Vec<_>>().join(","))
    }
}

/// The text names something that cannot be switched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownSwitch(String);

impl fmt::Display for UnknownSwitch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = names().collect::<Vec<_>>().join(", ");
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
            let at = names().position(|known| known == name);
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
        for Switch { capability, .. } in ALL {
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

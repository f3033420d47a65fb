//! Fault profiles: YAML -> [`Profile`].

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;
use tcpspec_link::{Conditions, Loss, Outage, Profile, Rate, Reordering};

use super::{LoadError, parse, read_text};
use crate::check::{Parsed, require};
use crate::diagnostic::{Code, Diagnostic, Fault, Sink};
use crate::document::{Document, NodeId};
use crate::grammar::read_duration;
use crate::raw::{Field, Items, Placed, Text};

/// Why a fault profile cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ProfileError {
    /// The file cannot be read.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// What it says cannot be used.
    #[error("the fault profile is not valid: complaints: {}", .0.len())]
    Invalid(Vec<Diagnostic>),
}

/// Reads a fault profile; its name is the file's.
///
/// # Errors
///
/// [`ProfileError`] if the file cannot be read, or if anything in it is wrong.
pub fn load_profile(path: &Path) -> Result<Profile, ProfileError> {
    let text = read_text(path).map_err(|source| LoadError {
        path: path.to_owned(),
        source,
    })?;
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    read_profile(&name, &path.display().to_string(), &text).map_err(ProfileError::Invalid)
}

/// Reads a profile that is in memory.
fn read_profile(name: &str, shown_as: &str, text: &str) -> Result<Profile, Vec<Diagnostic>> {
    let sink = Sink::default();
    let document = Document::read(Arc::from(shown_as), text, &sink);
    let parsed: Parsed<RawProfile> = parse(document, 0, &sink);
    require(&parsed.document, &["title"], &sink);
    let reader = Reader {
        document: &parsed.document,
        sink: &sink,
    };
    let profile = parsed.raw.as_ref().map(|raw| reader.profile(name, raw));
    match profile {
        Some(profile) if sink.len() == 0 => Ok(profile),
        _ => Err(sink.into_sorted()),
    }
}

/// What goes wrong on a link between two TCPs.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawProfile {
    /// What it is like, in a few words.
    title: Field<Text>,
    /// Both directions, where they are alike.
    #[serde(default)]
    both: Field<Placed<RawConditions>>,
    /// From the peer to the stack; in a duel, from the client to the server.
    #[serde(default)]
    up: Field<Placed<RawConditions>>,
    /// The other way.
    #[serde(default)]
    down: Field<Placed<RawConditions>>,
}

/// What goes wrong in one direction. What is left out does not.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct RawConditions {
    /// The share of packets lost, each by itself: `0.5%`.
    loss: Field<Text>,
    /// Losses that come together, instead of `loss`.
    bursts: Field<Placed<RawBursts>>,
    /// The share of packets that come twice.
    duplicate: Field<Text>,
    /// Packets that are overtaken.
    reorder: Field<Placed<RawReordering>>,
    /// The share of packets with a wrong bit.
    corrupt: Field<Text>,
    /// The share of packets that lose their end.
    truncate: Field<Text>,
    /// How long a packet is under way: `20ms`.
    delay: Field<Text>,
    /// How much longer it is at most.
    jitter: Field<Text>,
    /// Bits in a second: `10Mbit`.
    bandwidth: Field<Text>,
    /// Octets that wait for their turn at most; the next packet is lost.
    queue: Field<Text>,
    /// Octets of the largest packet, 68 to 65535.
    mtu: Field<Text>,
    /// Times at which nothing comes through.
    outages: Field<Items<Placed<RawOutage>>>,
}

/// Of each packet (Gilbert and Elliott).
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RawBursts {
    /// The chance that a burst begins with it.
    enter: Field<Text>,
    /// The chance that it is the first after a burst.
    leave: Field<Text>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RawReordering {
    /// The share of packets.
    rate: Field<Text>,
    /// By how many packets; by one if left out.
    #[serde(default)]
    distance: Field<Text>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RawOutage {
    /// When it begins, on the clock of the trial: `5s`.
    from: Field<Text>,
    /// How long it takes.
    lasts: Field<Text>,
}

struct Reader<'a> {
    document: &'a Document,
    sink: &'a Sink,
}

impl Reader<'_> {
    fn profile(&self, name: &str, raw: &RawProfile) -> Profile {
        let title = raw.title.get();
        let both = raw.both.get();
        let way = |own: &Field<Placed<RawConditions>>| {
            if let (Some(own), Some(_)) = (own.get(), both) {
                let fault = Fault::new(Code::Word, 0..0, "`both` says it for this direction, too");
                let fault = fault.help("write `up` and `down`, or `both`");
                self.document.complain_at(own.node, fault, self.sink);
            }
            let raw = own.get().or(both);
            raw.map_or_else(Conditions::default, |raw| self.conditions(&raw.value))
        };
        Profile {
            name: name.to_owned(),
            title: title.map_or_else(String::new, |title| self.text(*title).to_owned()),
            up: way(&raw.up),
            down: way(&raw.down),
        }
    }

    fn conditions(&self, raw: &RawConditions) -> Conditions {
        let outages = raw.outages.get().map_or(&[][..], |Items(outages)| outages);
        Conditions {
            loss: self.loss(raw),
            duplicate: self.share(&raw.duplicate),
            reorder: self.reordering(&raw.reorder),
            corrupt: self.share(&raw.corrupt),
            truncate: self.share(&raw.truncate),
            delay: self.time(&raw.delay),
            jitter: self.time(&raw.jitter),
            bandwidth: self.value(&raw.bandwidth, bandwidth, "bits in a second: `10Mbit`"),
            queue: self.value(&raw.queue, parsed, "octets: `64000`"),
            mtu: self.value(&raw.mtu, mtu, "octets, 68 to 65535: `1280`"),
            outages: outages.iter().map(|one| self.outage(one)).collect(),
        }
    }

    fn loss(&self, raw: &RawConditions) -> Loss {
        let Some(Placed { node, value }) = raw.bursts.get() else {
            return Loss::Single(self.share(&raw.loss));
        };
        self.needs(*node, &["enter", "leave"]);
        if let Some(loss) = raw.loss.get() {
            let fault = Fault::new(Code::Word, 0..0, "losses come in bursts or singly");
            self.complain(*loss, fault.help("leave out `loss` or `bursts`"));
        }
        Loss::Bursts {
            enter: self.share(&value.enter),
            leave: self.share(&value.leave),
        }
    }

    fn reordering(&self, raw: &Field<Placed<RawReordering>>) -> Reordering {
        let Some(Placed { node, value }) = raw.get() else {
            return Reordering::default();
        };
        self.needs(*node, &["rate"]);
        Reordering {
            rate: self.share(&value.rate),
            distance: self
                .value(&value.distance, parsed, "packets: `3`")
                .unwrap_or(1),
        }
    }

    fn outage(&self, Placed { node, value }: &Placed<RawOutage>) -> Outage {
        self.needs(*node, &["from", "lasts"]);
        Outage {
            from: self.time(&value.from),
            lasts: self.time(&value.lasts),
        }
    }

    fn share(&self, field: &Field<Text>) -> Rate {
        let share = self.value(
            field,
            parsed,
            "a share of packets, four decimals at most: `0.5%`",
        );
        share.unwrap_or_default()
    }

    fn time(&self, field: &Field<Text>) -> Duration {
        let time = self.value(field, read_duration, "a time: `20ms`");
        time.unwrap_or_default()
    }

    /// What a text stands for, if it is there and right.
    fn value<T>(
        &self,
        field: &Field<Text>,
        read: fn(&str) -> Option<T>,
        wanted: &str,
    ) -> Option<T> {
        let at = field.get()?;
        let value = read(self.text(*at).trim());
        if value.is_none() {
            let message = format!("`{}` is none", self.text(*at));
            let fault = Fault::new(Code::Number, 0..0, message);
            self.complain(*at, fault.help(format!("write {wanted}")));
        }
        value
    }

    fn needs(&self, node: NodeId, keys: &[&str]) {
        for key in keys {
            if self.document.entry(node, key).is_none() {
                let fault = Fault::new(Code::MissingKey, 0..0, format!("`{key}` is missing"));
                self.document.complain_at(node, fault, self.sink);
            }
        }
    }

    fn text(&self, at: Text) -> &str {
        self.document.text(at.0)
    }

    fn complain(&self, text: Text, fault: Fault) {
        self.document.complain_at(text.0, fault, self.sink);
    }
}

fn parsed<T: std::str::FromStr>(text: &str) -> Option<T> {
    text.parse().ok()
}

/// The least MTU of IPv4 (RFC 791) is the least here.
fn mtu(text: &str) -> Option<u16> {
    parsed(text).filter(|mtu| *mtu >= 68)
}

/// `10Mbit`, `64kbit`, `1Gbit`, `9600bit`.
fn bandwidth(text: &str) -> Option<u64> {
    let text = text.strip_suffix("bit")?;
    let units = [("k", 1_000), ("M", 1_000_000), ("G", 1_000_000_000)];
    let scaled = units
        .into_iter()
        .find_map(|(unit, bits)| Some((text.strip_suffix(unit)?, bits)));
    let (number, unit) = scaled.unwrap_or((text, 1));
    let bits: u64 = parsed(number)?;
    bits.checked_mul(unit).filter(|bits| *bits > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(text: &str) -> Rate {
        text.parse().expect("a share")
    }

    #[test]
    fn profile_is_read() {
        let text = "title: All of it\n\
            up:\n  loss: 10%\n  duplicate: 1%\n  reorder: {rate: 5%, distance: 3}\n  corrupt: 0.5%\n\
            \x20 truncate: 0.1%\n  delay: 10ms\n  jitter: 5ms\n  bandwidth: 10Mbit\n  queue: 64000\n\
            \x20 mtu: 1280\n  outages: [{from: 1s, lasts: 500ms}]\n\
            down:\n  bursts: {enter: 1%, leave: 20%}\n  reorder: {rate: 5%}\n";
        let profile = read_profile("all", "all.yaml", text).expect("it is valid");
        assert_eq!(
            (profile.name.as_str(), profile.title.as_str()),
            ("all", "All of it")
        );
        let up = Conditions {
            loss: Loss::Single(rate("10%")),
            duplicate: rate("1%"),
            reorder: Reordering {
                rate: rate("5%"),
                distance: 3,
            },
            corrupt: rate("0.5%"),
            truncate: rate("0.1%"),
            delay: Duration::from_millis(10),
            jitter: Duration::from_millis(5),
            bandwidth: Some(10_000_000),
            queue: Some(64_000),
            mtu: Some(1280),
            outages: vec![Outage {
                from: Duration::from_secs(1),
                lasts: Duration::from_millis(500),
            }],
        };
        assert_eq!(profile.up, up);
        let down = Conditions {
            loss: Loss::Bursts {
                enter: rate("1%"),
                leave: rate("20%"),
            },
            reorder: Reordering {
                rate: rate("5%"),
                distance: 1,
            },
            ..Conditions::default()
        };
        assert_eq!(profile.down, down);
    }

    #[test]
    fn both_stands_for_either_direction() {
        let profile = read_profile("x", "x.yaml", "title: X\nboth: {loss: 1%}\n");
        let profile = profile.expect("it is valid");
        assert_eq!(profile.up, profile.down);
        assert_eq!(profile.up.loss, Loss::Single(rate("1%")));
    }

    #[test]
    fn profile_that_is_wrong_is_refused_with_every_reason() {
        let text = "both: {loss: 10, delay: 5, mtu: 20, bandwidth: 5MB, bursts: {enter: 1%}}\n\
            up: {queue: -1, reorder: {distance: 2}, sloth: 1}\n";
        let found = read_profile("x", "x.yaml", text).expect_err(text);
        let mut found: Vec<(Code, &str)> =
            found.iter().map(|d| (d.code, d.message.as_str())).collect();
        found.sort_unstable_by_key(|(_, message)| *message);
        found.dedup();
        assert_eq!(
            found,
            [
                (Code::Number, "`-1` is none"),
                (Code::Number, "`20` is none"),
                (Code::Number, "`5MB` is none"),
                (Code::Number, "`5` is none"),
                (Code::Word, "`both` says it for this direction, too"),
                (Code::MissingKey, "`leave` is missing"),
                (Code::MissingKey, "`rate` is missing"),
                (Code::UnknownKey, "`sloth` is not a key here"),
                (Code::MissingKey, "`title` is missing"),
                (Code::Word, "losses come in bursts or singly"),
            ]
        );
    }
}

//! The ECN field of the IP header (RFC 3168 section 5). What TCP makes of it
//! is left out: that is the stack's.

use std::fmt;
use std::str::FromStr;

use crate::packet::IpHeader;

/// A codepoint of the ECN field: the low two bits of the IPv4 type of service
/// and of the IPv6 traffic class.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ecn {
    /// `not`: not ECN-capable.
    #[default]
    NotEct,
    /// `ect1`: ECN-capable, ECT(1).
    Ect1,
    /// `ect0`: ECN-capable, ECT(0).
    Ect0,
    /// `ce`: congestion experienced.
    Ce,
}

/// The bits of the field.
const MASK: u8 = 0b11;

impl Ecn {
    /// Every codepoint, by its bits.
    pub const ALL: [Self; 4] = [Self::NotEct, Self::Ect1, Self::Ect0, Self::Ce];

    /// The codepoint of a header.
    #[must_use]
    pub const fn of(ip: &IpHeader) -> Self {
        Self::ALL[(ip.traffic_class & MASK) as usize]
    }

    /// Writes the codepoint into a header.
    pub const fn mark(self, ip: &mut IpHeader) {
        ip.traffic_class = ip.traffic_class & !MASK | self as u8;
    }

    /// Its name in case files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotEct => "not",
            Self::Ect1 => "ect1",
            Self::Ect0 => "ect0",
            Self::Ce => "ce",
        }
    }
}

impl fmt::Display for Ecn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The text names no codepoint.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a codepoint of ECN")]
pub struct UnknownEcn(pub String);

/// The inverse of `Display`.
impl FromStr for Ecn {
    type Err = UnknownEcn;

    fn from_str(text: &str) -> Result<Self, UnknownEcn> {
        let found = Self::ALL.into_iter().find(|ecn| ecn.name() == text);
        found.ok_or_else(|| UnknownEcn(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use super::*;

    #[test]
    fn codepoint_is_the_low_two_bits_and_leaves_the_others() {
        let host = IpAddr::V4(Ipv4Addr::LOCALHOST);
        for (bits, ecn) in (0..).zip(Ecn::ALL) {
            let mut ip = IpHeader {
                traffic_class: 0b1010_0101,
                ..IpHeader::new(host, host)
            };
            ecn.mark(&mut ip);
            assert_eq!(ip.traffic_class, 0b1010_0100 | bits, "{ecn}");
            assert_eq!(Ecn::of(&ip), ecn);
            assert_eq!(ecn.to_string().parse(), Ok(ecn));
        }
        assert_eq!("ect".parse::<Ecn>(), Err(UnknownEcn("ect".to_owned())));
    }
}

//! The option space of a header, and the options in it one by one, where they
//! lie.

use super::TcpOption;
use crate::seq::SeqNumber;

/// The options of a header as octets, with their padding, where they lie.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OptionSpace<'a>(&'a [u8]);

/// A [`TcpOption`] where it lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OptionRef<'a> {
    /// As [`TcpOption::EndOfList`].
    EndOfList,
    /// As [`TcpOption::Nop`].
    Nop,
    /// As [`TcpOption::Mss`].
    Mss(u16),
    /// As [`TcpOption::WindowScale`].
    WindowScale(u8),
    /// As [`TcpOption::SackPermitted`].
    SackPermitted,
    /// As [`TcpOption::Sack`].
    Sack(SackBlocks<'a>),
    /// As [`TcpOption::Timestamps`].
    Timestamps {
        /// TSval.
        value: u32,
        /// TSecr.
        echo: u32,
    },
    /// As [`TcpOption::UserTimeout`].
    UserTimeout(u16),
    /// As [`TcpOption::Unknown`].
    Unknown {
        /// The kind octet.
        kind: u8,
        /// The length octet as it stands, right or wrong.
        len: u8,
        /// What follows the length octet.
        data: &'a [u8],
    },
    /// As [`TcpOption::Malformed`].
    Malformed(&'a [u8]),
}

/// The blocks of a SACK option, none by default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SackBlocks<'a>(&'a [[u8; 8]]);

impl<'a> OptionSpace<'a> {
    #[inline]
    pub(crate) const fn new(octets: &'a [u8]) -> Self {
        Self(octets)
    }

    /// The octets.
    #[must_use]
    pub const fn octets(self) -> &'a [u8] {
        self.0
    }

    /// The options in the order of the wire, padding left out.
    #[must_use]
    #[inline]
    pub const fn iter(self) -> Options<'a> {
        Options {
            rest: self.0,
            is_over: false,
        }
    }

    /// The MSS option's value, if there is one.
    #[must_use]
    pub fn mss(self) -> Option<u16> {
        self.iter().find_map(|option| match option {
            OptionRef::Mss(mss) => Some(mss),
            _ => None,
        })
    }

    /// The shift count as it stands on the wire, if there is one.
    #[must_use]
    pub fn window_scale(self) -> Option<u8> {
        self.iter().find_map(|option| match option {
            OptionRef::WindowScale(shift) => Some(shift),
            _ => None,
        })
    }

    /// Whether SACK is permitted.
    #[must_use]
    pub fn permits_sack(self) -> bool {
        self.iter().any(|option| option == OptionRef::SackPermitted)
    }

    /// TSval and TSecr, if there are any.
    #[must_use]
    #[inline]
    pub fn timestamps(self) -> Option<(u32, u32)> {
        if let Some((timestamps, _)) = self.split_timestamps() {
            return Some(timestamps);
        }
        self.iter().find_map(|option| match option {
            OptionRef::Timestamps { value, echo } => Some((value, echo)),
            _ => None,
        })
    }

    /// TSval and TSecr, and the options behind them, where they stand as nearly
    /// every segment has them (RFC 7323 appendix A).
    #[inline]
    fn split_timestamps(self) -> Option<((u32, u32), Self)> {
        let [1, 1, 8, 10, v0, v1, v2, v3, e0, e1, e2, e3, ref rest @ ..] = *self.0 else {
            return None;
        };
        let word = |octets| u32::from_be_bytes(octets);
        let timestamps = (word([v0, v1, v2, v3]), word([e0, e1, e2, e3]));
        Some((timestamps, Self(rest)))
    }

    /// The user timeout as it stands on the wire, if there is one.
    #[must_use]
    pub fn user_timeout(self) -> Option<u16> {
        self.iter().find_map(|option| match option {
            OptionRef::UserTimeout(timeout) => Some(timeout),
            _ => None,
        })
    }

    /// The blocks of the SACK option; none without it.
    #[must_use]
    #[inline]
    pub fn sack_blocks(self) -> SackBlocks<'a> {
        let rest = self.split_timestamps().map_or(self, |(_, rest)| rest);
        let blocks = rest.iter().find_map(|option| match option {
            OptionRef::Sack(blocks) => Some(blocks),
            _ => None,
        });
        blocks.unwrap_or_default()
    }
}

impl<'a> IntoIterator for OptionSpace<'a> {
    type Item = OptionRef<'a>;
    type IntoIter = Options<'a>;

    fn into_iter(self) -> Options<'a> {
        self.iter()
    }
}

/// The options of an [`OptionSpace`], one by one.
#[derive(Clone, Debug)]
pub struct Options<'a> {
    rest: &'a [u8],
    /// An end-of-list has come: what follows is padding, or nonsense.
    is_over: bool,
}

impl<'a> Options<'a> {
    /// All that is left, as what follows no format.
    fn malformed(&mut self) -> OptionRef<'a> {
        OptionRef::Malformed(std::mem::take(&mut self.rest))
    }

    fn end_of_list(&mut self, rest: &'a [u8]) -> Option<OptionRef<'a>> {
        // As many zeros as may be padding are none of the options.
        if rest.len() < 3 && rest.iter().all(|octet| *octet == 0) {
            self.rest = &[];
            return None;
        }
        self.rest = rest;
        self.is_over = true;
        Some(OptionRef::EndOfList)
    }
}

impl<'a> Iterator for Options<'a> {
    type Item = OptionRef<'a>;

    #[inline]
    fn next(&mut self) -> Option<OptionRef<'a>> {
        let (kind, rest) = self.rest.split_first()?;
        if self.is_over && self.rest.iter().any(|octet| *octet != 0) {
            return Some(self.malformed());
        }
        match kind {
            0 => self.end_of_list(rest),
            1 => {
                self.rest = rest;
                Some(OptionRef::Nop)
            }
            _ => {
                let len = rest.first().map_or(0, |len| usize::from(*len));
                let Some(option) = self.rest.get(..len).filter(|_| len >= 2) else {
                    return Some(self.malformed());
                };
                self.rest = &self.rest[len..];
                Some(OptionRef::read(option))
            }
        }
    }
}

impl<'a> OptionRef<'a> {
    /// Reads one option of kind, length, data; `octets` is as long as its
    /// length octet says, and that is at least 2.
    #[inline]
    fn read(octets: &'a [u8]) -> Self {
        match *octets {
            [2, 4, a, b] => Self::Mss(u16::from_be_bytes([a, b])),
            [3, 3, shift] => Self::WindowScale(shift),
            [4, 2] => Self::SackPermitted,
            [8, 10, v0, v1, v2, v3, e0, e1, e2, e3] => Self::Timestamps {
                value: u32::from_be_bytes([v0, v1, v2, v3]),
                echo: u32::from_be_bytes([e0, e1, e2, e3]),
            },
            [28, 4, a, b] => Self::UserTimeout(u16::from_be_bytes([a, b])),
            [5, _, ref blocks @ ..] if !blocks.is_empty() && blocks.len().is_multiple_of(8) => {
                Self::Sack(SackBlocks(blocks.as_chunks().0))
            }
            _ => Self::Unknown {
                kind: octets[0],
                len: octets[1],
                data: &octets[2..],
            },
        }
    }
}

impl From<OptionRef<'_>> for TcpOption {
    fn from(option: OptionRef<'_>) -> Self {
        match option {
            OptionRef::EndOfList => Self::EndOfList,
            OptionRef::Nop => Self::Nop,
            OptionRef::Mss(mss) => Self::Mss(mss),
            OptionRef::WindowScale(shift) => Self::WindowScale(shift),
            OptionRef::SackPermitted => Self::SackPermitted,
            OptionRef::Sack(blocks) => Self::Sack(blocks.iter().collect()),
            OptionRef::Timestamps { value, echo } => Self::Timestamps { value, echo },
            OptionRef::UserTimeout(timeout) => Self::UserTimeout(timeout),
            OptionRef::Unknown { kind, len, data } => {
                let data = data.to_vec();
                Self::Unknown { kind, len, data }
            }
            OptionRef::Malformed(tail) => Self::Malformed(tail.to_vec()),
        }
    }
}

impl SackBlocks<'_> {
    /// Left edge and right edge of each block.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (SeqNumber, SeqNumber)> {
        self.0.iter().map(|[l0, l1, l2, l3, r0, r1, r2, r3]| {
            let number = |octets| SeqNumber::new(u32::from_be_bytes(octets));
            (number([*l0, *l1, *l2, *l3]), number([*r0, *r1, *r2, *r3]))
        })
    }
}

//! The Internet checksum where a part of what it covers changes (RFC 1624): one
//! that was wrong stays wrong by as much.

/// By how much a ones' complement sum changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Change(u32);

impl Change {
    /// From these octets to those, which begin at an even offset.
    pub(crate) fn of(before: &[u8], after: &[u8]) -> Self {
        Self(u32::from(!sum(before))).and(Self(u32::from(sum(after))))
    }

    /// From one word to another.
    pub(crate) fn of_word(before: u16, after: u16) -> Self {
        Self::of(&before.to_be_bytes(), &after.to_be_bytes())
    }

    /// Both changes.
    pub(crate) const fn and(self, other: Self) -> Self {
        Self(fold(self.0 + other.0) as u32)
    }

    /// Changes the checksum at an offset, if that is within the octets.
    pub(crate) fn apply(self, octets: &mut [u8], at: usize) {
        if let Some(field) = octets.get_mut(at..at + 2)
            && let Ok(old) = <[u8; 2]>::try_from(&*field)
        {
            let sum = u32::from(!u16::from_be_bytes(old)) + self.0;
            field.copy_from_slice(&(!fold(sum)).to_be_bytes());
        }
    }
}

/// The ones' complement sum of octets; an odd last one is padded.
pub(crate) fn sum(octets: &[u8]) -> u16 {
    let words = octets.chunks(2).map(|pair| match pair {
        [high, low] => u32::from(u16::from_be_bytes([*high, *low])),
        [high] => u32::from(*high) << 8,
        _ => 0,
    });
    // 64 KiB are 2^15 words: no overflow.
    fold(words.sum())
}

const fn fold(sum: u32) -> u16 {
    let sum = (sum & 0xffff) + (sum >> 16);
    ((sum & 0xffff) + (sum >> 16)) as u16
}

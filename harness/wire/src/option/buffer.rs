//! Options written without asking for memory, as a stack does.

use super::TcpOption;

/// Octets that a header has for options: what a data offset of 15 leaves.
const ROOM: usize = 40;
/// Kind 1.
const NOP: u8 = 1;

/// The options of one header, as octets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OptionBuffer {
    /// Zeros from `len` on.
    octets: [u8; ROOM],
    len: u8,
}

impl OptionBuffer {
    /// A header without options.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            octets: [0; ROOM],
            len: 0,
        }
    }

    /// Adds an option. One for which there is no room is left out.
    #[inline]
    pub fn push(&mut self, option: &TcpOption) {
        let mut at = usize::from(self.len);
        if option.wire_len() > ROOM - at {
            return;
        }
        option.encode(|octets| {
            self.octets[at..at + octets.len()].copy_from_slice(octets);
            at += octets.len();
        });
        self.len = at as u8;
    }

    /// Adds an option behind as many no-operations as let it end on a boundary
    /// of four octets; or none of this if there is no room.
    #[inline]
    pub fn push_aligned(&mut self, option: &TcpOption) {
        let (at, len) = (usize::from(self.len), option.wire_len());
        let start = (at + len).next_multiple_of(4) - len;
        if start + len <= ROOM {
            self.octets[at..start].fill(NOP);
            self.len = start as u8;
            self.push(option);
        }
    }

    /// The octets with the padding that the data offset asks for.
    #[must_use]
    #[inline]
    pub fn padded(&self) -> &[u8] {
        &self.octets[..usize::from(self.len).next_multiple_of(4)]
    }
}

impl Default for OptionBuffer {
    fn default() -> Self {
        Self::new()
    }
}

impl Extend<TcpOption> for OptionBuffer {
    #[inline]
    fn extend<I: IntoIterator<Item = TcpOption>>(&mut self, options: I) {
        for option in options {
            self.push(&option);
        }
    }
}

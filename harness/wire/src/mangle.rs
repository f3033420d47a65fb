//! Malformed traffic: edits of the octets of a well-formed packet.

use std::net::IpAddr;

/// One edit of a packet's octets. Edits apply in the order in which they are
/// written; lengths and checksums are set right before the first one and are
/// not touched again, but for those that say so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mangle {
    /// `bad(checksum)`: the TCP checksum with one bit flipped.
    BadChecksum,
    /// `bad(dataoff=N)`: another data offset, in 32-bit words (0 to 15); the
    /// TCP checksum is made right for it.
    DataOffset(u8),
    /// `raw(offset=N,hex=...)`: octets of the TCP header or text overwritten,
    /// counted from the start of the TCP header; the checksum is made right,
    /// unless the edit covers the checksum itself.
    Raw {
        /// Where to begin, in octets from the start of the TCP header.
        offset: u16,
        /// What to write; what would go beyond the packet's end is appended.
        octets: Vec<u8>,
    },
    /// `frag(N)`: sent as IP fragments of N octets, a multiple of eight.
    Fragment(u16),
    /// `ttl=N`: another time to live or hop limit.
    Ttl(u8),
    /// `src=other`, or `src=ADDRESS`: another source address; the TCP checksum
    /// is made right for it.
    Source(IpAddr),
}

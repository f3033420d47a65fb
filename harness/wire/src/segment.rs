//! A well-formed TCP segment. Malformed ones are a [`Mangle`](crate::Mangle).

use crate::flags::Flags;
use crate::option::{self, TcpOption};
use crate::seq::SeqNumber;
use crate::window::WindowField;

/// Length of the fixed TCP header in octets.
pub const HEADER_LEN: usize = 20;

/// A TCP segment: the fields of RFC 9293 section 3.1 without those that follow
/// from the others (data offset, checksum).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Segment {
    /// Source port.
    pub src_port: u16,
    /// Destination port.
    pub dst_port: u16,
    /// SEG.SEQ.
    pub seq: SeqNumber,
    /// SEG.ACK; carries meaning only with the ACK bit.
    pub ack: SeqNumber,
    /// The control bits.
    pub flags: Flags,
    /// SEG.WND, unscaled.
    pub window: WindowField,
    /// SEG.UP; carries meaning only with the URG bit.
    pub urgent: u16,
    /// Options in the order of the wire, padding left out.
    pub options: Vec<TcpOption>,
    /// The text of the segment.
    pub payload: Vec<u8>,
}

impl Segment {
    /// SEG.LEN: sequence numbers the segment occupies, SYN and FIN included.
    #[must_use]
    pub fn seq_len(&self) -> u32 {
        // A payload that came in an IP packet is far below 2^32.
        self.payload.len() as u32
            + u32::from(self.flags.contains(Flags::SYN))
            + u32::from(self.flags.contains(Flags::FIN))
    }

    /// The sequence number after the last one that the segment occupies.
    #[must_use]
    pub fn end(&self) -> SeqNumber {
        self.seq + self.seq_len()
    }

    /// The MSS option's value, if there is one.
    #[must_use]
    pub fn mss(&self) -> Option<u16> {
        self.options.iter().find_map(|option| match option {
            TcpOption::Mss(mss) => Some(*mss),
            _ => None,
        })
    }

    /// Octets of the TCP header with its options.
    #[must_use]
    pub fn header_len(&self) -> usize {
        HEADER_LEN + option::wire_len_all(&self.options)
    }

    /// Appends the segment with a zero checksum.
    ///
    /// More than 40 octets of options do not fit the data offset, which then
    /// wraps: such a segment is malformed on the wire, as its maker wanted.
    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        let words = ((HEADER_LEN + option::wire_len_all(&self.options)) / 4) as u16;
        let mut header = [0; HEADER_LEN];
        let mut put = |at: usize, field: &[u8]| header[at..at + field.len()].copy_from_slice(field);
        put(0, &self.src_port.to_be_bytes());
        put(2, &self.dst_port.to_be_bytes());
        put(4, &self.seq.value().to_be_bytes());
        put(8, &self.ack.value().to_be_bytes());
        put(12, &(words << 12 | self.flags.bits()).to_be_bytes());
        put(14, &self.window.value().to_be_bytes());
        put(18, &self.urgent.to_be_bytes());
        out.extend_from_slice(&header);
        option::encode_all(&self.options, out);
        out.extend_from_slice(&self.payload);
    }

    /// Reads a segment; `None` if the octets are shorter than their header or
    /// the data offset lies outside them. The checksum is not looked at.
    #[inline]
    pub(crate) fn decode(octets: &[u8]) -> Option<Self> {
        let header = octets.first_chunk::<HEADER_LEN>()?;
        let half = |at: usize| u16::from_be_bytes([header[at], header[at + 1]]);
        let word = |at: usize| u32::from(half(at)) << 16 | u32::from(half(at + 2));
        let offset = usize::from(header[12] >> 4) * 4;
        Some(Self {
            src_port: half(0),
            dst_port: half(2),
            seq: SeqNumber::new(word(4)),
            ack: SeqNumber::new(word(8)),
            flags: Flags::from_bits(half(12)),
            window: WindowField::new(half(14)),
            urgent: half(18),
            options: option::decode_all(octets.get(HEADER_LEN..offset)?),
            payload: octets.get(offset..)?.to_vec(),
        })
    }
}

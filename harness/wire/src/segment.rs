//! A well-formed TCP segment. Malformed ones are a [`Mangle`](crate::Mangle).

use crate::flags::Flags;
use crate::option::{self, OptionBuffer, OptionSpace, TcpOption};
use crate::seq::SeqNumber;
use crate::window::WindowField;

/// Length of the fixed TCP header in octets.
pub const HEADER_LEN: usize = 20;
/// Where the header holds its data offset, in the high four bits.
pub(crate) const DATA_OFFSET: usize = 12;
/// Where the header holds its checksum.
pub(crate) const CHECKSUM: std::ops::Range<usize> = 16..18;
/// The urgent pointer's place in the header.
pub(crate) const URGENT_POINTER: std::ops::Range<usize> = 18..20;

/// A TCP segment: the fields of RFC 9293 section 3.1 without those that follow
/// from the others (data offset, checksum).
///
/// It owns its options `O` and its text `T`, unless it says otherwise: see
/// [`SegmentRef`] and [`SegmentDraft`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Segment<O = Vec<TcpOption>, T = Vec<u8>> {
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
    pub options: O,
    /// The text of the segment.
    pub payload: T,
}

/// A segment as it lies in a packet.
pub type SegmentRef<'a> = Segment<OptionSpace<'a>, &'a [u8]>;

/// A segment to be written, whose text lies in two pieces, as a ring buffer
/// holds it.
pub type SegmentDraft<'a> = Segment<OptionBuffer, [&'a [u8]; 2]>;

impl<O, T: AsRef<[u8]>> Segment<O, T> {
    /// SEG.LEN: sequence numbers the segment occupies, SYN and FIN included.
    #[must_use]
    pub fn seq_len(&self) -> u32 {
        // A payload that came in an IP packet is far below 2^32.
        self.payload.as_ref().len() as u32
            + u32::from(self.flags.contains(Flags::SYN))
            + u32::from(self.flags.contains(Flags::FIN))
    }

    /// The sequence number after the last one that the segment occupies.
    #[must_use]
    pub fn end(&self) -> SeqNumber {
        self.seq + self.seq_len()
    }
}

impl<O, T> Segment<O, T> {
    /// The fixed header, for options of so many octets, with a zero checksum.
    ///
    /// More than 40 octets of options do not fit the data offset, which then
    /// wraps: such a segment is malformed on the wire, as its maker wanted.
    #[inline]
    fn header(&self, options_len: usize) -> [u8; HEADER_LEN] {
        let words = ((HEADER_LEN + options_len) / 4) as u16;
        let mut header = [0; HEADER_LEN];
        let mut put = |at: usize, field: &[u8]| header[at..at + field.len()].copy_from_slice(field);
        put(0, &self.src_port.to_be_bytes());
        put(2, &self.dst_port.to_be_bytes());
        put(4, &self.seq.value().to_be_bytes());
        put(8, &self.ack.value().to_be_bytes());
        put(12, &(words << 12 | self.flags.bits()).to_be_bytes());
        put(14, &self.window.value().to_be_bytes());
        put(18, &self.urgent.to_be_bytes());
        header
    }
}

impl Segment {
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

    /// Octets of the whole segment.
    pub(crate) fn wire_len(&self) -> usize {
        self.header_len() + self.payload.len()
    }

    /// Appends the segment with a zero checksum.
    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        let start = out.len();
        out.extend_from_slice(&[0; HEADER_LEN]);
        option::encode_all(&self.options, out);
        let header = self.header(out.len() - start - HEADER_LEN);
        out[start..start + HEADER_LEN].copy_from_slice(&header);
        out.extend_from_slice(&self.payload);
    }
}

impl SegmentDraft<'_> {
    /// Octets of the whole segment.
    pub(crate) fn wire_len(&self) -> usize {
        let [front, back] = self.payload;
        HEADER_LEN + self.options.padded().len() + front.len() + back.len()
    }

    /// Appends the segment with a zero checksum.
    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        let options = self.options.padded();
        out.extend_from_slice(&self.header(options.len()));
        out.extend_from_slice(options);
        for piece in self.payload {
            out.extend_from_slice(piece);
        }
    }
}

impl<'a> SegmentRef<'a> {
    /// Reads a segment; `None` if the octets are shorter than their header or
    /// the data offset lies outside them. The checksum is not looked at.
    #[inline]
    pub(crate) fn decode(octets: &'a [u8]) -> Option<Self> {
        let text_at = Self::text_at(octets)?;
        let header = octets.first_chunk::<HEADER_LEN>()?;
        let half = |at: usize| u16::from_be_bytes([header[at], header[at + 1]]);
        let word = |at: usize| u32::from(half(at)) << 16 | u32::from(half(at + 2));
        Some(Self {
            src_port: half(0),
            dst_port: half(2),
            seq: SeqNumber::new(word(4)),
            ack: SeqNumber::new(word(8)),
            flags: Flags::from_bits(half(12)),
            window: WindowField::new(half(14)),
            urgent: half(18),
            options: OptionSpace::new(octets.get(HEADER_LEN..text_at)?),
            payload: octets.get(text_at..)?,
        })
    }

    /// Where the text begins, by the data offset, if that makes sense.
    #[inline]
    pub(crate) fn text_at(octets: &[u8]) -> Option<usize> {
        let offset = usize::from(octets.get(DATA_OFFSET)? >> 4) * 4;
        (HEADER_LEN..=octets.len())
            .contains(&offset)
            .then_some(offset)
    }
}

impl From<SegmentRef<'_>> for Segment {
    #[inline]
    fn from(segment: SegmentRef<'_>) -> Self {
        Self {
            src_port: segment.src_port,
            dst_port: segment.dst_port,
            seq: segment.seq,
            ack: segment.ack,
            flags: segment.flags,
            window: segment.window,
            urgent: segment.urgent,
            options: option::decode_all(segment.options),
            payload: segment.payload.to_vec(),
        }
    }
}

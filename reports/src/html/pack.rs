//! What stands deflated in the page, for want of room: the page's script opens
//! it (`unpack.js`). It is markup of the same template engine, escaped as all of
//! the page is.
//!
//! Left out: what is worth packing, which is `room`'s.

use std::io::{self, Write as _};

use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};

/// Parts the pieces; no text of a page has it.
const BETWEEN: char = '\u{1e}';

/// Parts a piece's place from what goes there.
const BEHIND_PLACE: char = '\u{1f}';

/// Octets that all of it may have unpacked: browsers have to show it.
const UNPACKED_MAX: usize = 16_000_000;

/// Pieces of markup, each with its place: the id of the element at whose end it
/// goes, and behind a blank, if it goes into a play of that element, which.
pub(super) struct Pack {
    out: ZlibEncoder<Vec<u8>>,
    unpacked: usize,
    /// What `out` had taken when its length was last known.
    known: usize,
}

impl Pack {
    pub(super) fn new() -> Self {
        Self {
            out: ZlibEncoder::new(Vec::new(), Compression::new(10)),
            unpacked: 0,
            known: 0,
        }
    }

    /// Adds a piece, unless the whole might then take more than `room`.
    pub(super) fn add(&mut self, place: &str, markup: &str, room: usize) -> bool {
        if markup.is_empty() {
            return true;
        }
        let piece = format!("{BETWEEN}{place}{BEHIND_PLACE}{markup}");
        let unpacked = self.unpacked + piece.len();
        if unpacked > UNPACKED_MAX || !self.fits(piece.len(), room) {
            return false;
        }
        self.unpacked = unpacked;
        self.out.write_all(piece.as_bytes()).is_ok()
    }

    /// Whether that many octets more fit: what was not yet deflated counts by
    /// half, which is more than markup takes. Only where that says no is it
    /// deflated to be measured, since each time costs room.
    fn fits(&mut self, more: usize, room: usize) -> bool {
        let fits = |pack: &Self| {
            let waiting = (pack.unpacked - pack.known + more) / 2;
            written(pack.out.get_ref().len() + waiting + FRAME) <= room
        };
        if fits(self) {
            return true;
        }
        if self.out.flush().is_err() {
            return false;
        }
        self.known = self.unpacked;
        fits(self)
    }

    /// All of it as text; `None` if it is empty.
    pub(super) fn finish(self) -> Option<String> {
        let packed = self.out.finish().ok()?;
        (self.unpacked > 0).then(|| base64(&packed))
    }
}

/// Octets that are written at the end.
const FRAME: usize = 100;

/// Octets of the text that so many octets become.
const fn written(octets: usize) -> usize {
    octets.div_ceil(3) * 4
}

/// A file as one that any tool unpacks.
///
/// # Errors
///
/// None that memory can have.
pub(super) fn gzip(file: &[u8]) -> io::Result<Vec<u8>> {
    let mut out = GzEncoder::new(Vec::new(), Compression::best());
    out.write_all(file)?;
    out.finish()
}

/// RFC 4648, section 4.
pub(super) fn base64(octets: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let digits = octets.chunks(3).flat_map(|chunk| {
        let octet = |at: usize| chunk.get(at).map_or(0, |octet| u32::from(*octet));
        let bits = octet(0) << 16 | octet(1) << 8 | octet(2);
        (0..4).map(move |digit| {
            if digit <= chunk.len() {
                char::from(DIGITS[(bits >> (18 - 6 * digit)) as usize & 63])
            } else {
                '='
            }
        })
    });
    digits.collect()
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use flate2::read::GzDecoder;
    use rstest::rstest;

    use super::{Pack, base64, gzip};

    #[rstest]
    #[case::nothing("", "")]
    #[case::two_over("f", "Zg==")]
    #[case::one_over("fo", "Zm8=")]
    #[case::whole("foo", "Zm9v")]
    #[case::two_groups("foobar", "Zm9vYmFy")]
    fn octets_are_written_as_the_rfc_has_them(#[case] octets: &str, #[case] text: &str) {
        assert_eq!(base64(octets.as_bytes()), text);
    }

    #[test]
    fn file_comes_out_as_it_went_in() {
        let mut file = String::new();
        let packed = gzip(b"a segment").unwrap();
        GzDecoder::new(&*packed).read_to_string(&mut file).unwrap();
        assert_eq!(file, "a segment");
    }

    /// Pieces as alike as ladders are, more than there is room for.
    #[rstest]
    #[case::none(100, 0)]
    #[case::some(6_000, 200)]
    #[case::all(100_000, 500)]
    fn pieces_keep_to_their_room(#[case] room: usize, #[case] least: usize) {
        let mut pack = Pack::new();
        let piece = |at: usize| format!("{at} <p>SYN seq=0 {}</p>", at * 7919 % 1000).repeat(9);
        let taken = (0..500)
            .take_while(|at| pack.add("x", &piece(*at), room))
            .count();
        let text = pack.finish().unwrap_or_default();
        assert!(text.len() <= room, "{} octets", text.len());
        assert!(taken >= least, "only {taken}");
    }

    #[test]
    fn nothing_is_no_text() {
        assert_eq!(Pack::new().finish(), None);
    }
}

//! The link to the capture of a variant. A small one stands in the page
//! itself, so that it goes wherever the page goes; a large one lies beside it.

use maud::{Markup, html};

use crate::model::{Report, Variant};
use crate::pcapng::Capture;

/// Octets of a capture that are worth their room in the page.
const EMBEDDED_MAX: usize = 8 << 10;

/// The link; nothing if the variant has no capture.
pub(super) fn link(report: &Report<'_>, variant: &Variant<'_>) -> Markup {
    let Some(capture) = Capture::of(variant) else {
        return html! {};
    };
    let path = capture.path();
    let name = path.rsplit('/').next().unwrap_or(&path);
    let file = capture.render(&report.header.tool);
    html! {
        @if file.len() <= EMBEDDED_MAX {
            " · " a href={"data:application/x-pcapng;base64," (base64(&file))} download=(name) { "capture for Wireshark" }
        } @else {
            " · " a href=(path) download { "capture for Wireshark, " (file.len() / 1000) " kB beside this page" }
        }
    }
}

/// RFC 4648, section 4.
fn base64(octets: &[u8]) -> String {
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
    use rstest::rstest;

    use super::base64;

    #[rstest]
    #[case::nothing("", "")]
    #[case::two_over("f", "Zg==")]
    #[case::one_over("fo", "Zm8=")]
    #[case::whole("foo", "Zm9v")]
    #[case::two_groups("foobar", "Zm9vYmFy")]
    fn octets_are_written_as_the_rfc_has_them(#[case] octets: &str, #[case] text: &str) {
        assert_eq!(base64(octets.as_bytes()), text);
    }
}

//! The link to the capture of a variant. A small one stands in the page
//! itself, so that it goes wherever the page goes, and packed, as Wireshark opens
//! it; a large one lies beside it.

use maud::{Markup, html};

use super::pack::{base64, gzip};
use crate::model::{Report, Variant};
use crate::pcapng::Capture;

/// Octets of a capture that are worth their room in the page.
const EMBEDDED_MAX: usize = 8 << 10;

/// The link; nothing if the variant has no capture. `inside` says whether the
/// page has room for it.
pub(super) fn link(report: &Report<'_>, variant: &Variant<'_>, inside: bool) -> Markup {
    let Some(capture) = Capture::of(variant) else {
        return html! {};
    };
    let path = capture.path();
    let name = path.rsplit('/').next().unwrap_or(&path);
    let file = capture.render(&report.header.tool);
    let packed = gzip(&file).ok().filter(|_| inside);
    html! {
        @if let Some(packed) = packed.filter(|packed| packed.len() <= EMBEDDED_MAX) {
            " · " a href={"data:application/gzip;base64," (base64(&packed))} download={(name) ".gz"} { "capture for Wireshark" }
        } @else {
            " · " a href=(path) download { "capture for Wireshark, " (file.len() / 1000) " kB beside this page" }
        }
    }
}

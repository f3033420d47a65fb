//! Text that others wrote, made fit to be shown: no control characters, one
//! line, an end.

/// Characters of one text that a reader is asked to read.
const TEXT_MAX: usize = 600;

/// A text on one line, without control characters, and not endless.
pub(crate) fn clean(text: &str) -> String {
    let visible = |c: char| {
        if c.is_control() || is_bidi(c) {
            '\u{fffd}'
        } else {
            c
        }
    };
    let mut line: String = text.trim().replace(['\n', '\t'], " ");
    if let Some((end, _)) = line.char_indices().nth(TEXT_MAX) {
        line.truncate(end);
        line.push_str(" ...");
    }
    line.chars().map(visible).collect()
}

/// Characters that turn round the order in which others are shown.
pub(crate) const fn is_bidi(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

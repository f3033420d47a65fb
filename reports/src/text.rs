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
    let text = text.trim();
    // What is cut off is not even looked at: a line may be a megabyte.
    let end = text.char_indices().nth(TEXT_MAX).map(|(end, _)| end);
    let mut line = text[..end.unwrap_or(text.len())].replace(['\n', '\t'], " ");
    if end.is_some() {
        line.push_str(" ...");
    }
    line.chars().map(visible).collect()
}

/// Characters that turn round the order in which others are shown.
pub(crate) const fn is_bidi(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

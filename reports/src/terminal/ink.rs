//! Colour and wrapping.

use tcpspec_record::Verdict;

use super::WIDTH;
pub(super) use crate::text::clean;

/// How to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Without colour.
    Plain,
    /// With ANSI escape codes.
    Colour,
}

/// What a piece of text is, which settles its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ink {
    /// As it should be.
    Good,
    /// Not as it should be.
    Bad,
    /// Worth a look.
    Doubtful,
    /// The main thing.
    Strong,
    /// Beside the point.
    Faint,
}

impl Ink {
    const fn code(self) -> &'static str {
        match self {
            Self::Good => "32",
            Self::Bad => "1;31",
            Self::Doubtful => "33",
            Self::Strong => "1",
            Self::Faint => "2",
        }
    }

    /// The colour of a verdict.
    pub(super) const fn of(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Crash | Verdict::Stuck | Verdict::Fail => Self::Bad,
            Verdict::Deviates | Verdict::Blocked | Verdict::Inconclusive => Self::Doubtful,
            Verdict::Skip => Self::Faint,
            Verdict::Pass => Self::Good,
        }
    }
}

impl Style {
    /// Colours `text`, if this style does.
    pub(crate) fn paint(self, ink: Ink, text: &str) -> String {
        match self {
            Self::Colour if !text.is_empty() => format!("\x1b[{}m{text}\x1b[0m", ink.code()),
            Self::Colour | Self::Plain => text.to_owned(),
        }
    }
}

/// Breaks prose into lines, each indented.
pub(super) fn wrap(text: &str, indent: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in clean(text).split_whitespace() {
        let last = lines.len() - 1;
        let line = &mut lines[last];
        if line.is_empty() {
            line.push_str(word);
        } else if indent + line.chars().count() + 1 + word.chars().count() <= WIDTH {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    let margin = " ".repeat(indent);
    lines.retain(|line| !line.is_empty());
    lines.iter().map(|line| format!("{margin}{line}")).collect()
}

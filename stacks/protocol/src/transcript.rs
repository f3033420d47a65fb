//! What was said in a trial, as far as it is kept.

use std::collections::VecDeque;

/// The last lines of a trial, to the stack (`>`) and from it (`<`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Transcript {
    /// Lines before the first that is left.
    pub left_out: usize,
    /// The lines; an overlong one is cut.
    pub lines: VecDeque<String>,
    /// The last lines of stderr.
    pub stderr: Vec<String>,
}

impl Transcript {
    /// Lines that are kept.
    const LINES: usize = 200;
    /// Octets that are kept of a line.
    const LINE: usize = 2000;

    pub(crate) fn add(&mut self, mark: char, line: &[u8]) {
        let mut text = match self.lines.len() {
            Self::LINES => {
                self.left_out += 1;
                self.lines.pop_front().unwrap_or_default()
            }
            _ => String::new(),
        };
        text.clear();
        text.push(mark);
        text.push(' ');
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        text += &String::from_utf8_lossy(&line[..line.len().min(Self::LINE)]);
        if line.len() > Self::LINE {
            text += "...";
        }
        self.lines.push_back(text);
    }

    pub(crate) fn clear(&mut self) {
        self.left_out = 0;
        self.lines.clear();
        self.stderr.clear();
    }
}

//! A complaint about a file: what is wrong, where, and what to write instead.
//! How it is drawn is left to [`render`](Diagnostic::render) and to nobody else.

mod code;
mod sink;

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

pub use code::Code;
pub(crate) use sink::{Fault, Sink, closest};

/// One complaint about one place of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// What kind of complaint.
    pub code: Code,
    /// The file, as it was named.
    pub file: Arc<str>,
    /// Line, counted from 1.
    pub line: usize,
    /// Column in characters, counted from 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// What stands beside the caret; may be empty.
    pub label: String,
    /// What to write instead; may be empty.
    pub help: String,
    /// The file's text.
    pub(crate) source: Arc<str>,
    /// The octets of the text that are meant.
    pub(crate) span: Range<usize>,
}

impl Diagnostic {
    /// The complaint with the lines it is about and a caret, with or without
    /// ANSI colours.
    #[must_use]
    pub fn render(&self, colour: bool) -> String {
        let annotation = AnnotationKind::Primary.span(self.span.clone());
        let snippet = Snippet::source(&*self.source).path(&*self.file).annotation(
            match self.label.as_str() {
                "" => annotation,
                label => annotation.label(label),
            },
        );
        let mut group = Level::ERROR
            .primary_title(self.message.as_str())
            .id(self.code.id())
            .element(snippet);
        if !self.help.is_empty() {
            group = group.element(Level::HELP.no_name().message(self.help.as_str()));
        }
        let renderer = if colour {
            Renderer::styled()
        } else {
            Renderer::plain()
        };
        renderer.decor_style(DecorStyle::Ascii).render(&[group])
    }
}

/// The complaint in one line.
impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            code,
            file,
            line,
            column,
            message,
            ..
        } = self;
        write!(f, "{file}:{line}:{column}: error[{code}]: {message}")
    }
}

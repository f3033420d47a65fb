//! A complaint about a file: what is wrong, where, and what to write instead.
//! How it is drawn is left to [`render`](Diagnostic::render) and to nobody else.

mod code;
mod sink;

use std::fmt;
use std::io;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{Annotation, AnnotationKind, Level, Origin, Renderer, Snippet};

pub use code::Code;
pub(crate) use sink::{Fault, Sink, closest, nearest};

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
    /// A file or directory that cannot be read: a complaint without a text to
    /// point into.
    pub(crate) fn unreadable(path: &Path, error: &io::Error) -> Self {
        Self {
            code: Code::Unreadable,
            file: Arc::from(path.display().to_string()),
            line: 1,
            column: 1,
            message: format!("cannot be read: {error}"),
            label: String::new(),
            help: "see that it is there and that you may read it".to_owned(),
            source: Arc::from(""),
            span: 0..0,
        }
    }

    /// The complaint with the lines it is about and a caret, with or without
    /// ANSI colours.
    #[must_use]
    pub fn render(&self, colour: bool) -> String {
        let title = Level::ERROR
            .primary_title(self.message.as_str())
            .id(self.code.id());
        let mut group = if self.source.is_empty() {
            title.element(Origin::path(&*self.file))
        } else {
            title.element(self.snippet())
        };
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

    fn snippet(&self) -> Snippet<'_, Annotation<'_>> {
        let caret = AnnotationKind::Primary.span(self.span.clone());
        let caret = match self.label.as_str() {
            "" => caret,
            label => caret.label(label),
        };
        Snippet::source(&*self.source)
            .path(&*self.file)
            .annotation(caret)
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

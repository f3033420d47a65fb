//! YAML text as a tree whose every node knows where it stands.
//!
//! All scalars are kept as text: what they mean is decided by what reads them,
//! so `no` is a word and `1.10` keeps its zero. What case files do without
//! (anchors, aliases, tags, merge keys, several documents) is refused here.

use std::ops::{ControlFlow, Range};
use std::sync::Arc;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, ScanError, Span};

use crate::diagnostic::{Code, Diagnostic, Fault, Sink};
use crate::limits::MAX_DEPTH;
use crate::step::Place;

/// A node of a [`Document`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct NodeId(pub(crate) u32);

/// What a node is.
#[derive(Debug)]
pub(crate) enum Kind {
    /// A scalar.
    Text(String),
    /// A key or an item without a value.
    Empty,
    /// Something that was complained of already.
    Refused,
    /// A sequence.
    List(Vec<NodeId>),
    /// A mapping, in the order of the file.
    Map(Vec<(NodeId, NodeId)>),
}

impl Kind {
    /// What to call it in a complaint.
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Text(_) => "text",
            Self::Empty | Self::Refused => "nothing",
            Self::List(_) => "a list",
            Self::Map(_) => "a map",
        }
    }
}

#[derive(Debug)]
struct Node {
    kind: Kind,
    start: Mark,
    end: Mark,
}

/// Line from 1, column in characters from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Mark {
    line: usize,
    column: usize,
}

impl From<Marker> for Mark {
    fn from(marker: Marker) -> Self {
        Self {
            line: marker.line(),
            column: marker.col(),
        }
    }
}

/// A file, read as YAML.
#[derive(Debug)]
pub(crate) struct Document {
    file: Arc<str>,
    text: Arc<str>,
    nodes: Vec<Node>,
    root: Option<NodeId>,
}

impl Document {
    /// Reads a file's text. What is wrong with it goes to `sink`, and what
    /// could be read before stays.
    pub(crate) fn read(file: Arc<str>, text: &str, sink: &Sink) -> Self {
        let mut document = Self {
            file,
            text: Arc::from(text),
            nodes: Vec::new(),
            root: None,
        };
        let mut parser = Parser::new_from_str(text);
        let mut builder = Builder {
            document: &mut document,
            sink,
            open: Vec::new(),
        };
        while let Some(event) = parser.next_event() {
            match event {
                Ok((event, span)) => {
                    if builder.take(event, span).is_break() {
                        break;
                    }
                }
                Err(error) => {
                    builder.syntax(&error);
                    break;
                }
            }
        }
        builder.close_all();
        document
    }

    /// The top of the tree; `None` if the file holds nothing.
    pub(crate) const fn root(&self) -> Option<NodeId> {
        self.root
    }

    pub(crate) fn kind(&self, node: NodeId) -> &Kind {
        &self.nodes[node.0 as usize].kind
    }

    /// The text of a scalar; empty for anything else.
    pub(crate) fn text(&self, node: NodeId) -> &str {
        match self.kind(node) {
            Kind::Text(text) => text,
            Kind::Empty | Kind::Refused | Kind::List(_) | Kind::Map(_) => "",
        }
    }

    /// The key called `name` of a map, and its value.
    pub(crate) fn entry(&self, map: NodeId, name: &str) -> Option<(NodeId, NodeId)> {
        let Kind::Map(entries) = self.kind(map) else {
            return None;
        };
        let mut entries = entries.iter();
        entries.find(|(key, _)| self.text(*key) == name).copied()
    }

    /// The keys of a map.
    pub(crate) fn keys(&self, map: NodeId) -> impl Iterator<Item = &str> {
        let entries = match self.kind(map) {
            Kind::Map(entries) => entries.as_slice(),
            _ => &[],
        };
        entries.iter().map(|(key, _)| self.text(*key))
    }

    /// Where a node begins.
    pub(crate) fn place(&self, node: NodeId) -> Place {
        let start = self.nodes[node.0 as usize].start;
        Place {
            file: self.file.clone(),
            line: start.line,
            column: start.column + 1,
        }
    }

    /// The octets of the file that `part` of a scalar's text stands in; the
    /// beginning of the scalar where it is escaped or folded.
    pub(crate) fn span(&self, node: NodeId, part: Range<usize>) -> Range<usize> {
        let start = self.offset(self.nodes[node.0 as usize].start);
        let here = &self.text[start..];
        let text = self.text(node);
        let quote = usize::from(here.starts_with(['"', '\'']));
        if here[quote..].starts_with(text) && !text.is_empty() {
            return start + quote + part.start..start + quote + part.end;
        }
        start..start + first_line(here)
    }

    /// The octets of the first line of a whole node.
    pub(crate) fn whole(&self, node: NodeId) -> Range<usize> {
        let node = &self.nodes[node.0 as usize];
        let start = self.offset(node.start);
        let end = self.offset(node.end).max(start);
        let line = first_line(&self.text[start..]);
        start..(start + line).min(end).max(start)
    }

    /// Complains about `fault.span` of the file.
    pub(crate) fn complain(&self, fault: Fault, sink: &Sink) {
        // A place that is not quite right must not cost the complaint.
        let start = self.text.floor_char_boundary(fault.span.start);
        let end = self.text.ceil_char_boundary(fault.span.end).max(start);
        let before = &self.text[..start];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        sink.push(Diagnostic {
            code: fault.code,
            file: self.file.clone(),
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            message: fault.message,
            label: fault.label,
            help: fault.help,
            source: self.text.clone(),
            span: start..end,
        });
    }

    /// Complains about a whole node.
    pub(crate) fn complain_at(&self, node: NodeId, fault: Fault, sink: &Sink) {
        let span = self.whole(node);
        self.complain(Fault { span, ..fault }, sink);
    }

    /// Complains about the file as a whole, at its first character.
    pub(crate) fn complain_of_file(&self, fault: Fault, sink: &Sink) {
        let span = 0..first_line(&self.text);
        self.complain(Fault { span, ..fault }, sink);
    }

    fn offset(&self, mark: Mark) -> usize {
        let line = self.text.split_inclusive('\n').take(mark.line - 1);
        let start: usize = line.map(str::len).sum();
        let rest = &self.text[start..];
        let within = rest.char_indices().nth(mark.column);
        start + within.map_or(rest.len(), |(at, _)| at)
    }

    fn add(&mut self, kind: Kind, span: Span) -> NodeId {
        let id = NodeId(u32::try_from(self.nodes.len()).unwrap_or(u32::MAX));
        self.nodes.push(Node {
            kind,
            start: span.start.into(),
            end: span.end.into(),
        });
        id
    }
}

fn first_line(text: &str) -> usize {
    text.find('\n')
        .map_or(text.len(), |at| text[..at].trim_end().len())
}

/// Makes a tree of events.
struct Builder<'a> {
    document: &'a mut Document,
    sink: &'a Sink,
    open: Vec<Open>,
}

/// A list or map under way.
struct Open {
    node: NodeId,
    is_map: bool,
    key: Option<NodeId>,
    items: Vec<NodeId>,
    entries: Vec<(NodeId, NodeId)>,
}

impl Builder<'_> {
    fn take(&mut self, event: Event<'_>, span: Span) -> ControlFlow<()> {
        match event {
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
            Event::DocumentStart(_) if self.document.root.is_some() => {
                self.refuse("a second document", "one file holds one case", span);
                return ControlFlow::Break(());
            }
            Event::DocumentStart(_) => {}
            Event::Alias(_) => {
                self.refuse("an alias", "write the value out, or use a fragment", span);
                let node = self.document.add(Kind::Refused, span);
                self.attach(node);
            }
            Event::Scalar(text, style, anchor, tag) => {
                self.refuse_marks(anchor, tag.is_some(), span);
                let kind = if text.is_empty() && style == ScalarStyle::Plain {
                    Kind::Empty
                } else {
                    Kind::Text(text.into_owned())
                };
                let node = self.document.add(kind, span);
                self.attach(node);
            }
            Event::SequenceStart(anchor, tag) => {
                self.refuse_marks(anchor, tag.is_some(), span);
                return self.open(Kind::List(Vec::new()), false, span);
            }
            Event::MappingStart(anchor, tag) => {
                self.refuse_marks(anchor, tag.is_some(), span);
                return self.open(Kind::Map(Vec::new()), true, span);
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(Some(span)),
        }
        ControlFlow::Continue(())
    }

    fn open(&mut self, kind: Kind, is_map: bool, span: Span) -> ControlFlow<()> {
        let node = self.document.add(kind, span);
        self.open.push(Open {
            node,
            is_map,
            key: None,
            items: Vec::new(),
            entries: Vec::new(),
        });
        if self.open.len() <= MAX_DEPTH {
            return ControlFlow::Continue(());
        }
        let message = format!("lists and maps nested more than {MAX_DEPTH} deep");
        let fault = Fault::new(Code::Syntax, 0..0, message);
        self.document.complain_at(node, fault, self.sink);
        ControlFlow::Break(())
    }

    fn close(&mut self, span: Option<Span>) {
        let Some(open) = self.open.pop() else {
            return;
        };
        let node = &mut self.document.nodes[open.node.0 as usize];
        if let Some(span) = span {
            node.end = span.end.into();
        }
        node.kind = if open.is_map {
            Kind::Map(open.entries)
        } else {
            Kind::List(open.items)
        };
        self.attach(open.node);
    }

    fn close_all(&mut self) {
        while !self.open.is_empty() {
            self.close(None);
        }
    }

    fn attach(&mut self, node: NodeId) {
        let Some(open) = self.open.last_mut() else {
            self.document.root.get_or_insert(node);
            return;
        };
        if !open.is_map {
            open.items.push(node);
        } else if let Some(key) = open.key.take() {
            open.entries.push((key, node));
        } else {
            open.key = Some(node);
            self.refuse_merge(node);
        }
    }

    fn refuse_merge(&self, key: NodeId) {
        if self.document.text(key) == "<<" {
            let fault = Fault::new(Code::Feature, 0..0, "case files do without merge keys")
                .help("write the keys out, or use a fragment");
            self.document.complain_at(key, fault, self.sink);
        }
    }

    fn refuse_marks(&self, anchor: usize, tag: bool, span: Span) {
        if anchor > 0 {
            self.refuse("an anchor", "write the value out, or use a fragment", span);
        }
        if tag {
            self.refuse("a tag", "put quotes around text that begins with `!`", span);
        }
    }

    fn refuse(&self, what: &str, help: &str, span: Span) {
        let start = self.document.offset(span.start.into());
        let len = first_line(&self.document.text[start..]);
        let message = format!("{what}: case files do without");
        let fault = Fault::new(Code::Feature, start..start + len, message).help(help);
        self.document.complain(fault, self.sink);
    }

    /// What was read up to the fault is dropped: cut off as it is, most of what
    /// could be said of it would be wrong.
    fn syntax(&mut self, error: &ScanError) {
        let at = self.document.offset((*error.marker()).into());
        let fault = Fault::new(Code::Syntax, at..at, "this is not YAML").label(error.info());
        self.document.complain(fault, self.sink);
        self.document.root = None;
        self.open.clear();
    }
}

#[cfg(test)]
mod second_reader;

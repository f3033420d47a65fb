//! Sweeps: every row of a state's table becomes a variant of one case. The
//! event's steps come first, then the reply, the next state, what the
//! application is told, and what shows that the connection lives on.

mod row;

use std::collections::BTreeMap;

use tcpspec_record::CaseId;
use tcpspec_wire::State;

use super::{Checker, Library, Parsed, Progress, require, words};
use crate::case::{Case, Variant};
use crate::diagnostic::{Code, Fault, Sink};
use crate::phrase::{Binding, Texts, Used, Value};
use crate::raw::{Entries, Event, EventsFile, Field, OneOrMany, Placed, Row, SweepFile, Text};
use crate::sweep::{Cell, CellKind, Sweep};

/// Where the vocabulary lies.
const EVENTS: &str = "cases/states/events.yaml";

/// A row under way, with its event.
#[derive(Clone, Copy)]
struct Current<'a> {
    name: &'a str,
    event: &'a Placed<Event>,
    row: &'a Placed<Row>,
    /// Texts of the row.
    texts: Texts<'a>,
    /// Texts of the vocabulary.
    of_event: Texts<'a>,
}

/// A file of a sweep, and what its rows share.
struct Table<'a> {
    id: &'a CaseId,
    file: &'a Parsed<SweepFile>,
    raw: &'a SweepFile,
    events: &'a Parsed<EventsFile>,
    state: State,
    prelude: Option<Variant>,
    /// The cases that rows may point to.
    cases: &'a BTreeMap<CaseId, Progress>,
    sink: &'a Sink,
}

impl Checker<'_> {
    /// Every sweep of the library with the case that its cells make.
    pub(super) fn check_sweeps(&mut self) -> Vec<(Case, Sweep)> {
        let library = self.library;
        let sweeps = library.sweeps.iter();
        sweeps
            .filter_map(|(id, file)| self.sweep(id, file))
            .collect()
    }

    fn sweep(&mut self, id: &CaseId, file: &Parsed<SweepFile>) -> Option<(Case, Sweep)> {
        let before = self.sink.len();
        let raw = file.raw.as_ref()?;
        require(
            &file.document,
            &["purpose", "state", "level", "rows"],
            self.sink,
        );
        let Some(events) = &self.library.events else {
            let fault = Fault::new(Code::Hole, 0..0, format!("there is no {EVENTS}"));
            file.document.complain_of_file(fault, self.sink);
            return None;
        };
        let texts = Texts {
            document: &file.document,
            bindings: &[],
            used: &Used::default(),
            sink: self.sink,
        };
        let state = Field(raw.state.get().copied().map(OneOrMany::Text));
        let state = *words::states(&state, texts)?.first()?;
        let prelude = self.prelude(&raw.from, texts);
        let table = Table {
            id,
            file,
            raw,
            events,
            state,
            prelude,
            cases: &self.progress,
            sink: self.sink,
        };
        let (cells, variants) = table.cells(self.library);
        let case = Case {
            id: id.clone(),
            tags: words::names(&raw.tags, texts),
            since: None,
            variants,
        };
        let sweep = Sweep {
            id: id.clone(),
            state,
            cells,
        };
        (file.sound && events.sound && self.sink.len() == before).then_some((case, sweep))
    }
}

impl Table<'_> {
    /// All cells in the order of the vocabulary, and the variants of those
    /// that are tested.
    fn cells(&self, library: &Library) -> (Vec<Cell>, Vec<Variant>) {
        let events = self.events.raw.as_ref();
        let events = events.and_then(|raw| raw.events.get());
        let events = events.map_or(&[][..], |Entries(events)| events);
        let rows = self.raw.rows.get();
        let rows = rows.map_or(&[][..], |Entries(rows)| rows);
        self.check_rows(events, rows);
        let (mut cells, mut variants) = (Vec::new(), Vec::new());
        for (name, event) in events {
            let name = self.events.document.text(name.0);
            let row = rows
                .iter()
                .find(|(row, _)| self.file.document.text(row.0) == name);
            let Some((_, row)) = row else { continue };
            if let Some((cell, variant)) = self.cell(name, event, row, library) {
                cells.push(cell);
                variants.extend(variant);
            }
        }
        (cells, variants)
    }

    /// Complains of events without a row, and of rows without an event.
    fn check_rows(&self, events: &[(Text, Placed<Event>)], rows: &[(Text, Placed<Row>)]) {
        let document = &self.file.document;
        let known: Vec<&str> = events
            .iter()
            .map(|(name, _)| self.events.document.text(name.0))
            .collect();
        let written: Vec<&str> = rows.iter().map(|(name, _)| document.text(name.0)).collect();
        for (name, _) in rows {
            let text = document.text(name.0);
            if !known.contains(&text) {
                let message = format!("`{text}` is not an event of {EVENTS}");
                let fault = Fault::new(Code::UnknownEvent, 0..0, message);
                let fault = fault.suggest(text, known.iter().copied());
                document.complain_at(name.0, fault, self.sink);
            }
        }
        let holes: Vec<&str> = known
            .into_iter()
            .filter(|name| !written.contains(name))
            .collect();
        // A row that could not be read is there, and was complained of.
        if holes.is_empty() || !self.file.sound {
            return;
        }
        let message = format!("there is no row for `{}`", holes.join("`, `"));
        let fault = Fault::new(Code::Hole, 0..0, message);
        let fault = fault.help("say what happens, or `impossible:` or `todo:` and why");
        let key = document
            .root()
            .and_then(|root| document.entry(root, "rows"));
        match key {
            Some((key, _)) => document.complain_at(key, fault, self.sink),
            None => document.complain_of_file(fault, self.sink),
        }
    }

    fn cell(
        &self,
        name: &str,
        event: &Placed<Event>,
        row: &Placed<Row>,
        library: &Library,
    ) -> Option<(Cell, Option<Variant>)> {
        let bindings = self.bindings(&row.value);
        let used = Used::default();
        let texts = Texts {
            document: &self.file.document,
            bindings: &bindings,
            used: &used,
            sink: self.sink,
        };
        let of_event = Texts {
            document: &self.events.document,
            ..texts
        };
        let current = Current {
            name,
            event,
            row,
            texts,
            of_event,
        };
        let what = event.value.what.get().map(|what| of_event.text(*what));
        let cell = Cell {
            event: name.to_owned(),
            what: what.unwrap_or_else(|| name.to_owned()),
            kind: self.kind(row, texts, library)?,
        };
        let tested = matches!(cell.kind, CellKind::Tested { .. });
        let variant = tested.then(|| self.variant(&cell.what, current, library));
        Some((cell, variant))
    }

    /// What the names stand for in this row: `$state`, `$returns`, and those
    /// of `with`.
    fn bindings(&self, row: &Row) -> Vec<Binding> {
        let text = |text: &Text| self.file.document.text(text.0).to_owned();
        let with = self.raw.with.get().map_or(&[][..], |Entries(with)| with);
        let own = with.iter().map(|(name, value)| (text(name), text(value)));
        let returns = row.returns.get().map_or_else(|| "ok".to_owned(), text);
        let fixed = [
            ("state".to_owned(), self.state.name().to_owned()),
            ("returns".to_owned(), returns),
        ];
        let binding = |(name, value)| Binding {
            name,
            chosen: String::new(),
            value: Value::Text(value),
        };
        fixed.into_iter().chain(own).map(binding).collect()
    }

    /// What a row says, without its steps.
    fn kind(&self, row: &Placed<Row>, texts: Texts<'_>, library: &Library) -> Option<CellKind> {
        let Placed { node, value: raw } = row;
        let complain = |fault| texts.document.complain_at(*node, fault, self.sink);
        let found = [&raw.reply, &raw.by, &raw.impossible, &raw.todo];
        if found.iter().filter(|field| field.get().is_some()).count() != 1 {
            let message = "a row has one of `reply`, `by`, `impossible` and `todo`";
            complain(Fault::new(Code::OneAction, 0..0, message));
            return None;
        }
        let reason = |text: &Text| texts.text(*text);
        if raw.reply.get().is_none() {
            let beside = texts.document.keys(*node).count() > 1;
            if beside {
                let message = "nothing else stands in a row that is not tested";
                complain(Fault::new(Code::Beside, 0..0, message));
            }
            if let Some(by) = raw.by.get() {
                return self.elsewhere(*by, texts);
            }
            let impossible = raw.impossible.get().map(reason).map(CellKind::Impossible);
            return impossible.or_else(|| raw.todo.get().map(reason).map(CellKind::Todo));
        }
        if raw.claim.get().is_none() && texts.document.entry(*node, "claim").is_none() {
            let fault = Fault::new(Code::MissingKey, 0..0, "`claim` is missing");
            complain(fault.help("say which requirement this row decides"));
        }
        let catalogue = &library.catalogue;
        let claim = raw.claim.get();
        Some(CellKind::Tested {
            reply: raw.reply.get().map(reason).unwrap_or_default(),
            next: words::states(&raw.next, texts).unwrap_or_default(),
            app: self.app(raw).map(|app| texts.text(app)).collect(),
            claim: claim.and_then(|claim| words::requirement(*claim, catalogue, texts)),
        })
    }

    /// The case that shows what this row is about; it has to be there.
    fn elsewhere(&self, by: Text, texts: Texts<'_>) -> Option<CellKind> {
        let by = texts.phrase(by);
        let id = CaseId(by.text.split('@').next().unwrap_or_default().to_owned());
        let shown = match self.cases.get(&id) {
            Some(Progress::Valid(case)) => {
                id.0 == by.text || case.variants.iter().any(|one| one.id() == by.text)
            }
            // What is wrong with that case is said there.
            Some(_) => true,
            None => false,
        };
        if !shown {
            let message = format!("there is no case or variant `{}`", by.text);
            let fault = Fault::new(Code::UnknownPrelude, 0..by.text.len(), message);
            let known = self.cases.keys().map(|id| id.0.as_str());
            texts.complain(&by, fault.suggest(&by.text, known));
        }
        shown.then_some(CellKind::Elsewhere(by.text))
    }

    /// What the application is told: the row's, or the sweep's; `none` is
    /// nothing.
    fn app<'r>(&'r self, row: &'r Row) -> impl Iterator<Item = Text> + 'r {
        let app = row.app.get().or_else(|| self.raw.app.get());
        let app = app.map_or(&[][..], OneOrMany::as_slice);
        let is_call = |text: &Text| self.file.document.text(text.0) != "none";
        app.iter().copied().filter(is_call)
    }
}

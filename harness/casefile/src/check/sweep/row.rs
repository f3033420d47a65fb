//! The steps of a row.

use std::collections::BTreeSet;
use std::time::Duration;

use tcpspec_wire::State;

use super::{Current, Table};
use crate::case::{Numbering, Variant};
use crate::check::steps::{Inherited, StepReader};
use crate::check::{Library, params, words};
use crate::diagnostic::{Code, Fault};
use crate::expr::Expr;
use crate::raw::{Field, Items, OneOrMany, Placed, RawStep, Use};
use crate::step::{Action, Alternative};

impl Table<'_> {
    /// The variant that a row makes.
    pub(super) fn variant(&self, what: &str, current: Current<'_>, library: &Library) -> Variant {
        let Current {
            name,
            event,
            row,
            texts,
            of_event,
        } = current;
        let raw = &row.value;
        let prelude = self.prelude.as_ref();
        let numbering = prelude.map_or_else(Numbering::default, |prelude| prelude.numbering);
        let mut reader = StepReader::new(library, prelude, numbering);
        let catalogue = &library.catalogue;
        let inherited = Inherited {
            claim: raw
                .claim
                .get()
                .and_then(|id| words::requirement(*id, catalogue, texts)),
            why: raw.why.get().map(|why| texts.text(*why)),
            ..Inherited::default()
        };
        self.read_event(current, &inherited, &mut reader);
        self.read_row(current, &inherited, &mut reader);
        self.read_end(current, &inherited, &mut reader);
        let mut needs = words::needs(raw.needs.get().map(OneOrMany::as_slice), texts);
        let of_events = event.value.needs.get().map(OneOrMany::as_slice);
        needs.extend(words::needs(of_events, of_event));
        needs.extend(reader.needs());
        let level = raw.level.get().or_else(|| self.raw.level.get());
        let purpose = self.raw.purpose.get().map(|purpose| texts.text(*purpose));
        Variant {
            case: self.id.clone(),
            name: format!("event={name}"),
            title: format!("{what}, in {}", self.state),
            purpose: purpose.unwrap_or_default().trim().to_owned(),
            level: words::level(level.copied(), texts),
            claims: inherited.claim.into_iter().collect(),
            needs,
            never: Vec::new(),
            strict: false,
            tolerates: BTreeSet::new(),
            lenient: false,
            peer: params(&event.value.params, prelude, of_event),
            numbering,
            steps: reader.into_steps(),
            disputed: None,
        }
    }

    /// The event's own steps. The last segment of the peer is labelled
    /// `event`, so that replies can refer to it.
    fn read_event(&self, current: Current<'_>, inherited: &Inherited, reader: &mut StepReader<'_>) {
        let Placed { node, value: raw } = current.event;
        let texts = current.of_event;
        let one = RawStep {
            peer: raw.peer,
            app: raw.app,
            ..RawStep::default()
        };
        let steps = raw.steps.get().map_or(&[][..], |Items(steps)| steps);
        let is_one = raw.peer.get().is_some() != raw.app.get().is_some();
        if is_one != steps.is_empty() {
            let message = "an event has one of `peer`, `app` and `steps`";
            let fault = Fault::new(Code::OneAction, 0..0, message);
            texts.document.complain_at(*node, fault, self.sink);
        } else if is_one {
            let step = Placed {
                node: *node,
                value: one,
            };
            reader.perform(&step, texts, inherited);
        } else {
            reader.read_all(steps, texts, inherited);
        }
        reader.label_last_segment("event");
    }

    /// The reply and the next state.
    fn read_row(&self, current: Current<'_>, inherited: &Inherited, reader: &mut StepReader<'_>) {
        let Placed { node, value: raw } = current.row;
        let texts = current.texts;
        if let Some(reply) = raw.reply.get() {
            let plain = RawStep::default();
            reader.read_use(&Use::Text(*reply), "reply/", &plain, texts, inherited);
        }
        let stays = self.raw.state.get().copied().map(OneOrMany::Text);
        let next = raw.next.get().cloned().or(stays);
        let states = words::states(&raw.next, texts);
        let step = |state| Placed {
            node: *node,
            value: RawStep {
                state: Field(state),
                ..RawStep::default()
            },
        };
        match states.as_deref() {
            Some(states) if states.len() > 1 || self.ends(states) => {
                let ways = states
                    .iter()
                    .flat_map(|state| self.ways(*state, states.len() > 1));
                let names: Vec<&str> = states.iter().map(|state| state.name()).collect();
                let text = format!("state: {}", names.join(" or "));
                let action = Action::Sut(ways.collect());
                reader.push(action, text, &step(None), texts, inherited);
            }
            Some(_) | None => reader.perform(&step(next), texts, inherited),
        }
    }

    /// Whether a connection ends.
    fn ends(&self, next: &[State]) -> bool {
        let none = |state| matches!(state, State::Closed | State::Listen);
        !none(self.state) && next.iter().all(|state| none(*state))
    }

    /// The ways in which a connection stands in a state that is not the only
    /// one to follow: nothing is to come, and there it stands. Where it has
    /// ended, a stack may show its listener.
    fn ways(&self, state: State, tagged: bool) -> Vec<Alternative> {
        let shown = if self.ends(&[state]) {
            vec![State::Closed, State::Listen]
        } else {
            vec![state]
        };
        let way = |shown| Alternative {
            segments: Vec::new(),
            quiet: Some(Expr::Duration(Duration::ZERO)),
            state: Some(vec![shown]),
            tag: tagged.then(|| state.name().to_lowercase()),
            deviates: false,
        };
        shown.into_iter().map(way).collect()
    }

    /// What the application is told, and what shows that the connection lives.
    fn read_end(&self, current: Current<'_>, inherited: &Inherited, reader: &mut StepReader<'_>) {
        let (raw, texts) = (&current.row.value, current.texts);
        for app in self.app(raw) {
            let value = RawStep {
                app: Field(Some(app)),
                ..RawStep::default()
            };
            let node = app.0;
            reader.perform(&Placed { node, value }, texts, inherited);
        }
        let stays = raw.next.get().is_none();
        let of_sweep = self.raw.then.get().filter(|_| stays);
        let then = raw.then.get().or(of_sweep);
        if let Some(then) = then.filter(|then| texts.document.text(then.0) != "none") {
            let (plain, aside) = (RawStep::default(), Inherited::default());
            reader.read_use(&Use::Text(*then), "", &plain, texts, &aside);
        }
    }
}

//! Steps: exactly one action, and what may stand beside it.

mod label;
mod repeat;

use std::collections::BTreeSet;

use tcpspec_record::{CaseId, RequirementId};
use tcpspec_wire::{Capability, Need};

use super::Library;
use super::bounds::{bounds, duration};
use super::expect::{Expecting, list};
use super::fragments::find;
use super::info::info_checks;
use super::reach::Reach;
use super::rules::{
    check_beside, has_unknown_key, judges, label_kind, needs_of, said_of_gone, said_of_ways,
};
use super::words::{requirement, states};
use crate::case::{Numbering, Variant};
use crate::diagnostic::{Code, Fault};
use crate::grammar::{Labels, Reading, read_app, read_icmp, read_template, read_wire};
use crate::icmp::IcmpTemplate;
use crate::phrase::{Texts, Used};
use crate::raw::{Field, OneOrMany, Placed, RawStep, Text, Use};
use crate::segment::{SegmentPattern, SegmentTemplate};
use crate::step::{Action, AppCall, Outcome, Step};
use crate::wire::WireTemplate;

/// Reads the steps of one variant, its fragments' included.
pub(super) struct StepReader<'a> {
    library: &'a Library,
    labels: Labels,
    needs: BTreeSet<Need>,
    reach: Reach,
    steps: Vec<Step>,
    /// Fragments under way, the innermost last.
    nesting: Vec<String>,
    /// Repeats under way.
    repeats: usize,
    /// Whether a step of the case's own has judged something.
    judges: bool,
}

/// What the steps of a fragment or a repeat take from the step that holds them.
#[derive(Clone, Default)]
pub(super) struct Inherited {
    pub(super) from: Option<CaseId>,
    pub(super) on: Option<String>,
    pub(super) claim: Option<RequirementId>,
    pub(super) why: Option<String>,
    pub(super) hint: Option<String>,
}

/// Keys of which a step has exactly one.
pub(super) const ACTIONS: [&str; 12] = [
    "app", "peer", "icmp", "wire", "sut", "quiet", "wait", "leap", "gone", "sut-info", "repeat",
    "use",
];

impl<'a> StepReader<'a> {
    /// Begins after the steps of a prelude.
    pub(super) fn new(
        library: &'a Library,
        prelude: Option<&Variant>,
        numbering: Numbering,
    ) -> Self {
        let mut reader = Self {
            library,
            labels: Labels::new(),
            needs: BTreeSet::new(),
            reach: Reach::Unused(i64::from(numbering.peer)),
            steps: Vec::new(),
            nesting: Vec::new(),
            repeats: 0,
            judges: false,
        };
        if let Some(prelude) = prelude {
            reader.needs.clone_from(&prelude.needs);
            let steps = prelude.steps.iter();
            steps.for_each(|step| reader.inherit(step, prelude));
        }
        reader
    }

    /// Reads the case's own steps; `sound` says that no part of them is missing.
    pub(super) fn read_own(&mut self, steps: &[Placed<RawStep>], sound: bool, texts: Texts<'_>) {
        let before = texts.sink.len();
        self.read_all(steps, texts, &Inherited::default());
        // What could not be read may well have judged something.
        if !self.judges && sound && texts.sink.len() == before {
            let fault = Fault::new(Code::JudgesNothing, 0..0, "this case judges nothing").help(
                "add a step with `sut`, `quiet`, `gone`, `state`, or `expect` of the application",
            );
            let document = texts.document;
            let root = document.root();
            let key = root.and_then(|root| document.entry(root, "steps"));
            match key {
                Some((key, _)) => document.complain_at(key, fault, texts.sink),
                None => document.complain_of_file(fault, texts.sink),
            }
        }
    }

    /// What the calls need, and the prelude.
    pub(super) fn needs(&self) -> impl Iterator<Item = Need> {
        self.needs.iter().copied()
    }

    pub(super) fn into_steps(self) -> Vec<Step> {
        self.steps
    }

    /// Segments that must not come.
    pub(super) fn patterns(
        &self,
        field: &Field<OneOrMany>,
        texts: Texts<'_>,
    ) -> Vec<SegmentPattern> {
        let segments = field.get().map_or(&[][..], OneOrMany::as_slice);
        // What must not come may well acknowledge what was never sent.
        let expecting = Expecting {
            labels: &self.labels,
            reach: Reach::Unknown,
            texts,
        };
        segments
            .iter()
            .map(|text| expecting.pattern(*text))
            .collect()
    }

    /// Takes over a step of the prelude.
    fn inherit(&mut self, step: &Step, prelude: &Variant) {
        if let Some(label) = &step.label {
            self.labels.insert(label.clone(), label_kind(&step.action));
        }
        if let (Action::Peer(segment), None) = (&step.action, &step.on) {
            self.reach.send(segment);
        }
        self.steps.push(Step {
            prelude: true,
            from: step.from.clone().or_else(|| Some(prelude.case.clone())),
            ..step.clone()
        });
    }

    pub(super) fn read_all(
        &mut self,
        steps: &[Placed<RawStep>],
        texts: Texts<'_>,
        inherited: &Inherited,
    ) {
        for step in steps {
            self.read(step, texts, inherited);
        }
    }

    fn read(&mut self, step: &Placed<RawStep>, texts: Texts<'_>, inherited: &Inherited) {
        let Placed { node, value: raw } = step;
        let document = texts.document;
        let found: Vec<&str> = ACTIONS
            .into_iter()
            .filter(|key| document.entry(*node, key).is_some())
            .collect();
        let action = match found.as_slice() {
            [] => "state",
            [only] => only,
            [_, second, ..] => {
                let message = format!("a step has one action, not {}", list(&found));
                let fault = Fault::new(Code::OneAction, 0..0, message);
                let at = document.entry(*node, second).map_or(*node, |(key, _)| key);
                let help = "begin another step: put `- ` before it";
                return document.complain_at(at, fault.help(help), texts.sink);
            }
        };
        if action == "state" && document.entry(*node, "state").is_none() {
            if has_unknown_key(*node, texts) {
                return;
            }
            let fault = Fault::new(Code::OneAction, 0..0, "this step does nothing");
            let help = format!("add one of {}, or `state`", list(&ACTIONS));
            return document.complain_at(*node, fault.help(help), texts.sink);
        }
        check_beside(action, *node, texts);
        if let Some(fragment) = raw.r#use.get() {
            return self.read_use(fragment, "", raw, texts, inherited);
        }
        if let Some(repeat) = raw.repeat.get() {
            return self.read_repeat(repeat, raw, texts, inherited);
        }
        self.perform(step, texts, inherited);
    }

    /// Reads a step that is known to have one action.
    pub(super) fn perform(
        &mut self,
        step: &Placed<RawStep>,
        texts: Texts<'_>,
        inherited: &Inherited,
    ) {
        let on = self.on(&step.value.on, texts, inherited);
        if let (Some(action), text) = self.action(&step.value, on.is_some(), texts) {
            self.push(action, text, step, texts, inherited);
        }
    }

    pub(super) fn push(
        &mut self,
        action: Action,
        text: String,
        step: &Placed<RawStep>,
        texts: Texts<'_>,
        inherited: &Inherited,
    ) {
        let Placed { node, value: raw } = step;
        let own = |field: &Field<Text>| field.get().map(|text| texts.text(*text));
        let claim = raw.claim.get();
        let claim = claim.and_then(|id| requirement(*id, &self.library.catalogue, texts));
        let on = self.on(&raw.on, texts, inherited);
        let text = match &on {
            Some(name) => format!("{text} on {name}"),
            None => text,
        };
        let state = states(&raw.state, texts);
        let never = self.patterns(&raw.never, texts);
        self.judges |= judges(&action) || state.is_some() || !never.is_empty();
        let step = Step {
            on,
            bounds: bounds(&raw.within, &raw.at, &self.labels, texts),
            label: self.label(&raw.r#as, label_kind(&action), *node, texts),
            state,
            never,
            // Whoever uses a fragment for a purpose of its own says so.
            claim: inherited.claim.clone().or(claim),
            why: own(&raw.why).or_else(|| inherited.why.clone()),
            note: own(&raw.note),
            hint: own(&raw.hint).or_else(|| inherited.hint.clone()),
            text,
            place: texts.document.place(*node),
            from: inherited.from.clone(),
            prelude: false,
            action,
        };
        self.steps.push(step);
    }

    /// The action and its text in one line; `None` if it could not be read. The
    /// numbers of a connection `elsewhere` are not followed.
    fn action(
        &mut self,
        raw: &RawStep,
        elsewhere: bool,
        texts: Texts<'_>,
    ) -> (Option<Action>, String) {
        let reach = if elsewhere {
            Reach::Unknown
        } else {
            self.reach
        };
        let expecting = Expecting {
            labels: &self.labels,
            reach,
            texts,
        };
        let (name, action, said) = if let Some(text) = raw.app.get() {
            let (call, outcomes, said) = self.app(*text, texts);
            ("app", Action::App(call, outcomes), said)
        } else if let Some(text) = raw.peer.get() {
            let segment = self.template(*text, texts);
            if !elsewhere {
                self.reach.send(&segment);
            }
            let said = segment.text.clone();
            ("peer", Action::Peer(Box::new(segment)), said)
        } else if let Some(text) = raw.icmp.get() {
            let error = self.icmp(*text, texts);
            let said = error.text.clone();
            ("icmp", Action::Icmp(error), said)
        } else if let Some(text) = raw.wire.get() {
            let change = self.wire(*text, texts);
            let said = change.text.clone();
            ("wire", Action::Wire(change), said)
        } else if let Some(expectation) = raw.sut.get() {
            let ways = expecting.alternatives(expectation);
            let said = said_of_ways(&ways);
            ("sut", Action::Sut(ways), said)
        } else if let Some(text) = raw.quiet.get() {
            let time = duration(*text, &self.labels, texts);
            ("quiet", Action::Quiet(time), texts.text(*text))
        } else if let Some(text) = raw.wait.get() {
            let time = duration(*text, &self.labels, texts);
            ("wait", Action::Wait(time), texts.text(*text))
        } else if let Some(text) = raw.leap.get() {
            self.needs.insert(Capability::Leap.into());
            let time = duration(*text, &self.labels, texts);
            ("leap", Action::Leap(time), texts.text(*text))
        } else if let Some(gone) = raw.gone.get() {
            let said = said_of_gone(gone, texts);
            ("gone", Action::Gone(expecting.gone(gone)), said)
        } else if let Some(info) = raw.sut_info.get() {
            let checks = info_checks(info, &self.labels, texts);
            let said: Vec<String> = checks
                .iter()
                .map(|check| format!("{}={}", check.name, check.text))
                .collect();
            ("sut-info", Action::SutInfo(checks), said.join(", "))
        } else if let Some(names) = raw.state.get() {
            let names = names.as_slice().iter().map(|name| texts.text(*name));
            let said = names.collect::<Vec<_>>().join(", ");
            ("state", Action::Check, said)
        } else {
            return (None, String::new());
        };
        (Some(action), format!("{name}: {said}"))
    }

    /// Reads a text in one of the small languages; what it reads like, too.
    fn read_text<T>(
        &self,
        text: Text,
        texts: Texts<'_>,
        read: impl FnOnce(&str, &mut Reading<'_>) -> T,
    ) -> (T, String) {
        let phrase = texts.phrase(text);
        let mut reading = Reading::new(&self.labels);
        let value = read(&phrase.text, &mut reading);
        for fault in reading.faults {
            texts.complain(&phrase, fault);
        }
        (value, phrase.text)
    }

    fn app(&mut self, text: Text, texts: Texts<'_>) -> (AppCall, Vec<Outcome>, String) {
        let ((call, outcomes), said) = self.read_text(text, texts, read_app);
        self.needs.extend(needs_of(&call).map(Need::from));
        (call, outcomes, said)
    }

    fn template(&self, text: Text, texts: Texts<'_>) -> SegmentTemplate {
        self.read_text(text, texts, read_template).0
    }

    fn icmp(&mut self, text: Text, texts: Texts<'_>) -> IcmpTemplate {
        let (error, _) = self.read_text(text, texts, read_icmp);
        if error.report.is_v4_only() {
            self.needs.insert(Capability::Ipv4.into());
        }
        error
    }

    fn wire(&mut self, text: Text, texts: Texts<'_>) -> WireTemplate {
        let (change, _) = self.read_text(text, texts, read_wire);
        if change.needs_reassembly() {
            self.needs.insert(Capability::Reassembly.into());
        }
        change
    }

    /// Reads the steps of a fragment in place of the step that uses it; its
    /// name lies `under` a directory.
    pub(super) fn read_use(
        &mut self,
        reference: &Use,
        under: &str,
        raw: &RawStep,
        texts: Texts<'_>,
        inherited: &Inherited,
    ) {
        let Some(fragment) = find(
            reference,
            under,
            &self.library.fragments,
            &self.nesting,
            texts,
        ) else {
            return;
        };
        let own = |field: &Field<Text>| field.get().map(|text| texts.text(*text));
        let claim = raw.claim.get();
        let claim = claim.and_then(|id| requirement(*id, &self.library.catalogue, texts));
        let inherited = Inherited {
            from: Some(CaseId(format!("fragments/{}", fragment.name))),
            on: self.on(&raw.on, texts, inherited),
            claim: inherited.claim.clone().or(claim),
            why: own(&raw.why).or_else(|| inherited.why.clone()),
            hint: own(&raw.hint).or_else(|| inherited.hint.clone()),
        };
        let inner = Texts {
            document: fragment.document,
            bindings: &fragment.bindings,
            used: &Used::default(),
            sink: texts.sink,
        };
        self.nesting.push(fragment.name);
        self.read_all(fragment.steps, inner, &inherited);
        self.nesting.pop();
    }
}

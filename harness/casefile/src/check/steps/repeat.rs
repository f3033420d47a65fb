//! `repeat:` steps that come several times. A repeat is written out when it is
//! read, so nothing behind the reader knows of it.

use super::{Inherited, StepReader};
use crate::diagnostic::{Code, Fault};
use crate::document::NodeId;
use crate::grammar::read_integer;
use crate::limits::{MAX_STEPS, MAX_TIMES};
use crate::phrase::{Binding, Texts, Value};
use crate::raw::{Field, Items, Placed, RawStep, RepeatMap, Text};

use super::super::words::requirement;

/// `$i`: the number of the round.
const ROUND: &str = "i";

impl StepReader<'_> {
    pub(super) fn read_repeat(
        &mut self,
        repeat: &Placed<RepeatMap>,
        raw: &RawStep,
        texts: Texts<'_>,
        inherited: &Inherited,
    ) {
        let Placed { node, value } = repeat;
        let Some(times) = times(*node, value, texts) else {
            return;
        };
        let own = |field: &Field<Text>| field.get().map(|text| texts.text(*text));
        let claim = raw.claim.get();
        let claim = claim.and_then(|id| requirement(*id, &self.library.catalogue, texts));
        let inherited = &Inherited {
            from: inherited.from.clone(),
            on: self.on(&raw.on, texts, inherited),
            claim: inherited.claim.clone().or(claim),
            why: own(&raw.why).or_else(|| inherited.why.clone()),
            hint: own(&raw.hint).or_else(|| inherited.hint.clone()),
        };
        let steps = value.steps.get().map_or(&[][..], |Items(steps)| steps);
        self.repeats += 1;
        for round in 0..times {
            let mut bindings = vec![Binding {
                name: ROUND.to_owned(),
                chosen: String::new(),
                value: Value::Text(round.to_string()),
            }];
            // The innermost round hides those around it.
            bindings.extend(texts.bindings.iter().cloned());
            let inner = Texts {
                bindings: &bindings,
                ..texts
            };
            self.read_all(steps, inner, inherited);
            if self.steps.len() > MAX_STEPS {
                let message = format!("more than {MAX_STEPS} steps");
                let fault = Fault::new(Code::TooManySteps, 0..0, message);
                texts
                    .document
                    .complain_at(*node, fault.help("repeat fewer times"), texts.sink);
                break;
            }
        }
        self.repeats -= 1;
    }

    /// Whether a label stands for the same step of the round before.
    pub(super) fn is_again(&self, name: &str, step: NodeId, texts: Texts<'_>) -> bool {
        let place = texts.document.place(step);
        let mut labelled = self.steps.iter().rev();
        let before = labelled.find(|step| step.label.as_deref() == Some(name));
        self.repeats > 0 && before.is_some_and(|before| before.place == place)
    }
}

/// How often; complains if that is not said, or if there is nothing to repeat.
fn times(node: NodeId, repeat: &RepeatMap, texts: Texts<'_>) -> Option<usize> {
    let help = "write `repeat: {times: N, steps: [...]}`";
    for key in ["times", "steps"] {
        if texts.document.entry(node, key).is_none() {
            let fault = Fault::new(Code::MissingKey, 0..0, format!("`{key}` is missing"));
            texts
                .document
                .complain_at(node, fault.help(help), texts.sink);
        }
    }
    if repeat
        .steps
        .get()
        .is_some_and(|Items(steps)| steps.is_empty())
    {
        let fault = Fault::new(Code::Empty, 0..0, "there is nothing to repeat");
        texts
            .document
            .complain_at(node, fault.help(help), texts.sink);
    }
    let phrase = texts.phrase(*repeat.times.get()?);
    let number = read_integer(&phrase.text).and_then(|number| usize::try_from(number).ok());
    let times = number.filter(|times| (1..=MAX_TIMES).contains(times));
    if times.is_none() {
        let message = format!("`{}` is not a number from 1 to {MAX_TIMES}", phrase.text);
        let fault = Fault::new(Code::Number, 0..phrase.text.len(), message);
        texts.complain(&phrase, fault.help("write decimal digits"));
    }
    times
}

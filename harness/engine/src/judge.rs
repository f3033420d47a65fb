//! From the way a trial ended to its record: verdict, sentence, parts of the
//! failure screen.

use std::collections::BTreeMap;
use std::time::Duration;

use tcpspec_casefile::{Step, Variant};
use tcpspec_connector::StackError;
use tcpspec_record::{Failure, Level, StepResult, Trial, Verdict};

use crate::halt::{Broken, Halt};
use crate::plan::Plan;
use crate::play::Play;

/// The record of a trial that ended like this.
pub(crate) fn trial(mut play: Play, variant: &Variant, end: Result<(), Halt>) -> Trial {
    play.recorder.close();
    let number = play.recorder.step;
    let step = number
        .checked_sub(1)
        .and_then(|index| variant.steps.get(index));
    let (verdict, reason, failure) = match end {
        Ok(()) => ended(&play),
        Err(Halt::Broken(broken)) => {
            let excuse = play.excuse(&broken);
            let hampered = excuse.map(|lateness| hampered(&broken.sentence, lateness));
            let broke = broke(*broken, number, step, variant);
            unless_expected(&play.plan, hampered, broke)
        }
        Err(Halt::GaveUp(_)) => {
            play.recorder.tags.push(GAVE_UP.to_owned());
            (Verdict::Pass, String::new(), None)
        }
        Err(Halt::Stack(error)) => (stack_error(&error), error.to_string(), None),
        Err(Halt::Unsupported(sentence)) => (Verdict::Skip, sentence, None),
        Err(Halt::Unclear(sentence)) => (Verdict::Inconclusive, sentence, None),
    };
    Trial {
        id: play.plan.id,
        verdict,
        reason,
        known: None,
        tags: play.recorder.tags,
        failure,
        steps: play.recorder.steps,
        trace: play.recorder.trace,
        link: play.wire.map_or_else(BTreeMap::new, |wire| wire.tally()),
        elapsed: play.now.as_nanos(),
        transcript: None,
    }
}

/// The tag of a trial in which the stack gave up, as it may after R2: no
/// departure from anything, but not what the case is about either.
const GAVE_UP: &str = "gave-up";

type Judged = (Verdict, String, Option<Failure>);

/// Every step was done: a pass, unless something departs or nothing was
/// judged.
fn ended(play: &Play) -> Judged {
    let own = |outcome: &&tcpspec_record::StepOutcome| {
        play.plan
            .variant
            .steps
            .get(outcome.step - 1)
            .is_some_and(|step| !step.prelude)
    };
    let judged = |result: StepResult| matches!(result, StepResult::Met | StepResult::Deviates);
    let is_prelude_only = !play.plan.variant.steps.iter().any(|step| !step.prelude);
    let any = play
        .recorder
        .steps
        .iter()
        .filter(|step| own(step) || is_prelude_only);
    if !any.into_iter().any(|outcome| judged(outcome.result)) {
        let reason = "nothing was evaluated: the stack cannot be looked into".to_owned();
        return (Verdict::Inconclusive, reason, None);
    }
    if play.recorder.deviations.is_empty() {
        return (Verdict::Pass, String::new(), None);
    }
    let deviations = play.recorder.deviations.join(" ");
    let excuse = play.excuse(&Broken::default());
    let hampered = excuse.map(|lateness| hampered(&deviations, lateness));
    let deviates = (Verdict::Deviates, deviations, None);
    unless_expected(&play.plan, hampered, deviates)
}

/// What a late harness makes of a judgement, unless it is the one that stands
/// all the same.
fn unless_expected(plan: &Plan, hampered: Option<Judged>, judged: Judged) -> Judged {
    let stands = plan.even_late == Some(judged.0);
    hampered.filter(|_| !stands).unwrap_or(judged)
}

/// The stack may only have answered to a harness that was late.
fn hampered(sentence: &str, lateness: Duration) -> Judged {
    let reason = format!("The harness was late by {lateness:.1?}, which may be why: {sentence}");
    (Verdict::Inconclusive, reason, None)
}

fn broke(broken: Broken, number: usize, step: Option<&Step>, variant: &Variant) -> Judged {
    let prelude = step.filter(|step| step.prelude);
    let verdict = if prelude.is_some() {
        Verdict::Blocked
    } else {
        failed(variant.level)
    };
    let reason = match prelude.and_then(|step| step.from.as_ref()) {
        Some(prelude) => format!("Prelude {prelude} failed. {}", broken.sentence),
        None => broken.sentence,
    };
    let claim = step.and_then(|step| step.claim.clone());
    let failure = Failure {
        step: number,
        claim: claim.or_else(|| variant.claims.first().cloned()),
        expected: broken.expected,
        got: broken.got,
        delta: broken.delta,
        tried: broken.tried,
        states: broken
            .states
            .map(|(before, now)| (before.to_string(), now.to_string())),
        hint: step.and_then(|step| step.hint.clone()),
    };
    (verdict, reason, Some(failure))
}

/// What it is not to do what a requirement of this level says. A step of the
/// RFC's event processing binds like a MUST.
const fn failed(level: Level) -> Verdict {
    match level {
        Level::Must | Level::MustNot | Level::Step => Verdict::Fail,
        Level::Should | Level::ShouldNot | Level::Recommended | Level::May | Level::Info => {
            Verdict::Deviates
        }
    }
}

const fn stack_error(error: &StackError) -> Verdict {
    match error {
        StackError::Died(_) => Verdict::Crash,
        StackError::Storm(_) | StackError::Silent(_) => Verdict::Stuck,
        StackError::Connector(_) | StackError::Environment(_) => Verdict::Inconclusive,
    }
}

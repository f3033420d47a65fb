//! The screen that explains one trial: sentence, law, picture, delta, hint,
//! repro, evidence.

use tcpspec_record::{Failure, FieldDelta, RequirementId, Trial, Tried};

use super::ink::{Ink, Style, clean, wrap};
use super::picture;
use crate::ladder::{Ladder, span};
use crate::model::{Report, Steps, Variant};

/// What a failure screen says that the log does not know.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Context {
    /// The command that repeats the trial; empty for none.
    pub repro: String,
    /// Whether every alternative is told, and not only the first few.
    pub full: bool,
    /// Where the packets lie; empty for none.
    pub capture: String,
    /// Where all the evidence lies; empty for none.
    pub log: String,
}

/// Explains how a trial ended, and why. Ends with a line feed.
#[must_use]
pub fn failure(report: &Report<'_>, trial: &Trial, context: &Context, style: Style) -> String {
    let variant = report.variant_of(trial);
    let steps = variant.map(Variant::steps).unwrap_or_default();
    let mut lines = vec![headline(report, trial, steps, style)];
    lines.extend(wrap(&trial.reason, 2));
    lines.extend(law(report, trial, variant));
    lines.extend(known(trial));
    if !trial.trace.is_empty() {
        lines.push(String::new());
        lines.extend(picture::draw(&Ladder::of(trial, steps), steps, style));
    }
    lines.extend(
        trial
            .failure
            .iter()
            .flat_map(|failure| delta(failure, context, style)),
    );
    lines.extend(same(trial, variant));
    lines.extend(evidence(context));
    lines.join("\n") + "\n"
}

/// `FAIL  closing/fin-retransmitted  bundled  ip=4  step 6 of 12  0.31 s virtual`
fn headline(report: &Report<'_>, trial: &Trial, steps: Steps<'_>, style: Style) -> String {
    let word = trial.verdict.word().to_uppercase();
    let mut parts = vec![
        style.paint(Ink::of(trial.verdict), &word),
        style.paint(Ink::Strong, &clean(&trial.id.variant_id())),
        clean(&trial.id.stack),
        trial.id.dimensions(),
    ];
    if let Some(failure) = &trial.failure {
        parts.push(steps.position(failure.step).into_owned());
    }
    if trial.elapsed > 0 {
        let clock = report.stack_of(trial).map_or("", |stack| &stack.info.clock);
        parts.push(
            format!("{} {clock}", span(trial.elapsed))
                .trim_end()
                .to_owned(),
        );
    }
    parts.join("  ")
}

/// The requirement at stake: the failure's, or the case's first.
fn law(report: &Report<'_>, trial: &Trial, variant: Option<&Variant<'_>>) -> Vec<String> {
    let claim = trial
        .failure
        .as_ref()
        .and_then(|failure| failure.claim.as_ref());
    let Some(claim) = claim.or_else(|| variant?.info.claims.first()) else {
        return Vec::new();
    };
    wrap(&citation(report, claim), 2)
}

fn citation(report: &Report<'_>, claim: &RequirementId) -> String {
    match report.requirement(claim) {
        Some(rule) => format!("{claim} ({}): {}", rule.level, rule.summary),
        None => format!("{claim}: (not in this log's catalogue)"),
    }
}

fn known(trial: &Trial) -> Vec<String> {
    let reason = trial.known.as_ref();
    reason.map_or_else(Vec::new, |reason| wrap(&format!("Known: {reason}"), 2))
}

/// What differs, and the author's word on it.
fn delta(failure: &Failure, context: &Context, style: Style) -> Vec<String> {
    let width = |field: &FieldDelta| field.field.chars().count();
    let width = failure.delta.iter().map(width).max().unwrap_or(0);
    let mut lines: Vec<_> = failure
        .delta
        .iter()
        .map(|field| field_line(field, width, style))
        .collect();
    if failure.delta.is_empty() && !failure.expected.is_empty() {
        let got = if failure.got.is_empty() {
            "nothing"
        } else {
            &failure.got
        };
        let expected = failure.expected.join("  or  ");
        lines.extend(wrap(&format!("expected {expected}  got {got}"), 7));
    }
    lines.extend(tried(failure, context));
    if let Some((before, now)) = &failure.states {
        lines.push(format!(
            "       state  before {}  now {}",
            clean(before),
            clean(now)
        ));
    }
    if let Some(hint) = &failure.hint {
        lines.extend(wrap(&format!("Hint: {hint}"), 7));
    }
    lines
}

/// Why no alternative matches, where there were several.
fn tried(failure: &Failure, context: &Context) -> Vec<String> {
    let all = &failure.tried;
    let most = if context.full {
        all.len()
    } else {
        ALTERNATIVES
    };
    let field =
        |field: &FieldDelta| format!("{} {} got {}", field.field, field.expected, field.got);
    let line = |tried: &Tried| {
        let fields: Vec<String> = tried.delta.iter().map(field).collect();
        wrap(&format!("not {}: {}", tried.expected, fields.join(", ")), 7)
    };
    let mut lines: Vec<String> = all.iter().take(most).flat_map(line).collect();
    if all.len() > most {
        lines.push(format!(
            "       and {} more (tcpspec explain)",
            all.len() - most
        ));
    }
    lines
}

/// Alternatives told on a screen that has to stay one.
const ALTERNATIVES: usize = 3;

fn field_line(field: &FieldDelta, width: usize, style: Style) -> String {
    let (name, expected, got) = (
        clean(&field.field),
        clean(&field.expected),
        clean(&field.got),
    );
    let why = match field.why.as_str() {
        "" => String::new(),
        why => format!("  ({})", clean(why)),
    };
    let expected = style.paint(Ink::Good, &expected);
    let got = style.paint(Ink::Bad, &got);
    format!("       {name:width$}  expected {expected}  got {got}{why}")
}

/// The other trials that went the same way.
fn same(trial: &Trial, variant: Option<&Variant<'_>>) -> Vec<String> {
    let mut plays = variant.iter().flat_map(|variant| &variant.plays);
    let of_trial = plays.find(|play| play.trials.iter().any(|each| each.id == trial.id));
    let trials = of_trial.map_or(&[] as &[&Trial], |play| &play.trials);
    let others = trials.iter().filter(|each| each.id != trial.id);
    let names: Vec<_> = others
        .map(|each| format!("{} {}", each.id.stack, each.id.dimensions()))
        .collect();
    let text = format!("The same on {}.", names.join(", "));
    if names.is_empty() {
        Vec::new()
    } else {
        wrap(&text, 2)
    }
}

fn evidence(context: &Context) -> Vec<String> {
    let named = [
        ("Repro:", &context.repro),
        ("Capture:", &context.capture),
        ("Log:", &context.log),
    ];
    let given = named.into_iter().filter(|(_, text)| !text.is_empty());
    given
        .map(|(name, text)| format!("  {name:8}  {text}"))
        .collect()
}

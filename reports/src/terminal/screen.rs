//! The screen that explains one trial: sentence, law, picture, delta, hint,
//! repro, evidence.

use tcpspec_record::trace::Taken;
use tcpspec_record::{Event, Failure, FieldDelta, RequirementId, TraceEvent, Trial, Tried};

use super::ink::{Ink, Style, clean, wrap};
use super::{WIDTH, picture};
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
    let mut lines = headline(report, trial, steps, style);
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
            .flat_map(|failure| delta(failure, trial, context, style)),
    );
    lines.extend(said(trial));
    lines.extend(same(trial, variant));
    lines.extend(place(trial, steps));
    lines.extend(evidence(context));
    lines.join("\n") + "\n"
}

/// `FAIL  closing/fin-retransmitted  bundled  ip=4  step 6 of 12  0.31 s virtual`
fn headline(report: &Report<'_>, trial: &Trial, steps: Steps<'_>, style: Style) -> Vec<String> {
    let word = trial.verdict.word().to_uppercase();
    let mut parts = vec![
        (Some(Ink::of(trial.verdict)), word),
        (Some(Ink::Strong), clean(&trial.id.variant_id())),
        (None, clean(&trial.id.stack)),
        (None, trial.id.dimensions()),
    ];
    if let Some(failure) = &trial.failure {
        parts.push((None, steps.position(failure.step).into_owned()));
    }
    if trial.elapsed > 0 {
        let clock = report.stack_of(trial).map_or("", |stack| &stack.info.clock);
        let elapsed = format!("{} {clock}", span(trial.elapsed));
        parts.push((None, elapsed.trim_end().to_owned()));
    }
    side_by_side(&parts, style)
}

/// Parts two blanks apart, in as many lines as they need.
fn side_by_side(parts: &[(Option<Ink>, String)], style: Style) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut width = 0;
    for (ink, text) in parts {
        let len = text.chars().count();
        if width > 0 && width + 2 + len > WIDTH {
            lines.push("    ".to_owned());
            width = 4;
        } else if width > 0 {
            let last = lines.len() - 1;
            lines[last].push_str("  ");
            width += 2;
        }
        width += len;
        let last = lines.len() - 1;
        lines[last].push_str(&ink.map_or_else(|| text.clone(), |ink| style.paint(ink, text)));
    }
    lines
}

/// The last lines to a stack in another process and from it.
fn said(trial: &Trial) -> Vec<String> {
    /// Lines that are shown.
    const LINES: usize = 6;
    /// Characters of each.
    const WIDTH: usize = 90;
    let Some(transcript) = &trial.transcript else {
        return Vec::new();
    };
    let all = transcript.lines.len();
    let left_out = transcript.left_out + all.saturating_sub(LINES);
    let stderr = &transcript.stderr;
    let last = transcript.lines.iter().skip(all.saturating_sub(LINES));
    let written = stderr.iter().skip(stderr.len().saturating_sub(LINES));
    let shown = |line: &String| {
        let line = clean(line);
        match line.char_indices().nth(WIDTH) {
            Some((end, _)) => format!("    {}...", &line[..end]),
            None => format!("    {line}"),
        }
    };
    let mut lines = vec![format!("  Connector, after {left_out} earlier lines:")];
    lines.extend(last.map(shown));
    if !stderr.is_empty() {
        lines.push("  It wrote to stderr:".to_owned());
        lines.extend(written.map(shown));
    }
    lines
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
        Some(rule) => format!(
            "{claim} ({}, section {}): {}",
            rule.level, rule.section, rule.summary
        ),
        None => format!("{claim}: (not in this log's catalogue)"),
    }
}

fn known(trial: &Trial) -> Vec<String> {
    let reason = trial.known.as_ref();
    reason.map_or_else(Vec::new, |reason| wrap(&format!("Known: {reason}"), 2))
}

/// What differs, the state before and after, and the author's word on it.
fn delta(failure: &Failure, trial: &Trial, context: &Context, style: Style) -> Vec<String> {
    let mut lines = fields(&failure.delta, style);
    if failure.delta.is_empty() && !failure.expected.is_empty() {
        let whole = FieldDelta {
            field: "segment".to_owned(),
            expected: failure.expected.join(" or "),
            got: match failure.got.as_str() {
                "" => "nothing".to_owned(),
                got => got.to_owned(),
            },
            why: String::new(),
        };
        lines.extend(fields(&[whole], style));
    }
    lines.extend(tried(failure, context));
    lines.extend(states(failure, trial));
    if let Some(hint) = &failure.hint {
        lines.extend(wrap(&format!("Hint: {hint}"), 7));
    }
    lines
}

/// A line for each field: what is allowed, what came, and why; two lines where
/// one is too short.
fn fields(delta: &[FieldDelta], style: Style) -> Vec<String> {
    let texts =
        |field: &FieldDelta| [&field.field, &field.expected, &field.got].map(|it| clean(it));
    let rows: Vec<[String; 3]> = delta.iter().map(texts).collect();
    let width = |column: usize| {
        let widths = rows.iter().map(|row| row[column].chars().count());
        widths.max().unwrap_or(0)
    };
    let [name, allowed, got] = [0, 1, 2].map(width);
    let why = delta.iter().map(|field| clean(&field.why).chars().count());
    let why = why.max().unwrap_or(0);
    let fits = 7 + name + 2 + 8 + allowed + 2 + 4 + got + 4 + why <= WIDTH;
    let mut lines = Vec::new();
    for (row, field) in rows.iter().zip(delta) {
        let why = match field.why.as_str() {
            "" => String::new(),
            why => format!("  ({})", clean(why)),
        };
        let (good, bad) = (
            style.paint(Ink::Good, &row[1]),
            style.paint(Ink::Bad, &row[2]),
        );
        let head = format!("       {:name$}  allowed {good}", row[0]);
        if fits {
            let pad = " ".repeat(allowed - row[1].chars().count());
            lines.push(format!("{head}{pad}  got {bad}{why}"));
        } else {
            lines.push(head);
            lines.push(format!("       {:name$}  got     {bad}{why}", ""));
        }
    }
    lines
}

/// The state before the step that broke, and after it, as far as the stack
/// shows it.
fn states(failure: &Failure, trial: &Trial) -> Option<String> {
    let broke = |event: &&TraceEvent| {
        matches!(
            &event.event,
            Event::Packet {
                taken: Some(Taken::Refused),
                ..
            }
        )
    };
    let broke = trial
        .trace
        .iter()
        .find(broke)
        .map_or(u64::MAX, |event| event.at);
    let state = |is_meant: &dyn Fn(&TraceEvent) -> bool| {
        let events = trial.trace.iter().filter(|event| is_meant(event));
        let states = events.filter_map(|event| match &event.event {
            Event::State { state, .. } => Some(state.as_str()),
            _ => None,
        });
        states.last()
    };
    let (before, after) = match &failure.states {
        Some((before, after)) => (before.as_str(), after.as_str()),
        None => {
            let after = state(&|event| event.at <= broke)?;
            let before = state(&|event| event.step < failure.step);
            (before.unwrap_or("CLOSED"), after)
        }
    };
    let (before, after) = (clean(before), clean(after));
    Some(format!("       state  before {before}  after {after}"))
}

/// Where the case says so, and its author's sentence on it.
fn place(trial: &Trial, steps: Steps<'_>) -> Vec<String> {
    let failure = trial.failure.as_ref();
    let Some(step) = failure.and_then(|failure| steps.get(failure.step)) else {
        return Vec::new();
    };
    let why = step.why.as_ref().map(|why| format!(": {why}"));
    let text = format!("{}{}", step.place, why.unwrap_or_default());
    let lines = wrap(&text, HANG.len());
    let mut lines: Vec<String> = lines.into_iter().take(PLACE).collect();
    if let Some(first) = lines.first_mut() {
        *first = format!("  Case:     {}", first.trim_start());
    }
    lines
}

/// Lines of a place at most.
const PLACE: usize = 3;

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
        .flat_map(|(name, text)| {
            let mut lines = broken(text);
            lines[0] = format!("  {name:8}  {}", lines[0]);
            lines
        })
        .collect()
}

/// Columns before the text of a piece of evidence.
const HANG: &str = "            ";

/// A command in as many lines as it needs, each but the last with the `\` that
/// makes a shell go on. A path is never broken.
fn broken(text: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    for option in text.split(" --").enumerate().map(|(at, part)| match at {
        0 => part.to_owned(),
        _ => format!("--{part}"),
    }) {
        let last = lines.len() - 1;
        let line = &mut lines[last];
        let room = WIDTH - HANG.len() - " \\".len();
        let needed = line.trim_start().chars().count() + 1 + option.chars().count();
        if line.is_empty() {
            line.push_str(&option);
        } else if needed <= room {
            line.push_str(&format!(" {option}"));
        } else {
            line.push_str(" \\");
            lines.push(format!("{HANG}  {option}"));
        }
    }
    lines
}

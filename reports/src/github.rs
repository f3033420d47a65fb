//! What GitHub Actions shows beside a run: a few annotations, the worst first.
//! The step's summary is [`markdown`](crate::markdown).

use tcpspec_record::{Trial, Verdict};

use crate::model::Report;
use crate::text::clean;

/// GitHub shows no more of one step.
pub const ANNOTATIONS: usize = 10;

/// The workflow commands that annotate a run, at most [`ANNOTATIONS`] of them.
/// What a baseline expects is none.
#[must_use]
pub fn annotations(report: &Report<'_>) -> Vec<String> {
    let attention = report.attention();
    let trials = attention.iter().map(|(_, play)| play.trial());
    let of_trials = trials
        .filter(|trial| trial.known.is_none())
        .map(|trial| of_trial(trial, report.header.strict));
    let stale = report.stale.iter().map(|variant| {
        let message = format!("{variant} is no longer as the baseline says");
        command("error", "stale baseline", &message)
    });
    let incomplete = report.incomplete_notice();
    let incomplete = incomplete.map(|notice| command("error", "incomplete run", &notice));
    let all = incomplete.into_iter().chain(of_trials).chain(stale);
    all.take(ANNOTATIONS).collect()
}

fn of_trial(trial: &Trial, strict: bool) -> String {
    let kind = match trial.verdict {
        Verdict::Crash | Verdict::Stuck | Verdict::Fail => "error",
        Verdict::Deviates if strict => "error",
        Verdict::Deviates | Verdict::Skip | Verdict::Pass => "notice",
        Verdict::Blocked | Verdict::Inconclusive => "warning",
    };
    let (variant, stack) = (trial.id.variant_id(), &trial.id.stack);
    let title = format!("{} {variant} {stack}", trial.verdict);
    command(kind, &title, &trial.reason)
}

/// `::error title=...::...`, with what would end a part escaped.
fn command(kind: &str, title: &str, message: &str) -> String {
    let escaped = |text: &str| clean(text).replace('%', "%25");
    let title = escaped(title).replace(':', "%3A").replace(',', "%2C");
    format!("::{kind} title={title}::{}", escaped(message))
}

//! What the cases can be filtered by: the form, and the data that the page's
//! script compares. A link such as `#cases?state=CLOSING&verdict=fail` sets it.
//!
//! | key | matches | stands at |
//! |---|---|---|
//! | `q` | words of title and id | |
//! | `level`, `req`, `section` | what is claimed | the case |
//! | `verdict`, `stack`, `ip`, `tag` | what happened | the play |
//! | `at` | an event in a state, `CLOSING/RST`, or a move, `CLOSING~TIME-WAIT` | the play |
//! | `state`, `event` | each half of an `at` that is no move | |
//! | `cause` | why it did not pass | the play |
//!
//! All keys that stand at plays must hold of one and the same play. Several
//! values of one key are parted by a bar.

use std::collections::BTreeSet;

use maud::{Markup, html};
use tcpspec_record::{Requirement, Verdict};

use crate::model::{Case, Play, Report, Variant, facets};

/// Keys that are chosen from a list. The script fills the lists with what the
/// page has; any other key in a link shows beside them, to be taken away.
const CHOICES: [&str; 7] = ["verdict", "stack", "ip", "state", "event", "level", "tag"];

/// The form; useless without scripts, so they show it.
pub(super) fn form() -> Markup {
    html! {
        form #filter hidden {
            label.search { "Filter " input type="search" name="q" placeholder="id or title" autocomplete="off"; }
            @for key in CHOICES {
                label { (key) " " select name=(key) { option value="" { "any" } } }
            }
            span.chips {}
            label { input type="checkbox" name="scale"; " ladders to scale" }
            output {}
        }
        p.keys hidden {
            kbd { "j" } " next case " kbd { "k" } " previous " kbd { "l" } " open or close "
            kbd { "/" } " filter " kbd { "Esc" } " all cases again"
        }
    }
}

/// The requirements and the sections that a case and its steps cite.
pub(super) fn of_case(report: &Report<'_>, case: &Case<'_>) -> (Option<String>, Option<String>) {
    let cited = case.variants.iter().flat_map(|variant| variant.cited());
    let cited: BTreeSet<_> = cited.collect();
    let rules = cited.iter().filter_map(|id| report.requirement(id));
    let sections: Vec<String> = rules
        .map(|rule| format!("{} {}", section(rule), rule.level))
        .collect();
    let sections = sections.iter().map(String::as_str);
    (list(cited.iter().map(|id| id.0.as_str())), list(sections))
}

/// The section that a rule stands in, as in `rfc9293/3.10.7.4`. With the level
/// behind it, it names the rules of one cell of the matrix.
fn section(rule: &Requirement) -> String {
    format!("rfc{}/{}", rule.id.rfc(), rule.section)
}

/// What is compared of a play.
pub(super) struct PlayKeys {
    pub(super) verdict: String,
    pub(super) stack: Option<String>,
    pub(super) ip: Option<String>,
    pub(super) tag: Option<String>,
    pub(super) at: Option<String>,
    pub(super) cause: Option<String>,
}

impl PlayKeys {
    pub(super) fn of(report: &Report<'_>, variant: &Variant<'_>, play: &Play<'_>) -> Self {
        let trials = play.trials.iter();
        let ips = trials.clone().map(|trial| trial.id.ip.to_string());
        let ips: BTreeSet<String> = ips.collect();
        let facets = facets(play.trial(), &variant.info);
        let cause = report.cause_of(variant, play.trial());
        Self {
            verdict: verdict(play),
            stack: list(trials.map(|trial| trial.id.stack.as_str())),
            ip: list(ips.iter().map(String::as_str)),
            tag: list(play.trial().tags.iter().map(String::as_str)),
            at: list(facets.iter().map(String::as_str)),
            cause: cause.map(|cause| cause.id.clone()),
        }
    }
}

/// The verdict's word, and whether it is one to look at.
fn verdict(play: &Play<'_>) -> String {
    let word = play.verdict().word();
    match play.verdict() {
        Verdict::Pass | Verdict::Skip => word.to_owned(),
        _ if play.trial().known.is_some() => format!("{word}|known"),
        _ => format!("{word}|attention"),
    }
}

/// The different values, in order; none if there is no value.
fn list<'a>(values: impl Iterator<Item = &'a str>) -> Option<String> {
    let values: BTreeSet<&str> = values.filter(|value| !value.is_empty()).collect();
    let values: Vec<&str> = values.into_iter().collect();
    (!values.is_empty()).then(|| values.join("|"))
}

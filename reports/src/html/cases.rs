//! Every case: a panel that tells what it shows, what it claims, and what
//! happened in each of its variants.

use maud::{Markup, html};
use tcpspec_record::{RequirementId, Tally};

use super::bits::{anchor, counts, level, link, short_counts};
use super::keys;
use super::play::{apart, has_rows, in_order, play};
use super::room::{Detail, Panels, Teller};
use crate::model::{Case, Group, Play, Report, Variant};

/// Panels of a report of so few cases are open from the beginning.
const OPEN_MAX: usize = 3;

/// Courses of events told of a variant in brief; the others are counted.
const PLAYS_MAX: usize = 4;

/// The section: a panel for each case, group by group. The page has `rest`
/// octets beside it.
pub(super) fn section(report: &Report<'_>, rest: usize) -> Markup {
    let cases: usize = report.groups.iter().map(|group| group.cases.len()).sum();
    let open = cases <= OPEN_MAX;
    let rest = rest + frame(report, None).0.len();
    let panels = Panels::fill(report, rest, &Panelist { report, open });
    frame(report, Some(&panels))
}

struct Panelist<'a> {
    report: &'a Report<'a>,
    open: bool,
}

impl<'r> Teller<'r> for Panelist<'r> {
    fn panel(&self, case: &'r Case<'r>) -> Markup {
        let inside = html! {
            (stirred(self.report, case, Detail::Full))
            (calm(self.report, case, Detail::Full))
        };
        panel(self.report, case, self.open, &inside)
    }

    fn stirred(&self, case: &'r Case<'r>, detail: Detail) -> Markup {
        let inside = stirred(self.report, case, detail);
        panel(self.report, case, self.open, &inside)
    }

    fn calm(&self, case: &'r Case<'r>) -> (String, Markup) {
        (place(case), calm(self.report, case, Detail::Apart))
    }

    fn extras(&self, case: &'r Case<'r>) -> Vec<(String, Markup)> {
        extras(case)
    }
}

/// The section with these panels, or with none.
fn frame(report: &Report<'_>, panels: Option<&Panels<'_>>) -> Markup {
    html! {
        section #cases {
            h2 { "Cases" }
            (keys::form())
            (legend())
            @if report.groups.is_empty() { p { "No case was run." } }
            @if let Some(panels) = panels { (panels.notice()) }
            @for group in &report.groups { (group_panel(report, group, panels)) }
            @if let Some(panels) = panels { (panels.packed()) }
        }
    }
}

/// How to read a ladder.
fn legend() -> Markup {
    html! {
        details.legend {
            summary { "How to read a ladder" }
            p {
                "Time runs down. The left line is the peer that tcpspec plays, the right one is the stack. \
                 Numbers are relative to each side's SYN unless the case says otherwise. \
                 A dashed arrow was expected, a double one came instead and broke the trial, a dotted one came after that. \
                 A bar on the right line is a call of the application. \
                 The state is the stack's. Trials that differ in nothing but time, window and options share a ladder, which is that of the first."
            }
            p {
                "A segment opens its fields. To scale, the room between two rows is as long as the time between them; \
                 the strip above a ladder has the whole trial in one line."
            }
        }
    }
}

fn group_panel(report: &Report<'_>, group: &Group<'_>, panels: Option<&Panels<'_>>) -> Markup {
    html! {
        section.group id=(anchor("group", &group.name)) {
            h3 {
                (group.name)
                span.marks { @for stack in &report.stacks { small { (stack.info.name) } } }
            }
            @for panel in group.cases.iter().filter_map(|case| panels?.of(case)) { (panel) }
        }
    }
}

/// A panel, with this in it.
fn panel(report: &Report<'_>, case: &Case<'_>, open: bool, inside: &Markup) -> Markup {
    let Some(first) = case.variants.first() else {
        return html! {};
    };
    let info = &first.info;
    html! {
        details.case open[open] data-attention[case.needs_attention()] {
            summary {
                span { b { (info.title) } " " code { (case.id) } " " (level(info.level)) }
                (marks(report, case))
            }
            // Here and not on the panel: a link to what is inside opens it, even
            // without scripts.
            div id=(place(case)) {
                (inside)
            }
        }
    }
}

/// The id of the element that holds what a case shows.
fn place(case: &Case<'_>) -> String {
    anchor("case", &case.id.0)
}

/// What of a case needs telling, behind what the case is about; nothing if
/// nothing does.
fn stirred(report: &Report<'_>, case: &Case<'_>, detail: Detail) -> Markup {
    html! {
        @if !case.is_calm() {
            (about(report, case, true))
            @for one in case.variants.iter().filter(|one| !one.is_calm()) { (variant(report, case, one, detail)) }
        }
    }
}

/// What of a case went as it has to, behind what the case is about unless that
/// is told above.
fn calm(report: &Report<'_>, case: &Case<'_>, detail: Detail) -> Markup {
    html! {
        @if case.is_calm() { (about(report, case, detail == Detail::Full)) }
        @for one in case.variants.iter().filter(|one| one.is_calm()) { (variant(report, case, one, detail)) }
    }
}

/// What is told apart of the plays of a panel, in which what needs telling
/// comes first.
fn extras(case: &Case<'_>) -> Vec<(String, Markup)> {
    let (calm, stirred): (Vec<_>, Vec<_>) = case.variants.iter().partition(|one| one.is_calm());
    let plays = stirred.into_iter().chain(calm).flat_map(|variant| {
        let (plays, taught) = in_order(variant);
        let plays = plays.into_iter().enumerate();
        plays.map(move |(at, play)| apart(variant, play, taught == Some(at)))
    });
    let at = |number: usize| format!("{} {number}", place(case));
    plays
        .enumerate()
        .map(|(number, extra)| (at(number), extra))
        .collect()
}

/// How the trials on each stack ended.
fn marks(report: &Report<'_>, case: &Case<'_>) -> Markup {
    html! {
        span.marks {
            @for stack in &report.stacks {
                span { (short_counts(&case.tally(&stack.info.name))) }
            }
        }
    }
}

/// What a case shows and claims, and by what it can be filtered therefore. Where
/// `whole` is false the script takes the words of a claim from its requirement.
fn about(report: &Report<'_>, case: &Case<'_>, whole: bool) -> Markup {
    let (req, section) = keys::of_case(report, case);
    html! {
        @if let Some(info) = case.variants.first().map(|first| &first.info) {
            @if !info.purpose.is_empty() { p { (info.purpose.trim()) } }
            @if let Some(disputed) = &info.disputed { p { b { "Disputed: " } (disputed) } }
            div.claims data-level=(info.level) data-req=[req] data-section=[section] {
                @if !info.claims.is_empty() {
                    ul { @for id in &info.claims { li { (claim(report, id, whole)) } } }
                }
            }
        }
    }
}

fn claim(report: &Report<'_>, id: &RequirementId, whole: bool) -> Markup {
    html! {
        (link("req", &id.0))
        @if whole && let Some(rule) = report.requirement(id) { " " (level(rule.level)) " " (rule.summary) }
    }
}

/// What happened, the worst first, and what sets this variant apart from the
/// case's first. The case's sentences stand beside the first course that ran.
fn variant(report: &Report<'_>, case: &Case<'_>, variant: &Variant<'_>, detail: Detail) -> Markup {
    let info = &variant.info;
    let alone = case.variants.len() == 1;
    let model = case.variants.first().map_or(info, |first| &first.info);
    let (plays, taught) = in_order(variant);
    let some = if detail == Detail::Brief {
        plays.len().min(PLAYS_MAX)
    } else {
        plays.len()
    };
    let (told, others) = plays.split_at(some);
    html! {
        div.variant data-name=[(!alone).then_some(&info.variant)] {
            @if !alone { h4 id=(anchor("case", &variant.id())) { (info.variant) } }
            @if info.title != model.title { p { b { (info.title) } } }
            @if info.claims != model.claims { p.run { @for id in &info.claims { (link("req", &id.0)) " " } } }
            @for (index, one) in told.iter().enumerate() { (play(report, variant, one, taught == Some(index), detail)) }
            @if !others.is_empty() { p.play { "Otherwise: " (counts(&tally(others))) } }
            @if plays.is_empty() { p.play { "No trial." } }
            @if !plays.iter().any(|play| has_rows(play)) { (script(variant)) }
        }
    }
}

/// How the trials of some plays ended.
fn tally(plays: &[&Play<'_>]) -> Tally {
    let mut tally = Tally::default();
    for trial in plays.iter().flat_map(|play| &play.trials) {
        tally.add(trial.verdict, trial.known.is_some());
    }
    tally
}

/// The steps of a variant of which nothing was seen.
fn script(variant: &Variant<'_>) -> Markup {
    html! {
        ol.script {
            @for (_, step) in variant.steps().own() {
                li { code { (step.text) } @if let Some(why) = &step.why { " " (why) } }
            }
        }
    }
}

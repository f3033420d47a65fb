//! How much of the cases a page has room for: at most 2 MB for each 1,000
//! variants of cases. A page that would be larger tells the failures first and
//! in full, and of the rest less; it says what is left out. The log has it all.

use std::collections::BTreeMap;

use maud::{Markup, html};
use tcpspec_record::{CaseId, Tally};

use super::bits::counts;
use crate::model::{Case, Report};

/// How much of a case is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Detail {
    /// What became of it, and why.
    Brief,
    /// Its ladders, too.
    Ladders,
    /// Transcripts and captures, too.
    Full,
}

/// The panels that a page has room for.
pub(super) struct Panels<'r> {
    panels: BTreeMap<&'r CaseId, (Detail, Markup)>,
    limit: usize,
    unlisted: Vec<&'r Case<'r>>,
    traceless: usize,
}

/// Octets of a page for each variant of a case.
const EACH: usize = 2_000;

/// Octets that any page may have: there is more in it than cases.
const LEAST: usize = 1_000_000;

/// Octets that no page has, however many cases: browsers have to show it.
const MOST: usize = 16_000_000;

impl<'r> Panels<'r> {
    /// Fills the page. `rest` octets of it are taken; `panel` makes a panel.
    pub(super) fn fill(
        report: &'r Report<'r>,
        rest: usize,
        panel: impl Fn(&'r Case<'r>, Detail) -> Markup,
    ) -> Self {
        let variants = report.variants().count();
        let limit = (EACH * variants).clamp(LEAST, MOST);
        // Whatever else the page holds, there are cases in it.
        let mut room = limit.saturating_sub(rest).max(limit / 4);
        let mut filled = Self {
            panels: BTreeMap::new(),
            limit,
            unlisted: Vec::new(),
            traceless: report.traceless,
        };
        let mut cases: Vec<&Case<'_>> = report
            .groups
            .iter()
            .flat_map(|group| &group.cases)
            .collect();
        cases.sort_by_key(|case| case.urgency());
        if filled.add_in_full(&cases, room, &panel) {
            return filled;
        }
        for &case in &cases {
            let brief = panel(case, Detail::Brief);
            match room.checked_sub(brief.0.len()) {
                Some(left) => {
                    room = left;
                    filled.panels.insert(&case.id, (Detail::Brief, brief));
                }
                None => filled.unlisted.push(case),
            }
        }
        filled.tell_more(&cases, room, &panel);
        filled
    }

    /// Tells everything, if there is room.
    fn add_in_full(
        &mut self,
        cases: &[&'r Case<'r>],
        mut room: usize,
        panel: &impl Fn(&'r Case<'r>, Detail) -> Markup,
    ) -> bool {
        for &case in cases {
            let full = panel(case, Detail::Full);
            let Some(left) = room.checked_sub(full.0.len()) else {
                self.panels.clear();
                return false;
            };
            room = left;
            self.panels.insert(&case.id, (Detail::Full, full));
        }
        true
    }

    /// Tells more of the cases that are listed, in this order, as long as
    /// there is room.
    fn tell_more(
        &mut self,
        cases: &[&'r Case<'r>],
        mut room: usize,
        panel: &impl Fn(&'r Case<'r>, Detail) -> Markup,
    ) {
        for &case in cases {
            let Some(told) = self.panels.get_mut(&case.id) else {
                continue;
            };
            for detail in [Detail::Full, Detail::Ladders] {
                let more = panel(case, detail);
                if let Some(left) = (room + told.1.0.len()).checked_sub(more.0.len()) {
                    room = left;
                    *told = (detail, more);
                    break;
                }
            }
        }
    }

    /// The panel of a case, if it is listed.
    pub(super) fn of(&self, case: &Case<'_>) -> Option<&Markup> {
        self.panels.get(&case.id).map(|(_, panel)| panel)
    }

    /// What is left out; nothing if all is told.
    pub(super) fn notice(&self) -> Markup {
        let told = |detail| {
            self.panels
                .values()
                .filter(|panel| panel.0 == detail)
                .count()
        };
        let (full, ladders, brief) = (
            told(Detail::Full),
            told(Detail::Ladders),
            told(Detail::Brief),
        );
        let mut unlisted = Tally::default();
        for trial in self
            .unlisted
            .iter()
            .flat_map(|case| &case.variants)
            .flat_map(|variant| variant.trials())
        {
            unlisted.add(trial.verdict, trial.known.is_some());
        }
        html! {
            @if full < self.panels.len() || !self.unlisted.is_empty() {
                p.notice {
                    b { "Not all is told here, to keep the page to " (self.limit / 100_000) " hundred kB." }
                    " Failures come first: " (full) " cases are told in full, " (ladders)
                    " without transcripts and captures, " (brief) " without ladders, too"
                    @if !self.unlisted.is_empty() {
                        ", and " (self.unlisted.len()) " are left out (" (counts(&unlisted)) ")"
                    }
                    ". The log has all of it: " code { "tcpspec explain CASE" } " tells it."
                }
            }
            @if self.traceless > 0 {
                p.notice {
                    b { "Of " (self.traceless) " trials only the end is known here." }
                    " There was no room for their traces; each stands with the first trial of its variant that ended in the same way."
                }
            }
        }
    }
}

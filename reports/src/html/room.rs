//! How much of the cases a page has room for: at most 2 MB for each 1,000
//! cases. A page that would be larger has what passed packed; if that is not
//! enough it tells the failures first and in full, and of the rest less, and says
//! what is left out. The log has it all.

use std::collections::BTreeMap;

use maud::{Markup, html};
use tcpspec_record::{CaseId, Tally};

use super::bits::counts;
use super::finished;
use super::pack::Pack;
use crate::model::{Case, Report};

/// How much of a case is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Detail {
    /// What it is, and how many trials ended how.
    Listed,
    /// What became of it, and why.
    Brief,
    /// Ladders, too; those of what passed and transcripts apart, to be packed.
    /// Captures lie beside the page.
    Apart,
    /// Transcripts and captures, too.
    Full,
}

/// How cases are told.
pub(super) trait Teller<'r> {
    /// A whole panel.
    fn panel(&self, case: &'r Case<'r>) -> Markup;
    /// A panel with what needs telling.
    fn stirred(&self, case: &'r Case<'r>, detail: Detail) -> Markup;
    /// What belongs into that panel besides, with its place.
    fn calm(&self, case: &'r Case<'r>) -> (String, Markup);
    /// What is told apart of the plays of a panel, each piece with its place.
    fn extras(&self, case: &'r Case<'r>) -> Vec<(String, Markup)>;
}

/// The panels that a page has room for.
pub(super) struct Panels<'r> {
    panels: BTreeMap<&'r CaseId, (Detail, Markup)>,
    packed: Option<String>,
    limit: usize,
    unlisted: Vec<&'r Case<'r>>,
    traceless: usize,
}

/// Octets of a page for each case.
const EACH: usize = 2_000;

/// Octets that any page may have: there is more in it than cases.
const LEAST: usize = 1_000_000;

/// Octets that no page has, however many cases: browsers have to show it.
const MOST: usize = 16_000_000;

/// Of the room for cases, one part in so many is kept for what is packed, unless
/// what needs telling takes more even in brief.
const CALM_SHARE: usize = 4;

impl<'r> Panels<'r> {
    /// Fills the page. `rest` octets of it are taken; `teller` tells the cases.
    pub(super) fn fill(report: &'r Report<'r>, rest: usize, teller: &impl Teller<'r>) -> Self {
        let mut cases: Vec<&Case<'_>> = report
            .groups
            .iter()
            .flat_map(|group| &group.cases)
            .collect();
        cases.sort_by_key(|case| case.urgency());
        let limit = (EACH * cases.len()).clamp(LEAST, MOST);
        // Whatever else the page holds, there are cases in it.
        let room = limit.saturating_sub(rest).max(limit / 4);
        let mut filled = Self {
            panels: BTreeMap::new(),
            packed: None,
            limit,
            unlisted: Vec::new(),
            traceless: report.traceless,
        };
        if !filled.add_in_full(&cases, room, teller) {
            let left = filled.add_briefly(&cases, room, teller);
            let kept = left.min(room / CALM_SHARE);
            let left = kept + filled.tell_more(&cases, left - kept, teller);
            filled.pack(&cases, left, teller);
        }
        filled
    }

    /// Tells everything, if there is room.
    fn add_in_full(
        &mut self,
        cases: &[&'r Case<'r>],
        mut room: usize,
        teller: &impl Teller<'r>,
    ) -> bool {
        for &case in cases {
            let full = finished(teller.panel(case));
            let Some(left) = room.checked_sub(full.0.len()) else {
                self.panels.clear();
                return false;
            };
            room = left;
            self.panels.insert(&case.id, (Detail::Full, full));
        }
        true
    }

    /// Tells of each case in brief what needs telling, as long as there is room.
    /// What is left of it is returned, here and below.
    fn add_briefly(
        &mut self,
        cases: &[&'r Case<'r>],
        mut room: usize,
        teller: &impl Teller<'r>,
    ) -> usize {
        for &case in cases {
            let brief = finished(teller.stirred(case, Detail::Brief));
            let Some(left) = room.checked_sub(brief.0.len()) else {
                self.unlisted.push(case);
                continue;
            };
            room = left;
            // Of what is calm there is no more to tell but what is packed.
            let detail = if case.is_calm() {
                Detail::Apart
            } else {
                Detail::Brief
            };
            self.panels.insert(&case.id, (detail, brief));
        }
        room
    }

    /// Tells more of what needs telling, as long as there is room.
    fn tell_more(
        &mut self,
        cases: &[&'r Case<'r>],
        mut room: usize,
        teller: &impl Teller<'r>,
    ) -> usize {
        for &case in cases.iter().filter(|case| !case.is_calm()) {
            let Some(told) = self.panels.get_mut(&case.id) else {
                continue;
            };
            let more = finished(teller.stirred(case, Detail::Apart));
            if let Some(left) = (room + told.1.0.len()).checked_sub(more.0.len()) {
                room = left;
                *told = (Detail::Apart, more);
            }
        }
        room
    }

    /// Packs what is left to tell of the cases that are listed: first of all of
    /// them what became of them, then ladders and transcripts.
    fn pack(&mut self, cases: &[&'r Case<'r>], room: usize, teller: &impl Teller<'r>) {
        let mut pack = Pack::new();
        let mut add = |(place, piece): (String, Markup)| pack.add(&place, &finished(piece).0, room);
        for &case in cases {
            if let Some(told) = self.panels.get_mut(&case.id)
                && !add(teller.calm(case))
            {
                told.0 = Detail::Listed;
            }
        }
        for &case in cases {
            if let Some(told) = self.panels.get_mut(&case.id)
                && told.0 == Detail::Apart
                && !teller.extras(case).into_iter().all(&mut add)
            {
                told.0 = Detail::Brief;
            }
        }
        self.packed = pack.finish().filter(|packed| packed.len() <= room);
        if self.packed.is_none() {
            // What does not deflate as markup does would break the limit.
            self.panels
                .values_mut()
                .for_each(|told| told.0 = told.0.min(Detail::Brief));
        }
    }

    /// What was packed.
    pub(super) fn packed(&self) -> Markup {
        html! {
            @if let Some(packed) = &self.packed { template #packed { (packed) } }
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
        let full = told(Detail::Full) + told(Detail::Apart);
        let less = [
            (told(Detail::Brief), "without some of their ladders"),
            (told(Detail::Listed), "by the counts of their trials alone"),
        ];
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
            @if self.packed.is_some() {
                p.notice.packed {
                    b { "What passed is packed" } " to keep this page small, and its script has not unpacked it: "
                    "either scripts are off, or this browser is too old. "
                    code { "tcpspec explain CASE" } " tells of a case what is missing here."
                }
            }
            @if full < self.panels.len() || !self.unlisted.is_empty() {
                p.notice {
                    b { "Not all is told here, to keep the page to " (self.limit / 100_000) " hundred kB." }
                    " Failures come first: " (full) " cases are told in full"
                    @for (count, how) in less { @if count > 0 { ", " (count) " " (how) } }
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

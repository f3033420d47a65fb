//! The requirements of an RFC by section and level: what this run decided, what
//! it only cites, and what nothing in it is about.

use std::collections::{BTreeMap, BTreeSet};

use tcpspec_record::log::CatalogueCount;
use tcpspec_record::{Level, Log};

use super::requirement::{Judgement, RequirementReport};

/// The requirements of an RFC: sections down, levels across.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Matrix {
    /// The levels that occur, the strongest first.
    pub levels: Vec<Level>,
    /// The sections that have requirements, in order.
    pub sections: Vec<SectionRow>,
}

/// A section of an RFC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SectionRow {
    /// Its number.
    pub section: String,
    /// How its requirements stand, by level; `None` where there are none.
    pub cells: Vec<Option<MatrixCell>>,
}

/// The requirements of one section and level.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MatrixCell {
    /// In the catalogue.
    pub catalogue: usize,
    /// Of these, those that a case of this run cites.
    pub cited: usize,
    /// Of these, those that others state again and that are not cited.
    pub restated: usize,
    /// Of these, those that do not show outside of a stack.
    pub unjudged: usize,
    /// How those that are cited stand, by stack.
    pub stacks: Vec<Judged>,
}

/// Requirements by how they stand on one stack.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Judged {
    /// Broken unexpectedly.
    pub broken: usize,
    /// Broken as the baseline says.
    pub known: usize,
    /// Met with a tolerated departure.
    pub deviates: usize,
    /// Met.
    pub met: usize,
    /// Cited, and no trial came to decide it.
    pub open: usize,
}

impl Judged {
    /// Those that were decided.
    #[must_use]
    pub const fn decided(&self) -> usize {
        self.broken + self.known + self.deviates + self.met
    }

    const fn add(&mut self, judgement: Judgement) {
        *match judgement {
            Judgement::Broken => &mut self.broken,
            Judgement::Known => &mut self.known,
            Judgement::Deviates => &mut self.deviates,
            Judgement::Met => &mut self.met,
            Judgement::Open => &mut self.open,
        } += 1;
    }

    const fn sum(self, other: Self) -> Self {
        Self {
            broken: self.broken + other.broken,
            known: self.known + other.known,
            deviates: self.deviates + other.deviates,
            met: self.met + other.met,
            open: self.open + other.open,
        }
    }
}

impl MatrixCell {
    /// Those that no case of this run is about, though one could be.
    #[must_use]
    pub const fn untested(&self) -> usize {
        let elsewhere = self.cited + self.restated + self.unjudged;
        self.catalogue.saturating_sub(elsewhere)
    }

    fn sum(mut self, other: &Self) -> Self {
        self.catalogue += other.catalogue;
        self.cited += other.cited;
        self.restated += other.restated;
        self.unjudged += other.unjudged;
        self.stacks.resize(other.stacks.len(), Judged::default());
        for (sum, judged) in self.stacks.iter_mut().zip(&other.stacks) {
            *sum = sum.sum(*judged);
        }
        self
    }
}

impl Matrix {
    /// All cells in one.
    #[must_use]
    pub fn total(&self) -> MatrixCell {
        let cells = self.sections.iter().flat_map(|section| &section.cells);
        cells.flatten().fold(MatrixCell::default(), MatrixCell::sum)
    }

    /// The requirements of one RFC.
    pub(super) fn of(
        log: &Log,
        rfc: &str,
        requirements: &[RequirementReport<'_>],
        stacks: usize,
    ) -> Self {
        let mut cells: BTreeMap<(Vec<u32>, &str), BTreeMap<Level, MatrixCell>> = BTreeMap::new();
        let empty = || MatrixCell {
            stacks: vec![Judged::default(); stacks],
            ..MatrixCell::default()
        };
        let counts = log.header.catalogue.iter();
        for count in counts.filter(|count| count.rfc == rfc) {
            let row = cells.entry(key(&count.section)).or_default();
            row.entry(count.level).or_insert_with(empty).list(count);
        }
        for report in requirements {
            if let Some(rule) = report.rule {
                let row = cells.entry(key(&rule.section)).or_default();
                row.entry(rule.level).or_insert_with(empty).cite(report);
            }
        }
        let levels: BTreeSet<Level> = cells.values().flat_map(|row| row.keys().copied()).collect();
        let sections = cells.iter().map(|((_, section), row)| SectionRow {
            section: (*section).to_owned(),
            cells: levels.iter().map(|level| row.get(level).cloned()).collect(),
        });
        Self {
            sections: sections.collect(),
            levels: levels.into_iter().collect(),
        }
    }
}

impl MatrixCell {
    const fn list(&mut self, count: &CatalogueCount) {
        self.catalogue += count.count;
        self.restated += count.restated;
        self.unjudged += count.unjudged;
    }

    /// What is cited is told by the run, whatever the catalogue says of it.
    fn cite(&mut self, report: &RequirementReport<'_>) {
        self.cited += 1;
        self.catalogue = self.catalogue.max(self.cited);
        self.restated = self.restated.min(self.catalogue - self.cited);
        self.unjudged = self
            .unjudged
            .min(self.catalogue - self.cited - self.restated);
        for (judged, standing) in self.stacks.iter_mut().zip(&report.standing) {
            judged.add(standing.judgement());
        }
    }
}

/// Sections go by their numbers.
fn key(section: &str) -> (Vec<u32>, &str) {
    let parts = section.split('.');
    let parts = parts.map(|part| part.parse().unwrap_or(u32::MAX));
    (parts.collect(), section)
}

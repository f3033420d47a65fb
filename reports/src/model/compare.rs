//! Stacks side by side: where their verdicts differ, which of them stands
//! alone, and what each chose where the RFCs leave a choice. The stacks may be
//! of one run or of several. Left out: why a trial failed.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use tcpspec_record::{CaseId, Log, Trial, Verdict, id::variant_id};

use super::InOrder;

/// Stacks side by side.
#[derive(Clone, Debug)]
pub struct Comparison<'a> {
    /// The stacks; all cells are in this order.
    pub columns: Vec<Column<'a>>,
    /// The variants that did not end alike on all stacks that played them.
    pub differences: Vec<Row<'a>>,
    /// How many variants more than one stack played, and all with one verdict.
    pub alike: usize,
    /// The variants in which stacks were seen to choose: what each of them
    /// took of what a case allows is its fingerprint.
    pub choices: Vec<Row<'a>>,
}

/// A stack of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Column<'a> {
    /// The run, if there are several.
    pub run: Option<&'a str>,
    /// The stack.
    pub stack: &'a str,
}

/// A variant on all stacks.
#[derive(Clone, Debug)]
pub struct Row<'a> {
    /// The case.
    pub case: &'a CaseId,
    /// Its axis values.
    pub variant: &'a str,
    /// How it ended, by stack; `None` where it was not played.
    pub cells: Vec<Option<Cell<'a>>>,
    /// The one stack that differs where all others agree; of three at least.
    pub odd: Option<usize>,
}

/// How a variant ended on a stack, over both versions of IP and all seeds.
#[derive(Clone, Debug)]
pub struct Cell<'a> {
    /// The worst of its trials.
    pub worst: &'a Trial,
    /// Whether its trials ended in different ways.
    pub mixed: bool,
    /// What it was seen to choose.
    pub tags: BTreeSet<&'a str>,
}

/// Variants that differ in the same way.
#[derive(Clone, Debug)]
pub struct Pattern<'c, 'a> {
    /// The verdict by stack, and whether a baseline expects it.
    pub verdicts: Vec<Option<(Verdict, bool)>>,
    /// The one stack that differs where all others agree.
    pub odd: Option<usize>,
    /// The variants; never empty.
    pub rows: Vec<&'c Row<'a>>,
}

/// Variants in which stacks chose in the same way.
#[derive(Clone, Debug)]
pub struct Choice<'c, 'a> {
    /// What each stack was seen to choose; `None` if it was not.
    pub tags: Vec<Option<&'c BTreeSet<&'a str>>>,
    /// The one stack that chose otherwise than all others.
    pub odd: Option<usize>,
    /// The variants; never empty.
    pub rows: Vec<&'c Row<'a>>,
}

impl Choice<'_, '_> {
    /// Whether not all that were seen to choose chose the same.
    #[must_use]
    pub fn is_different(&self) -> bool {
        are_different(self.tags.iter().flatten())
    }
}

/// How far two stacks choose alike.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Likeness {
    /// Variants in which both were seen to choose.
    pub both: usize,
    /// Of these, those in which they chose the same.
    pub same: usize,
}

impl<'a> Comparison<'a> {
    /// The stacks of one run.
    #[must_use]
    pub fn of(log: &'a Log) -> Self {
        Self::build(&[(None, log)])
    }

    /// The stacks of several runs, each with its name.
    #[must_use]
    pub fn of_runs(runs: &[(&'a str, &'a Log)]) -> Self {
        let runs: Vec<_> = runs.iter().map(|(name, log)| (Some(*name), *log)).collect();
        Self::build(&runs)
    }

    /// The differences, those together that differ in the same way; the most
    /// frequent first.
    #[must_use]
    pub fn patterns(&self) -> Vec<Pattern<'_, 'a>> {
        let mut patterns: InOrder<Vec<Option<(Verdict, bool)>>, Pattern<'_, 'a>> = InOrder::new();
        for row in &self.differences {
            let cells = row.cells.iter();
            let verdicts: Vec<_> = cells
                .map(|cell| cell.as_ref().map(|cell| cell.verdict()))
                .collect();
            let new = || Pattern {
                verdicts: verdicts.clone(),
                odd: row.odd,
                rows: Vec::new(),
            };
            patterns.entry(verdicts.clone(), new).rows.push(row);
        }
        let mut patterns = patterns.values;
        patterns.sort_by_key(|pattern| Reverse(pattern.rows.len()));
        patterns
    }

    /// The choices, those together in which all chose in the same way; the most
    /// frequent first.
    #[must_use]
    pub fn fingerprint(&self) -> Vec<Choice<'_, 'a>> {
        let mut choices: InOrder<Vec<Option<&BTreeSet<&'a str>>>, Choice<'_, 'a>> = InOrder::new();
        for row in &self.choices {
            let tags: Vec<_> = (0..self.columns.len()).map(|at| row.chosen(at)).collect();
            let new = || Choice {
                tags: tags.clone(),
                odd: row.odd,
                rows: Vec::new(),
            };
            choices.entry(tags.clone(), new).rows.push(row);
        }
        let mut choices = choices.values;
        choices.sort_by_key(|choice| Reverse(choice.rows.len()));
        choices
    }

    /// How far two of the columns choose alike.
    #[must_use]
    pub fn likeness(&self, one: usize, other: usize) -> Likeness {
        let mut likeness = Likeness::default();
        for row in &self.choices {
            if let (Some(one), Some(other)) = (row.chosen(one), row.chosen(other)) {
                likeness.both += 1;
                likeness.same += usize::from(one == other);
            }
        }
        likeness
    }

    fn build(runs: &[(Option<&'a str>, &'a Log)]) -> Self {
        let columns = columns(runs);
        let rows = rows(runs, &columns);
        let compared = rows.iter().filter(|row| row.outcomes().count() > 1);
        let alike = compared.filter(|row| !row.differs()).count();
        let with_odd = |row: &Row<'a>, odd| Row { odd, ..row.clone() };
        let differences = rows.iter().filter(|row| row.differs());
        let choices = rows.iter().filter(|row| row.choosers().next().is_some());
        Self {
            columns,
            alike,
            differences: differences
                .map(|row| with_odd(row, odd(row.outcomes())))
                .collect(),
            choices: choices
                .map(|row| with_odd(row, odd(row.choosers())))
                .collect(),
        }
    }
}

impl<'a> Row<'a> {
    /// Case and axis values: `reset/in-closing@at=left`.
    #[must_use]
    pub fn id(&self) -> String {
        variant_id(self.case, self.variant)
    }

    /// What a stack was seen to choose; `None` if it was not seen to.
    #[must_use]
    pub fn chosen(&self, column: usize) -> Option<&BTreeSet<&'a str>> {
        let cell = self.cells.get(column)?.as_ref()?;
        (!cell.tags.is_empty()).then_some(&cell.tags)
    }

    /// Whether not all that were seen to choose chose the same.
    #[must_use]
    pub fn chose_differently(&self) -> bool {
        are_different(self.choosers().map(|(_, tags)| tags))
    }

    /// Whether the stacks that played it ended with different verdicts.
    fn differs(&self) -> bool {
        are_different(self.outcomes().map(|(_, verdict)| verdict))
    }

    fn outcomes(&self) -> impl Iterator<Item = (usize, Verdict)> {
        let cells = self.cells.iter().enumerate();
        cells.filter_map(|(at, cell)| Some((at, cell.as_ref()?.worst.verdict)))
    }

    fn choosers(&self) -> impl Iterator<Item = (usize, &BTreeSet<&'a str>)> {
        (0..self.cells.len()).filter_map(|at| Some((at, self.chosen(at)?)))
    }
}

impl<'a> Cell<'a> {
    fn of(trial: &'a Trial) -> Self {
        Self {
            worst: trial,
            mixed: false,
            tags: trial.tags.iter().map(String::as_str).collect(),
        }
    }

    /// The worst verdict, and whether a baseline expects it.
    #[must_use]
    pub const fn verdict(&self) -> (Verdict, bool) {
        (self.worst.verdict, self.worst.known.is_some())
    }

    fn add(&mut self, trial: &'a Trial) {
        self.mixed |= trial.verdict != self.worst.verdict;
        self.tags.extend(trial.tags.iter().map(String::as_str));
        if trial.verdict < self.worst.verdict {
            self.worst = trial;
        }
    }
}

fn are_different<T: PartialEq>(mut all: impl Iterator<Item = T>) -> bool {
    let first = all.next();
    all.any(|other| Some(other) != first)
}

/// The one whose value nobody shares, where all the others share one.
fn odd<T: PartialEq>(values: impl Iterator<Item = (usize, T)>) -> Option<usize> {
    let values: Vec<(usize, T)> = values.collect();
    let is_odd = |(at, value): &(usize, T)| {
        let mut others = values.iter().filter(|(other, _)| other != at);
        let first = others.next();
        first.is_some_and(|(_, first)| first != value && others.all(|(_, other)| other == first))
    };
    let mut odds = values.iter().filter(|value| is_odd(value));
    let odd = odds.next().filter(|_| values.len() > 2)?;
    Some(odd.0)
}

fn columns<'a>(runs: &[(Option<&'a str>, &'a Log)]) -> Vec<Column<'a>> {
    let mut columns = InOrder::new();
    for &(run, log) in runs {
        let declared = log.header.stacks.iter().map(|stack| stack.name.as_str());
        let played = log.trials.iter().map(|trial| trial.id.stack.as_str());
        for stack in declared.chain(played) {
            let column = Column { run, stack };
            columns.entry(column, || column);
        }
    }
    columns.values
}

/// Every variant of the runs, in the order of the logs.
fn rows<'a>(runs: &[(Option<&'a str>, &'a Log)], columns: &[Column<'a>]) -> Vec<Row<'a>> {
    let places: BTreeMap<_, _> = columns.iter().zip(0..).collect();
    let mut rows: InOrder<(&CaseId, &str), Row<'a>> = InOrder::new();
    for &(run, log) in runs {
        let variants = log.cases.iter();
        for (case, variant) in variants.map(|info| (&info.id, info.variant.as_str())) {
            row(&mut rows, case, variant, columns.len());
        }
        for trial in &log.trials {
            let row = row(&mut rows, &trial.id.case, &trial.id.variant, columns.len());
            let stack = trial.id.stack.as_str();
            let place: Option<&usize> = places.get(&Column { run, stack });
            if let Some(cell) = place.and_then(|place| row.cells.get_mut(*place))
                && trial.verdict != Verdict::Skip
            {
                match cell {
                    Some(cell) => cell.add(trial),
                    None => *cell = Some(Cell::of(trial)),
                }
            }
        }
    }
    rows.values
}

fn row<'m, 'a>(
    rows: &'m mut InOrder<(&'a CaseId, &'a str), Row<'a>>,
    case: &'a CaseId,
    variant: &'a str,
    columns: usize,
) -> &'m mut Row<'a> {
    rows.entry((case, variant), || Row {
        case,
        variant,
        cells: vec![None; columns],
        odd: None,
    })
}

//! Duels counted: by pair and version of IP, and by profile.

use std::collections::BTreeMap;

use tcpspec_record::{Duel, DuelResult, IpVersion};

/// All duels, put in order.
#[derive(Clone, Debug, Default)]
pub(super) struct Summary<'a> {
    /// The profiles in the order in which they were played.
    pub(super) profiles: Vec<&'a str>,
    /// The pairs in the order in which they were played.
    pub(super) pairs: Vec<Pair<'a>>,
    /// Duels that were judged: all but those to compare with.
    pub(super) played: usize,
    /// What went wrong.
    pub(super) bad: Vec<&'a Duel>,
}

/// What two stacks did over one version of IP.
#[derive(Clone, Debug)]
pub(super) struct Pair<'a> {
    pub(super) stacks: &'a [String; 2],
    pub(super) ip: IpVersion,
    /// By profile.
    pub(super) cells: BTreeMap<&'a str, Cell>,
}

/// What two stacks did under one profile.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Cell {
    pub(super) results: BTreeMap<DuelResult, usize>,
    /// Octets in a second, of all seeds the median.
    pub(super) goodput: Option<f64>,
    /// The same over the link without faults.
    pub(super) reference: Option<f64>,
    /// Share of octets that were sent again, of all seeds the median.
    pub(super) repeated: Option<f64>,
    /// Remarks: what a witness found that is no more than advice.
    pub(super) remarks: usize,
}

impl Cell {
    fn of(duels: &[&Duel]) -> Self {
        let mut results = BTreeMap::new();
        let (references, played): (Vec<&Duel>, Vec<&Duel>) =
            duels.iter().partition(|duel| duel.reference);
        for duel in &played {
            *results.entry(duel.result).or_default() += 1;
        }
        let advice = |duel: &&&Duel| duel.findings.iter().any(|finding| finding.advice);
        Self {
            results,
            goodput: median(played.iter().filter_map(|duel| duel.goodput())),
            reference: median(references.iter().filter_map(|duel| duel.goodput())),
            repeated: median(played.iter().filter_map(|duel| duel.repeated_share())),
            remarks: played.iter().filter(advice).count(),
        }
    }

    /// How often it ended so.
    pub(super) fn count(&self, result: DuelResult) -> usize {
        self.results.get(&result).copied().unwrap_or(0)
    }

    /// The worst that happened.
    pub(super) fn worst(&self) -> Option<DuelResult> {
        self.results.keys().next_back().copied()
    }

    /// Goodput as a share of that without faults.
    pub(super) fn share(&self) -> Option<f64> {
        Some(self.goodput? / self.reference?)
    }
}

/// What a cell is of.
type Key<'a> = (&'a [String; 2], IpVersion, &'a str);

impl<'a> Summary<'a> {
    pub(super) fn of(duels: &'a [Duel]) -> Self {
        let mut summary = Self::default();
        let mut cells: Vec<(Key<'_>, Vec<&Duel>)> = Vec::new();
        for duel in duels {
            let key = (&duel.stacks, duel.ip, duel.faults.as_str());
            match cells.iter_mut().find(|(known, _)| *known == key) {
                Some((_, cell)) => cell.push(duel),
                None => cells.push((key, vec![duel])),
            }
            summary.played += usize::from(!duel.reference);
            if matches!(duel.result, DuelResult::Badly | DuelResult::Broken) {
                summary.bad.push(duel);
            }
        }
        for ((stacks, ip, faults), duels) in cells {
            if !summary.profiles.contains(&faults) {
                summary.profiles.push(faults);
            }
            summary
                .pair(stacks, ip)
                .cells
                .insert(faults, Cell::of(&duels));
        }
        summary
    }

    fn pair(&mut self, stacks: &'a [String; 2], ip: IpVersion) -> &mut Pair<'a> {
        let known = self
            .pairs
            .iter()
            .position(|pair| (pair.stacks, pair.ip) == (stacks, ip));
        let at = known.unwrap_or(self.pairs.len());
        if known.is_none() {
            let cells = BTreeMap::new();
            self.pairs.push(Pair { stacks, ip, cells });
        }
        &mut self.pairs[at]
    }
}

fn median(values: impl Iterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

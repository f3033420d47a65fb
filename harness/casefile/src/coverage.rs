//! Coverage: which requirements of the catalogue the cases decide. Whether a
//! stack meets them is told by a run, and how this is printed is left to the
//! command.

use std::collections::{BTreeMap, BTreeSet};

use tcpspec_record::log::CatalogueCount;
use tcpspec_record::{CaseId, Requirement, RequirementId};

use crate::case::Variant;
use crate::suite::Suite;

/// What there is of a requirement among the cases.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// A step decides it: if that step breaks, this is what is broken.
    Decided,
    /// Other requirements state it again, and steps decide those.
    Restated,
    /// Cases cite it, but no step decides it.
    Cited,
    /// No case decides it, and `requirements/untested.yaml` says why.
    Untested,
    /// There is nothing.
    Nothing,
    /// There is nothing, and cannot be: it does not show outside of a stack,
    /// or the catalogue says to pass it over.
    NotJudged,
}

impl Standing {
    /// All of them, the best first.
    pub const ALL: [Self; 6] = [
        Self::Decided,
        Self::Restated,
        Self::Cited,
        Self::Untested,
        Self::Nothing,
        Self::NotJudged,
    ];

    /// In words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Decided => "decided",
            Self::Restated => "restated",
            Self::Cited => "cited only",
            Self::Untested => "untested",
            Self::Nothing => "nothing",
            Self::NotJudged => "not judged",
        }
    }
}

/// One requirement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Covered<'a> {
    /// The rule.
    pub requirement: &'a Requirement,
    /// What there is.
    pub standing: Standing,
    /// The cases that decide it; if there are none, those that cite it.
    pub cases: BTreeSet<&'a CaseId>,
    /// Why it is untested.
    pub reason: Option<&'a str>,
    /// The requirements that state it again, if no case decides it as it is.
    pub restated_by: &'a [RequirementId],
}

/// All requirements: RFC 9293 first, then by RFC, section, level and id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coverage<'a> {
    /// One by one.
    pub requirements: Vec<Covered<'a>>,
}

impl<'a> Coverage<'a> {
    /// What the cases of a suite cover.
    #[must_use]
    pub fn of(suite: &'a Suite) -> Self {
        let cases = ByRequirement::of(suite);
        let alone = suite.catalogue.iter();
        let alone: Alone<'a> = alone
            .map(|requirement| (&requirement.id, cases.covered(requirement, suite)))
            .collect();
        let standing = |(id, covered): (&&RequirementId, &Covered<'a>)| {
            let restated_by = suite.restated.get(*id);
            let restated_by = restated_by.filter(|_| covered.standing != Standing::Decided);
            restated_by.map_or_else(|| covered.clone(), |by| covered.restated(by, &alone))
        };
        let mut requirements: Vec<Covered<'a>> = alone.iter().map(standing).collect();
        requirements.sort_by_cached_key(|covered| order(covered.requirement));
        Self { requirements }
    }

    /// How many requirements there are of each section and level, in order.
    #[must_use]
    pub fn counts(&self) -> Vec<CatalogueCount> {
        let mut counts: Vec<CatalogueCount> = Vec::new();
        for covered in &self.requirements {
            let Requirement {
                id, section, level, ..
            } = covered.requirement;
            let is_same = |count: &CatalogueCount| {
                count.rfc == id.rfc() && count.section == *section && count.level == *level
            };
            if !counts.last().is_some_and(is_same) {
                counts.push(CatalogueCount {
                    rfc: id.rfc().to_owned(),
                    section: section.clone(),
                    level: *level,
                    count: 0,
                    restated: 0,
                    unjudged: 0,
                });
            }
            if let Some(count) = counts.last_mut() {
                count.count += 1;
                count.restated += usize::from(covered.standing == Standing::Restated);
                count.unjudged += usize::from(covered.standing == Standing::NotJudged);
            }
        }
        counts
    }
}

/// The cases that decide a requirement, and those that cite it.
#[derive(Default)]
struct ByRequirement<'a> {
    decided: BTreeMap<&'a RequirementId, BTreeSet<&'a CaseId>>,
    cited: BTreeMap<&'a RequirementId, BTreeSet<&'a CaseId>>,
}

impl<'a> ByRequirement<'a> {
    fn of(suite: &'a Suite) -> Self {
        let mut all = Self::default();
        for variant in suite.variants() {
            gather(&mut all.decided, variant.decides(), &variant.case);
            gather(&mut all.cited, variant.cites(), &variant.case);
        }
        all
    }

    /// What there is of a requirement as it is.
    fn covered(&self, requirement: &'a Requirement, suite: &'a Suite) -> Covered<'a> {
        let id = &requirement.id;
        let reason = suite.untested.get(id).map(String::as_str);
        let (standing, cases) = match (self.decided.get(id), self.cited.get(id)) {
            (Some(cases), _) => (Standing::Decided, Some(cases)),
            (None, cases) if reason.is_some() => (Standing::Untested, cases),
            (None, Some(cases)) => (Standing::Cited, Some(cases)),
            (None, None) if suite.catalogue.can_be_judged(id) => (Standing::Nothing, None),
            (None, None) => (Standing::NotJudged, None),
        };
        Covered {
            requirement,
            standing,
            cases: cases.cloned().unwrap_or_default(),
            reason,
            restated_by: &[],
        }
    }
}

/// What there is of each requirement by itself.
type Alone<'a> = BTreeMap<&'a RequirementId, Covered<'a>>;

impl<'a> Covered<'a> {
    /// What there is of it, as others state it again: no more than of the one of
    /// them of which there is least.
    fn restated(&self, by: &'a [RequirementId], alone: &Alone<'a>) -> Self {
        let others = || by.iter().filter_map(|id| alone.get(id));
        let least = others().map(|other| other.standing).max();
        let standing = match least {
            None | Some(Standing::Decided) => Standing::Restated,
            Some(less) => less,
        };
        Self {
            requirement: self.requirement,
            standing,
            cases: others().flat_map(|other| other.cases.clone()).collect(),
            reason: others().find_map(|other| other.reason),
            restated_by: by,
        }
    }
}

fn gather<'a>(
    by_id: &mut BTreeMap<&'a RequirementId, BTreeSet<&'a CaseId>>,
    ids: BTreeSet<&'a RequirementId>,
    case: &'a CaseId,
) {
    for id in ids {
        by_id.entry(id).or_default().insert(case);
    }
}

/// RFC 9293 is what the others amend; sections go by their numbers.
fn order(requirement: &Requirement) -> impl Ord + use<> {
    let number = |part: &str| part.parse::<u32>().unwrap_or(u32::MAX);
    let rfc = requirement.id.rfc();
    let section: Vec<u32> = requirement.section.split('.').map(number).collect();
    let key = (rfc != "9293", number(rfc), section);
    (
        key,
        requirement.section.clone(),
        requirement.level,
        requirement.id.clone(),
    )
}

impl Variant {
    /// The requirements that its own steps decide: each step its claim, and a
    /// step that names none the case's first. A prelude's steps decide nothing
    /// here; they are those of a case of their own.
    #[must_use]
    pub fn decides(&self) -> BTreeSet<&RequirementId> {
        let own = self.steps.iter().filter(|step| !step.prelude);
        own.filter_map(|step| match &step.claim {
            Some(claim) => Some(claim),
            None if step.judges() => self.claims.first(),
            None => None,
        })
        .collect()
    }

    /// The requirements that it names, itself or in a step of its own.
    #[must_use]
    pub fn cites(&self) -> BTreeSet<&RequirementId> {
        let own = self.steps.iter().filter(|step| !step.prelude);
        let by_steps = own.filter_map(|step| step.claim.as_ref());
        self.claims.iter().chain(by_steps).collect()
    }
}

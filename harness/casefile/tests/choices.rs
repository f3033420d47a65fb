//! `cases/choices.yaml`, what the RFCs leave open, and the page that is made of
//! it: every choice is looked at by a case that takes more than one answer.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot read its own files has failed"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use tcpspec_casefile::{Action, Match, SegmentPattern, Step, Suite, Variant, load};
use tcpspec_wire::{Capability, Flags};

/// A choice, in words.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Choice {
    what: String,
    /// Why nothing is open there after all.
    settled: Option<String>,
}

/// A requirement of the catalogue, as far as it is needed here.
#[derive(serde::Deserialize)]
struct Requirement {
    id: String,
    #[serde(default)]
    alternatives: Vec<String>,
}

/// By which a stack says what it has chosen.
const CHOSEN: [Capability; 8] = [
    Capability::Rfc5961Rst,
    Capability::Rfc5961Syn,
    Capability::Rfc5961Ack,
    Capability::ChallengeLimit,
    Capability::TimeWaitReuse,
    Capability::CloseUnreadResets,
    Capability::HalfDuplexClose,
    Capability::DelayedAck,
];

/// What the cases make of a choice.
#[derive(Default)]
struct Seen {
    /// Requirements that have to do with it, and those of them that are decided.
    requirements: usize,
    decided: usize,
    /// Cases that decide them and take more than one answer.
    cases: BTreeSet<String>,
    /// By what the report tells the answers apart.
    tags: BTreeSet<String>,
}

fn cases() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../cases")
}

fn choices() -> BTreeMap<String, Choice> {
    serde_yaml::from_str(&fs::read_to_string(cases().join("choices.yaml")).unwrap()).unwrap()
}

/// Every requirement that is marked, with its choices.
fn marked() -> Vec<Requirement> {
    let files = fs::read_dir(cases().join("requirements")).unwrap();
    let names = files.map(|file| file.unwrap().path());
    let rfcs = names.filter(|path| {
        path.file_name()
            .unwrap()
            .to_string_lossy()
            .starts_with("rfc")
    });
    let read = |path: PathBuf| -> Vec<Requirement> {
        serde_yaml::from_str(&fs::read_to_string(path).unwrap()).unwrap()
    };
    let all = rfcs.flat_map(read);
    all.filter(|one| !one.alternatives.is_empty()).collect()
}

/// Whether a stack has a choice at this step.
fn is_open(step: &Step) -> bool {
    let several = step.state.as_ref().is_some_and(|states| states.len() > 1);
    several
        || match &step.action {
            Action::Sut(ways) => {
                ways.len() > 1 || ways.iter().flat_map(|way| &way.segments).any(is_loose)
            }
            Action::App(_, outcomes) => outcomes.len() > 1,
            Action::Gone(ways) => ways.len() > 1 || ways.iter().any(|way| way.bounds.is_some()),
            _ => step.bounds.is_some(),
        }
}

/// Whether more than one segment fits.
fn is_loose(pattern: &SegmentPattern) -> bool {
    let fields = [&pattern.seq, &pattern.ack, &pattern.len, &pattern.window];
    let loose = |field: &Match| !matches!(field, Match::Value(_));
    pattern.optional != Flags::default() || fields.into_iter().flatten().any(loose)
}

/// The steps of a variant that decide one of these requirements.
fn deciding<'v>(variant: &'v Variant, ids: &BTreeSet<&str>) -> Vec<&'v Step> {
    let first = variant.claims.first();
    let own = variant.steps.iter().filter(|step| !step.prelude);
    let decides = |step: &&Step| {
        let claim = step
            .claim
            .as_ref()
            .or_else(|| first.filter(|_| step.judges()));
        claim.is_some_and(|claim| ids.contains(claim.0.as_str()))
    };
    own.filter(decides).collect()
}

fn seen(suite: &Suite, ids: &BTreeSet<&str>) -> Seen {
    let mut seen = Seen {
        requirements: ids.len(),
        ..Seen::default()
    };
    let mut decided = BTreeSet::new();
    for variant in suite.variants() {
        let steps = deciding(variant, ids);
        decided.extend(
            variant
                .decides()
                .into_iter()
                .filter(|id| ids.contains(id.0.as_str())),
        );
        // A choice that a stack declares is the stack's: such a case asks for it.
        let declared = variant
            .needs
            .iter()
            .any(|need| CHOSEN.contains(&need.capability));
        if steps.iter().any(|step| is_open(step)) || (declared && !steps.is_empty()) {
            seen.cases.insert(variant.case.0.clone());
        }
        for step in steps {
            if let Action::Sut(ways) = &step.action {
                seen.tags
                    .extend(ways.iter().filter_map(|way| way.tag.clone()));
            }
        }
    }
    seen.decided = decided.len();
    seen
}

fn table() -> BTreeMap<String, (Choice, Seen)> {
    let suite = load(&cases()).unwrap();
    let marked = marked();
    let row = |(choice, what): (String, Choice)| {
        let of_choice = marked
            .iter()
            .filter(|one| one.alternatives.contains(&choice));
        let ids = of_choice.map(|one| one.id.as_str()).collect();
        (choice, (what, seen(&suite, &ids)))
    };
    choices().into_iter().map(row).collect()
}

#[test]
fn every_choice_of_the_catalogue_is_told_of() {
    let known: BTreeSet<String> = choices().into_keys().collect();
    let used = marked()
        .into_iter()
        .flat_map(|one| one.alternatives)
        .collect();
    assert_eq!(known, used);
}

#[test]
fn every_choice_is_left_by_a_case_or_settled() {
    for (id, (choice, seen)) in table() {
        let Choice { what, settled } = choice;
        let left = !seen.cases.is_empty();
        assert_ne!(left, settled.is_some(), "{id}, {what}: {:?}", seen.cases);
        let (decided, all) = (seen.decided, seen.requirements);
        assert!(decided > 0 || settled.is_some(), "{id}, {what}: of {all}");
    }
}

#[test]
fn page_of_choices_is_what_the_cases_say() {
    let (path, page) = (cases().join("CHOICES.md"), page(&table()));
    if std::env::var_os("TCPSPEC_BLESS").is_some() {
        fs::write(&path, &page).unwrap();
    }
    assert!(
        fs::read_to_string(&path).unwrap_or_default() == page,
        "cases/CHOICES.md is stale: run `make coverage`"
    );
}

fn page(table: &BTreeMap<String, (Choice, Seen)>) -> String {
    let mut page = String::from(
        "# What the RFCs leave open\n\n\
         Where the text gives a stack a choice, or says two things, a case takes every answer that\n\
         some reading allows, and the report says which was seen, by its tag. Requirements: those of\n\
         the catalogue that have to do with the choice, and how many of them are decided. Made of\n\
         `choices.yaml` by `make coverage`, and held to it by a test.\n\n\
         | choice | what | requirements | decided | cases | tags |\n|---|---|--:|--:|---|---|\n",
    );
    for (id, (Choice { what, settled }, seen)) in table {
        let (all, decided) = (seen.requirements, seen.decided);
        let (cases, tags) = (first(&seen.cases), first(&seen.tags));
        let cases = settled
            .as_ref()
            .map_or(cases, |why| format!("settled: {why}"));
        writeln!(
            page,
            "| {id} | {what} | {all} | {decided} | {cases} | {tags} |"
        )
        .unwrap();
    }
    page
}

/// The first few, and how many more there are.
fn first(names: &BTreeSet<String>) -> String {
    let shown: Vec<String> = names
        .iter()
        .take(FEW)
        .map(|name| format!("`{name}`"))
        .collect();
    let more = names.len().saturating_sub(FEW);
    let rest = if more > 0 {
        format!(" and {more} more")
    } else {
        String::new()
    };
    shown.join(", ") + &rest
}

/// How many names a cell of the page shows.
const FEW: usize = 4;

//! `stacks/bundled/MUTANTS.md`: what the suite notices, by class and by level,
//! what it does not, and which cases have never been seen to fail.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;
use std::{fs, io};

use tcpspec_record::Level;
use tcpspec_record::log::MutantScore;

use crate::manifest::{Manifest, Mutant};
use crate::results::Outcome;

/// A mutant with what became of it.
pub type Judged<'a> = (&'a Mutant, &'a Outcome);

/// How many mutants of some kind were noticed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Score {
    /// A case failed, or the run did not come to its end.
    pub killed: usize,
    /// Nothing was noticed.
    pub survived: usize,
    /// Nothing was noticed, and nothing can be.
    pub equivalent: usize,
}

impl Score {
    /// The score of `mutants`.
    pub fn of<'a>(mutants: impl IntoIterator<Item = Judged<'a>>) -> Self {
        let mut score = Self::default();
        for (mutant, outcome) in mutants {
            *match outcome {
                Outcome::Killed(_) | Outcome::Endless => &mut score.killed,
                Outcome::Survived if mutant.equivalent.is_some() => &mut score.equivalent,
                Outcome::Survived => &mut score.survived,
            } += 1;
        }
        score
    }

    /// The same as a log has it; there are so many mutants.
    #[must_use]
    pub const fn of_all(self, listed: usize) -> MutantScore {
        MutantScore {
            listed,
            killed: self.killed,
            survived: self.survived,
            equivalent: self.equivalent,
        }
    }

    /// Killed of those that can be, in per cent; a dash where there are none.
    #[must_use]
    pub fn percent(self) -> String {
        self.of_all(0).percent()
    }
}

/// The page.
#[must_use]
pub fn markdown(
    manifest: &Manifest,
    judged: &[Judged<'_>],
    controls: &BTreeSet<String>,
    played: &BTreeSet<String>,
) -> String {
    let mut page = format!(
        "# Mutants\n\nThe bundled stack broken on purpose, one edit at a time (`mutants/`), \
         and what the suite notices. Made by `make mutants`; an endless run and a panic count as \
         noticed.\n\n{}",
        summary(judged, manifest.mutants.len())
    );
    let text = &mut page;
    section(
        text,
        "By level",
        &grouped(judged, |mutant| mutant.level.keyword().to_owned()),
    );
    section(
        text,
        "By class",
        &grouped(judged, |mutant| mutant.class.clone()),
    );
    section(
        text,
        "Survivors",
        &list(judged, |mutant| mutant.equivalent.is_none()),
    );
    section(text, "Equivalent", &equivalent(judged));
    let left_out = manifest.left_out.iter();
    section(
        text,
        "Faults this stack cannot be given",
        &lines(left_out.map(|entry| (&entry.id, &entry.reason))),
    );
    // A sample does not say what the rest would have been noticed by.
    if judged.len() == manifest.mutants.len() {
        let never = never_failed(judged, controls, played);
        section(text, "Cases never seen to fail", &never);
    }
    section(text, "Who notices what", &all(judged));
    page
}

/// The figures in a few lines, for this page and for the README: of how many
/// mutants, and of how many there are.
#[must_use]
pub fn summary(judged: &[Judged<'_>], listed: usize) -> String {
    let of = |choose: fn(&Mutant) -> bool| {
        Score::of(judged.iter().copied().filter(|(mutant, _)| choose(mutant)))
    };
    let rows = [
        ("all", of(|_| true)),
        ("of requirements that are a MUST or a step", of(is_must)),
        (
            "faults that a released TCP has had",
            of(|mutant| mutant.seen_in_the_wild),
        ),
    ];
    let rows = rows.map(|(name, score)| (name.to_owned(), score));
    let played = match judged.len() {
        all if all == listed => format!("All {listed} mutants were played."),
        some => format!("{some} of the {listed} mutants were played, a sample over all classes."),
    };
    format!("{played}\n\n{}", table("mutants", rows))
}

fn is_must(mutant: &Mutant) -> bool {
    matches!(mutant.level, Level::Must | Level::MustNot | Level::Step)
}

fn section(page: &mut String, title: &str, text: &str) {
    let text = if text.is_empty() { "None.\n" } else { text };
    // Writing to a string cannot fail, here and below.
    let _ = write!(page, "\n## {title}\n\n{text}");
}

fn table(what: &str, rows: impl IntoIterator<Item = (String, Score)>) -> String {
    let mut text =
        format!("| {what} | killed | survived | equivalent | score |\n|---|---|---|---|---|\n");
    for (name, score) in rows {
        let _ = writeln!(
            text,
            "| {name} | {} | {} | {} | {} |",
            score.killed,
            score.survived,
            score.equivalent,
            score.percent()
        );
    }
    text
}

fn grouped(judged: &[Judged<'_>], key: impl Fn(&Mutant) -> String) -> String {
    let mut groups: BTreeMap<String, Vec<Judged<'_>>> = BTreeMap::new();
    for (mutant, outcome) in judged {
        groups
            .entry(key(mutant))
            .or_default()
            .push((mutant, outcome));
    }
    table(
        "",
        groups
            .into_iter()
            .map(|(name, group)| (name, Score::of(group))),
    )
}

fn lines<'a>(entries: impl Iterator<Item = (&'a String, &'a String)>) -> String {
    entries.fold(String::new(), |mut text, (id, word)| {
        let _ = writeln!(text, "- **{id}** {word}");
        text
    })
}

fn list(judged: &[Judged<'_>], choose: impl Fn(&Mutant) -> bool) -> String {
    let survivors = judged
        .iter()
        .filter(|(mutant, outcome)| **outcome == Outcome::Survived && choose(mutant));
    lines(survivors.map(|(mutant, _)| (&mutant.id, &mutant.what)))
}

fn equivalent(judged: &[Judged<'_>]) -> String {
    let reasons = judged
        .iter()
        .filter_map(|(mutant, _)| mutant.equivalent.as_ref().map(|why| (&mutant.id, why)));
    lines(reasons)
}

fn never_failed(
    judged: &[Judged<'_>],
    controls: &BTreeSet<String>,
    played: &BTreeSet<String>,
) -> String {
    let mut failed: BTreeSet<&str> = controls.iter().map(|variant| case(variant)).collect();
    for (_, outcome) in judged {
        if let Outcome::Killed(by) = outcome {
            failed.extend(by.iter().map(|variant| case(variant)));
        }
    }
    let cases: BTreeSet<&str> = played.iter().map(|variant| case(variant)).collect();
    cases
        .difference(&failed)
        .fold(String::new(), |mut text, case| {
            let _ = writeln!(text, "- `{case}`");
            text
        })
}

/// The case of a variant: `reset/exact` of `reset/exact@in=closing`.
fn case(variant: &str) -> &str {
    variant.split_once('@').map_or(variant, |(case, _)| case)
}

fn all(judged: &[Judged<'_>]) -> String {
    let mut text = "| mutant | against | fault | noticed by |\n|---|---|---|---|\n".to_owned();
    for (mutant, outcome) in judged {
        let what = mutant.what.replace('|', "\\|");
        let _ = writeln!(
            text,
            "| {} | {} | {what} | {} |",
            mutant.id,
            mutant.clause,
            noticed(outcome)
        );
    }
    text
}

/// Who noticed: at most three cases by name, and how many variants there are.
#[must_use]
pub fn noticed(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Survived => "nothing".to_owned(),
        Outcome::Endless => "the end of patience: the run has none".to_owned(),
        Outcome::Killed(by) => {
            let cases: BTreeSet<&str> = by.iter().map(|variant| case(variant)).collect();
            let first: Vec<&str> = cases.iter().copied().take(3).collect();
            let more = if cases.len() > 3 { ", ..." } else { "" };
            format!(
                "{} in {} ({}{more})",
                by.len(),
                cases.len(),
                first.join(", ")
            )
        }
    }
}

/// Where the README's table stands.
const MARKS: (&str, &str) = (
    "<!-- mutants: made by `make mutants` -->\n",
    "<!-- end of mutants -->",
);

/// Puts the figures into the README, between their marks.
///
/// # Errors
///
/// If it cannot be read or written, or has lost its marks.
pub fn into_readme(readme: &Path, figures: &str) -> io::Result<()> {
    let text = fs::read_to_string(readme)?;
    let parts = text
        .split_once(MARKS.0)
        .and_then(|(before, rest)| Some((before, rest.split_once(MARKS.1)?.1)));
    let Some((before, after)) = parts else {
        return Err(io::Error::other(
            "the README has lost the marks of its mutants",
        ));
    };
    let (begin, end) = MARKS;
    fs::write(readme, format!("{before}{begin}{figures}{end}{after}"))
}

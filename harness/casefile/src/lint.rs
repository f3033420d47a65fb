//! Remarks on the style of a valid case: nothing here makes it wrong.
//!
//! A sweep is a table, and is spared what is about steps: its rows are read one
//! by one, what they mean stands in the vocabulary, and where nothing is in
//! flight two events of that come to the same.

use std::collections::BTreeSet;

use tcpspec_record::RequirementId;

use crate::case::{Case, Variant};
use crate::step::Step;

/// Lines of steps that a reader takes in at once.
const STEPS_MAX: usize = 35;

/// The group of the cases that others begin with.
const PRELUDES: &str = "preludes";

/// A remark on a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// The line of the file, counted from 1.
    pub line: usize,
    /// What could be better, and how.
    pub message: String,
}

/// All remarks on a case, in the order of lines. `text` is its file.
#[must_use]
pub fn lint(case: &Case, text: &str) -> Vec<Remark> {
    let mut remarks = undecided_claims(case, text);
    if !has_key(text, "rows:") {
        remarks.extend(long_steps(text));
        remarks.extend(no_reason(case, text));
        remarks.extend(unused_labels(case, text));
        remarks.extend(same_variants(case, text));
    }
    remarks.sort_by_key(|remark| remark.line);
    remarks
}

/// A case that follows a drawing (`numbering:`) is as long as that.
fn long_steps(text: &str) -> Option<Remark> {
    let line = line_of(text, "steps:");
    let steps = text.lines().skip(line);
    let count = steps.filter(|line| !line.trim().is_empty()).count();
    let message = format!(
        "{count} lines of steps; {STEPS_MAX} can be taken in at once: begin with a prelude, or make two cases"
    );
    let is_long = count > STEPS_MAX && !has_key(text, "numbering:");
    is_long.then_some(Remark { line, message })
}

fn no_reason(case: &Case, text: &str) -> Option<Remark> {
    let variant = case.variants.first()?;
    let has_reason = own_steps(variant).any(|step| step.why.is_some());
    let message = "no step says why: a reader should learn the rule from the step that decides it";
    (!has_reason).then(|| Remark {
        line: line_of(text, "steps:"),
        message: message.to_owned(),
    })
}

/// Labels that nothing else in the file mentions, nor a step of a fragment. A
/// prelude's are there for the cases that begin with it.
fn unused_labels(case: &Case, text: &str) -> Vec<Remark> {
    if case.id.group() == PRELUDES {
        return Vec::new();
    }
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let steps = case.variants.iter().flat_map(own_steps);
    let lent: Vec<&str> = steps
        .filter(|step| step.from.is_some())
        .map(|step| step.text.as_str())
        .collect();
    let mut remarks = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let Some((_, label)) = line.split_once("as: ") else {
            continue;
        };
        let label: String = label.chars().take_while(|c| is_name(*c)).collect();
        let others = text.lines().enumerate().filter(|(other, _)| *other != at);
        let lines = others.map(|(_, line)| line).chain(lent.iter().copied());
        let mut words = lines.flat_map(|line| line.split(|c| !is_name(c)));
        if !label.is_empty() && !words.any(|word| word == label) {
            remarks.push(Remark {
                line: at + 1,
                message: format!("nothing refers to the label `{label}`"),
            });
        }
    }
    remarks
}

/// Claims that no step decides; they would count as cited only.
fn undecided_claims(case: &Case, text: &str) -> Vec<Remark> {
    let mut undecided = BTreeSet::new();
    for variant in &case.variants {
        let decided = variant.decides();
        undecided.extend(
            variant
                .claims
                .iter()
                .filter(|claim| !decided.contains(claim)),
        );
    }
    let remark = |claim: &RequirementId| Remark {
        line: line_of(text, "claims:"),
        message: format!("no step decides `{claim}`: put `claim:` beside the one that does"),
    };
    undecided.into_iter().map(remark).collect()
}

/// Variants that differ in their names alone.
fn same_variants(case: &Case, text: &str) -> Vec<Remark> {
    let mut remarks = Vec::new();
    for (at, variant) in case.variants.iter().enumerate() {
        let mut before = case.variants[..at].iter();
        if let Some(same) = before.find(|other| is_same(other, variant)) {
            remarks.push(Remark {
                line: line_of(text, "matrix:"),
                message: format!("`{}` and `{}` do the same", same.name, variant.name),
            });
        }
    }
    remarks
}

fn is_same(a: &Variant, b: &Variant) -> bool {
    let what = |variant: &Variant| {
        let does = |step: &Step| (step.text.clone(), step.bounds.clone(), step.state.clone());
        variant.steps.iter().map(does).collect::<Vec<_>>()
    };
    (&a.claims, &a.needs, a.level, &a.peer) == (&b.claims, &b.needs, b.level, &b.peer)
        && what(a) == what(b)
}

/// The case's own steps, those of its fragments included.
fn own_steps(variant: &Variant) -> impl Iterator<Item = &Step> {
    variant.steps.iter().filter(|step| !step.prelude)
}

/// Whether the file has this key at its outermost level.
fn has_key(text: &str, key: &str) -> bool {
    text.lines().any(|line| line.starts_with(key))
}

/// The line that a key of the file stands on; the first one if it has none.
fn line_of(text: &str, key: &str) -> usize {
    let at = text.lines().position(|line| line.starts_with(key));
    at.map_or(1, |at| at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::suite::{SourceFile, load_files};

    const CATALOGUE: &str = "- {id: '1:A', level: MUST, section: '1', topic: t, summary: s}\n\
        - {id: '1:B', level: MUST, section: '1', topic: t, summary: s}\n";

    #[track_caller]
    fn check(case: &str, expected: &[(usize, &str)]) {
        let case = format!("title: T\npurpose: P\nlevel: must\n{case}");
        let suite = load_files(&[
            SourceFile::new("requirements/rfc1.yaml", CATALOGUE),
            SourceFile::new("a/b.yaml", &case),
        ]);
        assert_eq!(suite.diagnostics, [], "{case}");
        let found = lint(&suite.cases[0], &case);
        assert_eq!(found.len(), expected.len(), "{found:?}");
        for (remark, (line, part)) in found.iter().zip(expected) {
            assert_eq!(remark.line, *line, "{remark:?}");
            assert!(remark.message.contains(part), "{remark:?}");
        }
    }

    #[test]
    fn good_case_draws_no_remark() {
        check(
            "claims: ['1:A', '1:B']\nmatrix:\n  n: {one: 1s, two: 2s}\nsteps:\n- app: listen\n  as: begun\n\
             - quiet: $n\n  claim: 1:A\n  why: so it is\n- gone: {at: begun + 1s}\n  claim: 1:B\n",
            &[],
        );
    }

    #[test]
    fn drawing_may_be_long() {
        let steps = "- wait: 1s\n".repeat(40);
        check(
            &format!(
                "claims: 1:A\nnumbering: {{peer: 100}}\nsteps:\n- quiet: 1s\n  why: so it is\n{steps}"
            ),
            &[],
        );
    }

    #[test]
    fn what_could_be_better_is_said() {
        check(
            "claims: ['1:A', '1:B']\nmatrix:\n  n: {one: 1s, two: 1s}\nsteps:\n- quiet: $n\n  claim: 1:B\n  as: unused\n",
            &[
                (4, "no step decides `1:A`"),
                (5, "`n=one` and `n=two` do the same"),
                (7, "no step says why"),
                (10, "nothing refers to the label `unused`"),
            ],
        );
        let steps = "- wait: 1s\n".repeat(40);
        check(
            &format!("claims: 1:A\nsteps:\n- quiet: 1s\n  why: so it is\n{steps}"),
            &[(5, "42 lines of steps")],
        );
    }
}

//! Selecting variants by what a user writes on the command line.

use std::collections::BTreeSet;

use tcpspec_record::RequirementId;

use super::Suite;
use crate::case::{Case, Variant};
use crate::diagnostic::nearest;

/// A selector that fits nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{selector}` selects no case; {}", listed(near))]
pub struct SelectError {
    /// What was written.
    pub selector: String,
    /// What may have been meant, the nearest first; three, if there are so many.
    pub near: Vec<String>,
}

fn listed(near: &[String]) -> String {
    let quoted: Vec<String> = near.iter().map(|near| format!("`{near}`")).collect();
    match quoted.as_slice() {
        [] => "there is nothing of its kind".to_owned(),
        [one] => format!("the nearest is {one}"),
        [before @ .., last] => format!("the nearest are {} and {last}", before.join(", ")),
    }
}

impl Suite {
    /// Every variant of every case.
    pub fn variants(&self) -> impl Iterator<Item = &Variant> {
        self.cases.iter().flat_map(|case| &case.variants)
    }

    /// The variants that any of the selectors fits, in the order of the suite;
    /// all of them if there is no selector.
    ///
    /// A selector is an id (`reset/in-closing`), a variant
    /// (`reset/in-closing@at=left`), a group (`closing/`), any of them with
    /// `*` and `?`, or what ids begin with (`closing/fin`) if none is just that;
    /// `tag:NAME`, a requirement (`9293:MUST-13`, with `claim:` before it or not),
    /// a section with all below it (`rfc9293/3.10.7.4`), or a state that the
    /// steps name (`state:CLOSING`).
    ///
    /// # Errors
    ///
    /// [`SelectError`] for the first selector that fits nothing.
    pub fn select(&self, selectors: &[String]) -> Result<Vec<&Variant>, SelectError> {
        let picked: Result<Vec<Selector<'_>>, SelectError> =
            selectors.iter().map(|text| self.pick(text)).collect();
        let picked = picked?;
        let wanted = |(case, variant): &(&Case, &Variant)| {
            let any = |selector: &Selector<'_>| selector.fits(self, case, variant);
            picked.is_empty() || picked.iter().any(any)
        };
        let all = self.cases.iter().flat_map(with_case);
        Ok(all.filter(wanted).map(|(_, variant)| variant).collect())
    }

    /// What a selector means: what it names, else what begins with it.
    fn pick<'t>(&self, text: &'t str) -> Result<Selector<'t>, SelectError> {
        let selector = Selector::read(text);
        let prefix = match selector {
            Selector::Id(text) if !text.is_empty() => Some(Selector::Prefix(text)),
            _ => None,
        };
        let fits_any = |selector: &Selector<'_>| {
            let mut all = self.cases.iter().flat_map(with_case);
            all.any(|(case, variant)| selector.fits(self, case, variant))
        };
        let mut meanings = std::iter::once(selector).chain(prefix);
        let picked = meanings.find(fits_any);
        picked.ok_or_else(|| SelectError {
            selector: text.to_owned(),
            near: nearest(text, &self.names_like(&Selector::read(text)), NEAR),
        })
    }

    /// All that could stand in place of a selector of this kind.
    fn names_like(&self, selector: &Selector<'_>) -> BTreeSet<String> {
        let cited = || self.variants().flat_map(Variant::cites);
        match selector {
            Selector::Tag(_) => {
                let tags = self.cases.iter().flat_map(|case| &case.tags);
                tags.map(|tag| format!("tag:{tag}")).collect()
            }
            Selector::State(_) => {
                let steps = self.variants().flat_map(|variant| &variant.steps);
                let states = steps.filter_map(|step| step.state.as_ref()).flatten();
                states.map(|state| format!("state:{state}")).collect()
            }
            Selector::Claim(_) => cited().map(|id| id.0.clone()).collect(),
            Selector::Section { .. } => {
                let rules = cited().filter_map(|id| self.catalogue.get(id));
                rules
                    .map(|rule| format!("rfc{}/{}", rule.id.rfc(), rule.section))
                    .collect()
            }
            Selector::Id(_) | Selector::Prefix(_) => {
                let cases = self.cases.iter();
                let names = cases.flat_map(|case| [case.id.0.clone(), group(case)]);
                names.chain(self.variants().map(Variant::id)).collect()
            }
        }
    }
}

/// What may be named in place of a selector that fits nothing.
const NEAR: usize = 3;

fn group(case: &Case) -> String {
    format!("{}/", case.id.group())
}

/// A selector by its kind.
enum Selector<'t> {
    Tag(&'t str),
    State(&'t str),
    Claim(&'t str),
    Section {
        rfc: &'t str,
        section: &'t str,
    },
    Id(&'t str),
    /// What an id or a variant begins with.
    Prefix(&'t str),
}

impl<'t> Selector<'t> {
    fn read(text: &'t str) -> Self {
        if let Some(tag) = text.strip_prefix("tag:") {
            Self::Tag(tag)
        } else if let Some(state) = text.strip_prefix("state:") {
            Self::State(state)
        } else if let Some(claim) = text.strip_prefix("claim:") {
            Self::Claim(claim)
        } else if text.contains(':') {
            Self::Claim(text)
        } else if let Some((rfc, section)) = section(text) {
            Self::Section { rfc, section }
        } else {
            Self::Id(text)
        }
    }

    fn fits(&self, suite: &Suite, case: &Case, variant: &Variant) -> bool {
        let cites = |fits: &dyn Fn(&RequirementId) -> bool| variant.cites().into_iter().any(fits);
        match *self {
            Self::Tag(tag) => case.tags.iter().any(|known| matches(tag, known)),
            Self::State(state) => {
                let state = state.to_uppercase();
                let states = variant.steps.iter().filter_map(|step| step.state.as_ref());
                let mut states = states.flatten();
                states.any(|known| matches(&state, &known.to_string()))
            }
            Self::Claim(claim) => cites(&|id| matches(claim, &id.0)),
            Self::Section { rfc, section } => cites(&|id| {
                let rule = suite.catalogue.get(id);
                id.rfc() == rfc && rule.is_some_and(|rule| is_within(&rule.section, section))
            }),
            Self::Id(text) => {
                let group = text.ends_with('/') && matches(&format!("{text}*"), &case.id.0);
                group || matches(text, &case.id.0) || matches(text, &variant.id())
            }
            Self::Prefix(text) => matches(&format!("{text}*"), &variant.id()),
        }
    }
}

/// `rfc9293/3.10.7.4`: number and section.
fn section(selector: &str) -> Option<(&str, &str)> {
    let (rfc, section) = selector.strip_prefix("rfc")?.split_once('/')?;
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|c| c.is_ascii_digit());
    let is_section = section.starts_with(|c: char| c.is_ascii_digit());
    (is_number(rfc) && is_section).then_some((rfc, section))
}

/// Whether a section is this one or stands below it.
fn is_within(section: &str, above: &str) -> bool {
    let rest = section.strip_prefix(above);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

fn with_case(case: &Case) -> impl Iterator<Item = (&Case, &Variant)> {
    case.variants.iter().map(move |variant| (case, variant))
}

/// Whether `text` fits a pattern in which `*` stands for anything and `?` for
/// one character. No pattern takes more than their lengths multiplied: only
/// the last `*` is ever tried again.
fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(c) if *c == b'?' || *c == text[t] => {
                p += 1;
                t += 1;
            }
            _ => {
                let Some((at, taken)) = star else {
                    return false;
                };
                star = Some((at, taken + 1));
                p = at + 1;
                t = taken + 1;
            }
        }
    }
    pattern[p..].iter().all(|c| *c == b'*')
}

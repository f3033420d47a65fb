//! Selecting variants by what a user writes on the command line.

use super::Suite;
use crate::case::{Case, Variant};
use crate::diagnostic::closest;

/// A selector that fits nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{selector}` selects no case{}", meant(near))]
pub struct SelectError {
    /// What was written.
    pub selector: String,
    /// What may have been meant, the nearest first; three at most.
    pub near: Vec<String>,
}

fn meant(near: &[String]) -> String {
    let quoted: Vec<String> = near.iter().map(|near| format!("`{near}`")).collect();
    match quoted.as_slice() {
        [] => String::new(),
        _ => format!(": did you mean {}?", quoted.join(" or ")),
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
    /// (`reset/in-closing@at=left`), a group (`closing/`), either of them with
    /// `*` and `?`, `tag:NAME`, a requirement (`9293:MUST-13`, with `claim:` before
    /// it or not), a section with all below it (`rfc9293/3.10.7.4`), or a state
    /// that the steps name (`state:CLOSING`).
    ///
    /// # Errors
    ///
    /// [`SelectError`] for the first selector that fits nothing.
    pub fn select(&self, selectors: &[String]) -> Result<Vec<&Variant>, SelectError> {
        for selector in selectors {
            let mut all = self.cases.iter().flat_map(with_case);
            if !all.any(|(case, variant)| self.fits(selector, case, variant)) {
                return Err(self.nothing(selector));
            }
        }
        let wanted = |(case, variant): &(&Case, &Variant)| {
            let any = |selector: &String| self.fits(selector, case, variant);
            selectors.is_empty() || selectors.iter().any(any)
        };
        let all = self.cases.iter().flat_map(with_case);
        Ok(all.filter(wanted).map(|(_, variant)| variant).collect())
    }

    fn fits(&self, selector: &str, case: &Case, variant: &Variant) -> bool {
        if let Some(tag) = selector.strip_prefix("tag:") {
            return case.tags.iter().any(|known| matches(tag, known));
        }
        if let Some(state) = selector.strip_prefix("state:") {
            let states = variant.steps.iter().filter_map(|step| step.state.as_ref());
            return states.flatten().any(|known| known.to_string() == state);
        }
        let bare = || Some(selector).filter(|text| text.contains(':'));
        if let Some(claim) = selector.strip_prefix("claim:").or_else(bare) {
            return variant.claims.iter().any(|id| matches(claim, &id.0));
        }
        if let Some((rfc, section)) = section(selector) {
            return variant.claims.iter().any(|id| {
                let rule = self.catalogue.get(id);
                id.rfc() == rfc && rule.is_some_and(|rule| is_within(&rule.section, section))
            });
        }
        let group = selector.ends_with('/') && matches(&format!("{selector}*"), &case.id.0);
        group || matches(selector, &case.id.0) || matches(selector, &variant.id())
    }

    fn nothing(&self, selector: &str) -> SelectError {
        let ids = self.cases.iter().map(|case| case.id.0.clone());
        let groups = self
            .cases
            .iter()
            .map(|case| format!("{}/", case.id.group()));
        let tags = self.cases.iter().flat_map(|case| &case.tags);
        let claims = self.variants().flat_map(|variant| &variant.claims);
        let known: Vec<String> = ids
            .chain(groups)
            .chain(self.variants().map(Variant::id))
            .chain(tags.map(|tag| format!("tag:{tag}")))
            .chain(claims.map(|claim| format!("claim:{claim}")))
            .collect();
        SelectError {
            selector: selector.to_owned(),
            near: nearest(selector, &known, NEAR),
        }
    }
}

/// What may be named in place of a selector that fits nothing.
const NEAR: usize = 3;

fn nearest(selector: &str, known: &[String], most: usize) -> Vec<String> {
    let mut near: Vec<String> = Vec::new();
    while near.len() < most {
        let others = known.iter().filter(|known| !near.contains(*known));
        match closest(selector, others.map(String::as_str)) {
            Some(next) => near.push(next.to_owned()),
            None => break,
        }
    }
    near
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

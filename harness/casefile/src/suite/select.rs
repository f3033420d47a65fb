//! Selecting variants by what a user writes on the command line.

use super::Suite;
use crate::case::{Case, Variant};
use crate::diagnostic::closest;

/// A selector that fits nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{selector}` selects no case{}", hint.as_deref().map_or_else(String::new, |hint| format!(": did you mean `{hint}`?")))]
pub struct SelectError {
    /// What was written.
    pub selector: String,
    /// What was probably meant.
    pub hint: Option<String>,
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
    /// `*` and `?`, `tag:NAME`, or `claim:ID`.
    ///
    /// # Errors
    ///
    /// [`SelectError`] for the first selector that fits nothing.
    pub fn select(&self, selectors: &[String]) -> Result<Vec<&Variant>, SelectError> {
        for selector in selectors {
            let mut all = self.cases.iter().flat_map(with_case);
            if !all.any(|(case, variant)| fits(selector, case, variant)) {
                return Err(self.nothing(selector));
            }
        }
        let wanted = |(case, variant): &(&Case, &Variant)| {
            let any = |selector: &String| fits(selector, case, variant);
            selectors.is_empty() || selectors.iter().any(any)
        };
        let all = self.cases.iter().flat_map(with_case);
        Ok(all.filter(wanted).map(|(_, variant)| variant).collect())
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
            hint: closest(selector, known.iter().map(String::as_str)).map(str::to_owned),
        }
    }
}

fn with_case(case: &Case) -> impl Iterator<Item = (&Case, &Variant)> {
    case.variants.iter().map(move |variant| (case, variant))
}

fn fits(selector: &str, case: &Case, variant: &Variant) -> bool {
    if let Some(tag) = selector.strip_prefix("tag:") {
        return case.tags.iter().any(|known| matches(tag, known));
    }
    if let Some(claim) = selector.strip_prefix("claim:") {
        return variant.claims.iter().any(|id| matches(claim, &id.0));
    }
    let group = selector.ends_with('/') && matches(&format!("{selector}*"), &case.id.0);
    group || matches(selector, &case.id.0) || matches(selector, &variant.id())
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

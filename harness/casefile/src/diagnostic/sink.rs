//! Where complaints gather while files are read.

use std::cell::RefCell;
use std::ops::Range;

use super::{Code, Diagnostic};

/// A complaint about a text, before it is known where the text stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) code: Code,
    /// Octets of the text that are meant.
    pub(crate) span: Range<usize>,
    pub(crate) message: String,
    pub(crate) label: String,
    pub(crate) help: String,
}

impl Fault {
    pub(crate) fn new(code: Code, span: Range<usize>, message: impl Into<String>) -> Self {
        Self {
            code,
            span,
            message: message.into(),
            label: String::new(),
            help: String::new(),
        }
    }

    /// What stands beside the caret.
    pub(crate) fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// What to write instead.
    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = help.into();
        self
    }

    /// Suggests the nearest of `known`, or lists them all.
    pub(crate) fn suggest<'a>(
        self,
        wrong: &str,
        known: impl IntoIterator<Item = &'a str> + Clone,
    ) -> Self {
        match closest(wrong, known.clone()) {
            Some(near) => self.help(format!("did you mean `{near}`?")),
            None => {
                let all: Vec<&str> = known.into_iter().collect();
                match all.as_slice() {
                    [] => self,
                    all => self.help(format!("write one of: {}", all.join(", "))),
                }
            }
        }
    }

    /// The same fault in a text of which the one meant is a part that begins
    /// `by` octets in.
    pub(crate) fn shifted(mut self, by: usize) -> Self {
        self.span = self.span.start + by..self.span.end + by;
        self
    }
}

/// Gathers complaints; the same one (of two variants, say) only once.
#[derive(Debug, Default)]
pub(crate) struct Sink(RefCell<Vec<Diagnostic>>);

impl Sink {
    pub(crate) fn push(&self, diagnostic: Diagnostic) {
        let mut all = self.0.borrow_mut();
        if !all.contains(&diagnostic) {
            all.push(diagnostic);
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.0.borrow().len()
    }

    /// All complaints in the order of files, lines and columns.
    pub(crate) fn into_sorted(self) -> Vec<Diagnostic> {
        let mut all = self.0.into_inner();
        all.sort_by(|a, b| {
            let key = |d: &Diagnostic| (d.file.clone(), d.line, d.column, d.code);
            key(a).cmp(&key(b))
        });
        all
    }
}

/// The known word that `wrong` was probably meant to be.
pub(crate) fn closest<'a>(
    wrong: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    known
        .into_iter()
        .map(|word| (strsim::damerau_levenshtein(&fold(wrong), &fold(word)), word))
        .filter(|(distance, word)| distance * 3 <= word.chars().count().max(wrong.len()).max(3))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, word)| word)
}

/// The known words most like `wrong`, the nearest first, however far they are.
pub(crate) fn nearest<'a>(
    wrong: &str,
    known: impl IntoIterator<Item = &'a String>,
    most: usize,
) -> Vec<String> {
    let wrong = fold(wrong);
    let known = known.into_iter();
    let mut all: Vec<(usize, &String)> = known
        .map(|word| (strsim::damerau_levenshtein(&wrong, &fold(word)), word))
        .collect();
    all.sort();
    all.truncate(most);
    all.into_iter().map(|(_, word)| word.clone()).collect()
}

fn fold(word: &str) -> String {
    word.to_lowercase().replace('_', "-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_closest(wrong: &str, known: &[&str], expected: Option<&str>) {
        assert_eq!(closest(wrong, known.iter().copied()), expected, "{wrong}");
    }

    #[test]
    fn closest_word_is_one_that_may_have_been_meant() {
        let states = ["FIN-WAIT-1", "FIN-WAIT-2", "CLOSING", "CLOSED"];
        check_closest("FIN_WAIT_2", &states, Some("FIN-WAIT-2"));
        check_closest("fin-wait-1", &states, Some("FIN-WAIT-1"));
        check_closest("CLOSNIG", &states, Some("CLOSING"));
        check_closest("ESTABLISHED", &states, None);
        check_closest("", &states, None);
        check_closest("anything", &[], None);
        check_closest("pear", &["app", "peer", "sut"], Some("peer"));
    }
}

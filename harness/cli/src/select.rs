//! Which variants a command is about: what its selectors fit, of these levels,
//! less what it skips.

use clap::Args as ClapArgs;
use tcpspec_casefile::{Suite, Variant};
use tcpspec_record::Level;

use crate::failure::Failure;

/// What is selected of the cases.
#[derive(Clone, Debug, Default, ClapArgs)]
pub(crate) struct SelectArgs {
    /// An id (`closing/simultaneous`) or what ids begin with (`closing/si`), a group
    /// (`closing/`), a glob (`reset/*`), a variant (`reset/exact@in=closing`),
    /// `tag:NAME`, a requirement (`9293:MUST-13`), a section
    /// (`rfc9293/3.10.7.4`) or a state (`state:CLOSING`); everything if left out
    #[arg(value_name = "SELECTION")]
    pub(crate) selection: Vec<String>,

    /// Only cases of these levels, separated by commas: MUST, MUST-NOT, STEP, SHOULD,
    /// SHOULD-NOT, MAY, INFO
    #[arg(long, value_name = "LEVEL", value_delimiter = ',', value_parser = level)]
    pub(crate) level: Vec<Level>,

    /// What to leave out, written as SELECTION; may stand more than once
    #[arg(long, value_name = "SELECTION")]
    pub(crate) skip: Vec<String>,
}

impl SelectArgs {
    /// The variants, in the order of the suite.
    pub(crate) fn select<'s>(&self, suite: &'s Suite) -> Result<Vec<&'s Variant>, Failure> {
        let select = |selectors: &[String]| {
            let selected = suite.select(selectors);
            selected.map_err(|error| Failure::nothing(&error))
        };
        let skipped = match self.skip.as_slice() {
            [] => Vec::new(),
            skip => select(skip)?,
        };
        let mut selected = select(&self.selection)?;
        selected.retain(|variant| {
            let is_skipped = skipped.iter().any(|other| std::ptr::eq(*other, *variant));
            !is_skipped && (self.level.is_empty() || self.level.contains(&variant.level))
        });
        Ok(selected)
    }

    /// What was asked for, as a log says it; nothing if that is everything.
    pub(crate) fn words(&self) -> Vec<String> {
        let levels = self.level.iter().map(|level| format!("--level={level}"));
        let skip = self.skip.iter().map(|skip| format!("--skip={skip}"));
        let selection = self.selection.iter().cloned();
        selection.chain(levels).chain(skip).collect()
    }
}

/// A level as people type it: `must`, `MUST-NOT`, `should not`.
fn level(text: &str) -> Result<Level, String> {
    let keyword = text.to_uppercase().replace(['-', '_'], " ");
    let mut all = Level::ALL.into_iter();
    all.find(|level| level.keyword() == keyword).ok_or_else(|| {
        let all = Level::ALL.map(|level| level.keyword().replace(' ', "-"));
        format!("no such level; there are {}", all.join(", "))
    })
}

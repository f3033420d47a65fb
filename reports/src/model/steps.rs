//! The steps of a case, told apart from those of the preludes before them.

use std::borrow::Cow;

use tcpspec_record::{CaseId, CaseInfo, StepInfo};

/// The steps of a variant. In a log they are counted from 1 with the preludes'
/// steps; people count from the case's first own step.
#[derive(Clone, Copy, Debug, Default)]
pub struct Steps<'a> {
    all: &'a [StepInfo],
    prelude: usize,
}

impl<'a> Steps<'a> {
    /// The steps of a variant; those of its preludes come first.
    #[must_use]
    pub fn of(case: &'a CaseInfo) -> Self {
        Self {
            all: &case.steps,
            prelude: case.steps.iter().take_while(|step| step.prelude).count(),
        }
    }

    /// How many steps the preludes take.
    #[must_use]
    pub const fn prelude_len(self) -> usize {
        self.prelude
    }

    /// The prelude that reaches the state the case begins in.
    #[must_use]
    pub fn prelude(self) -> Option<&'a CaseId> {
        self.all.get(self.prelude.checked_sub(1)?)?.from.as_ref()
    }

    /// The case's own steps, each with its number in the log.
    pub fn own(self) -> impl Iterator<Item = (usize, &'a StepInfo)> {
        let numbered = self.all.iter().enumerate().skip(self.prelude);
        numbered.map(|(index, step)| (index + 1, step))
    }

    /// A step by its number in the log.
    #[must_use]
    pub fn get(self, step: usize) -> Option<&'a StepInfo> {
        self.all.get(step.checked_sub(1)?)
    }

    /// The number that people know a step by; `None` for a prelude's.
    #[must_use]
    pub fn number(self, step: usize) -> Option<usize> {
        step.checked_sub(self.prelude).filter(|number| *number > 0)
    }

    /// Where a step stands, in words: `step 6 of 12`.
    #[must_use]
    pub fn position(self, step: usize) -> Cow<'static, str> {
        let of = self.all.len().saturating_sub(self.prelude);
        match (self.number(step), self.prelude()) {
            (Some(number), _) => format!("step {number} of {of}").into(),
            (None, Some(prelude)) => format!("step {step} of prelude {prelude}").into(),
            (None, None) => "before the first step".into(),
        }
    }
}

//! Case files: YAML -> checked [`Case`]s.
//!
//! Nothing after this crate can find a case invalid. All complaints of all
//! files come out together, each with file, line, column, code and what to
//! write instead.
//!
//! | module | holds |
//! |---|---|
//! | [`case`] | a checked case: variants, each with its steps in full |
//! | [`step`] | a step and what it does or expects |
//! | [`segment`] | a segment to send, a segment to expect |
//! | [`expr`] | numbers, times and symbols that a stack gives values to |

pub mod case;
pub mod expr;
pub mod segment;
pub mod step;

pub use case::{Case, Numbering, PeerParams, Variant};
pub use expr::{Expr, LabelField, Symbol};
pub use segment::{Match, OptionPattern, SegmentPattern, SegmentTemplate, SourceAddress};
pub use step::{
    Action, Alternative, AppCall, Bounds, GoneBranch, OptionName, Outcome, Place, Step,
};

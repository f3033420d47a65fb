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
//! | [`wire`] | faults on the link |
//! | [`expr`] | numbers, times and symbols that a stack gives values to |
//! | [`suite`] | all cases of a directory; selecting among them; baselines |
//! | [`catalogue`] | the requirements that cases cite |
//! | [`coverage`] | which requirements the cases decide |
//! | [`depth`] | what a case asks of the stack's application at most |
//! | [`sweep`] | what every event does in one state, as a table |
//! | [`diagnostic`] | a complaint: code, place, what to write instead |
//! | [`limits`] | bounds on what a case may be |
//!
//! Reading goes in passes, each blind to the next: `document` (YAML, with the
//! place of every node), `raw` (the keys; the JSON Schema comes from the same
//! types), `matrix` and `phrase` (axes, values put into texts), `grammar` (the
//! languages inside the texts), `check` (everything that refers to something
//! else). What the cases mean on the wire is left to the engine.

pub mod case;
pub mod catalogue;
mod check;
pub mod coverage;
mod decode;
pub mod depth;
pub mod diagnostic;
mod document;
pub mod expr;
pub mod format;
mod grammar;
pub mod icmp;
pub mod limits;
pub mod lint;
mod matrix;
mod phrase;
mod raw;
mod schema;
pub mod segment;
pub mod step;
pub mod suite;
pub mod sweep;
pub mod wire;
mod written;

pub use case::{Case, Numbering, PeerParams, Variant};
pub use catalogue::Catalogue;
pub use coverage::{Coverage, Covered, Standing};
pub use depth::Depth;
pub use diagnostic::{Code, Diagnostic};
pub use expr::{Expr, LabelField, Symbol};
pub use icmp::{IcmpTemplate, Quote, Reporter};
pub use schema::{baseline_schema, faults_schema, schema, sweep_schema};
pub use segment::{
    Address, IpFields, Match, OptionPattern, OptionTemplate, Route, SegmentPattern, SegmentTemplate,
};
pub use step::{
    Action, Alternative, AppCall, Bounds, GoneBranch, InfoCheck, Outcome, Place, Report,
    SocketSetting, Step,
};
pub use suite::{
    BaselineError, BaselineFile, EditError, Edits, LoadError, ProfileError, SelectError,
    SourceFile, Suite, load, load_baseline, load_files, load_profile, new_baseline,
};
pub use sweep::{Cell, CellKind, Sweep};
pub use wire::{WireChange, WireFault, WireTemplate};
pub use written::written;

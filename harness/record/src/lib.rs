//! What a run leaves behind, and the only bridge from running to reporting.
//!
//! | module | holds |
//! |---|---|
//! | [`id`] | names of cases, trials and requirements |
//! | [`requirement`] | a requirement of an RFC, as the catalogue states it |
//! | [`verdict`] | [`Verdict`], tallies and the exit code |
//! | [`trace`] | [`TraceEvent`]: one thing that happened |
//! | [`trial`] | [`Trial`]: what one trial did and how it was judged |
//! | [`health`] | how the harness kept up with the real clock |
//! | [`log`] | the append-only JSON lines: header, cases, trials, footer |
//! | [`room`] | [`TraceRoom`]: how much of the traces is kept in memory |
//! | [`reader`] | logs read, trial by trial |
//! | [`merge`] | the shards of a run put together again |
//! | [`baseline`] | known deviations of a stack |
//! | [`duel`] | what a duel of two live stacks did |
//! | [`schema`] | the JSON Schema of a log's lines |
//!
//! Nothing here knows how a case is written or run, and nothing here prints.

pub mod baseline;
pub mod duel;
pub mod health;
pub mod id;
pub mod log;
pub mod merge;
pub mod reader;
pub mod requirement;
pub mod room;
pub mod schema;
pub mod trace;
pub mod trial;
pub mod verdict;

pub use baseline::{Baseline, BaselineEntry, Standing};
pub use duel::{Duel, DuelFinding, DuelResult};
pub use health::Health;
pub use id::{CaseId, IpVersion, Isn, RequirementId, TrialId, World};
pub use log::{CaseInfo, Footer, Header, Line, Log, Shard, StackInfo, StepInfo};
pub use merge::{MergeError, Merged, ShardLog, WriteError, merge};
pub use reader::{LogError, LogReader};
pub use requirement::{Level, Requirement};
pub use room::TraceRoom;
pub use trace::{Event, Side, TraceEvent};
pub use trial::{Failure, FieldDelta, StepOutcome, StepResult, Transcript, Trial, Tried};
pub use verdict::{Exit, Tally, Verdict};

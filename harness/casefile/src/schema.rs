//! The JSON Schemas of a case file, a sweep, a baseline and a fault profile, so that
//! editors complete keys and words.
//!
//! It says less than the checker does: what stands inside of texts, and what
//! refers to something else, is left to that.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::Value;

use crate::raw::{CaseFile, SweepFile};
use crate::suite::{RawBaseline, RawProfile};

/// The JSON Schema of a case file.
#[must_use]
pub fn schema() -> Value {
    schema_of::<CaseFile>("A tcpspec case, version 1")
}

/// The JSON Schema of a sweep, a file of `states/`.
#[must_use]
pub fn sweep_schema() -> Value {
    schema_of::<SweepFile>("A sweep of tcpspec over the events of one state, version 1")
}

/// The JSON Schema of a baseline, a file of `cases/baselines/`.
#[must_use]
pub fn baseline_schema() -> Value {
    schema_of::<RawBaseline>("What is known of a stack, for tcpspec, version 1")
}

/// The JSON Schema of a fault profile, a file of `cases/faults/`.
#[must_use]
pub fn faults_schema() -> Value {
    schema_of::<RawProfile>("A fault profile of tcpspec, version 1")
}

fn schema_of<T: JsonSchema>(title: &str) -> Value {
    let generator = SchemaSettings::draft07().into_generator();
    let mut schema = generator.into_root_schema_for::<T>();
    schema.insert("title".to_owned(), title.into());
    schema.to_value()
}

//! The JSON Schemas of a log's lines and of a baseline.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::Value;

use crate::baseline::Baseline;
use crate::log::Line;

/// The JSON Schema of one line of a log.
#[must_use]
pub fn log() -> Value {
    schema_of::<Line>("A line of a log of tcpspec, format 1")
}

/// The JSON Schema of a baseline, a file of `cases/baselines/`.
#[must_use]
pub fn baseline() -> Value {
    schema_of::<Baseline>("A baseline of tcpspec: what is known of a stack, version 1")
}

fn schema_of<T: JsonSchema>(title: &str) -> Value {
    let generator = SchemaSettings::draft07().into_generator();
    let mut schema = generator.into_root_schema_for::<T>();
    schema.insert("title".to_owned(), title.into());
    schema.to_value()
}

//! The JSON Schema of a log's lines.

use schemars::generate::SchemaSettings;
use serde_json::Value;

use crate::log::Line;

/// The JSON Schema of one line of a log.
#[must_use]
pub fn log() -> Value {
    let generator = SchemaSettings::draft07().into_generator();
    let mut schema = generator.into_root_schema_for::<Line>();
    let title = "A line of a log of tcpspec, format 1";
    schema.insert("title".to_owned(), title.into());
    schema.to_value()
}

//! The JSON Schema of a case file, so that editors complete keys and words.
//!
//! It says less than the checker does: what stands inside of texts, and what
//! refers to something else, is left to that.

use schemars::generate::SchemaSettings;
use serde_json::Value;

use crate::raw::CaseFile;

/// The JSON Schema of a case file.
#[must_use]
pub fn schema() -> Value {
    let generator = SchemaSettings::draft07().into_generator();
    let mut schema = generator.into_root_schema_for::<CaseFile>();
    schema.insert("title".to_owned(), "A tcpspec case, version 1".into());
    schema.to_value()
}

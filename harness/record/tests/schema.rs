//! The schemas in the repository are those that the types say.

use std::fs;
use std::path::Path;

use rstest::rstest;
use serde_json::Value;
use tcpspec_record::schema;

#[rstest]
#[case::log("log-v1.json", schema::log())]
fn schema_in_the_repository_is_current(#[case] name: &str, #[case] schema: Value) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schema");
    let path = path.join(name);
    let schema = serde_json::to_string_pretty(&schema).unwrap() + "\n";
    if std::env::var_os("TCPSPEC_BLESS").is_some() {
        fs::write(&path, &schema).unwrap();
    }
    let stored = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        stored == schema,
        "schema/{name} is not what the types say; write it anew by\n    \
         TCPSPEC_BLESS=1 cargo test -p tcpspec-record --test schema"
    );
}

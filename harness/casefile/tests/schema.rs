//! The schemas in the repository are those that the types say.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot read its own files has failed"
)]

use std::fs;
use std::path::Path;

use serde_json::Value;

#[track_caller]
fn check_stored(name: &str, schema: &Value) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schema");
    let path = path.join(name);
    let schema = serde_json::to_string_pretty(schema).unwrap() + "\n";
    if std::env::var_os("TCPSPEC_BLESS").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, &schema).unwrap();
    }
    let stored = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        stored == schema,
        "schema/{name} is not what the types say; write it anew by\n    \
         TCPSPEC_BLESS=1 cargo test -p tcpspec-casefile --test schema"
    );
}

#[test]
fn schemas_in_the_repository_are_current() {
    check_stored("case-v1.json", &tcpspec_casefile::schema());
    check_stored("sweep-v1.json", &tcpspec_casefile::sweep_schema());
    check_stored("baseline-v1.json", &tcpspec_casefile::baseline_schema());
    check_stored("faults-v1.json", &tcpspec_casefile::faults_schema());
}

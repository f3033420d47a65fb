//! The schema in the repository is the one that the types say.

use std::fs;
use std::path::Path;

#[test]
fn schema_in_the_repository_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schema/case-v1.json");
    let schema = serde_json::to_string_pretty(&tcpspec_casefile::schema()).unwrap() + "\n";
    if std::env::var_os("TCPSPEC_BLESS").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, &schema).unwrap();
    }
    let stored = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        stored == schema,
        "schema/case-v1.json is not what the types say; write it anew by\n    \
         TCPSPEC_BLESS=1 cargo test -p tcpspec-casefile --test schema"
    );
}

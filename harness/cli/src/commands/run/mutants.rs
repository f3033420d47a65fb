//! How much the suite is known to notice: `mutants.json` beside the cases, which
//! `make mutants` writes.

use std::path::Path;
use std::{fs, io};

use tcpspec_record::log::MutantScore;

use crate::failure::Failure;

/// The score; none where it was never tried.
pub(super) fn score(cases: &Path) -> Result<Option<MutantScore>, Failure> {
    let path = cases.join("mutants.json");
    let failed = |error: io::Error| Failure::file("read", &path, error);
    match fs::read_to_string(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        text => {
            let score = serde_json::from_str(&text.map_err(failed)?);
            score.map(Some).map_err(|error| failed(error.into()))
        }
    }
}

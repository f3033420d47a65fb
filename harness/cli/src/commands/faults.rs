//! Fault profiles by their names.

use std::fs;
use std::path::Path;

use tcpspec_casefile::{ProfileError, load_profile};
use tcpspec_link::Profile;
use tcpspec_reports::terminal::Style;

use crate::failure::Failure;
use crate::output;

/// The profiles that were asked for.
pub(super) fn profiles(
    cases: &Path,
    asked: &[String],
    style: Style,
) -> Result<Vec<Profile>, Failure> {
    let dir = cases.join("faults");
    let names = if asked.iter().any(|name| name == "all") {
        names_in(&dir)?
    } else {
        asked.to_vec()
    };
    let load = |name: &String| {
        let path = dir.join(name).with_extension("yaml");
        if !path.is_file() {
            let known = names_in(&dir)?.join(", ");
            let message = format!("there is no fault profile `{name}`; there are {known}");
            return Err(Failure::usage(message));
        }
        load_profile(&path).map_err(|error| match error {
            ProfileError::Invalid(diagnostics) => {
                output::print_diagnostics(&diagnostics, style);
                Failure::invalid(format!("{} is not valid", path.display()))
            }
            ProfileError::Load(error) => Failure::error(&error),
        })
    };
    names.iter().map(load).collect()
}

/// The names of all profiles, in order.
fn names_in(dir: &Path) -> Result<Vec<String>, Failure> {
    let failed = |error| Failure::file("read", dir, error);
    let mut names = Vec::new();
    for entry in fs::read_dir(dir).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let is_profile = path
            .extension()
            .is_some_and(|extension| extension == "yaml");
        let name = path.file_stem().filter(|_| is_profile);
        names.extend(name.map(|name| name.to_string_lossy().into_owned()));
    }
    names.sort();
    Ok(names)
}

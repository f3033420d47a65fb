//! Finding and reading the file; every complaint names its place.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use toml::Spanned;

use super::{Config, ConfigFile};
use crate::stacks::StackName;

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Read { path: PathBuf, source: io::Error },
    /// It is no TOML, or holds what it must not.
    #[error("{}: {what}", path.display())]
    Invalid { path: PathBuf, what: String },
    /// A value cannot be what it should be.
    #[error("{}:{line}:{column}: `{value}`: {what}", path.display())]
    Value {
        path: PathBuf,
        line: usize,
        column: usize,
        value: String,
        what: String,
    },
    /// There is no such profile.
    #[error("there is no profile `{name}`{}", known(among))]
    NoProfile { name: String, among: Vec<String> },
}

fn known(among: &[String]) -> String {
    match among {
        [] => ": no tcpspec.toml has one".to_owned(),
        names => format!("; there are {}", names.join(", ")),
    }
}

/// The name of the file.
const NAME: &str = "tcpspec.toml";

/// The file that is named, or the one here or in the nearest directory above;
/// `None` if there is none.
pub(crate) fn find(named: Option<&Path>) -> Result<Option<Config>, ConfigError> {
    let above = || {
        let here = std::env::current_dir().ok()?;
        let mut files = here.ancestors().map(|dir| dir.join(NAME));
        files.find(|file| file.is_file())
    };
    let file = named.map(Path::to_owned).or_else(above);
    file.map(|file| read(&file)).transpose()
}

fn read(path: &Path) -> Result<Config, ConfigError> {
    let text = fs::read_to_string(path).map_err(|source| ConfigError::Read {
        path: path.to_owned(),
        source,
    })?;
    let file: ConfigFile = toml::from_str(&text).map_err(|error| ConfigError::Invalid {
        path: path.to_owned(),
        what: error.to_string().trim_end().to_owned(),
    })?;
    let mut stacks = BTreeMap::new();
    for (name, entry) in &file.stacks {
        let stack = entry.name().parse();
        let stack = stack.map_err(|what| misplaced(path, &text, &entry.stack, what))?;
        stacks.insert(name.clone(), stack);
    }
    let config = Config {
        file: path.to_owned(),
        stacks,
        text: file,
    };
    for profile in config.text.profiles.values() {
        for name in profile.stacks.iter().flatten() {
            let stack = config.stack(name.get_ref());
            stack.map_err(|what| misplaced(path, &text, name, what))?;
        }
    }
    Ok(config)
}

fn misplaced(path: &Path, text: &str, value: &Spanned<String>, what: String) -> ConfigError {
    let before = &text[..text.floor_char_boundary(value.span().start)];
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    ConfigError::Value {
        path: path.to_owned(),
        line: before.matches('\n').count() + 1,
        column: before[line_start..].chars().count() + 1,
        value: value.get_ref().clone(),
        what,
    }
}

impl Config {
    /// The stack of a name: one of this file's, or its own.
    pub(crate) fn stack(&self, name: &str) -> Result<StackName, String> {
        match self.stacks.get(name) {
            Some(stack) => Ok(stack.clone()),
            None => name.parse(),
        }
    }

    /// A path of the file, which begins at its directory.
    pub(super) fn path(&self, path: &Path) -> PathBuf {
        match self.file.parent() {
            Some(dir) => dir.join(path),
            None => path.to_owned(),
        }
    }
}

//! A copy of the tree in which one mutant after the other is made, built and
//! run. Only what an edit touches is built again; the copy's own target
//! directory lets several workshops build at once.

use std::fs;
use std::hash::{DefaultHasher, Hasher};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::manifest::{ManifestError, Mutant};
use crate::results::Outcome;
use crate::suite::{self, Run, RunError};

/// What the copy is made of.
const PARTS: [&str; 7] = [
    "Cargo.toml",
    "Cargo.lock",
    "harness",
    "stacks",
    "reports",
    "schema",
    "cases",
];

/// A tree to break things in.
#[derive(Debug)]
pub struct Workshop {
    original: PathBuf,
    dir: PathBuf,
}

/// Why a workshop cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum WorkshopError {
    /// A file of the copy.
    #[error("cannot copy {path}")]
    Copy {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Cargo cannot be started.
    #[error("cannot start cargo")]
    Cargo(#[source] io::Error),
    /// An edit that does not compile.
    #[error("{what} does not compile:\n{log}")]
    Compile {
        /// The mutant, or what else was built.
        what: String,
        /// What the compiler said.
        log: String,
    },
    /// An edit that does not fit.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// A run that says nothing.
    #[error(transparent)]
    Run(#[from] RunError),
}

impl Workshop {
    /// Copies the tree below `original` to `dir`; what is there already and
    /// the same stays untouched, so that nothing is built twice.
    ///
    /// # Errors
    ///
    /// If a file cannot be copied.
    pub fn set_up(original: &Path, dir: &Path) -> Result<Self, WorkshopError> {
        for part in PARTS {
            let (from, to) = (original.join(part), dir.join("tree").join(part));
            fs::create_dir_all(dir.join("tree"))
                .and_then(|()| copy(&from, &to))
                .map_err(|source| copy_error(&from, source))?;
        }
        Ok(Self {
            original: original.to_owned(),
            dir: dir.to_owned(),
        })
    }

    fn tree(&self) -> PathBuf {
        self.dir.join("tree")
    }

    /// Builds `tcpspec` from the tree as it is.
    ///
    /// # Errors
    ///
    /// If it does not compile.
    pub fn build(&self, what: &str) -> Result<PathBuf, WorkshopError> {
        let target = self.dir.join("target");
        let built = Command::new("cargo")
            .args(["build", "--quiet", "--locked", "--jobs", "1"])
            .args(["--profile", "mutants", "--package", "tcpspec"])
            .env("CARGO_TARGET_DIR", &target)
            // A mutant leaves unused things behind; that is no news.
            .env("RUSTFLAGS", "--cap-lints=allow")
            .current_dir(self.tree())
            .stdin(Stdio::null())
            .output()
            .map_err(WorkshopError::Cargo)?;
        if built.status.success() {
            return Ok(target.join("mutants/tcpspec"));
        }
        Err(WorkshopError::Compile {
            what: what.to_owned(),
            log: String::from_utf8_lossy(&built.stderr).into_owned(),
        })
    }

    /// Runs the suite on `stacks` with a program of this workshop.
    ///
    /// # Errors
    ///
    /// If the run leaves nothing behind.
    pub fn run(&self, tcpspec: &Path, stacks: &[&str]) -> Result<Run, RunError> {
        suite::run(tcpspec, &self.original, stacks, &self.dir.join("run"))
    }

    /// Makes the mutant, runs the suite on it, and puts the tree back.
    ///
    /// # Errors
    ///
    /// If it does not fit or does not compile: then the manifest is at fault.
    pub fn attempt(&self, mutant: &Mutant, stacks: &[&str]) -> Result<Outcome, WorkshopError> {
        let files = mutant.apply(&self.original)?;
        for (path, text) in &files {
            self.write(path, text)?;
        }
        let outcome = self.judge(mutant, stacks);
        for (path, _) in &files {
            let source = self.original.join(path);
            let text = fs::read_to_string(&source).map_err(|error| copy_error(&source, error))?;
            self.write(path, &text)?;
        }
        outcome
    }

    fn judge(&self, mutant: &Mutant, stacks: &[&str]) -> Result<Outcome, WorkshopError> {
        let tcpspec = self.build(&mutant.id)?;
        let run = self.run(&tcpspec, stacks)?;
        Ok(if !run.failing.is_empty() {
            Outcome::Killed(run.failing)
        } else if !run.ended {
            Outcome::Endless
        } else {
            Outcome::Survived
        })
    }

    fn write(&self, path: &Path, text: &str) -> Result<(), WorkshopError> {
        let path = self.tree().join(path);
        fs::write(&path, text).map_err(|source| copy_error(&path, source))
    }
}

fn copy_error(path: &Path, source: io::Error) -> WorkshopError {
    WorkshopError::Copy {
        path: path.to_owned(),
        source,
    }
}

/// Makes `to` the same as `from`, writing only what differs.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    if from.is_file() {
        let octets = fs::read(from)?;
        return match fs::read(to) {
            Ok(old) if old == octets => Ok(()),
            _ => fs::write(to, octets),
        };
    }
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(to)? {
        let old = entry?.path();
        let name = old.file_name().unwrap_or_default();
        if !from.join(name).exists() {
            remove(&old)?;
        }
    }
    for entry in fs::read_dir(from)? {
        let name = entry?.file_name();
        if name != "target" {
            copy(&from.join(&name), &to.join(&name))?;
        }
    }
    Ok(())
}

fn remove(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        fs::remove_dir_all(path)
    } else {
        fs::remove_file(path)
    }
}

/// A number that changes with every file a verdict may depend on, so that a
/// result is not taken for one of another tree.
///
/// # Errors
///
/// If a file cannot be read.
pub fn fingerprint(root: &Path) -> io::Result<u64> {
    let mut hasher = DefaultHasher::new();
    for part in PARTS {
        hash(&root.join(part), &mut hasher)?;
    }
    Ok(hasher.finish())
}

/// Parts of the tree that no verdict depends on.
const NO_MATTER: [&str; 6] = [
    "target",
    "tests",
    "benches",
    "fuzz",
    "mutants",
    "mutants.json",
];

fn hash(path: &Path, hasher: &mut DefaultHasher) -> io::Result<()> {
    let name = path.file_name().unwrap_or_default();
    if NO_MATTER.iter().any(|no_matter| name == *no_matter)
        || path.extension().is_some_and(|extension| extension == "md")
    {
        return Ok(());
    }
    hasher.write(name.as_encoded_bytes());
    if path.is_file() {
        hasher.write(&fs::read(path)?);
        return Ok(());
    }
    let entries: io::Result<Vec<PathBuf>> = fs::read_dir(path)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect();
    let mut entries = entries?;
    entries.sort();
    entries.iter().try_for_each(|entry| hash(entry, hasher))
}

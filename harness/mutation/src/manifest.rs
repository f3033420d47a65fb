//! The mutants as the files of `stacks/bundled/mutants/` list them, one file for
//! each class. Each mutant is one or more edits of text, which must fit the
//! sources exactly once: one that no longer fits is an error, never a mutant the
//! less.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tcpspec_record::{Level, RequirementId};

/// Where the files of the manifest stand, from the root of the project.
pub const PATH: &str = "stacks/bundled/mutants";
/// What the files of edits are relative to.
pub const STACK: &str = "stacks/bundled";

/// What the files list, in the order of their names.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The mutants.
    #[serde(default)]
    pub mutants: Vec<Mutant>,
    /// Faults that cannot be put into this stack, with the reason.
    #[serde(default)]
    pub left_out: Vec<LeftOut>,
}

/// One way to break the stack.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mutant {
    /// Its name, as in `RS-07`; a second form of the same fault is `RS-07b`.
    pub id: String,
    /// What kind of fault it is: `handshake`, `RST`, `window` ... Its file is
    /// called so.
    pub class: String,
    /// How strongly the broken requirement binds.
    pub level: Level,
    /// The broken requirement, an id of the catalogue.
    pub clause: RequirementId,
    /// The fault in a sentence.
    pub what: String,
    /// The file, relative to `stacks/bundled`.
    pub file: PathBuf,
    /// Text that stands there exactly once.
    pub find: String,
    /// What to put in its place.
    pub replace: String,
    /// Edits that are needed besides.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<Edit>,
    /// Whether a released TCP has had this fault.
    #[serde(default)]
    pub seen_in_the_wild: bool,
    /// Why no black box can tell the mutant from the stack, if so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub equivalent: Option<String>,
}

/// A replacement of text.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Edit {
    /// The file, relative to `stacks/bundled`.
    pub file: PathBuf,
    /// Text that stands there exactly once.
    pub find: String,
    /// What to put in its place.
    pub replace: String,
}

/// A known fault that this stack cannot be given.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeftOut {
    /// The name it would have.
    pub id: String,
    /// Why it cannot be expressed.
    pub reason: String,
}

/// Why the manifest cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// A file cannot be read.
    #[error("cannot read {path}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A file is not as it should be.
    #[error("{path} is not a list of mutants")]
    Yaml {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: serde_yaml::Error,
    },
    /// A mutant in the file of another class.
    #[error("{id} stands in {path}, not in the file of its class")]
    Stray {
        /// The mutant.
        id: String,
        /// The file.
        path: PathBuf,
    },
    /// Two entries of one name.
    #[error("{PATH} lists {0} twice")]
    Twice(String),
    /// An edit that does not fit.
    #[error("{id}: the text to find stands {count} times in {file}, once is needed")]
    Misfit {
        /// The mutant.
        id: String,
        /// The file.
        file: PathBuf,
        /// How often the text was found.
        count: usize,
    },
    /// An edit that changes nothing.
    #[error("{0} replaces a text by itself")]
    Nothing(String),
}

impl Manifest {
    /// Reads the manifest below `root`.
    ///
    /// # Errors
    ///
    /// If it cannot be read, lists a name twice, or a mutant in a wrong file.
    pub fn read(root: &Path) -> Result<Self, ManifestError> {
        let mut manifest = Self::default();
        for path in files(&root.join(PATH))? {
            let class = read_class(&path)?;
            manifest.mutants.extend(class.mutants);
            manifest.left_out.extend(class.left_out);
        }
        let mut names = BTreeSet::new();
        let mutants = manifest.mutants.iter().map(|mutant| &mutant.id);
        let left_out = manifest.left_out.iter().map(|entry| &entry.id);
        for id in mutants.chain(left_out) {
            if !names.insert(id) {
                return Err(ManifestError::Twice(id.clone()));
            }
        }
        Ok(manifest)
    }
}

/// The files of a directory, in the order of their names.
fn files(dir: &Path) -> Result<Vec<PathBuf>, ManifestError> {
    let listed = fs::read_dir(dir).and_then(|entries| {
        entries
            .map(|entry| entry.map(|entry| entry.path()))
            .collect()
    });
    let mut files: Vec<PathBuf> = listed.map_err(|source| cannot_read(dir, source))?;
    files.sort();
    Ok(files)
}

/// The file of one class.
fn read_class(path: &Path) -> Result<Manifest, ManifestError> {
    let class: Manifest =
        serde_yaml::from_str(&read(path)?).map_err(|source| ManifestError::Yaml {
            path: path.to_owned(),
            source,
        })?;
    let name = path.file_stem().unwrap_or_default();
    match class
        .mutants
        .iter()
        .find(|mutant| name != mutant.class.as_str())
    {
        None => Ok(class),
        Some(stray) => Err(ManifestError::Stray {
            id: stray.id.clone(),
            path: path.to_owned(),
        }),
    }
}

impl Mutant {
    /// All edits, in order.
    pub fn edits(&self) -> impl Iterator<Item = Edit> {
        let first = Edit {
            file: self.file.clone(),
            find: self.find.clone(),
            replace: self.replace.clone(),
        };
        std::iter::once(first).chain(self.also.iter().cloned())
    }

    /// The files that the mutant changes, with the text they get. The paths
    /// are relative to `root`.
    ///
    /// # Errors
    ///
    /// If an edit does not fit exactly once.
    pub fn apply(&self, root: &Path) -> Result<Vec<(PathBuf, String)>, ManifestError> {
        let mut files: Vec<(PathBuf, String)> = Vec::new();
        for edit in self.edits() {
            let path = Path::new(STACK).join(&edit.file);
            let at = match files.iter().position(|(known, _)| *known == path) {
                Some(at) => at,
                None => {
                    let text = read(&root.join(&path))?;
                    files.push((path, text));
                    files.len() - 1
                }
            };
            let changed = self.replaced(&edit, &files[at].1)?;
            files[at].1 = changed;
        }
        Ok(files)
    }

    fn replaced(&self, edit: &Edit, text: &str) -> Result<String, ManifestError> {
        // A block of YAML ends with a line feed that is not meant.
        let (find, replace) = (edit.find.trim_end(), edit.replace.trim_end());
        if find == replace {
            return Err(ManifestError::Nothing(self.id.clone()));
        }
        match text.matches(find).count() {
            1 => Ok(text.replacen(find, replace, 1)),
            count => Err(ManifestError::Misfit {
                id: self.id.clone(),
                file: edit.file.clone(),
                count,
            }),
        }
    }
}

fn read(path: &Path) -> Result<String, ManifestError> {
    fs::read_to_string(path).map_err(|source| cannot_read(path, source))
}

fn cannot_read(path: &Path, source: std::io::Error) -> ManifestError {
    ManifestError::Read {
        path: path.to_owned(),
        source,
    }
}

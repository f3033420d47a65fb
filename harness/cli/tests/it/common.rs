//! A scratch directory with cases of its own, and the program run on them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

/// The project's root.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// `tcpspec`, to be run in the project's root, without colour.
pub(crate) fn tcpspec(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tcpspec"));
    command.current_dir(root()).args(args).env("NO_COLOR", "1");
    command.env_remove("GITHUB_ACTIONS"); // tests run there, too
    command
}

/// A case that no stack passes: it wants a SYN,ACK from a port where nothing
/// listens. One that resets passes once `RST+ACK` stands in place of `SYN+ACK`.
pub(crate) const IMPOSSIBLE: &str = r#"
title: A closed port that accepts
purpose: Nobody can do this.
level: must
claims: ["9293:MUST-13"]
steps:
  - peer: SYN
  - sut: SYN+ACK
"#;

/// A scratch directory with a directory of cases and one for output.
pub(crate) struct Scratch {
    dir: TempDir,
}

impl Scratch {
    /// The project's cases but for baselines and other groups than these.
    pub(crate) fn with_groups(groups: &[&str]) -> Self {
        let scratch = Self {
            dir: tempfile::tempdir().unwrap(),
        };
        let (from, to) = (root().join("cases"), scratch.cases());
        for group in ["requirements", "preludes", "fragments"]
            .iter()
            .chain(groups)
        {
            copy(&from.join(group), &to.join(group));
        }
        scratch
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn cases(&self) -> PathBuf {
        self.dir.path().join("cases")
    }

    pub(crate) fn out(&self) -> PathBuf {
        self.dir.path().join("out")
    }

    /// Writes a file below the cases.
    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.cases().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// `tcpspec run ARGS` on these cases, into this output.
    pub(crate) fn run(&self, args: &[&str]) -> Command {
        let mut command = tcpspec(&["run"]);
        command
            .args(args)
            .arg("--cases")
            .arg(self.cases())
            .arg("--out")
            .arg(self.out());
        command
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// What a program printed, both streams.
pub(crate) fn printed(output: &Output) -> String {
    let text = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
    text(&output.stdout) + &text(&output.stderr)
}

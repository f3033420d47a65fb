//! `tcpspec.toml`: what a project's command lines have in common. It stands in
//! for flags that are left out, so every flag overrides it, and `--help` shows
//! what it says as the defaults.

mod defaults;
mod read;

use std::collections::BTreeMap;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use toml::Spanned;

pub(crate) use defaults::with_defaults;
pub(crate) use read::{ConfigError, find};

use crate::stacks::StackName;

/// A file, read and checked.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    /// Where it is; paths in it begin at its directory.
    pub(crate) file: PathBuf,
    /// The stacks that it names.
    pub(crate) stacks: BTreeMap<String, StackName>,
    pub(crate) text: ConfigFile,
}

/// What command lines have in common: stacks by names of their own, and sets of
/// arguments of `tcpspec run`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct ConfigFile {
    /// The directory of the cases.
    #[serde(default)]
    pub(crate) cases: Option<PathBuf>,
    /// The directory for log, reports and captures.
    #[serde(default)]
    pub(crate) out: Option<PathBuf>,
    /// Stacks by names that `--stack` takes.
    #[serde(default)]
    pub(crate) stacks: BTreeMap<String, StackEntry>,
    /// Sets of arguments of `tcpspec run`, by names that `--profile` takes;
    /// `default` where none is named.
    #[serde(default)]
    pub(crate) profiles: BTreeMap<String, Profile>,
}

/// A stack.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct StackEntry {
    /// What it is, with its options: `linux:no-sack,mtu=1280`, `exec:./my-stack`.
    #[schemars(with = "String")]
    pub(crate) stack: Spanned<String>,
    /// What is declared of a stack of which nothing but packets is at hand, in place
    /// of what stands behind `?` in its name: `addr = "192.0.2.1"`.
    #[serde(default)]
    pub(crate) declare: BTreeMap<String, Declared>,
    /// What is known of it, in place of the file in `baselines` of the cases.
    #[serde(default)]
    pub(crate) baseline: Option<PathBuf>,
}

/// A value that is declared.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum Declared {
    /// A text.
    Word(String),
    /// A number.
    Number(u64),
    /// Several words.
    Words(Vec<String>),
}

impl StackEntry {
    /// The stack's name with what is declared of it.
    pub(crate) fn name(&self) -> String {
        let value = |value: &Declared| match value {
            Declared::Word(word) => word.clone(),
            Declared::Number(number) => number.to_string(),
            Declared::Words(words) => words.join(","),
        };
        let pairs = self.declare.iter();
        let pairs: Vec<String> = pairs
            .map(|(key, declared)| format!("{key}={}", value(declared)))
            .collect();
        let stack = self.stack.get_ref();
        match (pairs.is_empty(), stack.contains('?')) {
            (true, _) => stack.clone(),
            (false, true) => format!("{stack}&{}", pairs.join("&")),
            (false, false) => format!("{stack}?{}", pairs.join("&")),
        }
    }
}

/// A set of arguments of `tcpspec run`. What is left out is as in the profile
/// `default`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Profile {
    /// Stacks to test, by their own names or those given here.
    #[serde(default)]
    #[schemars(with = "Option<Vec<String>>")]
    pub(crate) stacks: Option<Vec<Spanned<String>>>,
    /// What to run.
    #[serde(default)]
    pub(crate) select: Option<Vec<String>>,
    /// What to leave out.
    #[serde(default)]
    pub(crate) skip: Option<Vec<String>>,
    /// Levels of the cases to run.
    #[serde(default)]
    pub(crate) level: Option<Vec<String>>,
    /// 4, 6 or both.
    #[serde(default)]
    pub(crate) ip: Option<String>,
    /// random, wrap or both.
    #[serde(default)]
    pub(crate) isn: Option<String>,
    /// Seed of everything drawn at random.
    #[serde(default)]
    pub(crate) seed: Option<u64>,
    /// Whether deviations count as failures.
    #[serde(default)]
    pub(crate) strict: Option<bool>,
    /// Trials at once on virtual clocks.
    #[serde(default)]
    pub(crate) jobs: Option<u64>,
    /// Seconds after which a stack on a virtual clock is stuck.
    #[serde(default)]
    pub(crate) wall_limit: Option<u64>,
    /// Reports to write.
    #[serde(default)]
    pub(crate) report: Option<Vec<String>>,
}

/// The JSON Schema of the file.
pub(crate) fn schema() -> Value {
    let generator = schemars::generate::SchemaSettings::draft07().into_generator();
    let mut schema = generator.into_root_schema_for::<ConfigFile>();
    let title = "tcpspec.toml: what command lines of tcpspec have in common";
    schema.insert("title".to_owned(), title.into());
    schema.to_value()
}

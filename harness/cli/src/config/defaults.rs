//! The file's values as the defaults of arguments.

use std::any::TypeId;
use std::path::Path;
use std::sync::Arc;

use clap::{Arg, Command};

use super::{Config, ConfigError, Profile};
use crate::stacks::StackName;

/// The command line with what the file says in place of built-in defaults.
pub(crate) fn with_defaults(
    command: Command,
    config: Option<&Config>,
    profile: Option<&str>,
) -> Result<Command, ConfigError> {
    let config = match (config, profile) {
        (Some(config), _) => config,
        (None, None) => return Ok(command),
        (None, Some(name)) => {
            return Err(ConfigError::NoProfile {
                name: name.to_owned(),
                among: Vec::new(),
            });
        }
    };
    let defaults = Defaults {
        config: Arc::new(config.clone()),
        profile: config.profile(profile)?,
    };
    Ok(defaults.all(command))
}

impl Config {
    /// The profile of this name, or `default`, which also stands in for what the
    /// other leaves out.
    fn profile(&self, name: Option<&str>) -> Result<Profile, ConfigError> {
        let all = &self.text.profiles;
        let default = all.get("default").cloned().unwrap_or_default();
        let Some(name) = name else {
            return Ok(default);
        };
        let named = all.get(name).cloned();
        let named = named.ok_or_else(|| ConfigError::NoProfile {
            name: name.to_owned(),
            among: all.keys().cloned().collect(),
        })?;
        Ok(Profile {
            stacks: named.stacks.or(default.stacks),
            select: named.select.or(default.select),
            skip: named.skip.or(default.skip),
            level: named.level.or(default.level),
            ip: named.ip.or(default.ip),
            isn: named.isn.or(default.isn),
            seed: named.seed.or(default.seed),
            strict: named.strict.or(default.strict),
            jobs: named.jobs.or(default.jobs),
            wall_limit: named.wall_limit.or(default.wall_limit),
            report: named.report.or(default.report),
        })
    }
}

struct Defaults {
    config: Arc<Config>,
    profile: Profile,
}

impl Defaults {
    /// Sets the defaults of a command and of those below it.
    fn all(&self, command: Command) -> Command {
        let names: Vec<String> = command
            .get_subcommands()
            .map(|below| below.get_name().to_owned())
            .collect();
        let verb = command.get_name().to_owned();
        let command = command.mut_args(|arg| self.of(&verb, arg));
        names.into_iter().fold(command, |command, name| {
            command.mut_subcommand(name, |below| self.all(below))
        })
    }

    /// An argument of a verb with its default.
    fn of(&self, verb: &str, arg: Arg) -> Arg {
        let id = arg.get_id().as_str().to_owned();
        let values = match (verb, id.as_str()) {
            (_, "cases") => self.text(self.config.text.cases.as_deref(), None),
            ("run" | "rerun" | "merge" | "report", "out") => self.out(None),
            ("explain", "log") => self.out(Some("log.jsonl")),
            ("compare", "runs") | ("replay" | "init" | "update" | "check" | "prune", "run") => {
                self.out(None)
            }
            (_, "baseline") => self.baselines(),
            ("run", _) => self.of_run(&id),
            _ => None,
        };
        let arg = self.with_names(arg);
        match values {
            // The command line lives as long as the program: so may its defaults.
            Some(values) => arg.default_values(values.into_iter().map(|value| &*value.leak())),
            None => arg,
        }
    }

    /// Whatever takes a stack takes the file's names, too.
    fn with_names(&self, arg: Arg) -> Arg {
        let config = Arc::clone(&self.config);
        if arg.get_value_parser().type_id() == TypeId::of::<StackName>() {
            arg.value_parser(move |name: &str| -> Result<StackName, String> { config.stack(name) })
        } else if arg.get_id() == "stack" {
            // That of a run, by the text of its name.
            arg.value_parser(move |name: &str| -> Result<String, String> {
                let named = config.stacks.get(name);
                Ok(named.map_or_else(|| name.to_owned(), ToString::to_string))
            })
        } else {
            arg
        }
    }

    /// What the profile says of an argument of `run`.
    fn of_run(&self, id: &str) -> Option<Vec<String>> {
        let Profile {
            stacks,
            select,
            skip,
            level,
            ip,
            isn,
            seed,
            strict,
            jobs,
            wall_limit,
            report,
        } = &self.profile;
        let one = |value: Option<String>| value.map(|value| vec![value]);
        let names = |names: &Vec<toml::Spanned<String>>| {
            names.iter().map(|name| name.get_ref().clone()).collect()
        };
        match id {
            "stack" => stacks.as_ref().map(names),
            "selection" => select.clone(),
            "skip" => skip.clone(),
            "level" => level.clone(),
            "ip" => one(ip.clone()),
            "isn" => one(isn.clone()),
            "seed" => one(seed.map(|seed| seed.to_string())),
            "strict" => one(strict.map(|strict| strict.to_string())),
            "jobs" => one(jobs.map(|jobs| jobs.to_string())),
            "wall_limit" => one(wall_limit.map(|limit| limit.to_string())),
            "report" => report.clone(),
            _ => None,
        }
    }

    fn out(&self, file: Option<&str>) -> Option<Vec<String>> {
        self.text(self.config.text.out.as_deref(), file)
    }

    fn text(&self, path: Option<&Path>, file: Option<&str>) -> Option<Vec<String>> {
        let path = self.config.path(path?);
        let path = file.map_or_else(|| path.clone(), |file| path.join(file));
        Some(vec![path.display().to_string()])
    }

    /// `NAME=FILE` of each stack that has a baseline here.
    fn baselines(&self) -> Option<Vec<String>> {
        let mut all = Vec::new();
        for (name, entry) in &self.config.text.stacks {
            if let (Some(file), Some(stack)) = (&entry.baseline, self.config.stacks.get(name)) {
                all.push(format!("{stack}={}", self.config.path(file).display()));
            }
        }
        (!all.is_empty()).then_some(all)
    }
}

//! `tcpspec doctor`: what this machine allows. What is bad has a line below it
//! that says how to mend it; what is good has one if it could be had otherwise.

use std::path::Path;
use std::time::Duration;

use tcpspec_linux::{Settings, sandbox};
use tcpspec_record::Exit;
use tcpspec_reports::terminal::Style;

use super::{cases_dir, count};
use crate::args::CasesArgs;
use crate::config;
use crate::failure::Failure;
use crate::stacks::{Participant, StackName, Terms};

/// On which terms stacks in other processes are looked at.
const TERMS: Terms = Terms {
    patience: Duration::from_secs(10),
    seed: 1,
};

pub(crate) fn run(args: &CasesArgs, config: Option<&Path>, _: Style) -> Exit {
    let all_good = [check_config(config), check_cases(args), check_linux()];
    line("bundled stack", true, "built in, virtual time", None);
    if all_good.into_iter().all(|good| good) {
        Exit::Success
    } else {
        Exit::Usage
    }
}

fn line(name: &str, good: bool, detail: &str, fix: Option<&str>) {
    let (mark, advice) = if good { ("ok ", "or") } else { ("BAD", "fix") };
    anstream::println!("{mark}  {name}: {detail}");
    if let Some(fix) = fix {
        anstream::println!("     {advice}: {fix}");
    }
}

fn check_config(named: Option<&Path>) -> bool {
    match config::find(named) {
        Ok(Some(config)) => {
            let listed = |what: &str, names: Vec<&str>| match names.as_slice() {
                [] => format!("no {what}"),
                names => format!("{what} {}", names.join(", ")),
            };
            let profiles = config.text.profiles.keys().map(String::as_str);
            let stacks = config.stacks.keys().map(String::as_str);
            let detail = format!(
                "{}: {}; {}",
                config.file.display(),
                listed("profiles", profiles.collect()),
                listed("stacks", stacks.collect())
            );
            line("configuration", true, &detail, None);
            let checked: Vec<bool> = config.stacks.iter().map(check_stack).collect();
            checked.into_iter().all(|good| good)
        }
        Ok(None) => {
            let detail = "none: there is no tcpspec.toml here or above";
            line("configuration", true, detail, None);
            true
        }
        Err(error) => {
            let fix = "mend what is named; `tcpspec schema config` says what it may hold";
            line("configuration", false, &error.to_string(), Some(fix));
            false
        }
    }
}

/// A stack of the configuration, if it is in another process: whether it says
/// hello, and is honest.
fn check_stack((name, stack): (&String, &StackName)) -> bool {
    if !matches!(stack, StackName::Line(_)) {
        return true;
    }
    let found = Participant::enlist(stack.clone(), TERMS);
    let name = format!("stack {name}");
    let fix = Some("stacks/protocol/PROTOCOL.md says what a connector answers");
    if !found.unavailable.is_empty() {
        line(&name, false, &found.unavailable, fix);
        return false;
    }
    for remark in &found.remarks {
        line(&name, false, remark, fix);
    }
    let (called, version) = (&found.hello.name, &found.hello.version);
    let capabilities = found.hello.capabilities.len();
    let detail = format!("{called} {version}, {capabilities} capabilities");
    line(&name, true, &detail, None);
    found.remarks.is_empty()
}

fn check_cases(args: &CasesArgs) -> bool {
    let dir = match cases_dir(args) {
        Ok(dir) => dir,
        Err(failure) => {
            line(
                "cases",
                false,
                &failure.to_string(),
                Some("change into the project's directory"),
            );
            return false;
        }
    };
    match tcpspec_casefile::load(&dir) {
        Ok(suite) if suite.diagnostics.is_empty() => {
            let variants: usize = suite.cases.iter().map(|case| case.variants.len()).sum();
            line(
                "cases",
                true,
                &format!("{} in {}", count(variants, "variant"), dir.display()),
                None,
            );
            true
        }
        Ok(suite) => {
            let found = count(suite.diagnostics.len(), "mistake");
            line(
                "cases",
                false,
                &format!("{found} in {}", dir.display()),
                Some("run `tcpspec list` and mend what it names"),
            );
            false
        }
        Err(error) => {
            line(
                "cases",
                false,
                &Failure::error(&error).to_string(),
                Some("name the directory by --cases DIR"),
            );
            false
        }
    }
}

fn check_linux() -> bool {
    match sandbox::enter() {
        Ok(privilege) => {
            let otherwise = Some(privilege.otherwise());
            line("linux: runs as", true, &privilege.to_string(), otherwise);
        }
        Err(error) => {
            let fix = Some(error.fix());
            line("linux: rights", false, &error.to_string(), fix);
            return false;
        }
    }
    let checks = sandbox::probe(&Settings::from_env());
    for check in &checks {
        line(
            &format!("linux: {}", check.name),
            check.ok,
            &check.detail,
            check.fix.as_deref(),
        );
    }
    checks.iter().all(|check| check.ok)
}

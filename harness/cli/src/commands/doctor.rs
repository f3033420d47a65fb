//! `tcpspec doctor`: what this machine allows. Each line ends in a fix, or
//! says that there is nothing to fix.

use tcpspec_linux::{Settings, sandbox};
use tcpspec_record::Exit;
use tcpspec_reports::terminal::Style;

use super::{cases_dir, count};
use crate::args::CasesArgs;
use crate::failure::Failure;

pub(crate) fn run(args: &CasesArgs, _: Style) -> Exit {
    let all_good = [check_cases(args), check_linux()];
    line("bundled stack", true, "built in, virtual time", "");
    if all_good.into_iter().all(|good| good) {
        Exit::Success
    } else {
        Exit::Usage
    }
}

fn line(name: &str, good: bool, detail: &str, fix: &str) {
    let mark = if good { "ok " } else { "BAD" };
    let fix = if good { "nothing to do" } else { fix };
    anstream::println!("{mark}  {name}: {detail}; {fix}");
}

fn check_cases(args: &CasesArgs) -> bool {
    let dir = match cases_dir(args) {
        Ok(dir) => dir,
        Err(failure) => {
            line(
                "cases",
                false,
                &failure.to_string(),
                "change into the project's directory",
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
                "",
            );
            true
        }
        Ok(suite) => {
            let found = count(suite.diagnostics.len(), "mistake");
            line(
                "cases",
                false,
                &format!("{found} in {}", dir.display()),
                "run `tcpspec list` and mend what it names",
            );
            false
        }
        Err(error) => {
            line(
                "cases",
                false,
                &Failure::error(&error).to_string(),
                "name the directory by --cases DIR",
            );
            false
        }
    }
}

fn check_linux() -> bool {
    match sandbox::enter() {
        Ok(privilege) => {
            let detail = format!("{privilege}; {}", privilege.otherwise());
            line("linux: runs as", true, &detail, "");
        }
        Err(error) => {
            let fix = "or run it under sudo";
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
            check.fix.as_deref().unwrap_or_default(),
        );
    }
    checks.iter().all(|check| check.ok)
}

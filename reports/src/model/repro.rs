//! The command that repeats a trial.

use tcpspec_record::{Isn, Trial};

/// The command line that repeats a trial, quoted for a shell.
#[must_use]
pub fn repro(trial: &Trial) -> String {
    let id = &trial.id;
    let isn = match id.isn {
        Isn::Random => String::new(),
        Isn::Wrap => format!(" --isn {}", id.isn),
    };
    let faults = match id.faults.as_str() {
        "" => String::new(),
        faults => format!(" --faults {}", quoted(faults)),
    };
    format!(
        "tcpspec run {} --stack {} --ip {}{isn}{faults} --seed {}",
        quoted(&id.variant_id()),
        quoted(&id.stack),
        id.ip,
        id.seed
    )
}

fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@=,+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

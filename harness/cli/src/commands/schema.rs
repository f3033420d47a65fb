//! `tcpspec schema`: the JSON Schemas of the files that people and programs
//! write and read.

use serde_json::Value;
use tcpspec_record::Exit;

use crate::args::SchemaArgs;
use crate::failure::Failure;

/// A kind of file: its name, what it is, and its schema.
type Kind = (&'static str, &'static str, fn() -> Value);

const KINDS: [Kind; 8] = [
    ("case", "a file of cases/", tcpspec_casefile::schema),
    (
        "sweep",
        "a file of cases/states/",
        tcpspec_casefile::sweep_schema,
    ),
    (
        "baseline",
        "a file of cases/baselines/",
        tcpspec_casefile::baseline_schema,
    ),
    (
        "faults",
        "a file of cases/faults/",
        tcpspec_casefile::faults_schema,
    ),
    ("config", "tcpspec.toml", crate::config::schema),
    ("log", "each line of log.jsonl", tcpspec_record::schema::log),
    (
        "report",
        "report.json (run --report json)",
        tcpspec_reports::json::schema,
    ),
    (
        "connector",
        "each line of the protocol of stacks in other processes",
        tcpspec_protocol::schema,
    ),
];

pub(crate) fn run(args: &SchemaArgs) -> Result<Exit, Failure> {
    let Some(name) = &args.name else {
        for (name, what, _) in KINDS {
            anstream::println!("{name:9}  {what}");
        }
        return Ok(Exit::Success);
    };
    let kind = KINDS.iter().find(|(known, ..)| known == name);
    let (.., schema) = kind.ok_or_else(|| {
        let names = KINDS.map(|(name, ..)| name).join(", ");
        Failure::usage(format!("there is no schema `{name}`; there are {names}"))
    })?;
    anstream::println!("{:#}", schema());
    Ok(Exit::Success)
}

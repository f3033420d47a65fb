//! `make figures`: the tables of `harness/FIGURES.md` and of the README, made
//! from what criterion measured last, and the benches that measure memory.
//!
//! A row that was not measured again stays as it is, so that one bench can be run
//! alone; `rm harness/FIGURES.md` before begins anew.
//!
//! Medians, because machines are noisy; compare figures of one run with one
//! another, not with another machine's.

#![expect(clippy::print_stdout, reason = "a program says what it did")]

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// What the README shows: the benchmark, and what to call it.
const README: &[(&str, &str)] = &[
    (
        "play/the whole suite on bundled, one core",
        "the whole suite on the bundled stack, one core",
    ),
    (
        "play/the whole suite on bundled in another process",
        "the same in another process, by the line protocol",
    ),
    (
        "protocol/a packet of 60 octets there and back",
        "a packet to a stack in another process, and its reply",
    ),
    (
        "protocol/handshake/three-way with a process started for it",
        "a handshake with a process started for it",
    ),
    (
        "exchange/trial, one lane",
        "handshake, 100 octets, RST on the kernel, judged and logged",
    ),
    (
        "exchange/floor, one lane",
        "the same as a plain loop of system calls",
    ),
    (
        "exchange/trial, a lane for each core",
        "such trials on a lane for each core",
    ),
    (
        "casefile/all cases and the catalogue",
        "all case files read and checked",
    ),
    ("craft/own/ack", "a bare ACK crafted"),
    ("parse/own/ack", "a bare ACK parsed"),
    ("craft/own/1460", "a segment of 1460 octets crafted"),
    ("parse/own/1460", "a segment of 1460 octets parsed"),
    (
        "connections/open and close",
        "connections opened and closed, both ends",
    ),
    ("connections/handshakes", "64 handshakes, both ends"),
    (
        "bulk/segments, both directions",
        "segments through one connection, both ends",
    ),
    ("back to back/bundled", "4 MiB back to back, bundled"),
    ("back to back/smoltcp", "4 MiB back to back, smoltcp"),
    (
        "one in 100 lost/bundled",
        "4 MiB, one segment in 100 lost, bundled",
    ),
    (
        "one in 100 lost/smoltcp",
        "4 MiB, one segment in 100 lost, smoltcp",
    ),
    (
        "crowd/65,536 connections opened",
        "each of 65,536 connections, opened",
    ),
    ("crowd/one octet into each", "the same with an octet in it"),
    (
        "crowd/1,000,000 SYNs, the oldest dropped",
        "each of 1,000,000 SYNs, backlog 1024",
    ),
    (
        "duel/5 kB, a packet in ten lost",
        "a duel of 5 kB, one packet in ten lost, every segment judged",
    ),
    (
        "faulted/everything",
        "each trial of ten segments while a little of everything goes wrong",
    ),
    (
        "report/100000 trials, log to page",
        "each of 100,000 trials, from the log to the page",
    ),
];

/// Where the README's table stands.
const MARKS: (&str, &str) = (
    "<!-- figures: made by `make figures` -->\n",
    "<!-- end of figures -->",
);

struct Figure {
    id: String,
    /// Nanoseconds for one run of the benchmark.
    median: f64,
    /// What one run handles, and in which unit.
    throughput: Option<(f64, &'static str)>,
    /// Octets of memory that each takes.
    memory: Option<u64>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    let mut figures = Vec::new();
    gather(&target.join("criterion"), &mut figures)?;
    gather_told(&target.join("crowd.tsv"), "crowd", &mut figures)?;
    gather_told(&target.join("large.tsv"), "report", &mut figures)?;
    if figures.is_empty() {
        return Err("nothing was measured yet: run `make bench`".into());
    }
    let page = root.join("harness/FIGURES.md");
    let mut rows = rows_of(&fs::read_to_string(&page).unwrap_or_default());
    let before = rows.len();
    rows.extend(
        figures
            .iter()
            .map(|figure| (figure.id.clone(), cells(figure))),
    );
    let all = rows.iter().map(|(id, cells)| (id.as_str(), cells.as_str()));
    let text = format!(
        "# Figures\n\nMedians of the last `make bench` on {}, made by `make figures`.\n\n{}",
        machine(),
        table(all)
    );
    fs::write(&page, text)?;
    rewrite_readme(&root.join("README.md"), &rows)?;
    let (measured, all) = (figures.len(), rows.len());
    println!("{all} figures in harness/FIGURES.md, {measured} measured, {before} before");
    Ok(())
}

/// The rows of a table: what was measured, and its other cells.
fn rows_of(page: &str) -> BTreeMap<String, String> {
    let rows = page.lines().filter_map(|line| line.strip_prefix("| "));
    rows.filter_map(|row| row.split_once(" | "))
        .filter(|(what, _)| *what != "what")
        .map(|(what, cells)| (what.to_owned(), cells.to_owned()))
        .collect()
}

/// Reads every `new/benchmark.json` with the estimates beside it.
fn gather(dir: &Path, figures: &mut Vec<Figure>) -> Result<(), Box<dyn Error>> {
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.ends_with("new") {
            figures.extend(read(&path)?);
        } else if path.is_dir() {
            gather(&path, figures)?;
        }
    }
    Ok(())
}

fn read(dir: &Path) -> Result<Option<Figure>, Box<dyn Error>> {
    let json = |file: &str| -> Result<Value, Box<dyn Error>> {
        Ok(serde_json::from_str(&fs::read_to_string(dir.join(file))?)?)
    };
    let (benchmark, estimates) = (json("benchmark.json")?, json("estimates.json")?);
    let id = benchmark["full_id"].as_str();
    let median = estimates["median"]["point_estimate"].as_f64();
    let throughput = ["Elements", "Bytes"].into_iter().find_map(|unit| {
        let count = benchmark["throughput"][unit].as_f64()?;
        Some((count, if unit == "Bytes" { "B" } else { "" }))
    });
    Ok(id.zip(median).map(|(id, median)| Figure {
        id: id.to_owned(),
        median,
        throughput,
        memory: None,
    }))
}

/// Reads what a bench that measures memory has left, if it was run: what,
/// nanoseconds and octets.
fn gather_told(path: &Path, bench: &str, figures: &mut Vec<Figure>) -> Result<(), Box<dyn Error>> {
    if !path.exists() {
        return Ok(());
    }
    for line in fs::read_to_string(path)?.lines() {
        let mut columns = line.split('\t');
        let (Some(name), Some(nanos)) = (columns.next(), columns.next()) else {
            return Err(format!("not a figure: {line}").into());
        };
        figures.push(Figure {
            id: format!("{bench}/{name}"),
            median: nanos.parse()?,
            throughput: Some((1.0, "")),
            memory: columns.next().and_then(|octets| octets.parse().ok()),
        });
    }
    Ok(())
}

fn table<'a>(rows: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let head = "| what | time | rate | memory |\n|---|---|---|---|\n".to_owned();
    rows.fold(head, |text, (what, cells)| {
        format!("{text}| {what} | {cells}\n")
    })
}

/// Time, rate and memory, as a row has them.
fn cells(figure: &Figure) -> String {
    let rate = figure.throughput.map_or_else(String::new, |(count, unit)| {
        format!("{}{unit}/s", rounded(count / figure.median * 1e9))
    });
    let memory = figure
        .memory
        .map_or_else(String::new, |octets| format!("{octets} octets"));
    let time = time(figure.median);
    format!("{time} | {rate} | {memory} |")
}

fn rewrite_readme(path: &Path, rows: &BTreeMap<String, String>) -> Result<(), Box<dyn Error>> {
    let readme = fs::read_to_string(path)?;
    let (before, rest) = readme
        .split_once(MARKS.0)
        .ok_or("the README has no place for figures")?;
    let (_, after) = rest
        .split_once(MARKS.1)
        .ok_or("the README's figures have no end")?;
    let chosen = README
        .iter()
        .filter_map(|(id, name)| Some((*name, rows.get(*id)?.as_str())));
    let table = table(chosen);
    fs::write(
        path,
        format!("{before}{}{table}{}{after}", MARKS.0, MARKS.1),
    )?;
    Ok(())
}

/// Cores and kernel of this machine.
fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    format!("{cores} cores, Linux {}", kernel.trim())
}

fn time(nanos: f64) -> String {
    let units = [(1e9, "s"), (1e6, "ms"), (1e3, "us")];
    let unit = units.into_iter().find(|(size, _)| nanos >= *size);
    let (size, name) = unit.unwrap_or((1.0, "ns"));
    format!("{} {name}", rounded(nanos / size))
}

/// Three digits and a prefix: `37.6 k`, `1.92 M`.
fn rounded(number: f64) -> String {
    let prefixes = [(1e9, " G"), (1e6, " M"), (1e3, " k")];
    let prefix = prefixes.into_iter().find(|(size, _)| number >= *size);
    let (size, name) = prefix.unwrap_or((1.0, ""));
    let number = number / size;
    let digits = if number >= 100.0 {
        0
    } else if number >= 10.0 {
        1
    } else {
        2
    };
    format!("{number:.digits$}{name}")
}

//! The table of coverage, as text and as Markdown.

use std::fmt::Write;

use tcpspec_casefile::{Coverage, Covered, Standing};
use tcpspec_record::Level;

/// How many requirements there are of each standing.
type Counts = [usize; Standing::ALL.len()];

/// The requirements of one RFC.
struct Rfc<'a> {
    number: &'a str,
    requirements: &'a [Covered<'a>],
}

/// The requirements of one section and level.
struct Row<'a> {
    section: &'a str,
    level: Level,
    counts: Counts,
}

impl<'a> Rfc<'a> {
    fn all(coverage: &'a Coverage<'a>) -> Vec<Self> {
        let groups = coverage.requirements.chunk_by(|a, b| rfc(a) == rfc(b));
        let group = |group: &'a [Covered<'a>]| Self {
            number: group.first().map_or("", rfc),
            requirements: group,
        };
        groups.map(group).collect()
    }

    fn counts(&self) -> Counts {
        counts(self.requirements)
    }

    fn rows(&self) -> Vec<Row<'a>> {
        let groups = self.requirements.chunk_by(|a, b| key(a) == key(b));
        let row = |group: &'a [Covered<'a>]| {
            let (section, level) = key(group.first()?);
            let counts = counts(group);
            Some(Row {
                section,
                level,
                counts,
            })
        };
        groups.filter_map(row).collect()
    }
}

fn rfc<'a>(covered: &Covered<'a>) -> &'a str {
    covered.requirement.id.rfc()
}

fn key<'a>(covered: &Covered<'a>) -> (&'a str, Level) {
    (&covered.requirement.section, covered.requirement.level)
}

fn counts(requirements: &[Covered<'_>]) -> Counts {
    Standing::ALL.map(|standing| {
        let of = |covered: &&Covered<'_>| covered.standing == standing;
        requirements.iter().filter(of).count()
    })
}

/// The whole table for a terminal.
pub(super) fn text(coverage: &Coverage<'_>) -> String {
    let mut text = String::new();
    for rfc in Rfc::all(coverage) {
        line(
            &mut text,
            &format!("RFC {}", rfc.number),
            &Standing::ALL.map(Standing::words),
        );
        for row in rfc.rows() {
            let name = format!("  {:12} {}", row.section, row.level);
            line(&mut text, &name, &row.counts.map(cell));
        }
        line(&mut text, "  all", &rfc.counts().map(cell));
        text.push('\n');
    }
    line(
        &mut text,
        "all RFCs",
        &counts(&coverage.requirements).map(cell),
    );
    text
}

fn line(text: &mut String, name: &str, cells: &[impl AsRef<str>]) {
    let mut line = format!("{name:28}");
    for cell in cells {
        // Writing to a string cannot fail.
        let _ = write!(line, "{:>12}", cell.as_ref());
    }
    let _ = writeln!(text, "{}", line.trim_end());
}

fn cell(count: usize) -> String {
    if count == 0 {
        ".".to_owned()
    } else {
        count.to_string()
    }
}

/// The page `cases/COVERAGE.md`. It names every requirement that no case
/// decides, so that what is lost shows even where something else is won.
pub(super) fn markdown(coverage: &Coverage<'_>) -> String {
    let mut text = "# Coverage\n\nWhich requirements the cases decide; made by `make coverage`, \
        and held to the cases by a test.\nA requirement is *decided* if a step that breaks shows \
        that it is broken, *restated* if others\nstate it again and those are decided \
        (`requirements/restated.yaml`), *cited only* if a case names it\nwithout such a step, \
        *untested* with the reason in `requirements/untested.yaml`, *not judged* if it\ndoes not \
        show outside of a stack.\n\n"
        .to_owned();
    let rfcs = Rfc::all(coverage);
    heading(&mut text, &["RFC"]);
    for rfc in &rfcs {
        row(&mut text, &[rfc.number], &rfc.counts());
    }
    row(&mut text, &["all"], &counts(&coverage.requirements));
    for rfc in &rfcs {
        // Writing to a string cannot fail.
        let _ = write!(text, "\n## RFC {}\n\n", rfc.number);
        heading(&mut text, &["section", "level"]);
        for Row {
            section,
            level,
            counts,
        } in rfc.rows()
        {
            row(&mut text, &[section, level.keyword()], &counts);
        }
        open(&mut text, rfc);
    }
    text
}

/// The ids that no case decides though one could.
fn open(text: &mut String, rfc: &Rfc<'_>) {
    for standing in [Standing::Cited, Standing::Untested, Standing::Nothing] {
        let all = rfc.requirements.iter();
        let mut all = all
            .filter(|covered| covered.standing == standing)
            .peekable();
        if all.peek().is_none() {
            continue;
        }
        let _ = write!(text, "\n{}:\n\n", capitalized(standing.words()));
        for covered in all {
            let _ = writeln!(text, "- `{}`", covered.requirement.id);
        }
    }
}

fn capitalized(words: &str) -> String {
    let (first, rest) = words.split_at(1);
    first.to_uppercase() + rest
}

fn heading(text: &mut String, names: &[&str]) {
    let columns = Standing::ALL.map(Standing::words);
    let _ = writeln!(text, "| {} | {} |", names.join(" | "), columns.join(" | "));
    let _ = writeln!(
        text,
        "|{}{}",
        "---|".repeat(names.len()),
        "--:|".repeat(columns.len())
    );
}

fn row(text: &mut String, names: &[&str], counts: &Counts) {
    let cells = counts.map(|count| {
        if count == 0 {
            String::new()
        } else {
            count.to_string()
        }
    });
    let _ = writeln!(text, "| {} | {} |", names.join(" | "), cells.join(" | "));
}

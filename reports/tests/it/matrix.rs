//! Requirements by section and level: what is decided, cited and untested.

use rstest::rstest;
use tcpspec_record::Level;
use tcpspec_reports::Report;
use tcpspec_reports::model::{Judged, MatrixCell, Rfc};

use crate::fixture;

fn cell<'r>(rfc: &'r Rfc<'_>, section: &str, level: Level) -> &'r MatrixCell {
    let row = rfc
        .matrix
        .sections
        .iter()
        .find(|row| row.section == section);
    let at = rfc.matrix.levels.iter().position(|each| *each == level);
    row.unwrap().cells[at.unwrap()].as_ref().unwrap()
}

/// On `bundled`, `linux`, and a stack that could not run.
#[rstest]
#[case::met_by_both(0, "3.5", Level::Step, ["met", "met", "-"], 28)]
#[case::broken_and_deviates(0, "3.10.7.4", Level::Step, ["broken", "deviates", "open"], 208)]
#[case::known(0, "3.10.1", Level::Should, ["-", "known", "open"], 28)]
#[case::broken_and_open(1, "3.2", Level::Must, ["broken", "open", "open"], 10)]
fn cell_tells_how_requirements_stand(
    #[case] rfc: usize,
    #[case] section: &str,
    #[case] level: Level,
    #[case] standing: [&str; 3],
    #[case] untested: usize,
) {
    let log = fixture::log();
    let report = Report::from_log(&log);
    let cell = cell(&report.rfcs[rfc], section, level);
    let judged = standing.map(|word| match word {
        "broken" => Judged {
            broken: 1,
            ..Judged::default()
        },
        "known" => Judged {
            known: 1,
            ..Judged::default()
        },
        "deviates" => Judged {
            deviates: 1,
            ..Judged::default()
        },
        "met" => Judged {
            met: 1,
            ..Judged::default()
        },
        _ => Judged {
            open: 1,
            ..Judged::default()
        },
    });
    assert_eq!(cell.stacks, judged);
    assert_eq!(cell.cited, 1);
    assert_eq!(cell.unjudged, 1);
    assert_eq!(cell.untested(), untested);
}

#[test]
fn matrix_adds_up_to_the_levels() {
    let log = fixture::log();
    let report = Report::from_log(&log);
    for rfc in &report.rfcs {
        let total = rfc.matrix.total();
        let levels = || rfc.levels.iter();
        assert_eq!(
            total.catalogue,
            levels().map(|level| level.catalogue).sum::<usize>()
        );
        assert_eq!(
            total.cited,
            levels().map(|level| level.cited).sum::<usize>()
        );
        for (at, judged) in total.stacks.iter().enumerate() {
            assert_eq!(
                judged.decided(),
                levels().map(|level| level.decided[at]).sum::<usize>()
            );
            assert_eq!(
                judged.broken,
                levels().map(|level| level.broken[at]).sum::<usize>()
            );
            assert_eq!(judged.decided() + judged.open, total.cited);
        }
    }
}

#[test]
fn sections_go_by_their_numbers() {
    let log = fixture::log();
    let report = Report::from_log(&log);
    let rows = report.rfcs[0].matrix.sections.iter();
    let sections: Vec<&str> = rows.map(|row| row.section.as_str()).collect();
    assert_eq!(sections, ["3.5", "3.6.1", "3.10.1", "3.10.7.4"]);
}

#[test]
fn rfc_that_nothing_cites_is_counted_apart() {
    let log = fixture::log();
    let report = Report::from_log(&log);
    let uncited = report.uncited.iter();
    let uncited: Vec<_> = uncited
        .map(|rfc| (rfc.number.as_str(), rfc.requirements))
        .collect();
    assert_eq!(uncited, [("7413", 5)]);
}

/// A log may cite what its catalogue does not list.
#[test]
fn what_is_cited_is_never_less_than_the_catalogue() {
    let mut log = fixture::log();
    log.header.catalogue.clear();
    let report = Report::from_log(&log);
    let total = report.rfcs[0].matrix.total();
    assert_eq!((total.catalogue, total.cited, total.untested()), (4, 4, 0));
}

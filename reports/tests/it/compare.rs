//! Stacks side by side, and a run beside an earlier one: small logs made of
//! one word for each trial.

use rstest::rstest;
use tcpspec_record::{IpVersion, Log, Trial, Verdict};
use tcpspec_reports::Report;
use tcpspec_reports::model::{ChangeKind, Changes, Comparison, Likeness};

use crate::fixture;

/// A log of one variant: on each stack a verdict, and what was chosen.
fn log(trials: &[(&str, Verdict, &str)]) -> Log {
    let mut log = fixture::empty();
    for (stack, verdict, tag) in trials {
        let id = fixture::id("close/both", "at=left", stack, IpVersion::V4);
        let mut trial = Trial::unplayed(id, *verdict, format!("{verdict} on {stack}"));
        trial.tags = tag.split_whitespace().map(str::to_owned).collect();
        log.trials.push(trial);
    }
    log
}

#[rstest]
#[case::all_alike(&[("a", Verdict::Pass, ""), ("b", Verdict::Pass, "")], None)]
#[case::one_alone(&[("a", Verdict::Fail, "")], None)]
#[case::a_skip_is_no_difference(&[("a", Verdict::Fail, ""), ("b", Verdict::Skip, "")], None)]
#[case::of_two_none_is_odd(&[("a", Verdict::Fail, ""), ("b", Verdict::Pass, "")], Some(None))]
#[case::of_three_one_is(
    &[("a", Verdict::Pass, ""), ("b", Verdict::Fail, ""), ("c", Verdict::Pass, "")],
    Some(Some(1))
)]
#[case::unless_all_differ(
    &[("a", Verdict::Pass, ""), ("b", Verdict::Fail, ""), ("c", Verdict::Crash, "")],
    Some(None)
)]
#[case::nor_where_two_pairs_disagree(
    &[("a", Verdict::Pass, ""), ("b", Verdict::Fail, ""), ("c", Verdict::Pass, ""), ("d", Verdict::Fail, "")],
    Some(None)
)]
#[case::who_did_not_play_does_not_count(
    &[("a", Verdict::Pass, ""), ("b", Verdict::Fail, ""), ("c", Verdict::Skip, "")],
    Some(None)
)]
fn stacks_differ_by_their_verdicts(
    #[case] trials: &[(&str, Verdict, &str)],
    #[case] odd: Option<Option<usize>>,
) {
    let log = log(trials);
    let comparison = Comparison::of(&log);
    let differences = comparison.differences.iter();
    let odds: Vec<Option<usize>> = differences.map(|row| row.odd).collect();
    assert_eq!(odds, Vec::from_iter(odd));
}

#[rstest]
#[case::nobody_chose("", "", 0, false, Likeness { both: 0, same: 0 })]
#[case::one_chose("silent", "", 1, false, Likeness { both: 0, same: 0 })]
#[case::both_the_same("silent", "silent", 1, false, Likeness { both: 1, same: 1 })]
#[case::in_another_order("ack late", "late ack", 1, false, Likeness { both: 1, same: 1 })]
#[case::each_its_own("silent", "ack", 1, true, Likeness { both: 1, same: 0 })]
fn fingerprints_are_what_stacks_chose(
    #[case] one: &str,
    #[case] other: &str,
    #[case] choices: usize,
    #[case] different: bool,
    #[case] likeness: Likeness,
) {
    let log = log(&[("a", Verdict::Pass, one), ("b", Verdict::Pass, other)]);
    let comparison = Comparison::of(&log);
    assert_eq!(comparison.choices.len(), choices);
    let fingerprint = comparison.fingerprint();
    assert_eq!(
        fingerprint.iter().any(|choice| choice.is_different()),
        different
    );
    assert_eq!(comparison.likeness(0, 1), likeness);
}

#[test]
fn several_trials_make_one_cell_of_the_worst() {
    let log = log(&[
        ("a", Verdict::Pass, "silent"),
        ("a", Verdict::Fail, "ack"),
        ("b", Verdict::Pass, ""),
    ]);
    let comparison = Comparison::of(&log);
    let cell = comparison.differences[0].cells[0].as_ref().unwrap();
    assert_eq!(cell.worst.verdict, Verdict::Fail);
    assert!(cell.mixed);
    assert_eq!(Vec::from_iter(&cell.tags), [&"ack", &"silent"]);
}

#[test]
fn stacks_of_several_runs_stand_side_by_side() {
    let one = log(&[("a", Verdict::Pass, "")]);
    let other = log(&[("a", Verdict::Fail, ""), ("b", Verdict::Pass, "")]);
    let comparison = Comparison::of_runs(&[("before", &one), ("after", &other)]);
    let columns = comparison.columns.iter();
    let columns: Vec<_> = columns.map(|column| (column.run, column.stack)).collect();
    let expected = [
        (Some("before"), "a"),
        (Some("after"), "a"),
        (Some("after"), "b"),
    ];
    assert_eq!(columns, expected);
    assert_eq!(comparison.differences[0].odd, Some(1));
}

#[test]
fn every_variant_is_alike_or_different_or_played_once() {
    let log = fixture::log();
    let comparison = Comparison::of(&log);
    let different: Vec<String> = comparison.differences.iter().map(|row| row.id()).collect();
    let expected = [
        "closing/fin-retransmitted",
        "reset/in-closing@at=exact",
        "reset/in-closing@at=inside",
    ];
    assert_eq!(different, expected);
    // The handshake is alike; half-close was played on one stack alone.
    assert_eq!(comparison.alike, 1);
    assert_eq!(comparison.columns.len(), 3);
}

#[rstest]
#[case::nothing(Some(Verdict::Pass), Some(Verdict::Pass), None, false)]
#[case::broken(
    Some(Verdict::Pass),
    Some(Verdict::Fail),
    Some(ChangeKind::Worse),
    true
)]
#[case::no_longer_played(
    Some(Verdict::Pass),
    Some(Verdict::Skip),
    Some(ChangeKind::Worse),
    true
)]
#[case::mended(
    Some(Verdict::Crash),
    Some(Verdict::Pass),
    Some(ChangeKind::Better),
    false
)]
#[case::new_and_fails(None, Some(Verdict::Fail), Some(ChangeKind::New), true)]
#[case::new_and_passes(None, Some(Verdict::Pass), Some(ChangeKind::New), false)]
#[case::gone(Some(Verdict::Pass), None, Some(ChangeKind::Gone), false)]
fn change_is_of_one_kind(
    #[case] before: Option<Verdict>,
    #[case] after: Option<Verdict>,
    #[case] kind: Option<ChangeKind>,
    #[case] regression: bool,
) {
    let of = |verdict: Option<Verdict>| match verdict {
        Some(verdict) => log(&[("a", verdict, "")]),
        None => log(&[]),
    };
    let (before, after) = (of(before), of(after));
    let changes = Changes::between(&before, &after);
    let kinds: Vec<ChangeKind> = changes.all.iter().map(|change| change.kind).collect();
    assert_eq!(kinds, Vec::from_iter(kind));
    assert_eq!(changes.has_regression(), regression);
}

#[test]
fn what_fails_for_another_reason_has_changed() {
    let before = log(&[("a", Verdict::Fail, "")]);
    let mut after = before.clone();
    after.trials[0].reason = "for another reason".to_owned();
    let changes = Changes::between(&before, &after);
    assert_eq!(changes.count(ChangeKind::Other), 1);
    // What is as the baseline says counts as a tolerated departure.
    after.trials[0].known = Some("as documented".to_owned());
    assert_eq!(
        Changes::between(&before, &after).count(ChangeKind::Better),
        1
    );
}

#[test]
fn variants_that_differ_alike_make_one_pattern() {
    let mut log = log(&[("a", Verdict::Pass, ""), ("b", Verdict::Fail, "")]);
    for variant in ["at=edge", "at=right"] {
        for stack in ["a", "b"] {
            let verdict = if stack == "a" {
                Verdict::Pass
            } else {
                Verdict::Crash
            };
            let id = fixture::id("close/both", variant, stack, IpVersion::V4);
            log.trials.push(Trial::unplayed(id, verdict, String::new()));
        }
    }
    let comparison = Comparison::of(&log);
    let patterns = comparison.patterns();
    let shown: Vec<_> = patterns
        .iter()
        .map(|each| (each.verdicts[1], each.rows.len()))
        .collect();
    let expected = [
        (Some((Verdict::Crash, false)), 2),
        (Some((Verdict::Fail, false)), 1),
    ];
    assert_eq!(shown, expected);
}

/// Three trials that broke in the same way are one line; one that was mended,
/// another.
#[test]
fn trials_that_changed_alike_make_one_group() {
    let (mut before, mut after) = (log(&[]), log(&[]));
    for number in 0..4 {
        let id = fixture::id("close/both", &format!("n={number}"), "a", IpVersion::V4);
        let (old, new) = match number {
            0 => (Verdict::Fail, Verdict::Pass),
            _ => (Verdict::Pass, Verdict::Fail),
        };
        before
            .trials
            .push(Trial::unplayed(id.clone(), old, String::new()));
        after.trials.push(Trial::unplayed(id, new, String::new()));
    }
    let report = Report::from_log(&after).against(&before, &after);
    let groups = report.change_groups();
    let shown = groups
        .iter()
        .map(|group| (group.kind, group.changes.len(), group.cause.is_some()));
    let expected = [(ChangeKind::Worse, 3, true), (ChangeKind::Better, 1, false)];
    assert_eq!(Vec::from_iter(shown), expected);
    assert!(Report::from_log(&after).change_groups().is_empty());
}

#[test]
fn variants_in_which_all_chose_alike_make_one_choice() {
    let mut log = log(&[("a", Verdict::Pass, "four"), ("b", Verdict::Pass, "ten")]);
    for (variant, tags) in [("at=edge", ["four", "ten"]), ("at=right", ["four", "four"])] {
        for (stack, tag) in ["a", "b"].into_iter().zip(tags) {
            let id = fixture::id("close/both", variant, stack, IpVersion::V4);
            let mut trial = Trial::unplayed(id, Verdict::Pass, String::new());
            trial.tags = vec![tag.to_owned()];
            log.trials.push(trial);
        }
    }
    let comparison = Comparison::of(&log);
    let fingerprint = comparison.fingerprint();
    let shown = fingerprint
        .iter()
        .map(|choice| (choice.is_different(), choice.rows.len()));
    assert_eq!(Vec::from_iter(shown), [(true, 2), (false, 1)]);
}

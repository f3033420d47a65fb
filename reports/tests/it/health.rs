//! How far a run can be trusted: steady verdicts, and what the page says of it.

use rstest::rstest;
use tcpspec_record::{IpVersion, Trial, Verdict};
use tcpspec_reports::{Report, html};

use crate::fixture;

#[rstest]
#[case::one_world(&[Verdict::Pass], 0, None)]
#[case::alike(&[Verdict::Pass, Verdict::Pass], 1, None)]
#[case::not_alike(&[Verdict::Pass, Verdict::Fail], 1, Some("fail pass"))]
#[case::skipped_in_one(&[Verdict::Skip, Verdict::Fail], 0, None)]
#[case::in_three_ways(&[Verdict::Pass, Verdict::Crash, Verdict::Fail], 1, Some("crash fail pass"))]
fn verdict_is_steady_if_it_is_the_same_in_every_world(
    #[case] verdicts: &[Verdict],
    #[case] compared: usize,
    #[case] unsteady: Option<&str>,
) {
    let mut log = fixture::empty();
    for (seed, verdict) in (0..).zip(verdicts) {
        let mut id = fixture::id("a/b", "", "one", IpVersion::V4);
        id.seed = seed;
        log.trials
            .push(Trial::unplayed(id, *verdict, String::new()));
    }
    let report = Report::from_log(&log);
    let steadiness = &report.steadiness[0];
    assert_eq!(steadiness.compared, compared);
    let ended = steadiness.unsteady.first().map(|each| {
        let words = each.verdicts.iter().map(|verdict| verdict.word());
        words.collect::<Vec<_>>().join(" ")
    });
    assert_eq!(ended.as_deref(), unsteady);
}

#[test]
fn page_tells_how_far_to_trust_it() {
    let log = fixture::log();
    let page = html::render(&Report::from_log(&log));
    for words in [
        "96.8 %",
        "in 63 ways: the suite noticed <b>60</b>, and <b>2</b> slipped through. 1 cannot be noticed. They are a sample of 544.",
        "<b>6 trials</b> in virtual time: seed 7 gives the same log",
        "<b>1</b> played again",
        "linux: 1 variant played in several worlds, each with one verdict.",
    ] {
        assert!(page.contains(words), "{words}");
    }
}

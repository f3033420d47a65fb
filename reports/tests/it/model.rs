//! The counts and the order that all printers share.

use rstest::rstest;
use tcpspec_record::{Tally, Verdict};
use tcpspec_reports::Report;
use tcpspec_reports::model::Judgement;

use crate::fixture;

#[test]
fn counts_of_stacks_and_groups_add_up_to_the_logs() {
    let log = fixture::log();
    let report = Report::from_log(&log);
    let total = |tallies: Vec<Tally>, verdict| -> usize {
        tallies.iter().map(|tally| tally.of(verdict)).sum()
    };
    for verdict in Verdict::ALL {
        let trials = log.trials.iter().filter(|trial| trial.verdict == verdict);
        let count = trials.count();
        let stacks = report.stacks.iter().map(|stack| stack.tally).collect();
        let groups = report.groups.iter().flat_map(|group| group.tallies.clone());
        assert_eq!(report.tally.of(verdict), count);
        assert_eq!(total(stacks, verdict), count);
        assert_eq!(total(groups.collect(), verdict), count);
    }
}

#[test]
fn attention_goes_from_worst_to_known() {
    let log = fixture::log();
    let report = Report::from_log(&log);
    let attention = report.attention();
    let order: Vec<_> = attention
        .iter()
        .map(|(_, play)| (play.verdict(), play.trial().known.is_some()))
        .collect();
    assert_eq!(
        order,
        [
            (Verdict::Crash, false),
            (Verdict::Stuck, false),
            (Verdict::Fail, false),
            (Verdict::Deviates, false),
            (Verdict::Inconclusive, false),
            (Verdict::Fail, true),
        ]
    );
}

#[test]
fn trials_that_differ_in_time_alone_are_one_play() {
    let log = fixture::log();
    let report = Report::from_log(&log);
    let plays = |case: &str| -> Vec<usize> {
        let variant = report
            .variants()
            .find(|variant| variant.id() == case)
            .unwrap();
        variant.plays.iter().map(|play| play.trials.len()).collect()
    };
    assert_eq!(plays("textbook/three-way-handshake"), [4]);
    assert_eq!(plays("closing/fin-retransmitted"), [2, 1]);
}

#[rstest]
#[case::met_by_the_trial("9293:3.5-handshake", "linux", Judgement::Met)]
#[case::broken_by_a_step("9293:3.10.7.4-1-seq-check/CLOSING", "bundled", Judgement::Broken)]
#[case::not_reached("9293:MUST-13", "bundled", Judgement::Open)]
#[case::deviation_of_a_step("9293:3.10.7.4-1-seq-check/CLOSING", "linux", Judgement::Deviates)]
#[case::deviation_of_the_trial("9293:MUST-13", "linux", Judgement::Deviates)]
#[case::crash("5961:3.2-1", "bundled", Judgement::Broken)]
#[case::blocked_and_inconclusive("5961:3.2-1", "linux", Judgement::Open)]
#[case::skipped("5961:3.2-1", "exec:./mystack", Judgement::Open)]
#[case::known("9293:SHLD-2", "linux", Judgement::Known)]
fn requirement_is_judged_by_what_decides_it(
    #[case] id: &str,
    #[case] stack: &str,
    #[case] judgement: Judgement,
) {
    let log = fixture::log();
    let report = Report::from_log(&log);
    let stack = report
        .stacks
        .iter()
        .position(|each| each.info.name == stack)
        .unwrap();
    let mut requirements = report.rfcs.iter().flat_map(|rfc| &rfc.requirements);
    let requirement = requirements.find(|each| each.id.0 == id).unwrap();
    assert_eq!(requirement.standing[stack].judgement(), judgement);
}

#[test]
fn trial_of_an_undescribed_case_is_counted_all_the_same() {
    let mut log = fixture::log();
    log.cases.clear();
    log.header.stacks.clear();
    let report = Report::from_log(&log);
    assert_eq!(report.tally.total(), log.trials.len());
    let shown: usize = report
        .variants()
        .map(|variant| variant.trials().count())
        .sum();
    assert_eq!(shown, log.trials.len());
}

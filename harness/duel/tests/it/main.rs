//! Duels of the bundled stack with itself, and with others that are wrong.

mod liar;

use std::path::Path;

use liar::Liar;
use rstest::rstest;
use tcpspec_bundled::Config;
use tcpspec_bundled_adapter::Bundled;
use tcpspec_casefile::load_profile;
use tcpspec_connector::StackUnderTest;
use tcpspec_duel::{Ended, Failure, Outcome, Terms, duel};
use tcpspec_link::{Conditions, End, Fault, Link, Profile, Rule, Times, Which};
use tcpspec_record::{Level, RequirementId};
use tcpspec_witness::Law;

/// Seeds for each profile: enough to meet each fault, few enough for a test.
const SEEDS: u64 = 10;

#[rstest]
#[case::nothing([0, 0])]
#[case::up([100_000, 0])]
#[case::down([0, 100_000])]
#[case::both([100_000, 70_001])]
fn perfect_link_delivers_all_and_repeats_nothing(#[case] transfer: [u64; 2]) {
    for v6 in [false, true] {
        let terms = Terms {
            v6,
            ..Terms::new(transfer, 1)
        };
        let outcome = fight(&mut bundled(), perfect(&[]), &terms);
        assert_eq!(outcome.ended, Ended::Well);
        assert_eq!(outcome.findings, []);
        let [left, right] = &outcome.ends;
        assert_eq!([left.sent, right.read], [transfer[0]; 2]);
        assert_eq!([right.sent, left.read], [transfer[1]; 2]);
        assert_eq!(outcome.repeated(), 0);
        assert!(outcome.tally.is_clean());
    }
}

#[test]
fn every_profile_is_survived() {
    for profile in profiles() {
        for seed in 0..SEEDS {
            let outcome = fight(
                &mut bundled(),
                over(&profile, seed),
                &Terms::new([30_000, 10_000], seed),
            );
            let (name, ended, findings) = (&profile.name, &outcome.ended, &outcome.findings);
            assert!(
                outcome.is_right(),
                "{name}, seed {seed}: {ended:?} {findings:#?}"
            );
        }
    }
}

/// A profile under which nothing ever happens would test nothing.
#[test]
fn every_profile_does_what_it_says() {
    for profile in profiles() {
        let mut clean = true;
        for seed in 0..3 {
            let outcome = fight(
                &mut bundled(),
                over(&profile, seed),
                &Terms::new([60_000, 60_000], seed),
            );
            let slow = outcome.at.as_nanos() > 0;
            clean &= outcome.tally.is_clean() && !slow;
        }
        assert_eq!(clean, profile.name == "perfect", "{}", profile.name);
    }
}

#[test]
fn same_seed_is_the_same_duel() {
    let profile = profile("everything");
    let play = |seed| {
        fight(
            &mut bundled(),
            over(&profile, seed),
            &Terms::new([30_000, 0], seed),
        )
    };
    assert_eq!(play(3), play(3));
    assert_ne!(play(3), play(4));
}

#[test]
fn what_happened_can_be_played_again() {
    let profile = profile("everything");
    let terms = Terms::new([30_000, 10_000], 5);
    let drawn = fight(&mut bundled(), over(&profile, 5), &terms);
    let link = Link::replay(&profile.up, &profile.down, &[], &drawn.happened);
    assert_eq!(fight(&mut bundled(), link, &terms), drawn);
}

#[test]
fn damage_that_no_checksum_shows_is_caught_where_it_is_read() {
    let rule = Rule {
        from: Some(End::Left),
        which: Which::Data,
        times: Times::Nth(3),
        fault: Fault::CorruptSilently(8 * 10),
    };
    let outcome = fight(
        &mut bundled(),
        perfect(&[rule]),
        &Terms::new([10_000, 0], 1),
    );
    let Ended::Badly(Failure::Octet { end: 1, at }) = outcome.ended else {
        panic!("not caught: {:?}", outcome.ended);
    };
    // MSS 1460 and timestamps: 1448 octets in each segment.
    assert_eq!(at, 2 * 1448 + 10);
}

#[test]
fn link_that_carries_nothing_is_given_up() {
    let rule = Rule {
        from: None,
        which: Which::Any,
        times: Times::Every,
        fault: Fault::Drop,
    };
    let outcome = fight(&mut bundled(), perfect(&[rule]), &Terms::new([10, 0], 1));
    assert!(
        matches!(outcome.ended, Ended::GaveUp { end: 0, .. }),
        "{:?}",
        outcome.ended
    );
    assert!(outcome.is_right());
}

#[test]
fn time_that_is_up_is_told_with_where_both_stand() {
    let terms = Terms {
        patience: std::time::Duration::from_millis(5),
        ..Terms::new([10, 0], 1)
    };
    let outcome = fight(&mut bundled(), over(&profile("lossy-1"), 1), &terms);
    let Ended::Badly(failure) = outcome.ended else {
        panic!("{:?}", outcome.ended);
    };
    let told = "it did not come to its end in 5ms: left in SYN-SENT, sent 0, read 0; \
        right in unknown, sent 0, read 0";
    assert_eq!(failure.to_string(), told);
}

/// What a stack does wrong, and what it is blamed for.
#[rstest]
#[case::drops_an_octet(liar::drop_an_octet, Some(Law::Sequence))]
#[case::acknowledges_too_much(liar::acknowledge_too_much, Some(Law::AckOfWhatCame))]
#[case::resets(liar::reset, Some(Law::Reset))]
#[case::larger_segments(liar::grow, Some(Law::SegmentSize))]
#[case::honest(liar::honest, None)]
fn liar_is_found(#[case] lie: liar::Lie, #[case] law: Option<Law>) {
    let mut liar = Liar::new(bundled(), lie);
    let outcome = fight(&mut liar, perfect(&[]), &Terms::new([20_000, 20_000], 1));
    let blamed = outcome
        .findings
        .iter()
        .find(|finding| Some(finding.law) == law);
    assert_eq!(
        blamed.map(|finding| finding.end),
        law.map(|_| 0),
        "{:?}",
        outcome.findings
    );
    assert_eq!(outcome.is_right(), law.is_none(), "{:?}", outcome.ended);
}

#[test]
fn every_law_of_the_witness_stands_in_the_catalogue() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../cases");
    let suite = tcpspec_casefile::load(&dir).expect("the cases");
    for law in Law::ALL {
        let id = RequirementId(law.requirement().to_owned());
        let level = suite.catalogue.get(&id).map(|one| one.level);
        let level = level.unwrap_or_else(|| panic!("{law:?}: there is no {id}"));
        let is_advice = matches!(level, Level::Should | Level::ShouldNot);
        assert_eq!(law.is_advice(), is_advice, "{law:?}: {id} is a {level}");
    }
}

/// The given stack against the bundled one.
fn fight(left: &mut dyn StackUnderTest, link: Link, terms: &Terms) -> Outcome {
    duel(left, &mut bundled(), link, terms)
}

fn bundled() -> Bundled {
    Bundled::new(Config::default())
}

fn perfect(rules: &[Rule]) -> Link {
    Link::new(Conditions::default(), Conditions::default(), rules, 0)
}

fn over(profile: &Profile, seed: u64) -> Link {
    Link::new(profile.up.clone(), profile.down.clone(), &[], seed)
}

fn profile(name: &str) -> Profile {
    let all = profiles().into_iter();
    all.into_iter()
        .find(|profile| profile.name == name)
        .expect("there is such a profile")
}

fn profiles() -> Vec<Profile> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../cases/faults");
    let files = dir.read_dir().expect("the directory of profiles");
    let mut paths: Vec<_> = files.map(|file| file.expect("a file").path()).collect();
    paths.sort();
    paths
        .iter()
        .map(|path| load_profile(path).expect("a valid profile"))
        .collect()
}
